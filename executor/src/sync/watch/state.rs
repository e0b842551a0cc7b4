//! What the ends of a watch share: the value, its version, and who waits.
//!
//! The value could be under the lock of the rest. But a reader holds its lock for as long as it likes, and all that wait
//! for a change would wait for that reader before they could join the waiters. So there are two locks.
//!
//! The rules are those of `watch`. Called by its other files. Next: `sender`.

use reactor::shim::{self, RwLock};
use reactor::wait_list::WaitList;

pub(super) struct Shared<T> {
    pub(super) state: shim::Mutex<State>,
    pub(super) value: RwLock<T>,
}

pub(super) struct State {
    /// The number of changes.
    pub(super) version: u64,
    pub(super) senders: usize,
    pub(super) receivers: usize,
    /// The receivers that wait for a change.
    pub(super) changes: WaitList,
    /// The senders that wait until no receiver is left.
    pub(super) closing: WaitList,
}

impl State {
    /// Where to wait until no receiver is left; `None` if there is none.
    pub(super) fn closing(&mut self) -> Option<&mut WaitList> {
        if self.receivers == 0 { None } else { Some(&mut self.closing) }
    }
}

impl<T> Shared<T> {
    /// The state of a channel with one sender and one receiver.
    pub(super) fn new(value: T) -> Self {
        let state = State {
            version: 0,
            senders: 1,
            receivers: 1,
            changes: WaitList::new(),
            closing: WaitList::new(),
        };
        Self { state: shim::Mutex::new(state), value: RwLock::new(value) }
    }

    /// Identifies the channel in a recording.
    pub(super) fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}
