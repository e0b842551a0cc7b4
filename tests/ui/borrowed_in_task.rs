//! Refused: a task may outlive the function that spawns it, and so may not borrow from it.

use executor::task;

fn start(name: String) -> task::JoinHandle<String> {
    task::spawn_local(async { format!("Hello, {name}!") })
}

fn main() {
    println!("{}", task::block_on(start(String::from("Ada"))));
}
