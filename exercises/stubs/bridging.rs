//! A callback as a future, bytes from a task for a reader that blocks, and events that come too fast.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub for the reader to fix and fill in")]

use std::io::{self, Read};

use executor::sync::{mpsc, oneshot};
use executor::task;

/// What the library calls, at most once, on any thread.
pub type Callback = Box<dyn FnOnce(u32) + Send>;

/// A library with callbacks.
pub trait Library {
    /// Asks a question, and returns at once. If there is no reply, the callback is dropped without being called.
    fn ask(&self, question: &str, callback: Callback);
}

/// Exercise 1. Asks the library, and waits for the reply without blocking the thread. `None` if there is none. The
/// library may call back when this future has been dropped.
pub async fn ask(library: &impl Library, question: &str) -> Option<u32> {
    todo!("exercise 1: a channel for one value")
}

/// Exercise 2. The bytes that a task sends, for a library that reads and blocks.
pub struct FromTask {
    pieces: mpsc::Receiver<Vec<u8>>,
}

impl FromTask {
    pub fn new(pieces: mpsc::Receiver<Vec<u8>>) -> FromTask {
        FromTask { pieces }
    }
}

impl Read for FromTask {
    /// Blocks until there are bytes. A piece may be larger than `into`, and it may be empty. `Ok(0)` means the end: no
    /// sender is left.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        todo!("exercise 2: keep what is left of a piece")
    }
}

/// A measurement, and how many before it were lost because the channel was full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    pub value: u32,
    pub lost: u32,
}

/// Exercise 3. What a device's driver calls for each measurement. The driver's thread must not be blocked.
pub struct Callee {
    samples: mpsc::Sender<Sample>,
}

impl Callee {
    pub fn new(samples: mpsc::Sender<Sample>) -> Callee {
        Callee { samples }
    }

    /// Passes a measurement to the task, or drops it if the channel is full. The next one that is passed says how many
    /// were dropped before it. Returns whether the driver should go on: `false` if nobody receives any more.
    pub fn measured(&mut self, value: u32) -> bool {
        todo!("exercise 3: `try_send` has two errors")
    }
}
