//! Why a task may not borrow: a scope for tasks that looks safe, what goes wrong in it, and what to do instead.
//!
//!     cargo run --example scopes
//!
//! A thread of `std::thread::scope` may borrow from the function that starts it. A task may not: `spawn` and
//! `spawn_local` want `'static`. A scope for tasks that borrow would have to end before their owner does, and a
//! future cannot be made to reach its end:
//!
//! ```text
//!   thread::scope(…)     a call: it returns when its threads have ended
//!   scope(…).await       a value: it can be dropped at the await, or leaked, and then waits for nothing
//! ```
//!
//! This program shows that without undefined behaviour. A [`Local`] stands for the variable, and a [`Borrowed`]
//! for the reference: it notices when it is used too late.

use std::cell::Cell;
use std::mem;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::thread;

use executor::future::{join, poll_once};
use executor::sync::{mpsc, oneshot};
use executor::task::{self, JoinSet};

fn main() {
    threads();
    task::block_on(async {
        println!("\nA scope for tasks, and what its task reads:");
        assert_eq!(observe("awaited to its end", awaited).await, (4, 0));
        assert_eq!(observe("dropped at an await", dropped).await, (0, 1));
        assert_eq!(observe("leaked at an await", leaked).await, (0, 4));
    });
    println!();
    a_scope_that_blocks();
    longer_than_a_block_on();
    println!();
    task::block_on(async {
        moved_and_returned().await;
        shared().await;
        in_one_task().await;
        asked().await;
        on_threads().await;
    });
}

// ANCHOR: scopes_threads
/// Two threads borrow the names. `scope` returns when both have ended, and so before the names do.
fn threads() {
    let names = [String::from("Ada"), String::from("Benjamin")];
    let (letters, longest) = thread::scope(|scope| {
        let letters = scope.spawn(|| names.iter().map(String::len).sum::<usize>());
        let longest = scope.spawn(|| names.iter().max_by_key(|name| name.len()));
        (letters.join().unwrap(), longest.join().unwrap())
    });
    println!("two threads have borrowed: {letters} letters, the longest is {longest:?}");
    assert_eq!((letters, longest), (11, Some(&names[1])));
}
// ANCHOR_END: scopes_threads

// ANCHOR: scopes_model
/// Stands for a local variable: it ends with the frame that owns it.
struct Local(Rc<str>);

/// Stands for a reference to it, whose lifetime no compiler has checked.
struct Borrowed {
    variable: Weak<str>,
    seen: Rc<Seen>,
}

/// How often the variable was read while it existed, and how often after its end.
#[derive(Default)]
struct Seen {
    valid: Cell<u32>,
    dangling: Cell<u32>,
}

impl Local {
    fn borrow(&self, seen: &Rc<Seen>) -> Borrowed {
        Borrowed { variable: Rc::downgrade(&self.0), seen: seen.clone() }
    }
}

impl Borrowed {
    fn read(&self) {
        let count = if self.variable.upgrade().is_some() { &self.seen.valid } else { &self.seen.dangling };
        count.set(count.get() + 1);
    }
}

/// A destructor may read what its value borrows.
impl Drop for Borrowed {
    fn drop(&mut self) {
        self.read();
    }
}
// ANCHOR_END: scopes_model

// ANCHOR: scopes_scope
/// A scope for tasks. It waits for them at its end. If it is dropped earlier, the set aborts them.
async fn scope(body: impl AsyncFnOnce(&mut JoinSet<()>)) {
    let mut tasks = JoinSet::new();
    body(&mut tasks).await;
    while let Some(joined) = tasks.join_next().await {
        joined.expect("the task does not panic");
    }
}

/// What a task in the scope does: it reads the variable three times. Its destructor reads it once
/// more.
async fn reads(variable: Borrowed) {
    for _ in 0..3 {
        variable.read();
        task::yield_now().await;
    }
}
// ANCHOR_END: scopes_scope

// ANCHOR: scopes_awaited
/// The scope is awaited to its end, as it should be.
async fn awaited(seen: Rc<Seen>) {
    let name = Local("Ada".into());
    scope(async |tasks| {
        tasks.spawn_local(reads(name.borrow(&seen)));
    })
    .await;
}
// ANCHOR_END: scopes_awaited

// ANCHOR: scopes_dropped
/// The scope is dropped while it waits, as by a timeout.
async fn dropped(seen: Rc<Seen>) {
    let name = Local("Ada".into());
    let mut scope = Box::pin(scope(async |tasks| {
        tasks.spawn_local(reads(name.borrow(&seen)));
    }));
    assert!(poll_once(scope.as_mut()).await.is_none(), "it waits for the task");
    drop(scope); // The abort is a request: the task's future is dropped when its thread comes to it.
}
// ANCHOR_END: scopes_dropped

// ANCHOR: scopes_leaked
/// The scope is leaked, which safe code may do with every value. No destructor runs, and nothing is
/// aborted.
async fn leaked(seen: Rc<Seen>) {
    let name = Local("Ada".into());
    let mut scope = Box::pin(scope(async |tasks| {
        tasks.spawn_local(reads(name.borrow(&seen)));
    }));
    assert!(poll_once(scope.as_mut()).await.is_none(), "it waits for the task");
    mem::forget(scope);
}
// ANCHOR_END: scopes_leaked

