//! Refused: the task may live for ever, and what it borrows ends with this function.

use executor::task;

async fn greet(name: &str) -> String {
    task::yield_now().await;
    format!("Hello, {name}!")
}

fn main() {
    let name = String::from("Ada");
    let greeting = task::spawn(greet(&name));
    println!("{}", task::block_on(greeting));
}
