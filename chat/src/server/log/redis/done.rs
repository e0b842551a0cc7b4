//! What is to be done when the lock is free again: deliveries, and then outcomes.
//!
//! A delivery takes the lock of the group table, under which `state` is called: under the lock of `state` both could
//! wait for each other. And the task that waits for an outcome runs at once when it is sent, and may ask for more.
//!
//! Used by `log/redis/state`, `log/redis/state/replies` and `log/redis/session`. Next: `log/redis/left`.

use std::sync::Arc;

use executor::sync::oneshot;

use super::super::{LogError, Page};
use super::watched::Delivery;

pub(super) type Sender<T> = oneshot::Sender<Result<T, LogError>>;

/// What is to be delivered, and the outcomes to be sent after that.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) deliveries: Option<(Arc<str>, Vec<Delivery>)>,
    pub(super) outcomes: Vec<Settled>,
}

#[derive(Debug)]
pub(super) enum Settled {
    Unit(Sender<()>, Result<(), LogError>),
    Page(Sender<Page>, Result<Page, LogError>),
}

impl Done {
    /// Sends the outcomes. It fails for those that nobody waits for any more.
    pub(super) fn settle(self) {
        for settled in self.outcomes {
            match settled {
                Settled::Unit(sender, outcome) => drop(sender.send(outcome)),
                Settled::Page(sender, outcome) => drop(sender.send(outcome)),
            }
        }
    }

    pub(super) fn unit(&mut self, sender: Sender<()>, outcome: Result<(), LogError>) {
        self.outcomes.push(Settled::Unit(sender, outcome));
    }
}
