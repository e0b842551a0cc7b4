//! Refused: a blocking call runs on a thread of its own.

use std::rc::Rc;

use executor::task;

fn main() {
    let name = Rc::new("Ada");
    let handle = task::spawn_blocking(move || format!("Hello, {name}!"));
    println!("{}", task::block_on(handle));
}
