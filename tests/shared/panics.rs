//! Where a panic says that it comes from.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// The place of this thread's last panic, if it is recorded.
    static WHERE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The file that the panic's location names. The call must panic.
#[track_caller]
pub(crate) fn file_of_panic(call: impl FnOnce()) -> String {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            WHERE.set(info.location().map(|place| place.file().to_owned()));
            before(info);
        }));
    });
    catch_unwind(AssertUnwindSafe(call)).expect_err("it panics");
    WHERE.take().expect("a panic has a location")
}
