//! Tasks that were woken, and that nobody polls.

use std::sync::mpsc;
use std::thread;

use executor::pool::Pool;
use executor::task::{self, Builder};
use executor::trace::{self, VerdictKind};

use crate::support::{eventually, in_child, planted, spawn, verdict};

#[test]
fn a_task_waits_behind_a_long_poll() {
    in_child(&[("UNROLLED_THREADS", "1")], || {
        trace::start(1 << 16).unwrap();
        let (end, ended) = mpsc::channel::<()>();
        let (began, begun) = mpsc::channel();
        let long = spawn("long", async move {
            began.send(()).unwrap();
            let _ = ended.recv();
        });
        begun.recv().unwrap();
        let late = spawn("late", async {});
        verdict(VerdictKind::BehindLongPoll, &["late"]);
        drop(end);
        task::block_on(async { (long.await, late.await) });
        assert!(executor::dump().verdicts().is_empty());
    });
}

#[test]
fn a_local_task_waits_behind_a_long_poll() {
    planted(|| {
        let (end, ended) = mpsc::channel::<()>();
        let stuck = thread::spawn(move || {
            task::block_on(async {
                let late = Builder::new().name("late").spawn_local(async {});
                let _ = ended.recv();
                late.await;
            });
        });
        verdict(VerdictKind::BehindLongPoll, &["late"]);
        drop(end);
        stuck.join().unwrap();
    });
}

#[test]
fn a_pool_cannot_be_closed() {
    planted(|| {
        let pool = Pool::new(1).unwrap();
        let (end, ended) = mpsc::channel::<()>();
        let (began, begun) = mpsc::channel();
        let waiting = pool.spawn(reactor::time::sleep(std::time::Duration::from_secs(600)));
        pool.spawn(async move {
            began.send(()).unwrap();
            let _ = ended.recv();
        });
        begun.recv().unwrap();
        let id = waiting.id();
        let closing = thread::spawn(move || drop(pool));
        assert_eq!(verdict(VerdictKind::ClosedPool, &[&id.to_string()]).tasks, [id]);
        drop(end);
        closing.join().unwrap();
        assert!(waiting.is_finished());
    });
}

#[test]
fn a_local_task_is_left_behind() {
    planted(|| {
        let mut late = None;
        task::block_on(async { late = Some(Builder::new().name("late").spawn_local(task::yield_now())) });
        verdict(VerdictKind::NotInBlockOn, &["late"]);
        task::block_on(late.expect("it was spawned"));
        assert!(executor::dump().verdicts().is_empty());
    });
}

#[test]
fn all_threads_are_busy() {
    // Small rings: each thread gets one.
    in_child(&[], || {
        trace::start(1024).unwrap();
        let (end, ended) = mpsc::channel::<()>();
        let ended = std::sync::Arc::new(std::sync::Mutex::new(ended));
        for _ in 0..reactor::blocking::LIMIT {
            let ended = std::sync::Arc::clone(&ended);
            task::spawn_blocking(move || _ = ended.lock().unwrap().recv());
        }
        eventually("all threads have come", || reactor::blocking::load().queued == 0);
        let late = Builder::new().name("late").spawn_blocking(|| ());
        verdict(VerdictKind::ThreadsBusy, &["late"]);
        drop(end);
        task::block_on(late);
    });
}
