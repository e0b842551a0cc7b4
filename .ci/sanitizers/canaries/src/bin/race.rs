//! A data race: two threads add to one number, and nothing orders them. For ThreadSanitizer.

use std::cell::UnsafeCell;
use std::thread;

struct Unguarded(UnsafeCell<u64>);

// SAFETY: a lie, and the bug of this program.
unsafe impl Sync for Unguarded {}

static NUMBER: Unguarded = Unguarded(UnsafeCell::new(0));

fn add() {
    for _ in 0..1000 {
        // SAFETY: none; the other thread may do this at the same time.
        unsafe { *NUMBER.0.get() += 1 };
    }
}

fn main() {
    let other = thread::spawn(add);
    add();
    other.join().unwrap();
    println!("the race was not reported");
}
