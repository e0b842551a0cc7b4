//! Held, and not polled: a future has a lock, or the next turn for it, and its task awaits something else.
//!
//!     cargo run --example held
//!
//! First it starts programs that hang, and prints what a dump says of each. Then it runs the same programs, fixed. At
//! the end it prints a table: which lock hangs in which program. Nothing is timed: each step waits for the one before.
//!
//! `streams` has two streams that keep several futures going. `table` has the locks and the programs of the table.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use executor::future::{Selected::*, join, select};
use executor::stream::StreamExt;
use executor::sync::{Mutex, Semaphore, mpsc, oneshot};
use executor::task::{self, Builder, JoinHandle, block_on, yield_now};
use executor::trace::{self, TaskReport, VerdictKind};
use executor::{Dump, dump};
use streams::{Buffered, Unordered};

mod streams;
mod table;

/// How many of its last events each thread keeps.
const EVENTS: usize = 10_000;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    trace::start(EVENTS).expect("no recording is on");
    let (own, handed) = (VerdictKind::OwnLock, VerdictKind::Futurelock);
    hang("1. A select keeps the future of a lock, and its arm locks again.", select_then_lock, Some(handed));
    hang("2. The body of a loop over a buffered stream wants a lock.", buffered, Some(own));
    hang("3. The same, where each future has a waker of its own.", unordered, None);
    hang("4. As the first, with a permit of a semaphore.", select_then_acquire, None);
    hang("5. As the first, with a bounded channel.", select_then_send, None);
    trace::stop();
    trace::within(PATIENCE, fixed);
    table::print();
}

/// Starts tasks that hang, prints what a dump says, and cancels them.
fn hang(title: &str, start: fn() -> Vec<JoinHandle<()>>, expected: Option<VerdictKind>) {
    println!("{title}");
    let tasks = start();
    let dump = until(|| {
        let dump = dump();
        (all_wait(&dump, tasks.len()) && (expected.is_none() || !dump.verdicts().is_empty())).then_some(dump)
    });
    let kinds: Vec<VerdictKind> = dump.verdicts().iter().map(|verdict| verdict.kind).collect();
    assert_eq!(kinds, Vec::from_iter(expected), "\n{dump}");
    println!("   {}", expected.map_or("no verdict".to_owned(), |kind| kind.to_string()));
    for task in &tasks {
        let report = dump.tasks().iter().find(|report| report.id == task.id()).expect("it waits");
        let name = task.name().expect("each has a name");
        println!("   {name} waits for {}", report.waits_for.join(", and for "));
        assert!(!task.is_finished());
    }
    println!();
    block_on(async {
        for task in tasks {
            task.cancel().await;
        }
    });
}

/// Whether the dump knows this many tasks, and what each waits for.
fn all_wait(dump: &Dump, tasks: usize) -> bool {
    let waits = dump.tasks().iter().filter(|task| task.kind == "pool" && !task.waits_for.is_empty());
    waits.count() == tasks
}

/// Calls `look` until it returns something.
fn until<T>(look: impl Fn() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "it never came:\n{}", dump());
        std::thread::yield_now();
    }
}

fn spawn(name: &str, future: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    Builder::new().name(name).spawn(future)
}

// ANCHOR: held_store
type Journal = Mutex<Vec<String>>;

async fn write(journal: &Journal, line: &str) {
    journal.lock().await.push(line.to_owned());
}

/// Writes the order into the journal. If that takes too long, it writes a line about it, and goes on to wait.
async fn store(journal: &Journal, slow: impl Future<Output = ()>) {
    let mut order = pin!(write(journal, "an order"));
    if let Second(()) = select((order.as_mut(), slow)).await {
        write(journal, "the order is slow").await;
        order.await;
    }
}
// ANCHOR_END: held_store

