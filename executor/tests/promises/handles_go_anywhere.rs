//! Where handles, pools and tasks may be sent and shared, which is asserted at compile time; and what a task
//! says of itself: its id, its name, whether it has finished.

use std::cell::Cell;
use std::collections::HashSet;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;

use executor::pool::Pool;
use executor::task::{
    self, AbortHandle, AbortOnDrop, Builder, JoinError, JoinHandle, JoinSet, TaskId, block_on, spawn,
    spawn_local,
};

use crate::support::{Gate, ends, eventually};

const fn is_send<T: Send + ?Sized>() {}
const fn is_sync<T: Sync + ?Sized>() {}
const fn is_unpin<T: Unpin + ?Sized>() {}
const fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe + ?Sized>() {}
const fn is_error<T: std::error::Error + Send + 'static>() {}

/// A value that may go to another thread, and may not be shared or moved once pinned.
type Lonely = (Cell<u8>, std::marker::PhantomPinned);

const _: () = {
    is_send::<JoinHandle<u8>>();
    is_sync::<JoinHandle<u8>>();
    is_send::<JoinHandle<Lonely>>();
    is_sync::<JoinHandle<Lonely>>();
    is_unpin::<JoinHandle<Lonely>>();
    is_unpin::<JoinHandle<Rc<u8>>>();
    is_unwind_safe::<JoinHandle<Rc<Cell<u8>>>>();
    is_send::<AbortHandle>();
    is_sync::<AbortHandle>();
    is_unwind_safe::<AbortHandle>();
    is_send::<AbortOnDrop<Lonely>>();
    is_unpin::<AbortOnDrop<Lonely>>();
    is_send::<JoinSet<Lonely>>();
    is_sync::<JoinSet<Lonely>>();
    is_unpin::<JoinSet<Rc<u8>>>();
    is_send::<Pool>();
    is_sync::<Pool>();
    is_send::<TaskId>();
    is_sync::<TaskId>();
    is_send::<Builder>();
    is_error::<JoinError>();
};

fn send<T: Send>(value: T) -> T {
    value
}

#[test]
fn the_futures_of_a_handle_may_be_sent() {
    let cancelled = send(spawn(async { 1 }).cancel());
    let joined = send(spawn(async { 2 }).try_join());
    drop(cancelled);
    assert_eq!(block_on(joined).ok(), Some(2));
}

/// A local task's output need not be `Send`; its handle then stays on the owner's thread.
#[test]
fn a_local_task_may_give_what_cannot_be_sent() {
    ends(|| {
        let shared = block_on(spawn_local(async { Rc::new(5) }));
        assert_eq!(*shared, 5);
    });
}

#[test]
fn a_block_on_may_borrow() {
    let mut list = vec![1];
    let length = block_on(async {
        task::yield_now().await;
        list.push(2);
        list.len()
    });
    assert_eq!((length, list.len()), (2, 2));
}

#[test]
fn ids_differ_while_the_tasks_exist() {
    let gate = Gate::new();
    let mut handles: Vec<_> = (0..50).map(|_| spawn(gate.pass())).collect();
    ends(move || {
        handles.extend((0..50).map(|_| spawn_local(std::future::pending())));
        let ids: HashSet<_> = handles.iter().map(JoinHandle::id).collect();
        assert_eq!(ids.len(), 100);
        let printed: HashSet<_> = ids.iter().map(ToString::to_string).collect();
        assert_eq!(printed.len(), 100);
    });
}

#[test]
fn current_is_the_task_that_is_polled() {
    assert_eq!(task::current(), None);
    assert_eq!(block_on(async { task::current() }), None);
    let handle = spawn(async { task::current() });
    let id = handle.id();
    assert_eq!(block_on(handle), Some(id));
    ends(|| {
        let handle = spawn_local(async { task::current() });
        let id = handle.id();
        assert_eq!(block_on(handle), Some(id));
        assert_eq!(task::current(), None);
    });
}

#[test]
fn names_are_kept() {
    assert_eq!(spawn(async {}).name(), None);
    let handle = Builder::new().name("pool").spawn(async { 1 });
    assert_eq!(handle.name(), Some("pool"));
    assert!(format!("{handle:?}").contains("pool"));
    assert_eq!(block_on(handle), 1);
    ends(|| {
        let handle = Builder::new().name(String::from("local")).spawn_local(async { 2 });
        assert_eq!(handle.name(), Some("local"));
        assert_eq!(block_on(handle), 2);
    });
}

#[test]
fn is_finished_is_true_before_the_await() {
    let gate = Gate::new();
    let handle = spawn(gate.pass());
    gate.await_polls(1);
    assert!(!handle.is_finished());
    gate.open();
    eventually("it finishes", || handle.is_finished());
    block_on(handle);
}

#[test]
fn large_and_aligned_futures_and_values_arrive_whole() {
    #[repr(align(256))]
    #[derive(Clone, Copy, PartialEq, Debug)]
    struct Wide([u8; 4096]);
    let value = Wide([7; 4096]);
    let handle = spawn(async move {
        task::yield_now().await;
        assert_eq!((&raw const value).addr() % 256, 0);
        value
    });
    assert_eq!(block_on(handle), value);
    block_on(spawn(async {}));
}
