//! Memory that nothing points to any more. For LeakSanitizer.

use std::hint::black_box;

#[inline(never)]
fn lose() {
    black_box(Box::leak(Box::new([7_u8; 1000])));
}

/// Overwrites copies of the lost pointer on the stack.
#[inline(never)]
fn scrub() {
    black_box([0_u64; 1000]);
}

fn main() {
    for _ in 0..10 {
        lose();
        scrub();
    }
}
