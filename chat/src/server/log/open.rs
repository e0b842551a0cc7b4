//! Opening the log that the options ask for.
//!
//! A log that cannot be opened ends the program before it listens, with an error that names the file, or where
//! Redis is. The log is started later: it delivers to the groups, and they are created with the rest of the
//! server's state.
//!
//! Used by `common` and `mod`. Next: `catch_up`.

use std::io;
use std::sync::Arc;

#[cfg(feature = "disk")]
use executor::task;

#[cfg(feature = "disk")]
use super::disk::Disk;
use super::no_history::NoHistory;
use super::redis::{Connected, Redis};
#[cfg(feature = "disk")]
use super::store::Store;
use super::{Deliver, Log};
use crate::server::options::History;

/// A log that is open, but does not know the groups yet.
#[derive(Debug)]
pub(in crate::server) enum Opened {
    NoHistory,
    #[cfg(feature = "disk")]
    Disk(Store),
    Redis(Box<Connected>),
}

/// Opens the log that the options ask for.
///
/// # Errors
///
/// The error says which directory or which server cannot be used, and why.
pub(in crate::server) async fn open(history: &History) -> io::Result<Opened> {
    match history.clone() {
        History::None => Ok(Opened::NoHistory),
        #[cfg(feature = "disk")]
        History::Disk { directory, retention } => {
            let opening = task::spawn_blocking(move || Store::open(&directory, retention));
            let opened = opening.try_join().await;
            opened
                .unwrap_or_else(|_| Err(io::Error::other("no thread to open the history on")))
                .map(Opened::Disk)
        }
        #[cfg(not(feature = "disk"))]
        History::Disk { .. } => {
            let what = "this was built without a history on disk: `chat` needs its feature `disk`";
            Err(io::Error::new(io::ErrorKind::Unsupported, what))
        }
        History::Redis { url, messages, timeout } => {
            let connected = Connected::open(url, messages, timeout).await?;
            Ok(Opened::Redis(Box::new(connected)))
        }
    }
}

impl Opened {
    /// Starts the log, which delivers what is appended to it.
    pub(in crate::server) fn start(self, deliver: Arc<dyn Deliver>) -> Arc<dyn Log> {
        match self {
            Opened::NoHistory => Arc::new(NoHistory::new(deliver)),
            #[cfg(feature = "disk")]
            Opened::Disk(store) => Arc::new(Disk::new(store, deliver)),
            Opened::Redis(connected) => Arc::new(Redis::start(*connected, deliver)),
        }
    }
}