// ANCHOR: held_select
fn select_then_lock() -> Vec<JoinHandle<()>> {
    let journal = Arc::new(Journal::default());
    let (release, released) = oneshot::channel();
    let backup = {
        let journal = Arc::clone(&journal);
        spawn("backup", async move {
            let _guard = journal.lock().await;
            _ = released.await;
        })
    };
    until(|| journal.try_lock().is_none().then_some(())); // The backup has the lock.
    let slow = async move {
        yield_now().await; // Stands for a timer.
        _ = release.send(()); // The backup ends.
    };
    let clerk = {
        let journal = Arc::clone(&journal);
        spawn("clerk", async move { store(&journal, slow).await })
    };
    block_on(backup); // It has unlocked, and has ended.
    let later = |name: &str| {
        let journal = Arc::clone(&journal);
        spawn(name, async move { write(&journal, "another order").await })
    };
    vec![clerk, later("anna"), later("ben")]
}
// ANCHOR_END: held_select

// ANCHOR: held_download
/// Writes down that it asks, and holds the lock until it has the page.
async fn download(number: u32, journal: &Journal) -> String {
    let mut journal = journal.lock().await;
    journal.push(format!("page {number} wanted"));
    yield_now().await; // Stands for the wait for the page.
    format!("page {number}")
}
// ANCHOR_END: held_download

fn buffered() -> Vec<JoinHandle<()>> {
    let collect = async {
        let journal = &Journal::default();
        // ANCHOR: held_buffered
        let mut pages = Buffered::new(2, (1..=3).map(|number| download(number, journal)));
        while let Some(page) = pages.next().await {
            write(journal, &page).await;
        }
        // ANCHOR_END: held_buffered
    };
    vec![spawn("collector", collect)]
}

fn unordered() -> Vec<JoinHandle<()>> {
    let collect = async {
        let journal = &Journal::default();
        let mut pages = Unordered::new((1..=3).map(|number| download(number, journal)));
        while let Some(page) = pages.next().await {
            write(journal, &page).await;
        }
    };
    vec![spawn("collector", collect)]
}

fn select_then_acquire() -> Vec<JoinHandle<()>> {
    let connections = Semaphore::new(1);
    let acquire = async move {
        let one = connections.acquire().await.expect("it is open");
        let mut kept = Box::pin(connections.acquire());
        assert!(matches!(select((kept.as_mut(), yield_now())).await, Second(())));
        drop(one); // The permit goes to `kept`.
        _ = connections.acquire().await;
    };
    vec![spawn("client", acquire)]
}

// ANCHOR: held_send
fn select_then_send() -> Vec<JoinHandle<()>> {
    let (sender, mut receiver) = mpsc::channel(1);
    let send = async move {
        sender.send(1).await.expect("there is a receiver");
        let mut kept = sender.send(2); // No room.
        if let Second(()) = select((&mut kept, yield_now())).await {
            sender.send(3).await.expect("there is a receiver");
            kept.await.expect("there is a receiver");
        }
    };
    let sender = spawn("sender", send);
    until(|| waits_for("sender", "room").then_some(())); // It waits for the second time.
    let receiver = spawn("receiver", async move { while receiver.recv().await.is_some() {} });
    vec![sender, receiver]
}
// ANCHOR_END: held_send

/// Whether the task of this name waits for something of this kind.
fn waits_for(name: &str, what: &str) -> bool {
    let does = |task: &TaskReport| task.waits_for.iter().any(|wait| wait.starts_with(what));
    dump().tasks().iter().any(|task| task.name.as_deref() == Some(name) && does(task))
}

type Slow = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs a `store` beside a branch that holds the lock until `slow` has ended. Returns the journal.
async fn with_a_backup(store: impl AsyncFnOnce(Arc<Journal>, Slow)) -> Vec<String> {
    let journal = Arc::new(Journal::default());
    let (release, released) = oneshot::channel();
    let guard = journal.lock().await;
    let slow = async move {
        yield_now().await;
        _ = release.send(());
    };
    let backup = async {
        _ = released.await;
        drop(guard);
    };
    join((backup, store(Arc::clone(&journal), Box::pin(slow)))).await;
    let lines = journal.lock().await;
    lines.clone()
}

