//! An accept loop that survives errors, and tasks that are stopped by dropping a sender.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::convert::Infallible;

use executor::sync::{broadcast, mpsc};
use executor::task;

/// What a failed accept means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptError {
    PerConnection,
    Transient,
    Fatal,
}

/// Everything that the accept loop calls.
pub trait World {
    /// Returns the number of the next client.
    fn accept(&mut self) -> Result<u32, AcceptError>;
    fn serve(&mut self, client: u32);
    /// Waits for this many milliseconds.
    fn sleep(&mut self, milliseconds: u64);
}

/// Exercise 1. Serves clients until a fatal error. After a transient error it waits before it tries again:
/// 10 ms first, then twice as long each time, 500 ms at most. After a client was served it begins at 10 ms
/// again.
pub fn accept_loop(world: &mut dyn World) {
    loop {
        match world.accept() {
            Ok(client) => world.serve(client),
            Err(_) => return,
        }
    }
}

/// Exercise 2. A group of tasks that are stopped together. Nothing is ever sent on its channels.
pub struct Group {
    stop: broadcast::Sender<Infallible>,
    alive: mpsc::Sender<Infallible>,
    all_ended: mpsc::Receiver<Infallible>,
}

/// What a task of the group waits for.
pub struct Stop(broadcast::Receiver<Infallible>);

impl Stop {
    /// Returns when the group is stopped.
    pub async fn requested(&mut self) {
        let _ = self.0.recv().await;
    }
}

impl Group {
    pub fn new() -> Group {
        let (stop, _) = broadcast::channel(1);
        let (alive, all_ended) = mpsc::channel(1);
        Group { stop, alive, all_ended }
    }

    /// Spawns a task of the group on this thread.
    pub fn spawn<F: Future<Output = ()> + 'static>(&self, work: impl FnOnce(Stop) -> F) {
        let work = work(Stop(self.stop.subscribe()));
        drop(task::spawn_local(work)); // exercise 2: how will `stop` know that it has ended?
    }

    /// Asks all tasks to stop, and waits until they have ended.
    pub async fn stop(self) {
        todo!("exercise 2: drop the sender they wait for, drop your own `alive`, wait for the last one's")
    }
}
