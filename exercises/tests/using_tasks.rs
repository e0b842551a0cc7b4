//! Exercises of the chapter "Tasks here, and tasks on the pool": `stubs/using_tasks.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/using_tasks.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/using_tasks.rs")]
mod using_tasks;

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;

use executor::task;
use exercises::{a_moment, ends};
use using_tasks::{first_of, put_in};

#[test]
fn exercise_1_ten_put_in_ten() {
    let till = Rc::new(Cell::new(0));
    let tasks: Vec<_> = (0..10).map(|_| task::spawn_local(put_in(till.clone()))).collect();
    task::block_on(async {
        for task in tasks {
            task.await;
        }
    });
    assert_eq!(till.get(), 10, "between the read and the write another task ran");
}

/// Lets go of what it holds a moment after its drop has begun.
struct Slow(Option<Arc<()>>);

impl Drop for Slow {
    fn drop(&mut self) {
        a_moment();
        drop(self.0.take());
    }
}

#[test]
fn exercise_2_the_first_wins_and_the_others_are_gone() {
    let (output, left) = ends("another task than the first in the list has completed", || {
        let held = Arc::new(());
        let mut tasks = Vec::new();
        for _ in 0..3 {
            let held = Slow(Some(held.clone()));
            tasks.push(task::spawn(async move {
                pending::<()>().await;
                drop(held);
                0
            }));
        }
        tasks.push(task::spawn(async { 7 }));
        let output = task::block_on(first_of(tasks));
        (output, Arc::strong_count(&held))
    });
    assert_eq!(output, 7);
    assert_eq!(left, 1, "the futures of the others are not dropped yet");
}
