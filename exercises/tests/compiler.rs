//! Exercises of the chapter "What the compiler says": `stubs/compiler.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/compiler.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/compiler.rs")]
mod compiler;

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::marker::PhantomData;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use compiler::{Store, add_and_look, get_each, report, retry};
use executor::future::poll_once;
use executor::sync::Barrier;
use executor::task;
use exercises::ends;

/// Asks whether a type is `Send`. The chapter explains how.
struct Asked<T>(PhantomData<T>);

impl<T: Send> Asked<T> {
    fn is_send(&self) -> bool {
        true
    }
}

trait Otherwise {
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> Otherwise for Asked<T> {}

fn asked<T>(_: &T) -> Asked<T> {
    Asked(PhantomData)
}

#[test]
fn exercise_1_it_is_send() {
    assert!(asked(&1).is_send() && !asked(&Rc::new(1)).is_send(), "it can be asked");
    let future = add_and_look(Arc::default(), 1);
    assert!(asked(&future).is_send(), "the future keeps something across the await that is not Send");
}

#[test]
fn exercise_1_others_may_lock_it_while_it_waits() {
    let count = Arc::new(Mutex::new(1));
    let mut future = pin!(add_and_look(count.clone(), 2));
    assert_eq!(task::block_on(poll_once(future.as_mut())), None, "it lets other tasks run");
    {
        let mut other = count.try_lock().expect("it holds the lock while it waits");
        assert_eq!(*other, 3, "it adds before it waits");
        *other += 10;
    }
    assert_eq!(task::block_on(future), 13, "what the count is after the wait");
}

thread_local! {
    static READS: Cell<u32> = const { Cell::new(0) };
}

/// Fails twice.
fn third_time() -> Result<u32, Box<dyn Error>> {
    READS.set(READS.get() + 1);
    if READS.get() == 3 { Ok(7) } else { Err(format!("error {}", READS.get()).into()) }
}

fn never() -> Result<u32, Box<dyn Error>> {
    READS.set(READS.get() + 1);
    Err(format!("error {}", READS.get()).into())
}

#[test]
fn exercise_2_it_is_send() {
    assert!(asked(&retry(never)).is_send(), "the future keeps the error across the await");
}

#[test]
fn exercise_2_three_attempts_and_the_last_error() {
    assert_eq!(task::block_on(retry(third_time)), Ok(7));
    READS.set(0);
    assert_eq!(task::block_on(retry(never)), Err("error 3".to_owned()), "the last of three errors");
    assert_eq!(READS.get(), 3, "attempts");
}

#[test]
fn exercise_2_it_yields_between_two_attempts() {
    let mut future = pin!(retry(never));
    for attempt in 1..=2 {
        assert_eq!(task::block_on(poll_once(future.as_mut())), None, "it yields");
        assert_eq!(READS.get(), attempt, "attempts in the first polls");
    }
    assert!(task::block_on(poll_once(future.as_mut())).is_some(), "after the last attempt it does not yield");
}

#[test]
fn exercise_3_both_lines_are_in_the_log() {
    let log = RefCell::new(Vec::new());
    task::block_on(report(&log, "Ada"));
    assert_eq!(log.into_inner(), ["Ada begins", "Ada ends"]);
}

/// Its items are found when three callers look for one.
struct Shelf(Barrier);

impl Store for Shelf {
    async fn get(&self, key: u32) -> String {
        self.0.wait().await;
        format!("item {key}")
    }
}

#[test]
fn exercise_4_the_tasks_run_on_the_pool_all_at_once() {
    let items = ends("the tasks need this thread, or wait for each other", || {
        let tasks = get_each(&Arc::new(Shelf(Barrier::new(3))), &[5, 3, 4]);
        while !tasks.iter().all(task::JoinHandle::is_finished) {
            thread::sleep(Duration::from_millis(1)); // This thread runs no task.
        }
        task::block_on(async {
            let mut items = Vec::new();
            for task in tasks {
                items.push(task.await);
            }
            items
        })
    });
    assert_eq!(items, ["item 5", "item 3", "item 4"]);
}
