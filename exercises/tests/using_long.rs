//! Exercises of the chapter "Long computations": `stubs/using_long.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/using_long.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/using_long.rs")]
mod using_long;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use executor::task;
use exercises::ends;
use using_long::{search, sum};

#[test]
fn exercise_1_the_others_have_their_turns() {
    let numbers: Vec<u64> = (0..100_000).collect();
    let turns = Rc::new(Cell::new(0));
    let neighbour = task::spawn_local({
        let turns = turns.clone();
        async move {
            loop {
                turns.set(turns.get() + 1);
                task::yield_now().await;
            }
        }
    });
    let sum = task::block_on(sum(&numbers));
    neighbour.abort();
    assert_eq!(sum, 4_999_950_000);
    assert!(turns.get() > 10, "the neighbour had {} turns", turns.get());
}

#[test]
fn exercise_2_what_is_there_is_found() {
    let found = search(Arc::default(), |number| number == 123_456);
    assert_eq!(task::block_on(found), Some(123_456));
}

#[test]
fn exercise_2_it_can_be_stopped() {
    let found = ends("the flag is set, but the thread continues", || {
        let stop = Arc::new(AtomicBool::new(false));
        let search = search(stop.clone(), |_| false);
        task::block_on(async {
            stop.store(true, Ordering::SeqCst);
            search.await
        })
    });
    assert_eq!(found, None);
}
