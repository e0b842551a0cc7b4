//! Refused: the guarded value is borrowed from the guard, and may not outlive it.

use executor::sync::Mutex;
use executor::task;

fn main() {
    let count = Mutex::new(1);
    let inside = {
        let mut guard = task::block_on(count.lock());
        &mut *guard
    };
    *inside += 1;
}
