//! Refused: `pin!` keeps the future in this function's frame, and the frame ends with the function.

use std::pin::{Pin, pin};

use executor::task;

async fn work() -> u32 {
    7
}

fn pinned() -> Pin<&'static mut dyn Future<Output = u32>> {
    pin!(work())
}

fn main() {
    println!("{}", task::block_on(pinned()));
}
