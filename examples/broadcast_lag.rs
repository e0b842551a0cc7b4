//! A broadcast, and a receiver that is too slow for it.
//!
//!     cargo run --release --example broadcast_lag
//!
//! A sender to many must not wait for the slowest of them, nor keep for it all that it has not read. So the
//! channel keeps the last few values. A receiver that falls further behind is told how many it missed, once,
//! and goes on with the oldest that is kept. The chat's groups are such channels.

use executor::sync::broadcast::{self, Receiver, RecvError, Sender};
use executor::task::{self, JoinHandle};

/// How many readings the station sends, and how many the channel keeps.
const READINGS: u32 = 30;
const KEPT: usize = 5;

/// The first reading that the late listener hears.
const LATE: u32 = 21;

fn main() {
    task::block_on(async {
        let (sender, quick) = broadcast::channel(KEPT);
        let quick = task::spawn_local(listen(quick, 0));
        let slow = task::spawn_local(listen(sender.subscribe(), 3));
        let (most_kept, late) = task::spawn_local(send(sender)).await;

        println!("{READINGS} readings, of which the channel kept at most {most_kept}:");
        assert_eq!(most_kept, KEPT);
        report("quick", &quick.await, 1);
        report("slow", &slow.await, 1);
        report("late", &late.await, LATE);
    });
}

// ANCHOR: broadcast_lag_send
/// Sends a reading each turn. No await in a send: it never waits. Returns how many values were kept at
/// most, and a listener that came late.
async fn send(sender: Sender<u32>) -> (usize, JoinHandle<Vec<Note>>) {
    let mut most_kept = 0;
    let mut late = None;
    for reading in 1..=READINGS {
        if reading == LATE {
            // It hears what is sent from now on.
            late = Some(task::spawn_local(listen(sender.subscribe(), 0)));
        }
        sender.send(reading).expect("somebody listens");
        most_kept = most_kept.max(sender.len());
        task::yield_now().await;
    }
    // The last sender goes. The receivers still hear what is kept, and then the end.
    (most_kept, late.expect("that reading was sent"))
}
// ANCHOR_END: broadcast_lag_send

/// What a listener notes.
#[derive(Debug, PartialEq)]
enum Note {
    Heard(u32),
    Missed(u64),
}

// ANCHOR: broadcast_lag_listen
/// Listens to the end, and takes `turns` turns to think about each reading.
async fn listen(mut readings: Receiver<u32>, turns: usize) -> Vec<Note> {
    let mut notes = Vec::new();
    loop {
        match readings.recv().await {
            Ok(reading) => notes.push(Note::Heard(reading)),
            Err(RecvError::Lagged(missed)) => {
                // Nothing is broken: the next call goes on with the oldest that is kept.
                notes.push(Note::Missed(missed));
                continue;
            }
            Err(RecvError::Closed) => return notes,
        }
        for _ in 0..turns {
            task::yield_now().await;
        }
    }
}
// ANCHOR_END: broadcast_lag_listen

/// Shows a listener's notes: what was heard and what was missed make up all that was sent since `first`.
fn report(name: &str, notes: &[Note], first: u32) {
    let mut words = Vec::new();
    let mut next = first;
    for note in notes {
        match note {
            Note::Heard(reading) => {
                assert_eq!(*reading, next, "out of order");
                next += 1;
                words.push(reading.to_string());
            }
            Note::Missed(missed) => {
                next += u32::try_from(*missed).expect("it is small");
                words.push(format!("[{missed} missed]"));
            }
        }
    }
    println!("    {name:<6} {}", words.join(" "));
    assert_eq!(next, READINGS + 1, "not all is accounted for");
    assert_eq!(notes.iter().any(|note| matches!(note, Note::Missed(_))), name == "slow");
}
