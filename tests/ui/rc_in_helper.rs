//! Refused: the task itself holds no `Rc`, but a function that it awaits does.

use std::rc::Rc;

use executor::task;

async fn name() -> String {
    let name = Rc::new(String::from("Ada"));
    task::yield_now().await;
    name.to_string()
}

async fn greeting() -> String {
    format!("Hello, {}!", name().await)
}

fn main() {
    println!("{}", task::block_on(task::spawn(greeting())));
}
