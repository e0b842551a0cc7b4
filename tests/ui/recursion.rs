//! Refused: a future that contains a future of its own type.

use executor::task;

async fn count(n: u32) -> u32 {
    if n == 0 { 0 } else { 1 + count(n - 1).await }
}

fn main() {
    println!("{}", task::block_on(count(3)));
}
