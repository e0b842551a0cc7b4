//! The queue of jobs for threads: in the order of their tickets, and each may be taken back.
//!
//! A map from tickets to jobs would do both, but it moves a dozen jobs for each that is taken, under the
//! lock that all callers share. Jobs come almost in the order of their tickets, so a sorted queue is kept
//! instead, and a job that is taken back leaves a gap.
//!
//! ```text
//!   disposals ─▶ job, job
//!   jobs      ─▶ 7: job, 8: gap, 12: job ◀─ push
//!      pop ◀── the disposals first, then the least ticket
//! ```
//!
//! - Q1  The jobs stand in the order of their tickets. A job whose ticket is drawn under the lock goes to the back. If
//!   the caller has drawn it before, jobs with later tickets may be there already, and this one goes before them.
//! - Q2  There are at most as many gaps as jobs, unless the queue has at most twice [`GAPS`] entries.
//!
//! Called by `threads`, under its lock. Next: `blocking`.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::trim::{KEEP_BY_THREAD, Trim};

/// Names a job from before it is submitted, so that it can be taken back. Earlier tickets run first. A ticket is
/// for one job.
///
/// ```
/// use reactor::blocking::Ticket;
///
/// assert!(Ticket::draw() < Ticket::draw());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

impl Ticket {
    /// Returns a new ticket, later than all before it.
    #[must_use]
    pub fn draw() -> Self {
        // Not the model's atomic: it orders jobs, and publishes nothing.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // ORDERING: Relaxed; each number is given out once.
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// The queue is compacted when more than half of its entries are gaps, and it has more than twice this many.
const GAPS: usize = 16;

/// Jobs that wait for a thread.
pub(super) struct Queue<J> {
    disposals: VecDeque<J>,
    jobs: VecDeque<(Ticket, Option<J>)>,
    /// The entries of `jobs` that are not gaps.
    waiting: usize,
}

impl<J> Queue<J> {
    /// Adds a job in its place. That is the back, unless another thread was quicker to take the lock.
    pub(super) fn push(&mut self, ticket: Ticket, job: J) {
        let late = self.jobs.back().is_some_and(|(last, _)| *last > ticket);
        let place =
            if late { self.jobs.partition_point(|(other, _)| *other < ticket) } else { self.jobs.len() };
        self.jobs.insert(place, (ticket, Some(job)));
        self.waiting += 1;
    }

    /// Draws a ticket, and adds a job at the back.
    pub(super) fn push_last(&mut self, job: J) -> Ticket {
        let ticket = Ticket::draw();
        self.push(ticket, job);
        ticket
    }

    /// Adds a job that goes before all others.
    pub(super) fn push_disposal(&mut self, job: J) {
        self.disposals.push_back(job);
    }

    /// Takes the next job out.
    pub(super) fn pop(&mut self) -> Option<J> {
        let next = self.disposals.pop_front().or_else(|| {
            let job = self.jobs.iter().position(|(_, job)| job.is_some()).and_then(|gaps| {
                self.jobs.drain(..gaps);
                self.jobs.pop_front()?.1
            });
            self.waiting -= usize::from(job.is_some());
            job
        });
        self.give_memory_back();
        next
    }

    /// Takes a job out of its place; `None` if it has left.
    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<J> {
        let place = self.jobs.binary_search_by_key(&ticket, |(ticket, _)| *ticket).ok()?;
        let job = self.jobs[place].1.take()?;
        self.waiting -= 1;
        self.give_memory_back();
        Some(job)
    }

    pub(super) fn len(&self) -> usize {
        self.disposals.len() + self.waiting
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn has_disposals(&self) -> bool {
        !self.disposals.is_empty()
    }

    fn give_memory_back(&mut self) {
        if self.jobs.len() > 2 * self.waiting.max(GAPS) {
            self.jobs.retain(|(_, job)| job.is_some()); // Q2
        }
        self.disposals.trim(KEEP_BY_THREAD);
        self.jobs.trim(KEEP_BY_THREAD);
    }
}

impl<J> Default for Queue<J> {
    fn default() -> Self {
        Self { disposals: VecDeque::new(), jobs: VecDeque::new(), waiting: 0 }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::iter;

    use super::*;

    #[test]
    fn the_least_ticket_is_next_and_what_is_taken_back_is_passed_over() {
        let mut queue = Queue::default();
        for ticket in [7, 8, 6, 9, 12, 10] {
            queue.push(Ticket(ticket), ticket);
        }
        queue.push_disposal(99);
        assert_eq!((queue.remove(Ticket(6)), queue.remove(Ticket(9))), (Some(6), Some(9)));
        assert_eq!((queue.remove(Ticket(9)), queue.remove(Ticket(11))), (None, None));
        assert_eq!(queue.len(), 5);
        assert_eq!(iter::from_fn(|| queue.pop()).collect::<Vec<_>>(), [99, 7, 8, 10, 12]);
        assert!(queue.is_empty());
    }

    /// Q2, wherever the gaps are.
    #[test]
    fn gaps_are_closed() {
        let mut queue = Queue::default();
        (0..10_000).for_each(|ticket| queue.push(Ticket(ticket), ticket));
        for ticket in (0..10_000).filter(|ticket| ticket % 1000 != 0) {
            assert_eq!(queue.remove(Ticket(ticket)), Some(ticket));
        }
        assert_eq!(queue.len(), 10);
        assert!(queue.jobs.len() <= 2 * GAPS, "{} entries", queue.jobs.len());
        assert_eq!(iter::from_fn(|| queue.pop()).last(), Some(9000));
    }
}
