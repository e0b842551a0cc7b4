//! Async blocks: a future in the middle of a function, and what it borrows.
//!
//!     cargo run --release --example async_blocks
//!
//! Like a closure, an async block uses the variables around it: by reference, or with `move` as their new
//! owner. Like a function, it has its own `?` and its own `return`. And it is lazy, as every future is.

use std::cell::Cell;
use std::num::ParseIntError;
use std::time::{Duration, Instant};

use executor::task;
use futures_lite::future::zip;
use reactor::time::sleep;

const TRIP: Duration = Duration::from_millis(30);

fn main() {
    task::block_on(async {
        borrowing().await;
        two_at_once().await;
        a_question_mark_of_its_own().await;
        owning().await;
    });
}

// ANCHOR: async_blocks_borrow
/// A block borrows for as long as it lives. Then the variables are free again.
async fn borrowing() {
    let mut basket = vec!["bread"];
    let shopping = async {
        sleep(TRIP).await;
        basket.push("butter");
        basket.len()
    };
    // Here `basket` may not be touched: `shopping` holds it mutably.
    assert_eq!(shopping.await, 2);
    basket.push("salt");
    println!("One block put butter into the basket that it borrowed: {basket:?}");
    assert_eq!(basket, ["bread", "butter", "salt"]);
}
// ANCHOR_END: async_blocks_borrow

// ANCHOR: async_blocks_zip
/// Two blocks that run together may share what they only read. No `Arc`, for both end before this function
/// does; no lock, for they take turns on one thread.
async fn two_at_once() {
    let list = ["apples", "pears", "plums", "figs"];
    let trips = Cell::new(0);
    let (left, right) = list.split_at(2);
    let begun = Instant::now();
    let ada = async {
        for item in left {
            sleep(TRIP).await;
            trips.set(trips.get() + 1);
            println!("    {item}");
        }
    };
    let ben = async {
        for item in right {
            sleep(TRIP).await;
            trips.set(trips.get() + 1);
            println!("    {item}");
        }
    };
    zip(ada, ben).await;
    let took = begun.elapsed();
    println!("Two blocks made {} trips of {TRIP:?} in {took:.0?}.", trips.get());
    assert_eq!(trips.get(), 4);
    assert!(took >= 2 * TRIP);
}
// ANCHOR_END: async_blocks_zip

// ANCHOR: async_blocks_try
/// `?` and `return` leave the block, not the function. What they return is the block's output; the compiler
/// must be told the error's type somewhere, here on the left.
async fn a_question_mark_of_its_own() {
    for price in ["12", "twelve"] {
        let doubled: Result<u32, ParseIntError> = async {
            let number: u32 = price.parse()?;
            task::yield_now().await;
            Ok(2 * number)
        }
        .await;
        match &doubled {
            Ok(number) => println!("Twice {price:?} is {number}."),
            Err(error) => println!("Twice {price:?}: {error}. The block has failed, the function goes on."),
        }
        assert_eq!(doubled.ok(), (price == "12").then_some(24));
    }
}
// ANCHOR_END: async_blocks_try

// ANCHOR: async_blocks_move
/// A task may outlive the function that spawns it. So its block must own what it uses: without `move`
/// the compiler refuses it.
async fn owning() {
    let porter = {
        let parcel = String::from("a parcel");
        task::spawn_local(async move {
            sleep(TRIP).await;
            parcel + ", delivered"
        })
        // The scope ends; the parcel is with the task.
    };
    let delivered = porter.await;
    println!("A block with `move` brought {delivered}.");
    assert_eq!(delivered, "a parcel, delivered");
}
// ANCHOR_END: async_blocks_move
