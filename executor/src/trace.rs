//! Recording what the runtime does, to look at it afterwards.
//!
//! A log line for each event would cost more than the event, and a sampling profiler cannot say why a task ran.
//! So each thread keeps its last events in a ring of its own (the reactor's `record`), and this module turns
//! them into a page: who woke whom, what each task waited for, what each thread did.
//!
//! ```text
//!   start ──▶ the threads record ──▶ stop, or snapshot: a Trace ──▶ to_html, to_chrome_json, save
//!
//!   UNROLLED_TRACE=out.html ──▶ the same, for any program: saved when it exits or panics
//! ```
//!
//! - K1  A recording never stops the program: a file that cannot be written is reported on stderr, and the program
//!   goes on.
//! - K2  What was written over in a ring is counted as lost, and shown.
//!
//! Called by programs, and by `driver`, the pools and `local` for `UNROLLED_TRACE`. Next: `trace::format`.

mod chrome;
pub(crate) mod dump;
mod encode;
mod environment;
mod format;
mod html;
mod json;
mod watch;

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reactor::explain::explain;
pub use reactor::record::AlreadyOn;
use reactor::record::{self, Recorded};

pub use dump::{Dump, TaskReport, Verdict, VerdictKind, dump};
pub(crate) use environment::record_if_asked;
pub use watch::{assert_never_stuck, within};

/// Starts to record, until [`stop`]. Each thread keeps its last events in a ring with at least `events`
/// entries, and older ones are lost. Most events take one entry, an event with a value two, the spawn of a task
/// with a name up to five.
///
/// The number of entries is the next power of two, from 1,024 to 67 million, and an entry has 16 bytes. The
/// memory stays with the process, for later recordings.
///
/// # Errors
///
/// [`AlreadyOn`] if a recording is on.
///
/// ```
/// use executor::{task, trace};
///
/// trace::start(10_000).unwrap();
/// task::block_on(task::spawn(async { task::yield_now().await }));
/// let trace = trace::stop().unwrap();
/// assert!(trace.events() > 0 && trace.lost() == 0);
/// assert!(trace.to_html().starts_with("<!doctype html>"));
/// ```
pub fn start(events: usize) -> Result<(), AlreadyOn> {
    record::start(events)
}

/// Stops the recording, and returns it; `None` if none is on. If it began less than 2 ms ago, this first
/// blocks the thread until the 2 ms have passed.
///
/// ```
/// assert!(executor::trace::stop().is_none(), "none is on");
/// ```
pub fn stop() -> Option<Trace> {
    record::stop().map(Trace::new)
}

/// Returns what was recorded so far, and goes on; `None` if no recording is on. It may block the thread, as
/// [`stop`] may.
///
/// ```
/// use executor::trace;
///
/// trace::start(1024).unwrap();
/// let first = trace::snapshot().unwrap();
/// let all = trace::stop().unwrap();
/// assert!(first.duration() <= all.duration());
/// ```
pub fn snapshot() -> Option<Trace> {
    record::snapshot().map(Trace::new)
}

/// A recording: what each thread and each task did. Dropping it saves nothing.
///
/// ```
/// use executor::{task, trace};
///
/// trace::start(10_000).unwrap();
/// task::block_on(async {});
/// let trace: trace::Trace = trace::stop().unwrap();
/// let json = trace.to_chrome_json();
/// assert!(json.contains("traceEvents"));
/// ```
#[derive(Clone)]
pub struct Trace {
    recorded: Recorded,
    /// The message of the program's first panic; only a recording for `UNROLLED_TRACE` has it.
    panic: Option<String>,
}

impl Trace {
    fn new(recorded: Recorded) -> Self {
        Self { recorded, panic: None }
    }

    /// Returns the number of events.
    pub fn events(&self) -> usize {
        self.recorded.events()
    }

    /// Returns how many entries of the rings were written over before they could be read. An event takes one to
    /// five: see [`start`].
    pub fn lost(&self) -> u64 {
        self.recorded.lost + self.recorded.threads.iter().map(|thread| thread.lost).sum::<u64>()
    }

    /// Returns the time from the recording's start until it was read.
    pub fn duration(&self) -> Duration {
        self.recorded.duration
    }

    /// Returns a page that shows the recording: one HTML file, which opens from the disk and needs no network.
    pub fn to_html(&self) -> String {
        html::page(&self.recorded, self.panic.as_deref())
    }

    /// Returns the recording in the JSON format of Chrome's tracing, which Perfetto opens too.
    pub fn to_chrome_json(&self) -> String {
        chrome::json(&self.recorded)
    }

    /// Saves the recording to a file: as [`to_chrome_json`](Self::to_chrome_json) if its name ends with
    /// `.json`, else as [`to_html`](Self::to_html). A file that exists is replaced. This blocks the thread.
    ///
    /// # Errors
    ///
    /// The system's, with the file's name. The file is then as it was before: the new one is written beside it
    /// and moved to its place.
    ///
    /// ```
    /// use executor::trace;
    ///
    /// trace::start(1024).unwrap();
    /// let trace = trace::stop().unwrap();
    /// let error = trace.save("/there/is/no/such/folder.html").unwrap_err();
    /// assert!(error.to_string().contains("/there/is/no/such/folder.html"));
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let as_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let text = if as_json { self.to_chrome_json() } else { self.to_html() };
        replace(path, &text)
            .map_err(|error| explain(format!("save the recording to {}", path.display()), error))
    }
}

/// Writes a file beside `path`, and moves it there. If `path` exists and is not a regular file (a pipe, for example),
/// writes to it directly.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return fs::write(path, text);
    }
    // ORDERING: Relaxed; only a number that no other thread gets.
    static SAVED: AtomicUsize = AtomicUsize::new(0);
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}-{}", std::process::id(), SAVED.fetch_add(1, Ordering::Relaxed)));
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside); // It may not exist.
    }
    written
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace")
            .field("duration", &self.duration())
            .field("threads", &self.recorded.threads.len())
            .field("events", &self.events())
            .field("lost", &self.lost())
            .finish()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
