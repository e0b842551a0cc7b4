//! Refused: a future behind a `&mut` could still be moved, and this one must not be once it has begun.

use executor::future::select;
use executor::task;

async fn work() -> u32 {
    task::yield_now().await;
    7
}

fn main() {
    let result = task::block_on(async {
        let mut work = work();
        select((&mut work, task::yield_now())).await;
        work.await
    });
    println!("{result}");
}
