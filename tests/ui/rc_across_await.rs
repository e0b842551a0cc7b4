//! Refused: the task holds an `Rc` while it waits, and may continue on another thread.

use std::rc::Rc;

use executor::task;

fn main() {
    let greeting = task::spawn(async {
        let name = Rc::new("Ada");
        task::yield_now().await;
        format!("Hello, {name}!")
    });
    println!("{}", task::block_on(greeting));
}