/// What the fixed programs write. They run to their end.
fn fixed() {
    let say = |cure: &str, journal: Vec<String>, expected: &str| {
        let journal = journal.join(", ");
        println!("   {cure:<22}{journal}");
        assert_eq!(journal, expected);
    };
    block_on(async {
        println!("Fixed:");
        let both = "an order, the order is slow";
        say("polled meanwhile", with_a_backup(polled_meanwhile).await, both);
        say("a task", sorted(with_a_backup(a_task).await), both);
        say("dropped first", with_a_backup(dropped_first).await, "the order is slow, an order");
        say("not waited for", with_a_backup(not_waited_for).await, "an order");
        let pages = "page 1, page 1 wanted, page 2, page 2 wanted, page 3, page 3 wanted";
        say("a task for each page", sorted(a_task_for_each().await), pages);
        let overlapping = "page 1 wanted, page 2 wanted, page 1, page 3 wanted, page 2, page 3";
        say("std's mutex", std_mutex().await, overlapping);
        println!();
    });
}

/// Sorts the lines of tasks, which run in any order.
fn sorted(mut journal: Vec<String>) -> Vec<String> {
    journal.sort();
    journal
}

// ANCHOR: held_meanwhile
async fn polled_meanwhile(journal: Arc<Journal>, slow: Slow) {
    let mut order = pin!(write(&journal, "an order"));
    if let Second(()) = select((order.as_mut(), slow)).await {
        join((order, write(&journal, "the order is slow"))).await;
    }
}
// ANCHOR_END: held_meanwhile

// ANCHOR: held_task
async fn a_task(journal: Arc<Journal>, slow: Slow) {
    let own = Arc::clone(&journal);
    let mut order = task::spawn(async move { write(&own, "an order").await });
    if let Second(()) = select((&mut order, slow)).await {
        write(&journal, "the order is slow").await;
        order.await;
    }
}
// ANCHOR_END: held_task

// ANCHOR: held_dropped
async fn dropped_first(journal: Arc<Journal>, slow: Slow) {
    // By value: `select` drops the loser.
    if let Second(()) = select((write(&journal, "an order"), slow)).await {
        write(&journal, "the order is slow").await;
        write(&journal, "an order").await;
    }
}
// ANCHOR_END: held_dropped

// ANCHOR: held_not_waited
async fn not_waited_for(journal: Arc<Journal>, slow: Slow) {
    let mut order = pin!(write(&journal, "an order"));
    if let Second(()) = select((order.as_mut(), slow)).await {
        // Else the line is left out.
        if let Some(mut lines) = journal.try_lock() {
            lines.push("the order is slow".to_owned());
        }
        order.await;
    }
}
// ANCHOR_END: held_not_waited

async fn a_task_for_each() -> Vec<String> {
    let journal = Arc::new(Journal::default());
    // ANCHOR: held_spawned
    let downloads = (1..=3).map(|number| {
        let journal = Arc::clone(&journal);
        task::spawn(async move { download(number, &journal).await })
    });
    let mut pages = Buffered::new(2, downloads);
    while let Some(page) = pages.next().await {
        write(&journal, &page).await;
    }
    // ANCHOR_END: held_spawned
    let lines = journal.lock().await;
    lines.clone()
}

async fn std_mutex() -> Vec<String> {
    // ANCHOR: held_std
    let journal = &std::sync::Mutex::new(Vec::new());
    let write = |line: String| journal.lock().expect("nobody panics").push(line);
    let download = async |number: u32| {
        write(format!("page {number} wanted"));
        yield_now().await;
        format!("page {number}")
    };
    let mut pages = Buffered::new(2, (1..=3).map(download));
    while let Some(page) = pages.next().await {
        write(page);
    }
    // ANCHOR_END: held_std
    journal.lock().expect("nobody panics").clone()
}
