//! Refused: what a task gives comes to whoever has its handle, on whatever thread.

use std::rc::Rc;

use executor::task;

fn main() {
    let handle = task::spawn(async { Rc::new("Ada") });
    println!("{}", task::block_on(handle));
}
