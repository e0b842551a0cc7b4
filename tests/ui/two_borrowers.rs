//! Refused: both futures exist at the same time, and each borrows the list for writing.

use executor::future::join;
use executor::task;

async fn add(list: &mut Vec<u32>, number: u32) {
    task::yield_now().await;
    list.push(number);
}

fn main() {
    let mut list = Vec::new();
    task::block_on(async {
        join((add(&mut list, 1), add(&mut list, 2))).await;
    });
    println!("{list:?}");
}
