//! Refused: a `dyn Future` is `Send` only if its type says so, whatever is in the box.

use std::pin::Pin;

use executor::task;

fn greeting(polite: bool) -> Pin<Box<dyn Future<Output = String>>> {
    if polite {
        Box::pin(async { String::from("Good morning!") })
    } else {
        Box::pin(async { String::from("Hi!") })
    }
}

fn main() {
    println!("{}", task::block_on(task::spawn(greeting(true))));
}
