//! The order that a recording tells is the order in which things happened, also while much happens at once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proptest::prelude::*;

use super::encode::{Encoded, UNKNOWN, encode};
use super::format::{Code, Step, decode};
use super::{Trace, start, stop};
use crate::pool::Pool;
use crate::sync::{mpsc, oneshot};
use crate::task::{self, Builder};

/// The process has one recording: tests that record wait for each other.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Enough for every test here.
const EVENTS: usize = 1 << 18;

fn recorded(run: impl FnOnce()) -> (Trace, Encoded) {
    start(EVENTS).unwrap();
    run();
    let trace = stop().unwrap();
    assert_eq!(trace.lost(), 0);
    let encoded = encode(&trace.recorded);
    (trace, encoded)
}

/// All steps with their threads, in the order of time.
fn steps(encoded: &Encoded) -> Vec<(usize, Step)> {
    let streams = decode(&encoded.bytes).into_iter().enumerate();
    let mut all: Vec<_> =
        streams.flat_map(|(thread, steps)| steps.into_iter().map(move |step| (thread, step))).collect();
    all.sort_by_key(|(_, step)| step.time);
    all
}

/// What is known of a task.
#[derive(Default)]
struct Life {
    /// Whether something has happened that makes a poll right: its spawn, a wake, or a poll that ended with it
    /// queued again.
    due: bool,
    polled_by: Option<usize>,
    /// Whether the poll under way has a cause.
    caused: bool,
    dropped: bool,
}

/// Each poll has a cause that stands before it, ends on its thread, and overlaps with no other poll of its task;
/// nothing is polled after its end.
fn check_order(encoded: &Encoded) {
    const CANCELLED: u64 = 3;
    const REQUEUED: u64 = 4;
    const COMPLETE: u64 = 7;
    let mut lives: HashMap<u64, Life> = HashMap::new();
    let mut polled: HashMap<usize, Vec<u64>> = HashMap::new();
    for (thread, Step { time, code, numbers }) in steps(encoded) {
        let [first, second, _] = numbers;
        let life = lives.entry(first).or_default();
        let place = format!("{code:?} {first} on thread {thread} at {time} ns");
        match code {
            Code::Spawn => life.due = true,
            Code::Wake if second != COMPLETE => life.due = true,
            Code::PollBegin => {
                let known = encoded.tasks[first as usize].kind != UNKNOWN;
                life.caused = life.due || !known;
                assert_eq!(life.polled_by, None, "{place}: polled twice at once");
                assert!(!life.dropped, "{place}: after its end");
                (life.due, life.polled_by) = (false, Some(thread));
                polled.entry(thread).or_default().push(first);
            }
            Code::PollEnd => {
                // Its own number is the outcome: the task is the innermost poll's.
                let Some(task) = polled.entry(thread).or_default().pop() else { continue };
                let life = lives.get_mut(&task).unwrap();
                // What drops a future need not wake its task: the end of a pool, or of a thread.
                assert!(life.caused || first == CANCELLED, "{place}: task {task} was polled without a cause");
                assert_eq!(life.polled_by.take(), Some(thread), "{place}: another thread's poll");
                life.due |= first >= REQUEUED;
            }
            Code::Dropped => {
                assert!(!life.dropped, "{place}: twice");
                life.dropped = true;
            }
            _ => {}
        }
    }
}

