//! A read of freed memory. For AddressSanitizer.

fn main() {
    let pointer = Box::into_raw(Box::new(7_u64));
    // SAFETY: the pointer comes from a Box, and this is its only return.
    drop(unsafe { Box::from_raw(pointer) });
    // SAFETY: none; the memory is gone, and that is the bug of this program.
    let value = unsafe { pointer.read_volatile() };
    println!("the read of freed memory was not reported: {value}");
}
