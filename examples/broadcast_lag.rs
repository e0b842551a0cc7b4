//! A broadcast channel, and a receiver that is too slow for it.
//!
//!     cargo run --release --example broadcast_lag
//!
//! A sender to many receivers must not wait for the slowest one, nor keep every value that it has not read.
//! So the channel keeps only the last few values. A receiver that falls further behind gets one error that
//! says how many values it missed, and continues with the oldest one kept. The chat's groups are such
//! channels.

use executor::sync::broadcast::{self, Receiver, RecvError, Sender};
use executor::task::{self, JoinHandle};

/// How many readings the station sends, and how many the channel keeps.
const READINGS: u32 = 30;
const KEPT: usize = 5;

/// The first reading that the late listener receives.
const LATE: u32 = 21;

fn main() {
    task::block_on(async {
        let (sender, quick) = broadcast::channel(KEPT);
        let quick = task::spawn_local(listen(quick, 0));
        let slow = task::spawn_local(listen(sender.subscribe(), 3));
        let (most_kept, late) = task::spawn_local(send(sender)).await;

        println!("{READINGS} readings; the channel kept at most {most_kept} at a time:");
        assert_eq!(most_kept, KEPT);
        report("quick", &quick.await, 1);
        report("slow", &slow.await, 1);
        report("late", &late.await, LATE);
    });
}

// ANCHOR: broadcast_lag_send
/// Sends a reading each turn. `send` is not async: it never waits. Returns the highest number of values kept,
/// and a listener that subscribed late.
async fn send(sender: Sender<u32>) -> (usize, JoinHandle<Vec<Note>>) {
    let mut most_kept = 0;
    let mut late = None;
    for reading in 1..=READINGS {
        if reading == LATE {
            // It receives what is sent from now on.
            late = Some(task::spawn_local(listen(sender.subscribe(), 0)));
        }
        sender.send(reading).expect("there is a receiver");
        most_kept = most_kept.max(sender.len());
        task::yield_now().await;
    }
    // This drops the last sender. The receivers still get the values that are kept, then `Closed`.
    (most_kept, late.expect("that reading was sent"))
}
// ANCHOR_END: broadcast_lag_send

/// What a listener records.
#[derive(Debug, PartialEq)]
enum Note {
    Heard(u32),
    Missed(u64),
}

// ANCHOR: broadcast_lag_listen
/// Listens to the end, and yields `turns` times after each reading.
async fn listen(mut readings: Receiver<u32>, turns: usize) -> Vec<Note> {
    let mut notes = Vec::new();
    loop {
        match readings.recv().await {
            Ok(reading) => notes.push(Note::Heard(reading)),
            Err(RecvError::Lagged(missed)) => {
                // Nothing is broken: the next call continues with the oldest value kept.
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

/// Prints a listener's notes, and checks that what it received and missed adds up to what was sent from
/// `first` on.
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
    assert_eq!(next, READINGS + 1, "some readings are unaccounted for");
    assert_eq!(notes.iter().any(|note| matches!(note, Note::Missed(_))), name == "slow");
}
