//! A warning, made an error: the future is made and dropped, and nothing of it has run.
#![deny(unused_must_use)]

use std::cell::Cell;

use executor::task;

async fn count(visits: &Cell<u32>) {
    task::yield_now().await;
    visits.set(visits.get() + 1);
}

fn main() {
    let visits = Cell::new(0);
    task::block_on(async {
        count(&visits);
    });
    println!("{} visits", visits.get());
}
