//! The queue of jobs for threads: in the order of their tickets, and each may be taken back.
//!
//! A map from tickets to jobs would do both, but it moves a dozen jobs for each that is taken, under the
//! lock that all callers share. Jobs come almost in the order of their tickets, so a sorted queue is kept
//! instead, and a job that is taken back leaves a gap.
//!
//! ```text
//!   disposals ─▶ [job] [job]
//!   jobs      ─▶ [ticket 7, job] [ticket 8, gap] [ticket 12, job] ◀─ push
//!      pop ◀── the disposals first, then the least ticket
//! ```
//!
//! Q1  The jobs stand in the order of their tickets. A ticket is drawn before the lock is taken, so a job may come
//!     a few places late.
//! Q2  There are at most as many gaps as jobs, but for [`GAPS`].
//!
//! Called by `threads`, under its lock. Next: `blocking`.

use std::collections::VecDeque;

use super::{Job, Ticket};
use crate::trim::{KEEP_BY_THREAD, Trim};

/// Gaps are closed when there are more of them than jobs, and more than this.
const GAPS: usize = 16;

#[derive(Default)]
pub(super) struct Queue {
    disposals: VecDeque<Job>,
    jobs: VecDeque<(Ticket, Option<Job>)>,
    /// The entries of `jobs` that are no gaps.
    waiting: usize,
}

impl Queue {
    /// Adds a job in its place. That is the back, unless another thread was quicker to take the lock.
    pub(super) fn push(&mut self, ticket: Ticket, job: Job) {
        let mut place = self.jobs.len();
        while place > 0 && self.jobs[place - 1].0 > ticket {
            place -= 1;
        }
        self.jobs.insert(place, (ticket, Some(job)));
        self.waiting += 1;
    }

    /// Adds a job that goes before all others.
    pub(super) fn push_disposal(&mut self, job: Job) {
        self.disposals.push_back(job);
    }

    /// Takes the next job out.
    pub(super) fn pop(&mut self) -> Option<Job> {
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
    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<Job> {
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Records its name when it runs.
    fn job(name: u64, ran: &Arc<Mutex<Vec<u64>>>) -> Job {
        let ran = Arc::clone(ran);
        Box::new(move || ran.lock().unwrap().push(name))
    }

    #[test]
    fn the_least_ticket_is_next_and_what_is_taken_back_is_passed_over() {
        let (mut queue, ran) = (Queue::default(), Arc::default());
        for name in [7, 8, 6, 9, 12, 10] {
            queue.push(Ticket(name), job(name, &ran));
        }
        queue.push_disposal(job(99, &ran));
        assert!(queue.remove(Ticket(6)).is_some() && queue.remove(Ticket(9)).is_some());
        assert!(queue.remove(Ticket(9)).is_none() && queue.remove(Ticket(11)).is_none());
        assert_eq!(queue.len(), 5);
        while let Some(next) = queue.pop() {
            next();
        }
        assert_eq!(*ran.lock().unwrap(), [99, 7, 8, 10, 12]);
        assert!(queue.is_empty());
    }

    /// Q2, wherever the gaps are.
    #[test]
    fn gaps_are_closed() {
        let (mut queue, ran) = (Queue::default(), Arc::default());
        (0..10_000).for_each(|name| queue.push(Ticket(name), job(name, &ran)));
        for name in (0..10_000).filter(|name| name % 1000 != 0) {
            assert!(queue.remove(Ticket(name)).is_some());
        }
        assert_eq!(queue.len(), 10);
        assert!(queue.jobs.len() <= 2 * GAPS, "{} entries", queue.jobs.len());
        for _ in 0..10 {
            queue.pop().unwrap()();
        }
        assert_eq!(ran.lock().unwrap()[9], 9000);
    }
}
