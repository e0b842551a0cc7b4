//! A thread's inbox: where other threads leave the local tasks that they woke.
//!
//! Another thread must not touch a local task's queue, and a waker may outlive the task's thread. If a
//! thread's inbox were freed at its exit, each task would need a counted reference to it. So inboxes are
//! never freed.
//!
//! - X1  Each entry is one counted reference to a task. Other threads use it only as that.
//! - [inboxes-stay]  Inboxes are recycled, never freed: a wake after its thread's end still finds one. A
//!   task that arrives then is complete, since a thread drops its tasks before it gives its inbox back.
//! - X2  A task is put in before the owner is unparked [take-then-look].
//!
//! Called by `local`. Next: `local`.
#![allow(unsafe_code, reason = "the pointers in an inbox are references that any thread may leave")]

use std::ptr::NonNull;
use std::sync::Arc;

use reactor::shim::atomic::{AtomicBool, Ordering};
use reactor::shim::{Mutex, fault, lock, statics};

use crate::driver::parker::Parker;
use crate::raw_task::header::Header;
use crate::trace;

/// Where other threads leave the tasks that they woke.
pub(crate) struct Inbox {
    contents: Mutex<Contents>,
    /// Whether it has tasks: saves the owner the lock when it is empty.
    has_tasks: AtomicBool,
}

struct Contents {
    tasks: Vec<NonNull<Header>>,
    /// The thread to unpark. None while the inbox has no owner.
    owner: Option<Arc<Parker>>,
}

// SAFETY: X1: other threads use the pointers as counted references only.
unsafe impl Send for Contents {}

// Inboxes without an owner [inboxes-stay].
statics! { static SPARE: Mutex<Vec<&'static Inbox>> = Mutex::new(Vec::new()); }

impl Inbox {
    /// An inbox without an owner.
    pub(crate) fn new() -> Self {
        let contents = Contents { tasks: Vec::new(), owner: None };
        Self { contents: Mutex::new(contents), has_tasks: AtomicBool::new(false) }
    }

    /// Takes a spare inbox, or makes one, for this thread.
    pub(crate) fn open() -> &'static Self {
        trace::record_if_asked(); // A thread's first local task may come before its first `block_on`.
        let spare = lock(&SPARE).pop();
        let inbox = spare.unwrap_or_else(|| Box::leak(Box::new(Self::new())));
        lock(&inbox.contents).owner = Some(Parker::current());
        inbox
    }

    /// Gives it back [inboxes-stay].
    pub(crate) fn close(&'static self) {
        let owner = lock(&self.contents).owner.take();
        drop(owner);
        lock(&SPARE).push(self);
    }

    /// Leaves a task, with one reference, and unparks the owner (X2).
    pub(crate) fn push(&self, task: NonNull<Header>) {
        let owner = {
            let mut contents = lock(&self.contents);
            contents.tasks.push(task);
            // ORDERING: Relaxed; the lock publishes the task, and `unpark` makes the owner look.
            self.has_tasks.store(!fault("inbox_unseen"), Ordering::Relaxed);
            contents.owner.clone()
        };
        if let Some(owner) = owner {
            owner.unpark();
        }
    }

    /// Whether it has tasks.
    #[inline]
    pub(crate) fn has_tasks(&self) -> bool {
        // ORDERING: Relaxed; after a miss the `unpark` that follows the push makes the owner look again (X2).
        self.has_tasks.load(Ordering::Relaxed)
    }

    /// Takes all tasks out.
    pub(crate) fn take(&self) -> Vec<NonNull<Header>> {
        let mut contents = lock(&self.contents);
        // ORDERING: Relaxed; written under the lock, as in `push`.
        self.has_tasks.store(false, Ordering::Relaxed);
        std::mem::take(&mut contents.tasks)
    }
}
