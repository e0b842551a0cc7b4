//! Tasks of the pool, and why they must be `Send`.
//!
//!     cargo run --release --example spawn_send
//!
//! A task of the pool runs on one thread, waits, and goes on wherever there is time. What it holds while it
//! waits goes along, so it must be of types that may: `Send`. The compiler looks where the task is spawned.
//! Here is what it says to a program that gets it wrong, then the cures.

use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use executor::task;

/// The wrong program, and what the compiler says to it. A test holds these two together.
const REFUSED: &str = include_str!("../tests/ui/rc_across_await.rs");
const MESSAGE: &str = include_str!("../tests/ui/rc_across_await.stderr");

fn main() {
    println!("The compiler refuses this:\n");
    show(REFUSED);
    println!("It says:\n");
    show(MESSAGE);

    task::block_on(async {
        let greetings = [
            ("The Rc ends before the await", task::spawn(ended_before()).await),
            ("An Arc instead", task::spawn(shared_between_threads()).await),
            ("The same Rc, in a task that stays", task::spawn_local(at_home()).await),
        ];
        for (cure, greeting) in greetings {
            println!("{cure:<35}{greeting}");
            assert_eq!(greeting, "Hello, Ada!");
        }
        println!();
        travel().await;
    });
}

// ANCHOR: spawn_send_scope
/// The first cure: a scope that ends before the await. Then nothing of it is held while the task waits.
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
/// The second: a type that threads may share. For a boxed error it is `Box<dyn Error + Send + Sync>`.
async fn shared_between_threads() -> String {
    let name = Arc::new("Ada");
    task::yield_now().await;
    format!("Hello, {name}!")
}
// ANCHOR_END: spawn_send_arc

/// And where neither will do: a task that never leaves its thread, with `spawn_local`.
async fn at_home() -> String {
    let name = Rc::new("Ada");
    task::yield_now().await;
    format!("Hello, {name}!")
}

// ANCHOR: spawn_send_travel
/// How often tasks really change threads: whenever a worker without work takes from one that has some.
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
