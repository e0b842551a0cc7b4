//! The helpers for tests: a limit with a verdict, and dumps all the time.

#[path = "../../../tests/shared/panics.rs"]
mod panics;

use std::sync::Arc;
use std::time::Duration;

use executor::sync::Mutex;
use executor::{task, trace};

use panics::file_of_panic;

use crate::support::{DEADLINE, planted, spawn};

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).expect("the panic has a message")
}

#[test]
fn a_hang_ends_with_its_verdict() {
    planted(|| {
        let hangs = || {
            let lock = Arc::new(Mutex::new(()));
            task::block_on(spawn("twice", async move {
                let _first = lock.lock().await;
                let _second = lock.lock().await;
            }));
        };
        let panic = std::panic::catch_unwind(|| trace::within(Duration::from_secs(3), hangs)).unwrap_err();
        let message = message(&*panic);
        assert!(
            message.starts_with("still running after 3s; a lock that its own holder waits for"),
            "{message}"
        );
        assert!(message.contains("twice"), "{message}");
    });
}

#[test]
fn what_ends_in_time_is_returned() {
    assert_eq!(trace::within(DEADLINE, || 42), 42);
    let panic =
        std::panic::catch_unwind(|| trace::within(DEADLINE, || panic!("its own {}", "panic"))).unwrap_err();
    assert_eq!(message(&*panic), "its own panic");
}

#[test]
fn a_program_that_hangs_is_not_called_healthy() {
    planted(|| {
        let hangs_for_long = || {
            let handle = spawn("sleeper", std::future::pending::<()>());
            std::thread::sleep(Duration::from_millis(500));
            handle.abort();
        };
        let panic = std::panic::catch_unwind(|| trace::assert_never_stuck(hangs_for_long)).unwrap_err();
        assert!(message(&*panic).starts_with("a healthy program has a verdict"));
        assert_eq!(file_of_panic(|| trace::assert_never_stuck(hangs_for_long)), file!());
        assert_eq!(trace::assert_never_stuck(|| 42), 42);
    });
}
