//! How jobs are handed to threads, under the model checker: every order in which the threads can meet.
//!
//! A model in which a job is lost never ends, and loom reports a thread that waits forever. The keep_alive
//! is modelled by its two extremes: `NONE` may elapse at any moment, `ENDLESS` never does.

use std::io;
use std::sync::Mutex as StdMutex;
use std::time::Duration;

use super::{Arc, Condvar, Job, Mutex, Shared, Threads, Ticket, lock, thread};
use crate::blocking::unblock_on;
use crate::shim::model::check;

const NONE: Duration = Duration::ZERO;
const ENDLESS: Duration = Duration::MAX;

fn spawn(_: &str, main: Job) -> io::Result<()> {
    thread::spawn(main);
    Ok(())
}

/// The number of threads that `spawn_few` still starts, for each of the models that use it.
static CAN_START: [StdMutex<usize>; 2] = [StdMutex::new(0), StdMutex::new(0)];

fn spawn_few<const MODEL: usize>(_: &str, main: Job) -> io::Result<()> {
    let may = CAN_START[MODEL].lock().unwrap().checked_sub(1);
    let Some(left) = may else {
        // An attempt takes time.
        thread::yield_now();
        return Err(io::ErrorKind::WouldBlock.into());
    };
    *CAN_START[MODEL].lock().unwrap() = left;
    thread::spawn(main);
    Ok(())
}

/// Counts events, and lets a thread wait for a number of them. If they never happen the thread waits for
/// ever.
#[derive(Clone)]
struct Count(Arc<(Mutex<usize>, Condvar)>);

impl Count {
    fn new() -> Self {
        Self(Arc::new((Mutex::new(0), Condvar::new())))
    }

    fn add_one(&self) {
        *lock(&self.0.0) += 1;
        self.0.1.notify_all();
    }

    fn wait_for(&self, number: usize) {
        let mut count = lock(&self.0.0);
        while *count < number {
            count = self.0.1.wait(count).unwrap();
        }
    }

    /// A job that counts itself.
    fn job(&self) -> Job {
        let ran = self.clone();
        Box::new(move || ran.add_one())
    }
}

fn submit(threads: &Threads, job: Job) {
    assert!(threads.submit(job).is_ok());
}

/// A job that comes while the idle thread's keep_alive ends is run, by it or by a new one. Finds
/// `left_though_woken`.
#[test]
fn a_job_against_the_end_of_patience() {
    check(|| {
        let threads = Threads::with_spawn("model", 1, NONE, spawn);
        let ran = Count::new();
        submit(&threads, ran.job());
        submit(&threads, ran.job());
        ran.wait_for(2);
    });
}

/// Two jobs that are submitted at once, with one idle thread or none, do not both rely on one thread: both
/// run, and the pool keeps to its limit. Finds `no_thread_woken`.
#[test]
fn two_submitters_and_a_patient_thread() {
    check(|| {
        let threads = Arc::new(Threads::with_spawn("model", 2, ENDLESS, spawn));
        let ran = Count::new();
        let other = {
            let (threads, ran) = (Arc::clone(&threads), ran.clone());
            thread::spawn(move || submit(&threads, ran.job()))
        };
        submit(&threads, ran.job());
        ran.wait_for(2);
        other.join().unwrap();
        assert!(threads.count() <= 2);
    });
}

/// Below the limit a job never waits behind another: the first runs until the second has. Finds
/// `no_thread_woken` and `look_taken_for_granted`.
#[test]
fn a_job_never_waits_behind_another() {
    check(|| {
        let threads = Threads::with_spawn("model", 2, ENDLESS, spawn);
        let (second, first) = (Count::new(), Count::new());
        let job = first.job();
        let until = second.clone();
        submit(
            &threads,
            Box::new(move || {
                until.wait_for(1);
                job();
            }),
        );
        submit(&threads, second.job());
        first.wait_for(1);
    });
}

/// When the second thread cannot be started, a job that relied on it still runs, also if the first thread has
/// gone idle, or wanted to leave, in between. Finds `failed_start_forgotten`.
#[test]
fn a_failed_start_strands_no_job() {
    for keep_alive in [NONE, ENDLESS] {
        check(move || {
            *CAN_START[0].lock().unwrap() = 1;
            let threads = Arc::new(Threads::with_spawn("model", 2, keep_alive, spawn_few::<0>));
            let ran = Count::new();
            submit(&threads, ran.job());
            let other = {
                let (threads, ran) = (Arc::clone(&threads), ran.clone());
                thread::spawn(move || threads.submit(ran.job()).is_ok())
            };
            let ours = threads.submit(ran.job()).is_ok();
            let others = other.join().unwrap();
            ran.wait_for(1 + usize::from(ours) + usize::from(others));
            if keep_alive == ENDLESS {
                assert!(ours && others, "a thread was there to wait for");
            }
        });
    }
}

