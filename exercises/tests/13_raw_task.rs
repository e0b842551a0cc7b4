//! Exercises of the chapter "13 The raw task": `stubs/13_raw_task.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/13_raw_task.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/13_raw_task.rs")]
mod ch13_raw_task;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ch13_raw_task::{Job, Shared};

struct CountsDrops(Arc<AtomicUsize>);

impl Drop for CountsDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn exercise_1_the_last_reference_drops_the_value() {
    let drops = Arc::new(AtomicUsize::new(0));
    let first = Shared::new(CountsDrops(drops.clone()));
    let second = first.clone();
    drop(first);
    assert_eq!(drops.load(Ordering::SeqCst), 0, "there is another pointer");
    assert_eq!(Arc::strong_count(&second.0), 2);
    drop(second);
    assert_eq!(drops.load(Ordering::SeqCst), 1);
}

#[test]
fn exercise_1_from_many_threads() {
    for _ in 0..200 {
        let drops = Arc::new(AtomicUsize::new(0));
        let shared = Shared::new(CountsDrops(drops.clone()));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || drop(shared.clone()))
            })
            .collect();
        drop(shared);
        for thread in threads {
            thread.join().expect("it drops");
        }
        assert_eq!(drops.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn exercise_2_a_job_runs_once() {
    let runs = Arc::new(AtomicUsize::new(0));
    let drops = Arc::new(AtomicUsize::new(0));
    let (counted, captured) = (runs.clone(), CountsDrops(drops.clone()));
    let job = Job::new(move || {
        let _captured = &captured;
        counted.fetch_add(1, Ordering::SeqCst);
    });
    assert_eq!(size_of::<Job>(), size_of::<usize>());
    job.run();
    assert_eq!((runs.load(Ordering::SeqCst), drops.load(Ordering::SeqCst)), (1, 1));
}

#[test]
fn exercise_2_a_job_that_never_runs_is_dropped() {
    let (runs, drops) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, captured) = (runs.clone(), CountsDrops(drops.clone()));
    drop(Job::new(move || {
        let _captured = captured;
        counted.fetch_add(1, Ordering::SeqCst);
    }));
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    assert_eq!(runs.load(Ordering::SeqCst), 0, "a job that is dropped does not run");
}
