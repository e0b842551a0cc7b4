//! Several futures in one task: why two awaits run one after the other, and what runs them together.
//!
//!     cargo run --example select_and_join
//!
//! Nothing here is timed. The program counts polls, rounds and drops, so it prints the same each time.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn, ready};
use std::io;
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::thread;

use executor::future::{Selected::*, join, or, select, try_join};
use executor::pool::Pool;
use executor::sync::{mpsc, oneshot};
use executor::task::{self, JoinSet, block_on, yield_now};
use reactor::budget;

fn main() -> io::Result<()> {
    block_on(async {
        one_after_the_other().await;
        the_first_error().await;
    });
    together(&Pool::new(2)?);
    polls();
    block_on(async {
        both_ready().await;
        the_losers().await;
        one_budget().await;
    });
    Ok(())
}

/// What a task writes down: a word for each of its polls.
#[derive(Default)]
struct Diary(RefCell<Vec<String>>);

impl Diary {
    fn write(&self, letter: char) {
        self.0.borrow_mut().last_mut().expect("a poll has begun a word").push(letter);
    }

    /// Runs the future, and begins a new word at each poll.
    async fn of(&self, future: impl Future) {
        let mut future = pin!(future);
        poll_fn(|cx| {
            self.0.borrow_mut().push(String::new());
            future.as_mut().poll(cx).map(drop)
        })
        .await;
    }

    /// The words. In a word the letters are sorted: chance decides which branch of a join is polled first.
    fn words(&self) -> String {
        let sorted = |word: &String| {
            let mut letters: Vec<char> = word.chars().collect();
            letters.sort_unstable();
            if letters.is_empty() { "-".to_owned() } else { String::from_iter(letters) }
        };
        self.0.borrow().iter().map(sorted).collect::<Vec<_>>().join(" ")
    }
}

// ANCHOR: select_and_join_awaits
/// Three steps. After each it must wait: here until its next poll.
async fn errand(letter: char, diary: &Diary) {
    for _ in 0..3 {
        diary.write(letter);
        yield_now().await;
    }
}

async fn one_after_the_other() {
    let diary = Diary::default();
    let two_awaits = async {
        let (first, second) = (errand('A', &diary), errand('B', &diary));
        first.await;
        second.await;
    };
    diary.of(two_awaits).await;
    println!("Two awaits: {}", diary.words());
    assert_eq!(diary.words(), "A A A B B B -");

    let diary = Diary::default();
    let joined = async { join((errand('A', &diary), errand('B', &diary))).await };
    diary.of(joined).await;
    println!("A join:     {}", diary.words());
    assert_eq!(diary.words(), "AB AB AB -");
}
// ANCHOR_END: select_and_join_awaits

/// A future that never ends, and counts as open until it is dropped.
async fn open_for_ever(open: &Rc<()>) -> Result<(), &'static str> {
    let _open = Rc::clone(open);
    pending().await
}

async fn the_first_error() {
    let open = Rc::new(());
    // ANCHOR: select_and_join_error
    let all = try_join((open_for_ever(&open), open_for_ever(&open), async { Err::<(), _>("no such page") }));
    let error = all.await.expect_err("the third has failed");
    // ANCHOR_END: select_and_join_error
    println!("A try_join: {error}; {} of the others are still open", Rc::strong_count(&open) - 1);
    assert_eq!(Rc::strong_count(&open), 1);
}

// ANCHOR: select_and_join_blocks
#[derive(Default)]
struct Talk {
    question: OnceLock<()>,
    reply: OnceLock<()>,
}

/// Asks, and blocks its thread until there is a reply, or until it has looked `looks` times.
async fn ask(talk: impl Deref<Target = Talk>, looks: usize) -> bool {
    talk.question.get_or_init(|| ());
    (0..looks).any(|_| {
        thread::yield_now();
        talk.reply.get().is_some()
    })
}

async fn reply(talk: impl Deref<Target = Talk>) {
    while talk.question.get().is_none() {
        yield_now().await;
    }
    talk.reply.get_or_init(|| ());
}
// ANCHOR_END: select_and_join_blocks

fn together(pool: &Pool) {
    // ANCHOR: select_and_join_together
    let talk = Talk::default();
    let (replied, ()) = block_on(join((ask(&talk, 1000), reply(&talk))));
    println!("In one task: the one that blocks has {}", if replied { "a reply" } else { "no reply" });
    assert!(!replied);

    let talk = Arc::new(Talk::default());
    let asking = pool.spawn(ask(Arc::clone(&talk), usize::MAX));
    let replying = pool.spawn(reply(talk));
    let (replied, ()) = block_on(join((asking, replying)));
    println!("In two tasks, on two threads: it has {}", if replied { "a reply" } else { "no reply" });
    assert!(replied);
    // ANCHOR_END: select_and_join_together
}

/// What the branches, or the tasks, count together.
#[derive(Default)]
struct Counts {
    polls: Cell<usize>,
    ready: Cell<usize>,
}

/// Waits for a message, and counts its polls.
async fn counted(mut message: oneshot::Receiver<()>, counts: Rc<Counts>) {
    let wait = poll_fn(|cx| {
        counts.polls.set(counts.polls.get() + 1);
        Pin::new(&mut message).poll(cx)
    });
    wait.await.expect("the sender sends");
    counts.ready.set(counts.ready.get() + 1);
}