/// A job that is queued while a thread idles runs, even if the thread's keep_alive elapses just then, no other
/// can be started, and the only thread that works waits for this job. Finds `left_though_woken`.
#[test]
fn an_idle_thread_leaves_no_job_behind() {
    check(|| {
        *CAN_START[1].lock().unwrap() = 2;
        let threads = Threads::with_spawn("model", 2, NONE, spawn_few::<1>);
        let (idles, ran) = (Count::new(), Count::new());
        let until = ran.clone();
        submit(&threads, Box::new(move || until.wait_for(1)));
        submit(&threads, idles.job());
        idles.wait_for(1);
        let mut state = lock(&threads.shared.state);
        if state.idle.is_empty() {
            drop(state);
            ran.add_one();
            return;
        }
        // What `submit` does, but without unlocking since a thread was seen to idle.
        state.queue.push(Ticket::draw(), ran.job());
        if let Some(state) = threads.shared.wait_for_a_look(state) {
            Shared::wake_or_start_thread(&threads.shared, state);
        }
        ran.wait_for(1);
    });
}

/// The pool's drop ends an idle thread, and what was submitted runs. Finds
/// `idlers_not_let_go`.
#[test]
fn a_dropped_pool_ends_its_threads_after_their_work() {
    check(|| {
        let threads = Threads::with_spawn("model", 1, ENDLESS, spawn);
        let ran = Count::new();
        submit(&threads, ran.job());
        drop(threads);
        ran.wait_for(1);
    });
}

/// A job is either taken back or taken by a thread, and the jobs submitted before it are run. Finds
/// `another_taken_back`.
#[test]
fn a_job_taken_back_against_its_thread() {
    check(|| {
        let threads = Threads::with_spawn("model", 1, ENDLESS, spawn);
        let (first, second) = (Count::new(), Count::new());
        let ticket = Ticket::draw();
        submit(&threads, first.job());
        assert!(threads.submit_as(Ticket::draw(), first.job()).is_ok());
        assert!(threads.submit_as(ticket, second.job()).is_ok());
        let taken_back = threads.take_back(ticket).is_some();
        first.wait_for(2);
        if !taken_back {
            second.wait_for(1);
        }
        drop(threads);
        assert!(!(taken_back && *lock(&second.0.0) > 0), "it ran as well");
    });
}

/// A call that has a thread when it is queued begins, even if one made at the same time, but queued later, is
/// stuck. Finds `another_taken_back`.
#[test]
fn a_call_that_need_not_wait_waits_for_none_after_it() {
    check(|| {
        let threads = Arc::new(Threads::with_spawn("model", 1, ENDLESS, spawn));
        let opened = Count::new();
        let stuck_call = {
            let opened = opened.clone();
            move |threads: &Threads| {
                let (begun, until) = (Count::new(), opened.clone());
                let begins = begun.job();
                let call = unblock_on(threads, move || {
                    begins();
                    until.wait_for(1);
                    Ok(())
                });
                if !call.waits_for_others() {
                    begun.wait_for(1);
                }
            }
        };
        let other = {
            let (threads, stuck_call) = (Arc::clone(&threads), stuck_call.clone());
            thread::spawn(move || stuck_call(&threads))
        };
        stuck_call(&threads);
        other.join().unwrap();
        opened.add_one();
    });
}

/// While as many threads as the limit are at work, a disposal has a thread of its own, which takes no job.
/// Finds `jobs_beyond_the_limit`.
#[test]
fn a_disposal_never_waits() {
    check(|| {
        let threads = Threads::with_spawn("model", 1, ENDLESS, spawn);
        let (disposed, jobs) = (Count::new(), Count::new());
        let (until, next, own) = (disposed.clone(), jobs.clone(), jobs.job());
        submit(
            &threads,
            Box::new(move || {
                until.wait_for(1);
                assert_eq!(*lock(&next.0.0), 0, "the next job runs beside this one");
                own();
            }),
        );
        submit(&threads, jobs.job());
        assert!(threads.dispose(disposed.job()).is_ok());
        jobs.wait_for(2);
    });
}

/// A job that relies on the thread that comes for a disposal is run, even if another thread has done the
/// disposal and idles. Finds `idlers_at_work`.
#[test]
fn a_disposal_strands_no_job() {
    check(|| {
        let threads = Threads::with_spawn("model", 1, ENDLESS, spawn);
        let ran = Count::new();
        submit(&threads, ran.job());
        assert!(threads.dispose(ran.job()).is_ok());
        submit(&threads, ran.job());
        ran.wait_for(3);
    });
}
