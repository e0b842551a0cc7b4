//! A callback as a future, bytes from a task for a reader that blocks, and events that come too fast. One solution.

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

/// Exercise 1. The callback owns the sender. If it is dropped, the sender is dropped, and the receiver gets an error.
pub async fn ask(library: &impl Library, question: &str) -> Option<u32> {
    let (sender, receiver) = oneshot::channel();
    library.ask(
        question,
        Box::new(move |reply| {
            let _ = sender.send(reply); // Fails if the future is gone, which is nobody's fault.
        }),
    );
    receiver.await.ok()
}

/// Exercise 2. The bytes that a task sends, for a library that reads and blocks.
pub struct FromTask {
    pieces: mpsc::Receiver<Vec<u8>>,
    piece: io::Cursor<Vec<u8>>,
}

impl FromTask {
    pub fn new(pieces: mpsc::Receiver<Vec<u8>>) -> FromTask {
        FromTask { pieces, piece: io::Cursor::default() }
    }
}

impl Read for FromTask {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.piece.read(into)?;
            if length > 0 || into.is_empty() {
                return Ok(length);
            }
            match task::block_on(self.pieces.recv()) {
                Some(piece) => self.piece = io::Cursor::new(piece),
                None => return Ok(0),
            }
        }
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
    lost: u32,
}

impl Callee {
    pub fn new(samples: mpsc::Sender<Sample>) -> Callee {
        Callee { samples, lost: 0 }
    }

    /// A full channel has room again later. A closed one is the end.
    pub fn measured(&mut self, value: u32) -> bool {
        match self.samples.try_send(Sample { value, lost: self.lost }) {
            Ok(()) => self.lost = 0,
            Err(mpsc::TrySendError::Full(_)) => self.lost += 1,
            Err(mpsc::TrySendError::Closed(_)) => return false,
        }
        true
    }
}
