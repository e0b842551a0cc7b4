//! How large is a future, and why?
//!
//!     cargo run --release --example future_size
//!
//! A future holds what has to outlive an await. Its size is known when the program is compiled, and
//! `size_of_val` returns it. So this program polls almost nothing: it calls async functions, and prints how
//! large the futures are that they return. The exact sizes depend on the compiler. The assertions hold for the
//! relations between them.

use std::pin::Pin;
use std::thread;
use std::time::Duration;

use executor::future::{join, select};
use executor::task;
use reactor::time::timeout;

const BUFFER: usize = 64 << 10;

fn main() {
    what_is_held();
    what_is_passed();
    several_awaits();
    layers();
    boxes();
    recursion();
    stacks();
}

/// Stands for a wait: its future is small.
async fn wait() {
    task::yield_now().await;
}

/// Stands for work on a buffer.
fn sum(bytes: &[u8]) -> u32 {
    bytes.iter().map(|byte| u32::from(*byte)).sum()
}

/// Prints the size of a future, and returns it. The future is neither polled nor moved.
fn show<F: Future>(what: &str, future: &F) -> usize {
    let size = size_of_val(future);
    if size < 1024 {
        println!("    {what:<46} {size:>4} bytes");
    } else {
        println!("    {what:<46} {:>4} KiB", size / 1024);
    }
    size
}

/// Whether a size is that of this number of buffers, and at most a hundred bytes more.
fn is_buffers(size: usize, buffers: usize) -> bool {
    (buffers * BUFFER..=buffers * BUFFER + 100).contains(&size)
}

// ANCHOR: future_size_held
async fn used_after() -> u32 {
    let buffer = [1; BUFFER];
    wait().await;
    sum(&buffer)
}

async fn used_before() -> u32 {
    let buffer = [1; BUFFER];
    let sum = sum(&buffer);
    wait().await;
    sum
}
// ANCHOR_END: future_size_held

// ANCHOR: future_size_cures
async fn scoped() -> u32 {
    let sum = {
        let buffer = [1; BUFFER];
        sum(&buffer)
    };
    wait().await;
    sum
}

async fn in_a_vec() -> u32 {
    let buffer = vec![1; BUFFER];
    wait().await;
    sum(&buffer)
}
// ANCHOR_END: future_size_cures

/// The value of the dropped variable is gone, but not its place.
#[expect(clippy::drop_non_drop, reason = "that it has no effect is what is shown")]
async fn dropped() -> u32 {
    let buffer = Bytes([1; BUFFER]);
    let sum = sum(&buffer.0);
    drop(buffer);
    wait().await;
    sum
}

/// No reference to the buffer was ever made, so its place is not needed when it has been moved away.
async fn moved() -> u32 {
    let buffer = Bytes([1; BUFFER]);
    let sum = sum_of(buffer);
    wait().await;
    sum
}

/// Not `Copy`, so a call that takes it moves it.
struct Bytes([u8; BUFFER]);

fn sum_of(bytes: Bytes) -> u32 {
    sum(&bytes.0)
}

fn what_is_held() {
    println!("A buffer of 64 KiB is");
    let after = show("used after an await", &used_after());
    let before = show("used before the await, and not after", &used_before());
    let dropped = show("dropped before the await", &dropped());
    let moved = show("moved into a call, and never borrowed", &moved());
    let scoped = show("in a scope that ends before the await", &scoped());
    let vec = show("in a Vec", &in_a_vec());
    assert!(is_buffers(after, 1));
    assert!(before <= after + 100 && dropped <= after + 100);
    assert!(moved <= after + 100 && scoped < 100 && vec < 100);
}

// ANCHOR: future_size_arguments
async fn argument(buffer: [u8; BUFFER]) -> u32 {
    wait().await;
    sum(&buffer)
}

async fn reference(buffer: &[u8; BUFFER]) -> u32 {
    wait().await;
    sum(buffer)
}

#[expect(clippy::manual_async_fn, reason = "the short form is twice as large")]
fn block(buffer: [u8; BUFFER]) -> impl Future<Output = u32> {
    async move {
        wait().await;
        sum(&buffer)
    }
}
// ANCHOR_END: future_size_arguments

fn what_is_passed() {
    let buffer = [1; BUFFER];
    println!("It is an argument");
    let argument = show("of an async fn", &argument(buffer));
    let block = show("of a fn that returns an async block", &block(buffer));
    let reference = show("by reference", &reference(&buffer));
    assert!((BUFFER..=2 * BUFFER + 100).contains(&argument), "kept once or twice, as the compiler has it");
    assert!(is_buffers(block, 1));
    assert!(reference < 100);
}