// ANCHOR: scopes_observe
/// Calls a function whose frame owns the variable, waits for the tasks that it has left behind, and
/// counts the reads.
async fn observe(how: &str, frame: impl AsyncFnOnce(Rc<Seen>)) -> (u32, u32) {
    let seen = Rc::new(Seen::default());
    frame(seen.clone()).await; // Here the variable ends.
    while Rc::strong_count(&seen) > 1 {
        task::yield_now().await;
    }
    let counts = (seen.valid.get(), seen.dangling.get());
    println!("    {how:<20} {} while the variable exists, {} after its end", counts.0, counts.1);
    counts
}
// ANCHOR_END: scopes_observe

async fn greet(name: &str) -> String {
    task::yield_now().await;
    format!("Hello, {name}!")
}

// ANCHOR: scopes_blocking
/// Runs a future for each name, each on a thread of its own. The futures borrow. This call returns
/// when all of them are ready, and it cannot be abandoned before: it is no future. Meanwhile the
/// calling thread does nothing else.
fn greet_all(names: &[String]) -> Vec<String> {
    thread::scope(|scope| {
        let threads: Vec<_> =
            names.iter().map(|name| scope.spawn(move || task::block_on(greet(name)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
// ANCHOR_END: scopes_blocking

fn a_scope_that_blocks() {
    let names = [String::from("Ada"), String::from("Ben")];
    let greetings = greet_all(&names);
    println!("A scope that blocks its thread: {}", greetings.join(" "));
    assert_eq!(greetings, ["Hello, Ada!", "Hello, Ben!"]);
}

// ANCHOR: scopes_local
/// A local task stays on its thread, and may still outlive the function that has spawned it, and
/// even its `block_on`.
fn longer_than_a_block_on() {
    fn start(done: Rc<Cell<bool>>) {
        task::block_on(async {
            drop(task::spawn_local(async move {
                task::yield_now().await;
                done.set(true);
            }));
        });
    }
    let done = Rc::new(Cell::new(false));
    start(done.clone());
    println!("block_on has returned, and the local task is done: {}", done.get());
    assert!(!done.get());
    task::block_on(async {
        while !done.get() {
            task::yield_now().await;
        }
    });
    println!("in the next block_on it is done: {}", done.get());
}
// ANCHOR_END: scopes_local

// ANCHOR: scopes_moved
/// The value goes into the task, and comes back as a part of its output.
async fn moved_and_returned() {
    let list = vec![String::from("bread")];
    let list = task::spawn(async move {
        let mut list = list;
        task::yield_now().await;
        list.push(String::from("butter"));
        list
    })
    .await;
    println!("moved, and returned: {list:?}");
    assert_eq!(list, ["bread", "butter"]);
}
// ANCHOR_END: scopes_moved

// ANCHOR: scopes_shared
/// Each task owns a handle to the numbers. The last one that is dropped frees them.
async fn shared() {
    let numbers: Arc<[u64]> = (1..=1000).collect();
    let mut tasks = JoinSet::new();
    for part in 0..4 {
        let numbers = numbers.clone();
        tasks.spawn(async move { numbers[250 * part..250 * (part + 1)].iter().sum::<u64>() });
    }
    let mut sum = 0;
    while let Some(joined) = tasks.join_next().await {
        sum += joined.expect("no task panics");
    }
    println!("shared by four tasks: the sum of {} numbers is {sum}", numbers.len());
    assert_eq!(sum, 500_500);
}
// ANCHOR_END: scopes_shared

// ANCHOR: scopes_in_one_task
/// Several futures of one task may borrow, also for writing: they end with the function that awaits
/// them.
async fn in_one_task() {
    let names = [String::from("Ada"), String::from("Ben")];
    let mut polled = 0;
    let (first, second) = join((greet(&names[0]), async {
        polled += 1;
        greet(&names[1]).await
    }))
    .await;
    println!("in one task: {first} {second}");
    assert_eq!((first.as_str(), second.as_str(), polled), ("Hello, Ada!", "Hello, Ben!", 1));
}
// ANCHOR_END: scopes_in_one_task

// ANCHOR: scopes_asked
/// One task owns the stock. The others send a message, and with it the place for the reply.
async fn asked() {
    let (orders, mut received) = mpsc::channel::<(u32, oneshot::Sender<u32>)>(8);
    let keeper = task::spawn(async move {
        let mut stock = 10;
        while let Some((wanted, reply)) = received.recv().await {
            let given = wanted.min(stock);
            stock -= given;
            let _ = reply.send(given); // An error: nobody waits for it any more.
        }
        stock
    });
    let mut customers = JoinSet::new();
    for wanted in [3, 4, 5] {
        let orders = orders.clone();
        customers.spawn(async move {
            let (reply, given) = oneshot::channel();
            orders.send((wanted, reply)).await.expect("the keeper receives while there are senders");
            given.await.expect("the keeper replies to each")
        });
    }
    drop(orders);
    let mut given = 0;
    while let Some(joined) = customers.join_next().await {
        given += joined.expect("no customer panics");
    }
    let left = keeper.await;
    println!("asked of the task that owns it: {given} given, {left} left");
    assert_eq!((given, left), (10, 0));
}
// ANCHOR_END: scopes_asked

// ANCHOR: scopes_on_threads
/// A scope that blocks, where blocking is allowed. The call owns the names, lends them to its
/// threads, and gives them back.
async fn on_threads() {
    let names = vec![String::from("Ada"), String::from("Ben")];
    let (names, greetings) = task::spawn_blocking(move || {
        let greetings = greet_all(&names);
        (names, greetings)
    })
    .await;
    println!("in a scope of threads: {} for {} names", greetings.join(" "), names.len());
    assert_eq!(greetings, ["Hello, Ada!", "Hello, Ben!"]);
}
// ANCHOR_END: scopes_on_threads
