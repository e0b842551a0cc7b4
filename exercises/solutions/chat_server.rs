//! An accept loop that survives errors, and tasks that are stopped by dropping a sender. One solution.

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
    let mut backoff = 10;
    loop {
        match world.accept() {
            Ok(client) => {
                backoff = 10;
                world.serve(client);
            }
            Err(AcceptError::PerConnection) => {}
            Err(AcceptError::Transient) => {
                world.sleep(backoff);
                backoff = (2 * backoff).min(500);
            }
            Err(AcceptError::Fatal) => return,
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
        let alive = self.alive.clone();
        drop(task::spawn_local(async move {
            work.await;
            drop(alive);
        }));
    }

    /// Asks all tasks to stop, and waits until they have ended.
    pub async fn stop(self) {
        let Group { stop, alive, mut all_ended } = self;
        drop(stop);
        drop(alive);
        while all_ended.recv().await.is_some() {}
    }
}
