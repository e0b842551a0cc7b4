//! Refused: what a lock guards is reached while the guard lives, and not afterwards.

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
