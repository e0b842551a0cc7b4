//! Hard case 11: `block_on` on a thread that is polling a future panics at once and says what to write
//! instead; it never deadlocks. Elsewhere it works, also inside `spawn_blocking`. For destructors see
//! `destructors_know_their_task`.

use std::sync::mpsc;

use executor::task::{block_on, spawn, spawn_blocking, spawn_local};

use crate::support::{DEADLINE, OnDrop, ends, panics};

#[track_caller]
fn assert_says_what_to_write(message: &str) {
    assert!(message.contains(".await"), "{message}");
    assert!(message.contains("spawn_blocking"), "{message}");
}

#[test]
fn in_the_future_of_a_block_on() {
    let said = block_on(async { panics(|| block_on(async {})) });
    assert_says_what_to_write(&said);
}

#[test]
fn in_a_pool_task() {
    let said = block_on(spawn(async { panics(|| block_on(async {})) }));
    assert_says_what_to_write(&said);
}

#[test]
fn in_a_local_task() {
    ends(|| {
        let said = block_on(spawn_local(async { panics(|| block_on(async {})) }));
        assert_says_what_to_write(&said);
    });
}

#[test]
fn the_caught_panic_leaves_both_executors_usable() {
    ends(|| {
        let sum = block_on(async {
            panics(|| block_on(async {}));
            let local = spawn_local(async {
                panics(|| block_on(async {}));
                1
            });
            local.await + spawn(async { 2 }).await
        });
        assert_eq!(sum, 3);
        assert_eq!(block_on(async { 4 }), 4);
    });
}

#[test]
fn inside_spawn_blocking_it_is_fine() {
    let output = block_on(spawn_blocking(|| {
        block_on(async { spawn(async { 40 }).await + spawn_local(async { 2 }).await })
    }));
    assert_eq!(output, 42);
}

/// Inside a `block_on` inside `spawn_blocking`: the outer `block_on` is polling.
#[test]
fn nested_inside_spawn_blocking_it_panics() {
    let said = block_on(spawn_blocking(|| block_on(async { panics(|| block_on(async {})) })));
    assert_says_what_to_write(&said);
}

#[test]
fn after_a_block_on_that_panicked_the_next_one_works() {
    ends(|| {
        panics(|| block_on(async { crate::support::quiet_panic("on purpose") }));
        assert_eq!(block_on(async { 5 }), 5);
    });
}

/// At thread exit, in the destructor of a thread local that outlives the runtime's own.
#[test]
fn in_a_thread_locals_drop_it_works() {
    use std::cell::RefCell;
    type AtExit = OnDrop<Box<dyn FnMut() + Send>>;
    thread_local! {
        static LAST: RefCell<Option<AtExit>> = const { RefCell::new(None) };
    }
    let (done, end) = mpsc::channel();
    let at_exit: AtExit = OnDrop(Box::new(move || {
        let said = block_on(async { spawn(async { 6 }).await });
        drop(spawn_local(async {}));
        done.send(said).unwrap();
    }));
    std::thread::spawn(move || {
        LAST.set(Some(at_exit));
        block_on(async {});
    })
    .join()
    .unwrap();
    assert_eq!(end.recv_timeout(DEADLINE), Ok(6));
}
