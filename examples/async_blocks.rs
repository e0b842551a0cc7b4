//! Async blocks: a future in the middle of a function, and the variables that it borrows.
//!
//!     cargo run --release --example async_blocks
//!
//! Like a closure, an async block captures the variables around it: by reference, or by value with `move`.
//! Like a function, it has its own `?` and its own `return`. Like every future, it is lazy.

use std::cell::Cell;
use std::num::ParseIntError;
use std::time::{Duration, Instant};

use executor::{future::join, task};
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
/// A block borrows its variables for as long as it lives.
async fn borrowing() {
    let mut basket = vec!["bread"];
    let shopping = async {
        sleep(TRIP).await;
        basket.push("butter");
        basket.len()
    };
    // Here `basket` cannot be used: `shopping` borrows it mutably.
    assert_eq!(shopping.await, 2);
    basket.push("salt");
    println!("A block put butter into the basket that it borrowed: {basket:?}");
    assert_eq!(basket, ["bread", "butter", "salt"]);
}
// ANCHOR_END: async_blocks_borrow

// ANCHOR: async_blocks_join
/// Two blocks that run concurrently may share what they borrow immutably. They need no `Arc`, because both
/// end before this function does, and no lock, because they take turns on one thread.
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
    join((ada, ben)).await;
    let took = begun.elapsed();
    println!("Two blocks made {} trips of {TRIP:?} in {took:.0?}.", trips.get());
    assert_eq!(trips.get(), 4);
    assert!(took >= 2 * TRIP);
}
// ANCHOR_END: async_blocks_join

// ANCHOR: async_blocks_try
/// `?` and `return` leave the block, not the function, and their value is the block's output. The compiler
/// cannot infer the error's type, so it is given here on the left.
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
            Err(error) => println!("Twice {price:?}: {error}. The block has failed, the function continues."),
        }
        assert_eq!(doubled.ok(), (price == "12").then_some(24));
    }
}
// ANCHOR_END: async_blocks_try

// ANCHOR: async_blocks_move
/// A task may outlive the function that spawns it. So its block must own what it uses: without `move` this
/// does not compile.
async fn owning() {
    let porter = {
        let parcel = String::from("a parcel");
        task::spawn_local(async move {
            sleep(TRIP).await;
            parcel + ", delivered"
        })
        // The scope ends here. The task owns the parcel.
    };
    let delivered = porter.await;
    println!("A block with `move` brought {delivered}.");
    assert_eq!(delivered, "a parcel, delivered");
}
// ANCHOR_END: async_blocks_move
