//! Where a turn waits while there is no poller.
//!
//! The poller is created with the first source: a program that has only timers has none. And a process that has
//! used up its descriptors cannot create one. Timers need no descriptor. So a turn without a poller waits on a
//! condition variable, and timers fire. When a poller has been created the wait ends, and the next turn waits in
//! the poller.
//!
//! Called by `reactor`. Next: `malloc`.

use std::sync::PoisonError;
use std::time::Duration;

use crate::shim::{Condvar, Mutex, lock, now, statics};
use crate::spin::spin_while;

// Whether there was a notification.
statics! { static NOTIFIED: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new()); }

/// Ends the wait under way, or the next one.
pub(crate) fn notify() {
    *lock(&NOTIFIED.0) = true;
    NOTIFIED.1.notify_all();
}

/// Waits until it is notified, `limit` has passed, or there is a poller.
pub(crate) fn wait(limit: Option<Duration>, has_poller: impl Fn() -> bool) {
    let end = limit.and_then(|limit| now().checked_add(limit));
    spin_while(|| !*lock(&NOTIFIED.0) && !has_poller());
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
