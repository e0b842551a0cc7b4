//! A recording of a program whose threads come and go, read in pieces: a thread keeps its number.
#![cfg(not(any(loom, miri)))]

use std::collections::HashSet;
use std::sync::Barrier;
use std::thread;

use reactor::record::{self, Kind, Reader, Recorded};

/// The number of the calling thread's track.
fn mine(recorded: &Recorded) -> u64 {
    let name = thread::current().name().expect("a test's thread has its name").to_owned();
    recorded.threads.iter().find(|track| track.name == name).expect("it has recorded something").number
}

#[test]
fn threads_keep_their_numbers_when_others_are_forgotten() {
    record::start(1024).unwrap();
    let come_and_go = |count: usize| {
        for _ in 0..count {
            thread::spawn(|| record::record(Kind::Wake, 1)).join().unwrap();
        }
    };
    come_and_go(100);
    // While this thread joins, another one has the ring that the others had, and that others will have.
    let both = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            record::record(Kind::Wake, 1);
            both.wait();
            both.wait();
        });
        both.wait();
        record::record(Kind::Wake, 2);
        both.wait();
    });
    let mut reader = Reader::default();
    let first = reader.read().unwrap();
    come_and_go(1500);
    record::record(Kind::Wake, 3);
    let second = reader.read().unwrap();
    record::stop();

    let place = |recorded: &Recorded| {
        recorded.threads.iter().position(|track| track.number == mine(recorded)).unwrap()
    };
    assert!(second.lost > 0 && place(&first) != place(&second), "some were forgotten");
    assert_eq!(mine(&first), mine(&second));
    let numbers: HashSet<u64> = second.threads.iter().map(|track| track.number).collect();
    assert_eq!(numbers.len(), second.threads.len(), "no two have the same");
}
