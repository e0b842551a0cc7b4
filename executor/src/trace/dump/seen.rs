//! A recording, read in pieces while it goes on.
//!
//! The threads' rings are read one after the other, and meanwhile the threads go on. So what is read is used only up
//! to the moment at which the reading began; the rest is kept for the next look.
//!
//! Called by `dump`. Next: `dump::model`.

use reactor::record::{Event, Reader, Recorded, Track};

use super::model::Model;
use super::strangers::{Own, Strangers};

/// What a recording says at one moment.
pub(super) struct Recording<'a> {
    pub(super) model: &'a Model,
    /// The moment.
    pub(super) now: u64,
    /// Before this, events were lost.
    pub(super) horizon: u64,
    pub(super) strangers: &'a Strangers,
}

/// A recording, as far as it was read.
pub(super) struct Seen {
    reader: Reader,
    pub(super) model: Model,
    /// The last piece: what is known of the recording as a whole.
    pub(super) last: Recorded,
    pub(super) now: u64,
    pub(super) lost: u64,
    pub(super) horizon: u64,
    strangers: Strangers,
    /// What each thread recorded after `now`.
    later: Vec<Vec<Event>>,
}

impl Seen {
    /// `None` if no recording is on.
    pub(super) fn begin(own: &Own) -> Option<Self> {
        let mut reader = Reader::default();
        let last = reader.read()?;
        let strangers = Strangers::look(own);
        let (model, later) = (Model::default(), Vec::new());
        let mut seen = Self { reader, model, last, now: 0, lost: 0, horizon: 0, strangers, later };
        seen.take_in();
        Some(seen)
    }

    /// Reads what has happened since. `None` if the recording was stopped.
    pub(super) fn advance(&mut self, own: &Own) -> Option<()> {
        self.last = self.reader.read()?;
        self.strangers = Strangers::look(own);
        self.take_in();
        Some(())
    }

    /// Applies what was read, up to the moment at which the reading began: what came later is not complete.
    fn take_in(&mut self) {
        self.now = u64::try_from(self.last.duration.as_nanos()).unwrap_or(u64::MAX);
        for (thread, track) in self.last.threads.iter_mut().enumerate() {
            if track.lost > 0 {
                self.lost += track.lost;
                let first = track.events.first().map_or(u64::MAX, |event| event.time);
                self.horizon = self.horizon.max(first);
            }
            if thread == self.later.len() {
                self.later.push(Vec::new());
            }
            let mut events = std::mem::take(&mut self.later[thread]);
            if events.is_empty() {
                events = std::mem::take(&mut track.events);
            } else {
                events.append(&mut track.events);
            }
            let split = events.partition_point(|event| event.time <= self.now);
            self.later[thread] = events.split_off(split);
            track.events = events;
        }
        for (thread, index) in by_time(&self.last) {
            self.model.apply(thread, &self.last.threads[thread].events[index]);
        }
        self.last.threads.iter_mut().for_each(|track| track.events.clear());
        let pool = |track: &Track| track.worker.map(|(pool, _)| pool as u64);
        self.model.name_threads(self.last.threads.iter().map(|track| (track.name.as_str(), pool(track))));
    }

    pub(super) fn recording(&self) -> Recording<'_> {
        let Self { model, now, horizon, strangers, .. } = self;
        Recording { model, now: *now, horizon: *horizon, strangers }
    }
}

/// The events of all threads in the order of their times, each by its thread and its index there.
fn by_time(recorded: &Recorded) -> Vec<(usize, usize)> {
    let mut order = Vec::with_capacity(recorded.threads.iter().map(|track| track.events.len()).sum());
    for (thread, track) in recorded.threads.iter().enumerate() {
        // A thread whose clock goes back keeps its own order.
        let mut last = 0;
        for (index, event) in track.events.iter().enumerate() {
            last = event.time.max(last);
            order.push((last, (thread, index)));
        }
    }
    // The threads' own events are sorted already, so that this only merges them.
    order.sort();
    order.into_iter().map(|(_, place)| place).collect()
}
