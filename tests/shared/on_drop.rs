//! A value, or a waker, that runs a closure when it is dropped.

use std::sync::Arc;
use std::task::{Wake, Waker};

/// Runs its closure when it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl<F: FnMut() + Send + Sync + 'static> OnDrop<F> {
    /// A waker that runs the closure when its last clone is dropped.
    pub(crate) fn waker(drop: F) -> Waker {
        Arc::new(Self(drop)).into()
    }
}

impl<F: FnMut() + Send + Sync + 'static> Wake for OnDrop<F> {
    fn wake(self: Arc<Self>) {}
}
