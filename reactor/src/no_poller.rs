//! Where a turn waits that has no poller: no descriptor could be had for one yet. Timers work here.
//!
//! The poller's arrival ends the wait. Called by `reactor`. Next: `blocking`.

use std::sync::PoisonError;
use std::time::Duration;

use crate::shim::{Condvar, Mutex, lock, now, statics};

// Where a turn waits that has no poller: whether it was notified.
statics! { static NOTIFIED: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new()); }

/// Ends the wait under way, or the next one.
pub(crate) fn notify() {
    *lock(&NOTIFIED.0) = true;
    NOTIFIED.1.notify_all();
}

/// Waits for `limit`, until somebody rings, or until there is a poller.
pub(crate) fn wait(limit: Option<Duration>, has_poller: impl Fn() -> bool) {
    let end = limit.and_then(|limit| now().checked_add(limit));
    let mut notified = lock(&NOTIFIED.0);
    while !*notified && !has_poller() {
        let Some(end) = end else {
            notified = NOTIFIED.1.wait(notified).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let left = end.saturating_duration_since(now());
        if left.is_zero() {
            break;
        }
        notified = NOTIFIED.1.wait_timeout(notified, left).unwrap_or_else(PoisonError::into_inner).0;
    }
    *notified = false;
}
