//! User code that must not take its caller with it. Next: `wait_list`.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs user code (a waker, a destructor, a job) and contains its panic.
///
/// The panic hook has reported it. The panic's payload is dropped; if that drop panics too,
/// the second payload is leaked.
///
/// ```
/// reactor::contain_panic(|| std::panic::resume_unwind(Box::new("harmless")));
/// ```
pub fn contain_panic(user_code: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(user_code))
        && let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload)))
    {
        std::mem::forget(again);
    }
}
