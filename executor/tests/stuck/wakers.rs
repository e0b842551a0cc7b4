//! Tasks that nothing can wake.

use std::future::pending;

use executor::task;
use executor::trace::VerdictKind;

use crate::support::{in_child, planted, spawn, verdict};

/// This needs no recording.
#[test]
fn a_task_has_no_waker() {
    in_child(&[], || {
        let _handle = spawn("sleeper", pending::<()>());
        verdict(VerdictKind::NoWaker, &["sleeper"]);
    });
}

#[test]
fn a_local_task_has_no_waker() {
    planted(|| {
        std::thread::spawn(|| {
            let _handle = task::Builder::new().name("sleeper").spawn_local(pending::<()>());
            task::block_on(reactor::time::sleep(std::time::Duration::from_secs(600)));
        });
        verdict(VerdictKind::NoWaker, &["sleeper"]);
    });
}
