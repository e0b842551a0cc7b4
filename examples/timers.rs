//! Timers: sleeps, timeouts, intervals, and many sleeps at once, all on one thread.
//!
//!     cargo run --release --example timers
//!
//! A sleeping task uses no thread. The reactor keeps the deadlines, waits until the next one, and wakes the
//! tasks that are due.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use executor::task;
use reactor::time::{interval, sleep, timeout};

fn main() {
    task::block_on(async {
        sort_by_sleeping().await;
        give_up().await;
        keep_time().await;
        many_at_once().await;
    });
}

/// A task for each number sleeps that many milliseconds. So the tasks wake in sorted order.
async fn sort_by_sleeping() {
    let numbers = [31, 4, 15, 92, 65, 35, 8, 97];
    println!("Sorting {numbers:?} by sleeping:");
    // Local tasks may share values that never leave the thread: an Rc, a RefCell.
    let sorted = Rc::new(RefCell::new(Vec::new()));
    let naps = numbers.map(|number| (number, Rc::new(RefCell::new(sleep(Duration::MAX)))));
    let sleepers = naps.clone().map(|(number, nap)| {
        let sorted = sorted.clone();
        task::spawn_local(async move {
            poll_fn(|cx| Pin::new(&mut *nap.borrow_mut()).poll(cx)).await;
            sorted.borrow_mut().push(number);
        })
    });
    task::yield_now().await; // All tasks sleep now.
    // All deadlines count from one moment, and are set while nothing else runs. Had each task set its own, one that
    // is polled late would wake late.
    let begun = Instant::now();
    for (number, nap) in naps {
        nap.borrow_mut().reset(begun + Duration::from_millis(number));
    }
    for sleeper in sleepers {
        sleeper.await;
    }
    println!("    {:?} after {:.1?}", sorted.borrow(), begun.elapsed());
    assert!(sorted.borrow().is_sorted());
}

/// When its deadline elapses, a timeout drops the future that it waits for.
async fn give_up() {
    println!("Waiting 30 ms for a reply that takes an hour:");
    let begun = Instant::now();
    let reply = timeout(Duration::from_millis(30), sleep(Duration::from_secs(3600))).await;
    match reply {
        Ok(()) => unreachable!("an hour has passed in {:?}", begun.elapsed()),
        Err(elapsed) => println!("    {elapsed} (after {:.1?})", begun.elapsed()),
    }
}

/// An interval does not drift: each tick is due one period after the previous one was due, however long the
/// work in between took.
async fn keep_time() {
    let period = Duration::from_millis(20);
    println!("A tick every {period:?}, with work of up to 8 ms in between:");
    let mut ticks = interval(period);
    let first = ticks.tick().await;
    for n in 1..=5 {
        sleep(Duration::from_millis(8 * n % 9)).await;
        let due = ticks.tick().await;
        println!(
            "    tick {n} was due at {:>3} ms and came {:>4} µs later",
            (due - first).as_millis(),
            due.elapsed().as_micros()
        );
        assert_eq!(due - first, period * u32::try_from(n).expect("it is small"));
    }
}

/// Ten thousand tasks sleep at the same time.
async fn many_at_once() {
    const MANY: u64 = 10_000;
    println!("{MANY} tasks, each sleeping for 100 to 200 ms, on this one thread:");
    let begun = Instant::now();
    let sleepers: Vec<_> = (0..MANY)
        .map(|n| {
            task::spawn_local(async move {
                let due = Instant::now() + Duration::from_micros(100_000 + n * 37 % 100_000);
                sleep(due - Instant::now()).await;
                due.elapsed()
            })
        })
        .collect();
    let mut late = Vec::new();
    for sleeper in sleepers {
        late.push(sleeper.await);
    }
    late.sort_unstable();
    println!(
        "    all woke within {:.0?}; half of them at most {:.1?} after their deadline, all at most {:.1?}",
        begun.elapsed(),
        late[late.len() / 2],
        late[late.len() - 1],
    );
    assert!(begun.elapsed() >= Duration::from_millis(199));
}
