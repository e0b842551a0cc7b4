//! Tasks on this thread: three voices sing a round.
//!
//!     cargo run --release --example spawn_local
//!
//! `spawn_local` turns a future into a task. `block_on` runs the thread's tasks whenever its own future has
//! to wait. All of them take turns on this thread, so they may share an `Rc` and a `RefCell`, and need no
//! lock.

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

use executor::task;

const SONG: [&str; 4] =
    ["row, row, row your boat", "gently down the stream", "merrily, merrily", "life is a dream"];

/// What was sung: a line for each turn, with a column for each voice.
type Score = Rc<RefCell<Vec<[&'static str; 3]>>>;

fn main() {
    a_round();
    handles();
    from_one_block_on_to_the_next();
    // Linux lists the threads of a process.
    if let Ok(threads) = fs::read_dir("/proc/self/task") {
        let threads = threads.count();
        println!("Threads in this process: {threads}.");
        assert_eq!(threads, 1);
    }
}

// ANCHOR: spawn_local_round
/// Waits for this voice's entry, and then sings one line per turn.
async fn voice(number: usize, entry: usize, score: Score) {
    for _ in 0..entry {
        task::yield_now().await;
    }
    for (line, words) in SONG.iter().enumerate() {
        write_down(&mut score.borrow_mut(), entry + line, number, words);
        // The borrow has ended, so another voice may write now.
        task::yield_now().await;
    }
}

fn a_round() {
    let score = Score::default();
    // The tasks do not run yet: this thread is not in `block_on`.
    let voices: Vec<_> =
        (0..3).map(|number| task::spawn_local(voice(number, 2 * number, score.clone()))).collect();
    assert!(score.borrow().is_empty());
    task::block_on(async {
        for voice in voices {
            voice.await;
        }
    });
    for [first, second, third] in score.borrow().iter() {
        println!("{}", format!("    {first:<25}{second:<25}{third}").trim_end());
    }
    assert_eq!(score.borrow()[2], ["merrily, merrily", "row, row, row your boat", ""]);
    assert_eq!(score.borrow().len(), 8);
}
// ANCHOR_END: spawn_local_round

fn write_down(score: &mut Vec<[&'static str; 3]>, turn: usize, number: usize, words: &'static str) {
    if score.len() <= turn {
        score.resize(turn + 1, [""; 3]);
    }
    score[turn][number] = words;
}

// ANCHOR: spawn_local_handles
/// What a handle is for: to await the output, or to cancel the task. Dropping the handle does neither: the
/// task continues.
fn handles() {
    let sung = Rc::new(RefCell::new(Vec::new()));
    let sing = |song: &'static str, lines: usize| {
        let sung = sung.clone();
        async move {
            for _ in 0..lines {
                task::yield_now().await;
            }
            sung.borrow_mut().push(song);
            song.len()
        }
    };
    task::block_on(async {
        let awaited = task::spawn_local(sing("a hymn", 3));
        drop(task::spawn_local(sing("a lullaby", 2)));
        let cancelled = task::spawn_local(sing("an opera", 1_000_000));
        assert_eq!(awaited.await, 6);
        // `None`: it had not completed. When this returns, its future has been dropped.
        assert_eq!(cancelled.cancel().await, None);
    });
    println!("Sung to the end: {}.", sung.borrow().join(", "));
    assert_eq!(*sung.borrow(), ["a lullaby", "a hymn"]);
    assert_eq!(Rc::strong_count(&sung), 1, "all the tasks have been dropped");
}
// ANCHOR_END: spawn_local_handles

// ANCHOR: spawn_local_next
/// `block_on` returns when its own future is ready. Tasks that have not completed continue in the next one.
fn from_one_block_on_to_the_next() {
    let beats = Rc::new(RefCell::new(0));
    let drummer = task::spawn_local({
        let beats = beats.clone();
        async move {
            while *beats.borrow() < 1000 {
                *beats.borrow_mut() += 1;
                task::yield_now().await;
            }
        }
    });
    task::block_on(task::yield_now());
    let first = *beats.borrow();
    task::block_on(drummer);
    println!("The drummer beat {first} in one block_on, and the rest of {} in the next.", beats.borrow());
    assert!(first < 1000);
    assert_eq!(*beats.borrow(), 1000);
}
// ANCHOR_END: spawn_local_next
