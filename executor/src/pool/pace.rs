//! How often a busy worker looks at the injector and the reactor.
//!
//! A worker that always has tasks of its own must look there now and then. To look before each poll would cost more
//! than a short poll does, and so would reading the clock. To look every 61 rounds is cheap, but a round may be
//! long: beside tasks that poll for 100 µs, a socket's event would wait for 6 ms. So the rounds between two looks
//! follow the length of the polls.
//!
//! ```text
//!   short polls:  ││││││││…61…││││││││     the clock is read at each look, the reactor polled each 100 µs
//!   long polls:   │  │  │  │  │  │  │      a look in each round
//!                 ▲ look
//! ```
//!
//! - [few-rounds]  Two looks are at most [`FAIR`] rounds apart, and no more rounds than recently took one
//!   [`REACTOR_INTERVAL`]. When polls become long the number shrinks at the next look. When they become short it
//!   grows by one at a time: the short poll of a task that was waiting for an event says nothing about the others.
//! - [own-tasks-too]  The injector never comes first in two rounds in a row: even if it always has a task, the
//!   worker's own tasks come first in every other round.
//!
//! Called by `worker`. Next: `worker`.

use std::cell::Cell;
use std::time::Instant;

use crate::block_on::REACTOR_INTERVAL;

/// The most rounds between two looks.
const FAIR: u32 = 61;

/// What a worker knows of its pace.
pub(super) struct Pace {
    /// When the reactor was last polled, and in which round.
    last_turn: Cell<Instant>,
    last_round: Cell<u32>,
    /// How many rounds are between two looks.
    interval: Cell<u32>,
    next_look: Cell<u32>,
    /// The round of the last look, and the one in which a task last came first from the injector.
    look: Cell<u32>,
    injected: Cell<u32>,
}

impl Pace {
    /// For a worker whose rounds count from one.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            last_turn: Cell::new(now),
            last_round: Cell::new(0),
            interval: Cell::new(FAIR),
            next_look: Cell::new(FAIR),
            look: Cell::new(0),
            injected: Cell::new(0),
        }
    }

    /// Whether the worker looks at the injector and the reactor in this round. It then calls `reactor_is_due`.
    #[inline]
    pub(super) fn looks(&self, round: u32) -> bool {
        round == self.next_look.get()
    }

    /// Returns whether the worker polls the reactor in this round, and decides when it looks again [few-rounds].
    #[cold]
    pub(super) fn reactor_is_due(&self, round: u32, now: Instant) -> bool {
        let (interval, passed) = (self.interval.get(), now.duration_since(self.last_turn.get()));
        let due = passed >= REACTOR_INTERVAL;
        if due {
            let rounds = round.wrapping_sub(self.last_round.replace(round));
            let fit = rounds as f32 * REACTOR_INTERVAL.div_duration_f32(passed);
            self.interval.set((fit as u32).clamp(1, FAIR.min(interval + 1)));
            self.last_turn.set(now);
        }
        self.look.set(round);
        self.next_look.set(round.wrapping_add(self.interval.get()));
        due
    }

    /// The worker has waited in this round, and the reactor was polled meanwhile.
    pub(super) fn waited(&self, round: u32, now: Instant) {
        self.last_turn.set(now);
        self.last_round.set(round);
    }

    /// Whether it looks in each round, since a poll takes about as long as is to pass between two looks.
    pub(super) fn polls_are_long(&self) -> bool {
        self.interval.get() == 1
    }

    /// Takes a task from the injector, if the worker looks there, and has not just done so [own-tasks-too].
    #[inline]
    pub(super) fn injected_first<T>(&self, looks: bool, take: impl FnOnce() -> Option<T>) -> Option<T> {
        if !looks || self.injected.get().wrapping_add(1) == self.look.get() {
            return None;
        }
        let task = take();
        if task.is_some() {
            self.injected.set(self.look.get());
        }
        task
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Runs rounds of this length, and returns those in which there was a look, and in which the reactor was due.
    fn rounds(pace: &Pace, clock: &mut (u32, Instant), count: u32, each: Duration) -> (Vec<u32>, Vec<u32>) {
        let (mut looks, mut turns) = (Vec::new(), Vec::new());
        for _ in 0..count {
            clock.0 += 1;
            if pace.looks(clock.0) {
                looks.push(clock.0);
                if pace.reactor_is_due(clock.0, clock.1) {
                    turns.push(clock.0);
                }
            }
            clock.1 += each;
        }
        (looks, turns)
    }

    #[test]
    fn with_short_polls_the_clock_is_read_every_61_rounds() {
        let mut clock = (0, Instant::now());
        let pace = Pace::new(clock.1);
        let (looks, turns) = rounds(&pace, &mut clock, 61 * 100, Duration::from_micros(1));
        assert_eq!(looks, (1..=100).map(|look| 61 * look).collect::<Vec<_>>());
        assert_eq!(turns.len(), 50, "after 122 µs each time");
        assert!(!pace.polls_are_long());
    }

    #[test]
    fn with_long_polls_it_looks_in_each_round() {
        let mut clock = (0, Instant::now());
        let pace = Pace::new(clock.1);
        let (looks, turns) = rounds(&pace, &mut clock, 100, REACTOR_INTERVAL);
        assert_eq!(looks, (61..=100).collect::<Vec<_>>(), "it cannot know before the first look");
        assert_eq!(turns, looks);
        assert!(pace.polls_are_long());
    }

    #[test]
    fn a_few_short_polls_do_not_hide_the_long_ones() {
        let mut clock = (0, Instant::now());
        let pace = Pace::new(clock.1);
        rounds(&pace, &mut clock, 61, REACTOR_INTERVAL);
        for _ in 0..10 {
            rounds(&pace, &mut clock, 1, Duration::from_micros(5));
            let (looks, _) = rounds(&pace, &mut clock, 2, REACTOR_INTERVAL);
            assert_eq!(looks.len(), 2);
        }
        let (looks, turns) = rounds(&pace, &mut clock, 100_000, Duration::from_micros(1));
        let gaps = || looks.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps().is_sorted() && gaps().max() == Some(FAIR), "it grows until it is as before");
        assert!(turns.len() > 800, "and the reactor is polled each 100 to 122 µs");
    }

    #[test]
    fn after_many_waits_long_polls_are_noticed_at_the_next_look() {
        let mut clock = (0, Instant::now());
        let pace = Pace::new(clock.1);
        for _ in 0..1_000 {
            rounds(&pace, &mut clock, 10, Duration::from_micros(1));
            pace.waited(clock.0, clock.1);
        }
        let (looks, _) = rounds(&pace, &mut clock, 100, 10 * REACTOR_INTERVAL);
        assert!(looks.len() > 100 - FAIR as usize && pace.polls_are_long());
    }

    #[test]
    fn the_injector_comes_first_in_every_other_round_at_most() {
        let begin = Instant::now();
        let pace = Pace::new(begin);
        let first = |round, task: Option<()>| {
            pace.reactor_is_due(round, begin);
            pace.injected_first(true, || task).is_some()
        };
        assert_eq!([61, 62, 63, 64].map(|round| first(round, Some(()))), [true, false, true, false]);
        assert!(!first(65, None), "an empty injector");
        assert!(first(66, Some(())), "takes no turn");
        assert!(first(127, Some(())), "the next look");
        assert!(pace.injected_first(false, || Some(())).is_none(), "it does not look");
    }
}
