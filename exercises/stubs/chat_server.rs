//! An accept loop that lives, and tasks that are stopped by dropping.
#![allow(dead_code, unused_variables, unused_imports, unused_mut, reason = "a stub, to be filled in")]

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

/// The world of the accept loop.
pub trait World {
    /// The next client, by its number.
    fn accept(&mut self) -> Result<u32, AcceptError>;
    fn let_in(&mut self, client: u32);
    /// Waits for this many milliseconds.
    fn sleep(&mut self, milliseconds: u64);
}

/// Exercise 1. Lets clients in until there is lasting trouble. While trouble is passing it waits before each
/// try: 10 ms first, then twice as long each time, 500 ms at most; after a client that was let in it is 10 ms
/// again.
pub fn accept_loop(world: &mut dyn World) {
    loop {
        match world.accept() {
            Ok(client) => world.let_in(client),
            Err(_) => return,
        }
    }
}

/// Exercise 2. Tasks that are stopped together. Nothing is ever sent on its channels.
pub struct Crew {
    stop: broadcast::Sender<Infallible>,
    alive: mpsc::Sender<Infallible>,
    all_ended: mpsc::Receiver<Infallible>,
}

/// What a task of a crew waits on.
pub struct Stop(broadcast::Receiver<Infallible>);

impl Stop {
    /// Ready when the crew is stopped.
    pub async fn asked(&mut self) {
        let _ = self.0.recv().await;
    }
}

impl Crew {
    pub fn new() -> Crew {
        let (stop, _) = broadcast::channel(1);
        let (alive, all_ended) = mpsc::channel(1);
        Crew { stop, alive, all_ended }
    }

    /// Spawns a task of the crew on this thread.
    pub fn spawn<F: Future<Output = ()> + 'static>(&self, work: impl FnOnce(Stop) -> F) {
        let work = work(Stop(self.stop.subscribe()));
        drop(task::spawn_local(work)); // exercise 2: how will `stop` know that it has ended?
    }

    /// Asks all to stop, and waits until they have.
    pub async fn stop(self) {
        todo!("exercise 2: drop what they wait on, drop your own sender, wait for the last one's")
    }
}