// ANCHOR: select_and_join_all
/// A `join` of any number: each wake polls all branches that are not ready.
async fn join_all<F: Future>(branches: Vec<F>) {
    let mut branches: Vec<Pin<Box<F>>> = branches.into_iter().map(Box::pin).collect();
    poll_fn(|cx| {
        branches.retain_mut(|branch| branch.as_mut().poll(cx).is_pending());
        if branches.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// The same, with a task for each.
async fn join_tasks(branches: Vec<impl Future<Output = ()> + 'static>) {
    let mut tasks = JoinSet::new();
    for branch in branches {
        tasks.spawn_local(branch);
    }
    while let Some(joined) = tasks.join_next().await {
        joined.expect("no task panics");
    }
}
// ANCHOR_END: select_and_join_all

/// Sends a message to each of the futures that `wait` has, one message after the other. Returns the number of polls.
fn polls_of<W>(many: usize, wait: impl FnOnce(Vec<Box<dyn Future<Output = ()> + Unpin>>) -> W) -> usize
where
    W: Future<Output = ()> + 'static,
{
    let counts = Rc::new(Counts::default());
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..many).map(|_| oneshot::channel()).unzip();
    let branches = receivers.into_iter().map(|message| Box::pin(counted(message, Rc::clone(&counts))));
    let waits = task::spawn_local(wait(branches.map(|branch| Box::new(branch) as _).collect()));
    block_on(async {
        while counts.polls.get() < many {
            yield_now().await;
        }
        for (sent, sender) in senders.into_iter().enumerate() {
            sender.send(()).expect("it is waited for");
            while counts.ready.get() == sent {
                yield_now().await;
            }
        }
        waits.await;
    });
    counts.polls.get()
}

fn polls() {
    println!("Polls, if each future needs one wake:   in one task   a task for each");
    for many in [10, 100, 1000] {
        let (one, each) = (polls_of(many, join_all), polls_of(many, join_tasks));
        println!("{many:>35} {one:>17} {each:>17}");
        assert_eq!(one, many + many * (many + 1) / 2);
        assert_eq!(each, 2 * many);
    }
}

async fn both_ready() {
    // ANCHOR: select_and_join_ready
    const ROUNDS: usize = 1000;
    let mut wins = [0; 2];
    for _ in 0..ROUNDS {
        wins[or(ready(0), ready(1)).await] += 1;
    }
    println!("Both ready, or:     {} and {} wins", wins[0], wins[1]);
    assert_eq!(wins, [ROUNDS, 0]);

    let mut wins = [0; 2];
    for _ in 0..ROUNDS {
        let (First(branch) | Second(branch)) = select((ready(0), ready(1))).await;
        wins[branch] += 1;
    }
    println!("Both ready, select: each wins more than 400 of {ROUNDS}");
    assert!(wins.iter().all(|count| *count > 400), "{wins:?}");
    // ANCHOR_END: select_and_join_ready

    // ANCHOR: select_and_join_kept
    let (sender, mut left) = mpsc::channel(1);
    let (other_sender, mut right) = mpsc::channel(1);
    sender.send("tea").await.expect("there is a receiver");
    other_sender.send("milk").await.expect("there is a receiver");
    let (First(got) | Second(got)) = select((left.recv(), right.recv())).await;
    let other = left.try_recv().or_else(|_| right.try_recv()).expect("it is still there");
    // ANCHOR_END: select_and_join_kept
    println!("Two channels had a value: one was received, the other is still in its channel");
    let got = got.expect("the sender is there");
    assert!([("tea", "milk"), ("milk", "tea")].contains(&(got, other)));
}

async fn the_losers() {
    // ANCHOR: select_and_join_losers
    let begun = Cell::new(0);
    let download = || async {
        begun.set(begun.get() + 1);
        for _ in 0..5 {
            yield_now().await;
        }
        "the page"
    };

    let mut page = None;
    for _ in 0..100 {
        if let First(done) = select((download(), yield_now())).await {
            page = Some(done);
        }
    }
    println!("Made anew in each round: begun {} times, returned {page:?}", begun.get());
    assert_eq!((begun.replace(0), page), (100, None));

    let mut kept = pin!(download());
    let page = loop {
        if let First(done) = select((kept.as_mut(), yield_now())).await {
            break done;
        }
    };
    println!("Kept, and borrowed:      begun {} time,  returned {page:?}", begun.get());
    assert_eq!((begun.get(), page), (1, "the page"));
    // ANCHOR_END: select_and_join_losers
}

async fn one_budget() {
    // ANCHOR: select_and_join_budget
    let work = |operations: usize| async move {
        for _ in 0..operations {
            budget::take_one().await; // Always ready, while there is budget.
        }
    };
    let (one, two) = (Diary::default(), Diary::default());
    one.of(work(10_000)).await;
    two.of(join((work(5_000), work(5_000)))).await;
    // ANCHOR_END: select_and_join_budget
    let polls = [one, two].map(|diary| diary.0.borrow().len());
    println!("10,000 operations: one branch takes about 80 polls, and so do two");
    assert!(polls.iter().all(|polls| (70..90).contains(polls)), "{polls:?}");
}