/// Tasks that yield, wake each other through channels, are cancelled, and make blocking calls.
fn stress(pool: &Pool, tasks: usize, yields: usize, cancelled: usize) {
    let (sender, mut receiver) = mpsc::channel(2);
    let handles: Vec<_> = (0..tasks)
        .map(|index| {
            let sender = sender.clone();
            pool.spawn(async move {
                for _ in 0..yields {
                    task::yield_now().await;
                }
                let (reply, replied) = oneshot::channel();
                let local = task::spawn_local(async move {
                    task::yield_now().await;
                    let _ = reply.send(index);
                });
                let _ = sender.send(replied.await.unwrap_or(0)).await;
                local.await;
                task::spawn_blocking(move || index).await
            })
        })
        .collect();
    drop(sender);
    task::block_on(async {
        for handle in handles.iter().take(cancelled) {
            handle.abort();
        }
        while receiver.recv().await.is_some() {}
        for handle in handles {
            let _ = handle.try_join().await;
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_recording_tells_the_order_in_which_things_happened(
        workers in 1_usize..4, tasks in 1_usize..200, yields in 0_usize..4, cancelled in 0_usize..20,
    ) {
        let _alone = alone();
        let pool = Pool::new(workers).unwrap();
        check_order(&recorded(|| stress(&pool, tasks, yields, cancelled)).1);
    }
}

#[test]
fn a_task_has_its_name_its_site_and_its_parent() {
    let _alone = alone();
    let (trace, encoded) = recorded(|| {
        task::block_on(async {
            Builder::new().name("a name of more than fourteen bytes: käse").spawn_local(async {}).await;
        });
    });
    let named = encoded.tasks.iter().find(|task| task.name.is_some()).unwrap();
    assert_eq!(named.name.as_deref(), Some("a name of more than fourteen bytes: käse"));
    let site = trace.recorded.sites[named.site.unwrap() as usize];
    assert!(site.file().ends_with("trace/tests.rs"), "{site}");
    assert_eq!(encoded.tasks[named.parent.unwrap() as usize].kind, "block_on");
}

/// Starting and stopping from many threads at once, also in a thread's last destructor.
#[test]
fn recordings_are_started_and_stopped_from_many_threads_at_once() {
    struct StopsLast;
    impl Drop for StopsLast {
        fn drop(&mut self) {
            drop(stop());
        }
    }
    thread_local!(static LAST: StopsLast = const { StopsLast });

    let _alone = alone();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                LAST.with(|_| ());
                for _ in 0..20 {
                    let _ = start(1024);
                    task::block_on(async { task::yield_now().await });
                    drop(stop());
                }
                let _ = start(1024);
            });
        }
    });
    drop(stop());
    assert_eq!(start(1024), Ok(()));
    assert!(start(1024).is_err());
    assert!(stop().is_some() && stop().is_none());
}

/// A thread that ends leaves its ring to the next one, with its own events in it.
#[test]
fn threads_that_come_and_go_keep_their_events() {
    let _alone = alone();
    let (trace, encoded) = recorded(|| {
        for index in 0..30 {
            let name = format!("short-lived {index}");
            let body = || task::block_on(async { task::yield_now().await });
            std::thread::Builder::new().name(name).spawn(body).unwrap().join().unwrap();
        }
    });
    let streams = decode(&encoded.bytes);
    for index in 0..30 {
        let name = format!("short-lived {index}");
        let thread = trace.recorded.threads.iter().position(|thread| thread.name == name).unwrap();
        let codes: Vec<_> = streams[thread].iter().map(|step| step.code).collect();
        assert_eq!((codes[0], codes[codes.len() - 1]), (Code::ThreadCame, Code::ThreadGone), "{name}");
        let polls = codes.iter().filter(|code| **code == Code::PollBegin).count();
        assert_eq!(polls, 2, "{name}: {codes:?}");
    }
}

/// A program whose threads come and go does not collect what it has lost.
#[test]
fn threads_of_which_nothing_is_left_are_counted_as_lost() {
    const THREADS: usize = 1500;
    let _alone = alone();
    start(1024).unwrap();
    for _ in 0..THREADS {
        std::thread::spawn(|| task::block_on(async { task::yield_now().await })).join().unwrap();
    }
    let trace = stop().unwrap();
    assert!(trace.recorded.threads.len() < THREADS, "{trace:?}");
    let kept: u64 = trace.recorded.threads.iter().map(|thread| thread.lost).sum();
    assert!(trace.lost() > kept, "{trace:?}");
}

/// A ring that goes round many times while it is read: what is read is still a whole and ordered end.
#[test]
fn what_is_lost_is_counted() {
    let _alone = alone();
    start(1024).unwrap();
    let reader = std::thread::spawn(|| {
        while let Some(trace) = super::snapshot() {
            let encoded = encode(&trace.recorded);
            assert!(steps(&encoded).is_sorted_by_key(|(_, step)| step.time));
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    task::block_on(async {
        for _ in 0..100_000 {
            task::yield_now().await;
        }
    });
    let trace = stop().unwrap();
    reader.join().unwrap();
    assert!(trace.lost() > 100_000, "{trace:?}");
    assert!(trace.to_html().len() > 1000 && trace.events() > 500);
}
