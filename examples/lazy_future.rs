//! The lazy future: nothing runs until it is polled.
//!
//!     cargo run --release --example lazy_future
//!
//! To call an async function runs none of its body. The call returns a value that holds the arguments, and
//! the body runs when somebody polls that value: this program by hand, an `.await`, or the executor that
//! a task is spawned on.

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

/// Two pieces of work, with a place between them where it waits.
async fn make_tea(journal: &Journal, cup: &'static str) -> &'static str {
    journal.note("the kettle is on", cup);
    task::yield_now().await;
    journal.note("the water boils", cup);
    cup
}

// ANCHOR: lazy_future_poll
/// Calls the function, and polls what it returned until there is a cup.
fn by_hand() {
    println!("Called, and polled by hand:");
    let journal = Journal::default();
    let tea = make_tea(&journal, "one cup");
    println!("    the call has returned a future of {} bytes", size_of_val(&tea));
    assert!(journal.is_empty());

    // Nobody needs to be woken: we ask again anyway.
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

/// The compiler warns of a future that is not used; `drop` is a use.
fn never() {
    println!("Called, and dropped:");
    let journal = Journal::default();
    drop(make_tea(&journal, "no cup"));
    println!("    nothing has happened");
    assert!(journal.is_empty());
}

// ANCHOR: lazy_future_order
/// The order of the calls says nothing. The order of the awaits does.
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
/// A task is polled without being awaited. Still, to spawn it is not to poll it: on this thread that can
/// only be when this function waits for something.
async fn spawned() {
    println!("Spawned:");
    let journal = Rc::new(Journal::default());
    let its_own = journal.clone();
    let tea = task::spawn_local(async move { make_tea(&its_own, "a task's").await });
    println!("    spawn_local has returned");
    assert!(journal.is_empty());

    task::yield_now().await;
    println!("    this function has given way once");
    assert!(!journal.is_empty());
    assert_eq!(tea.await, "a task's");
}
// ANCHOR_END: lazy_future_spawn

/// Says what happens, and remembers it.
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

    /// What has happened since the last call.
    fn read(&self) -> Vec<String> {
        self.lines.take()
    }
}
