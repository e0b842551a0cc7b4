//! Refused: a local task's handle can return its output, which may not leave its thread.

use std::rc::Rc;
use std::thread;

use executor::task;

fn main() {
    let handle = task::spawn_local(async { Rc::new("Ada") });
    thread::spawn(move || handle.is_finished()).join().unwrap();
}
