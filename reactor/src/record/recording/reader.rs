//! Reading a recording piece by piece, while it goes on.
//!
//! To read a large recording takes milliseconds. Threads that join it, and the first spawn from each place, need
//! the registry's lock meanwhile. So under the lock only the ends of the parts are noted, and the rings, which are
//! never freed, are read without it.
//!
//! Called by the executor's dump. Next: `inspect`.

use std::collections::HashMap;

use super::{REGISTRY, Recorded, read};
use crate::record::stamp::Both;
use crate::shim::lock_static;

/// Reads a recording piece by piece.
///
/// ```
/// use reactor::record::{self, Kind, Reader};
///
/// record::start(1024).unwrap();
/// let mut reader = Reader::default();
/// record::record(Kind::Wake, 1);
/// assert!(reader.read().unwrap().threads.iter().any(|thread| !thread.events.is_empty()));
/// record::record(Kind::Wake, 2);
/// let news = reader.read().unwrap();
/// assert!(news.threads.iter().all(|thread| thread.events.iter().all(|event| event.id != 1)));
/// record::stop();
/// assert!(reader.read().is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// The number of the recording; 0 before the first call.
    recording: u32,
    /// The next slot of each part that has been read, by the part's number.
    next: HashMap<u64, u64>,
}

impl Reader {
    /// Returns what was recorded since the last call; `None` if the recording has been stopped. What was recorded
    /// before `duration` is complete, but for what threads are about to push. Of what was recorded later, some
    /// threads' events may be there, and others' not yet.
    pub fn read(&mut self) -> Option<Recorded> {
        let (begin, number) = {
            let registry = lock_static(&REGISTRY);
            (registry.on.as_ref()?.begin, registry.started)
        };
        begin.settle();
        let (recording, sites, end) = {
            let registry = lock_static(&REGISTRY);
            // Meanwhile another one may have been started.
            if registry.started != number || self.recording != 0 && self.recording != number {
                return None;
            }
            self.recording = number;
            // What is recorded up to here is in the rings when their ends are noted.
            let end = Both::now();
            (registry.on.clone()?.up_to_now(), registry.sites.clone(), end)
        };
        Some(read(recording, sites, end, &mut self.next))
    }
}