// ANCHOR: future_size_awaits
async fn in_sequence() -> u32 {
    used_after().await + used_after().await + used_after().await
}

async fn in_branches(which: bool) -> u32 {
    if which { used_after().await } else { used_before().await }
}

async fn joined() -> u32 {
    let (one, another) = join((used_after(), used_after())).await;
    one + another
}
// ANCHOR_END: future_size_awaits

fn several_awaits() {
    println!("Futures of 64 KiB are awaited");
    let sequence = show("three of them, one after the other", &in_sequence());
    let branches = show("in the two branches of an if", &in_branches(true));
    let joined = show("two at a time, by join", &joined());
    let selected = show("two at a time, by select", &select((used_after(), used_after())));
    assert!(is_buffers(sequence, 1) && is_buffers(branches, 1), "one place for all of them");
    assert!(is_buffers(joined, 2) && is_buffers(selected, 2), "both exist at the same time");
}

// ANCHOR: future_size_layers
async fn calls() -> u32 {
    used_after().await
}

async fn calls_that() -> u32 {
    calls().await
}

async fn wraps<F: Future>(future: F) -> F::Output {
    future.await
}
// ANCHOR_END: future_size_layers

fn layers() {
    let inner = size_of_val(&used_after());
    println!("A function around a future of {inner} bytes");
    let one = size_of_val(&calls());
    let two = size_of_val(&calls_that());
    println!("    {:<46} {:>4} more", "that calls and awaits it", one - inner);
    println!("    {:<46} {:>4} more", "around that function, another", two - one);
    let twice = show("that gets it as an argument", &wraps(used_after()));
    let four = show("two of these", &wraps(wraps(used_after())));
    let eight = show("three of these", &wraps(wraps(wraps(used_after()))));
    let limited =
        show("timeout, which gets it as an argument", &timeout(Duration::from_secs(1), used_after()));
    assert!(one - inner <= 16 && two - one <= 16);
    assert!(is_buffers(limited, 1));
    for (layer, size) in [twice, four, eight].into_iter().enumerate() {
        assert!((inner..=(inner + 100) << (layer + 1)).contains(&size), "each layer at most doubles it");
    }
}

// ANCHOR: future_size_boxed
async fn awaits_a_box() -> u32 {
    Box::pin(used_after()).await
}
// ANCHOR_END: future_size_boxed

fn boxes() {
    println!("In a box:");
    let boxed = show("Box::pin of it", &Box::pin(used_after()));
    let any: Pin<Box<dyn Future<Output = u32>>> = Box::pin(used_after());
    let any = show("the same, as a dyn Future", &any);
    let outer = show("an async function that awaits the box", &awaits_a_box());
    assert_eq!(boxed, size_of::<usize>());
    assert_eq!(any, 2 * size_of::<usize>(), "a pointer to the future, and one to its functions");
    assert!(outer < 100);
}

/// A file is a size. A folder is a list of both.
enum Entry {
    File(u64),
    Folder(Vec<Entry>),
}

// ANCHOR: future_size_recursion
async fn total(entry: &Entry) -> u64 {
    wait().await;
    match entry {
        Entry::File(size) => *size,
        Entry::Folder(entries) => {
            let mut sum = 0;
            for entry in entries {
                sum += Box::pin(total(entry)).await;
            }
            sum
        }
    }
}
// ANCHOR_END: future_size_recursion

fn recursion() {
    let mut tree = Entry::File(1);
    for size in 2..=100 {
        tree = Entry::Folder(vec![tree, Entry::File(size)]);
    }
    let size = size_of_val(&total(&tree));
    let sum = task::block_on(total(&tree));
    println!("A recursive function adds up a hundred files: {sum}. One future of it has {size} bytes.");
    assert_eq!(sum, 5050);
    assert!(size < 200);
}

// ANCHOR: future_size_stacks
/// Makes a large future where there is room for it, and polls it where there is not.
fn stacks() {
    const LARGE: usize = 1 << 20;
    const STACK: usize = 256 << 10;
    let bytes = vec![1; LARGE].into_boxed_slice();
    let bytes: Box<[u8; LARGE]> = bytes.try_into().expect("it has this length");
    let future = Box::pin(async move {
        let bytes = *bytes;
        wait().await;
        sum(&bytes)
    });
    let size = size_of_val(&*future);
    let small = thread::Builder::new().stack_size(STACK);
    let sum = small.spawn(|| task::block_on(future)).expect("a thread starts").join().expect("it fits");
    println!("A future of {} KiB, polled on a stack of {} KiB: {sum}", size >> 10, STACK >> 10);
    assert!(size >= LARGE, "four times as large as the stack");
    assert_eq!(sum as usize, LARGE);
}
// ANCHOR_END: future_size_stacks
