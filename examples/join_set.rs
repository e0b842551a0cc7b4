//! Many tasks at once, each handled as it finishes: the quickest mirrors win, and the rest are stopped.
//!
//!     cargo run --release --example join_set
//!
//! A file is at eight mirrors, which differ in speed, and one of which is broken. The program asks all of them for it
//! at once, and wants it from three, to compare the copies. With a vector of handles it would wait for the first
//! mirror in the list, quick or not. A `JoinSet` returns the tasks in the order in which they finish.

use std::sync::Arc;
use std::time::Duration;

use executor::task::{self, JoinSet};
use reactor::time::sleep;

/// Each mirror, and how long it takes, in milliseconds. `None` is broken.
const MIRRORS: [(&str, Option<u64>); 8] = [
    ("Oslo", Some(400)),
    ("Lima", Some(60)),
    ("Cork", None),
    ("Kyiv", Some(20)),
    ("Baku", Some(5_000)),
    ("Doha", Some(90)),
    ("Suva", Some(8_000)),
    ("Riga", Some(600)),
];

fn main() {
    task::block_on(async {
        let connections = Arc::new(());
        // ANCHOR: join_set_first
        let mut downloads = JoinSet::new();
        for (mirror, time) in MIRRORS {
            downloads.spawn(download(mirror, time, Arc::clone(&connections)));
        }
        let mut copies = Vec::new();
        while copies.len() < 3
            && let Some(outcome) = downloads.join_next().await
        {
            match outcome {
                Ok(copy) => copies.push(copy),
                Err(error) => println!("a mirror failed: {error}"),
            }
        }
        // ANCHOR_END: join_set_first
        println!("copies from {}; {} downloads are left", copies.join(", "), downloads.len());
        assert!(copies.iter().all(|copy| !["Cork", "Baku", "Suva"].contains(copy)));

        // ANCHOR: join_set_shutdown
        downloads.shutdown().await;
        println!("the rest are stopped: {} connections are open", Arc::strong_count(&connections) - 1);
        // ANCHOR_END: join_set_shutdown
        assert_eq!(Arc::strong_count(&connections), 1);
        limited().await;
    });
}

/// Downloads the file. The connection is open as long as this future exists.
async fn download(mirror: &'static str, time: Option<u64>, connection: Arc<()>) -> &'static str {
    let Some(time) = time else {
        std::panic::resume_unwind(Box::new("Cork is broken")); // A panic that prints nothing.
    };
    sleep(Duration::from_millis(time)).await;
    drop(connection);
    mirror
}

/// A hundred tasks, at most four at a time: one is joined before another is added.
async fn limited() {
    let mut sum = 0;
    // ANCHOR: join_set_limited
    let mut at_work = JoinSet::new();
    for number in 1..=100 {
        if at_work.len() == 4 {
            sum += at_work.join_next().await.expect("it has four").expect("no task panics");
        }
        at_work.spawn(async move { number });
    }
    // ANCHOR_END: join_set_limited
    while let Some(number) = at_work.join_next().await {
        sum += number.expect("no task panics");
    }
    println!("100 tasks ran, at most four at a time");
    assert_eq!(sum, 5050);
}
