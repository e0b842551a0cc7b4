//! Refused: a task's output goes to the holder of its handle, which may be on any thread.

use std::rc::Rc;

use executor::task;

fn main() {
    let handle = task::spawn(async { Rc::new("Ada") });
    println!("{}", task::block_on(handle));
}
