//! A recording, read in pieces while it goes on.
//!
//! The threads' rings are read one after the other, and meanwhile the threads go on. So what is read is used only up
//! to the moment at which the reading began; the rest is kept for the next look.
//!
//! Called by `dump`. Next: `dump::model`.

use reactor::record::{Event, Reader, Recorded};

use super::super::encode::by_time;
use super::ids::IdMap;
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
    /// The threads' indices in the model, by their numbers in the recording.
    threads: IdMap<usize>,
    /// What each thread recorded after `now`.
    later: Vec<Vec<Event>>,
}

impl Seen {
    /// `None` if no recording is on.
    pub(super) fn begin(own: &Own) -> Option<Self> {
        let mut reader = Reader::default();
        let last = reader.read()?;
        let strangers = Strangers::look(own);
        let (model, threads, later) = (Model::default(), IdMap::default(), Vec::new());
        let mut seen = Self { reader, model, last, now: 0, lost: 0, horizon: 0, strangers, threads, later };
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
        let now = self.now;
        for track in &mut self.last.threads {
            // Its place in the list may be another one than last time.
            let next = self.later.len();
            let thread = *self.threads.entry(track.number).or_insert(next);
            if thread == next {
                self.later.push(Vec::new());
            }
            if track.lost > 0 {
                self.lost += track.lost;
                let first = track.events.first().map_or(u64::MAX, |event| event.time);
                self.horizon = self.horizon.max(first);
            }
            let later = &mut self.later[thread];
            if later.is_empty() {
                *later = std::mem::take(&mut track.events);
            } else {
                later.append(&mut track.events);
            }
            self.model.name_thread(thread, &track.name, track.worker.map(|(pool, _)| pool as u64));
        }
        let up_to_now = |events: &mut Vec<Event>| {
            let split = events.partition_point(|event| event.time <= now);
            let later = events.split_off(split);
            std::mem::replace(events, later)
        };
        let events: Vec<Vec<Event>> = self.later.iter_mut().map(up_to_now).collect();
        for (thread, index) in by_time(events.iter().map(|events| &**events)) {
            self.model.apply(thread, &events[thread][index]);
        }
    }

    pub(super) fn recording(&self) -> Recording<'_> {
        let Self { model, now, horizon, strangers, .. } = self;
        Recording { model, now: *now, horizon: *horizon, strangers }
    }
}
