//! Futures are lazy: nothing runs until they are polled.
//!
//!     cargo run --release --example lazy_future
//!
//! Calling an async function runs none of its body. The call returns a value that holds the arguments. The
//! body runs when that value is polled: by this program by hand, by an `.await`, or by the executor after it
//! was spawned as a task.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use executor::task;

fn main() {
    by_hand();
    never();
    task::block_on(in_which_order());
    task::block_on(spawned());
}

/// Two pieces of work, and a point between them where it waits.
async fn make_tea(journal: &Journal, cup: &'static str) -> &'static str {
    journal.note("the kettle is on", cup);
    task::yield_now().await;
    journal.note("the water boils", cup);
    cup
}

// ANCHOR: lazy_future_poll
/// Calls the function, and polls the returned future until it is ready.
fn by_hand() {
    println!("Called, and polled by hand:");
    let journal = Journal::default();
    let tea = make_tea(&journal, "one cup");
    println!("    the call has returned a future of {} bytes", size_of_val(&tea));
    assert!(journal.is_empty());

    // No waker is needed: we poll again anyway.
    let mut context = Context::from_waker(Waker::noop());
    let mut tea = pin!(tea);
    println!("    first poll");
    assert_eq!(tea.as_mut().poll(&mut context), Poll::Pending);
    assert_eq!(journal.read(), ["one cup: the kettle is on"]);

    println!("    second poll");
    assert_eq!(tea.as_mut().poll(&mut context), Poll::Ready("one cup"));
    assert_eq!(journal.read(), ["one cup: the water boils"]);
}
// ANCHOR_END: lazy_future_poll

/// The compiler warns about a future that is not used. `drop` counts as a use.
fn never() {
    println!("Called, and dropped:");
    let journal = Journal::default();
    drop(make_tea(&journal, "no cup"));
    println!("    nothing has happened");
    assert!(journal.is_empty());
}

// ANCHOR: lazy_future_order
/// The order of the calls does not matter. The order of the awaits does.
async fn in_which_order() {
    println!("Called first and second, awaited second and first:");
    let journal = Journal::default();
    let first = make_tea(&journal, "first");
    let second = make_tea(&journal, "second");
    second.await;
    first.await;
    let done = journal.read();
    assert_eq!(done[0], "second: the kettle is on");
    assert_eq!(done[3], "first: the water boils");
}
// ANCHOR_END: lazy_future_order

// ANCHOR: lazy_future_spawn
/// The executor polls a task, so nothing needs to await it. But spawning does not poll it: on this thread the
/// first poll can only happen while this function waits for something.
async fn spawned() {
    println!("Spawned:");
    let journal = Rc::new(Journal::default());
    let its_own = journal.clone();
    let tea = task::spawn_local(async move { make_tea(&its_own, "a task's").await });
    println!("    spawn_local has returned");
    assert!(journal.is_empty());

    task::yield_now().await;
    println!("    this function has yielded once");
    assert!(!journal.is_empty());
    assert_eq!(tea.await, "a task's");
}
// ANCHOR_END: lazy_future_spawn

/// Prints each step, and records it.
#[derive(Default)]
struct Journal {
    lines: RefCell<Vec<String>>,
}

impl Journal {
    fn note(&self, what: &str, cup: &str) {
        let line = format!("{cup}: {what}");
        println!("    {line}");
        self.lines.borrow_mut().push(line);
    }

    fn is_empty(&self) -> bool {
        self.lines.borrow().is_empty()
    }

    /// Returns the steps since the last call.
    fn read(&self) -> Vec<String> {
        self.lines.take()
    }
}
