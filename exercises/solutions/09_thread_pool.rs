//! A future that cannot change threads, and a pool that can be closed. One solution.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use exercises::Condvar;
use futures_lite::future::yield_now;

/// Exercise 1. Its result is right, but it is not `Send`. Make it `Send` without changing the result.
pub async fn letters(words: Vec<String>) -> usize {
    let mut count = 0;
    for word in &words {
        yield_now().await;
        count += word.len();
    }
    count
}

type Job = Box<dyn FnOnce() + Send>;

/// Exercise 2. Threads that run jobs from one queue.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Like that of std, which may wake for no reason; this one does so at every other `wait`.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Shared {
    /// The loop of a thread: runs jobs, and returns when the pool is closed and no job is left.
    fn work(&self) {
        loop {
            let mut state = self.state.lock().unwrap();
            let job = loop {
                if let Some(job) = state.jobs.pop_front() {
                    break job;
                }
                if state.closed {
                    return;
                }
                state = self.changed.wait(state).unwrap();
            };
            drop(state);
            job();
        }
    }
}

impl Pool {
    pub fn new(threads: usize) -> Pool {
        let shared = Arc::new(Shared::default());
        let start = |_| {
            let shared = shared.clone();
            thread::spawn(move || shared.work())
        };
        let threads = (0..threads).map(start).collect();
        Pool { shared, threads }
    }

    pub fn push(&self, job: Job) {
        self.shared.state.lock().unwrap().jobs.push_back(job);
        self.shared.changed.notify_one();
    }

    /// Lets the threads run the queued jobs, and waits until the threads have ended.
    pub fn close(self) {
        self.shared.state.lock().unwrap().closed = true;
        self.shared.changed.notify_all();
        for thread in self.threads {
            thread.join().expect("a job does not panic");
        }
    }
}
