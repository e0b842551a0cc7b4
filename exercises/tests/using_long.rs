//! Exercises of the chapter "Long computations": `stubs/using_long.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/using_long.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/using_long.rs")]
mod using_long;

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use executor::task;
use exercises::ends;
use using_long::{search, sum};

#[test]
fn exercise_1_the_others_have_their_turns() {
    let numbers: Vec<u64> = (0..100_001).collect();
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
    let mut polls = 0;
    let mut summing = pin!(sum(&numbers));
    let sum = task::block_on(poll_fn(|cx| {
        polls += 1;
        summing.as_mut().poll(cx)
    }));
    neighbour.abort();
    assert_eq!(sum, 5_000_050_000);
    assert!(turns.get() > 10, "the neighbour had {} turns", turns.get());
    assert!(polls >= 100, "{polls} polls for a hundred thousand numbers");
}

#[test]
fn exercise_2_what_is_there_is_found() {
    for wanted in [0, 1, 123_456] {
        let found = ends("it has gone past the number, and searches on", move || {
            task::block_on(search(Arc::default(), move |number| number == wanted))
        });
        assert_eq!(found, Some(wanted));
    }
}

#[test]
fn exercise_2_it_can_be_stopped() {
    let found = ends("the flag is set, but the thread continues", || {
        let stop = Arc::new(AtomicBool::new(false));
        let (begin, begun) = mpsc::channel();
        let search = search(stop.clone(), move |number| {
            if number == 100_000 {
                begin.send(()).expect("the test waits for it");
            }
            false
        });
        begun.recv().expect("the search goes on");
        stop.store(true, Ordering::SeqCst);
        task::block_on(search)
    });
    assert_eq!(found, None);
}
