//! `{:?}` prints what a thing is and its state, for logs and failed assertions.

use executor::pool::Pool;
use executor::task::{self, Builder, JoinError};

use crate::support::quiet_panic;

#[test]
fn a_handle_shows_id_name_and_state() {
    let mut task = Builder::new().name("adder").spawn_local(async { 1 + 1 });
    let id = task.id();
    assert_eq!(format!("{id:?}"), format!("TaskId({id})"));
    assert!(!id.to_string().is_empty());
    let shown =
        |finished| format!("JoinHandle {{ id: TaskId({id}), name: Some(\"adder\"), finished: {finished} }}");
    assert_eq!(format!("{task:?}"), shown(false));
    assert_eq!(task::block_on(&mut task), 2);
    assert_eq!(format!("{task:?}"), shown(true));
}

#[test]
fn an_error_shows_whether_it_was_a_panic() {
    let error = task::block_on(task::spawn_local(async { quiet_panic("no tea") }).try_join()).unwrap_err();
    assert_eq!(format!("{error:?}"), "Panicked(Some(\"no tea\"))");
    assert_eq!(format!("{:?}", JoinError::Cancelled), "Cancelled");
}

#[test]
fn a_pool_shows_how_many_threads_it_has() {
    assert_eq!(format!("{:?}", Pool::new(3).unwrap()), "Pool { threads: 3, .. }");
}
