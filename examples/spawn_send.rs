//! Tasks on the pool, and why they must be `Send`.
//!
//!     cargo run --release --example spawn_send
//!
//! A task on the pool runs on one thread, waits, and continues on whichever thread is free. The values that
//! it holds while it waits move with it, so their types must be `Send`. The compiler checks this where the
//! task is spawned. This program prints what the compiler says about a mistake, then shows the fixes.

use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use executor::task;

/// The wrong program, and the compiler's message about it. A test checks that they belong together.
const REFUSED: &str = include_str!("../tests/ui/rc_across_await.rs");
const MESSAGE: &str = include_str!("../tests/ui/rc_across_await.stderr");

fn main() {
    println!("The compiler rejects this:\n");
    show(REFUSED);
    println!("It says:\n");
    show(MESSAGE);

    task::block_on(async {
        let greetings = [
            ("The Rc ends before the await", task::spawn(ended_before()).await),
            ("An Arc instead", task::spawn(shared_between_threads()).await),
            ("The same Rc, in a local task", task::spawn_local(on_one_thread()).await),
        ];
        for (fix, greeting) in greetings {
            println!("{fix:<35}{greeting}");
            assert_eq!(greeting, "Hello, Ada!");
        }
        println!();
        travel().await;
    });
}

// ANCHOR: spawn_send_scope
/// The first fix: a scope that ends before the await. Then the task holds no `Rc` while it waits.
async fn ended_before() -> String {
    let greeting = {
        let name = Rc::new("Ada");
        format!("Hello, {name}!")
    };
    task::yield_now().await;
    greeting
}
// ANCHOR_END: spawn_send_scope

// ANCHOR: spawn_send_arc
/// The second fix: a type that threads may share. For a boxed error it is `Box<dyn Error + Send + Sync>`.
async fn shared_between_threads() -> String {
    let name = Arc::new("Ada");
    task::yield_now().await;
    format!("Hello, {name}!")
}
// ANCHOR_END: spawn_send_arc

/// If neither works: `spawn_local`, for a task that never leaves its thread.
async fn on_one_thread() -> String {
    let name = Rc::new("Ada");
    task::yield_now().await;
    format!("Hello, {name}!")
}

// ANCHOR: spawn_send_travel
/// Counts how often tasks really change threads: whenever an idle worker steals from a busy one.
async fn travel() {
    const TASKS: usize = 100;
    const AWAITS: usize = 1000;
    let travellers: Vec<_> = (0..TASKS)
        .map(|_| {
            task::spawn(async {
                let mut moves = 0;
                for _ in 0..AWAITS {
                    let before = thread::current().id();
                    task::yield_now().await;
                    moves += usize::from(thread::current().id() != before);
                }
                moves
            })
        })
        .collect();
    let mut moves = 0;
    for traveller in travellers {
        moves += traveller.await;
    }
    println!(
        "Of {} awaits of {TASKS} tasks, {moves} began on one thread and ended on another.",
        TASKS * AWAITS
    );
}
// ANCHOR_END: spawn_send_travel

fn show(text: &str) {
    for line in text.lines() {
        println!("{}", format!("    {line}").trim_end());
    }
    println!();
}
