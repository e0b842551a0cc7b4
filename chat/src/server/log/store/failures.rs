//! A disk that fails at one call, or for a while, and what the store holds then.
//!
//! Each call of a run that reaches the disk fails once, and once with those that follow it: it does nothing,
//! or does its work and reports an error, or (a sync) loses what it should have written. An append that
//! returns an error has added nothing that anybody can read; the next one that succeeds gets the next number.
//! Afterwards the power is cut, and nothing is lost.
//!
//! Used by nothing: these are tests. Next: `disk`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::crashes::{Held, append, batch, created, opened};
use super::medium::{Effect, Fault, Medium};
use super::random::{Random, seed};
use super::{LogError, Retention, Store};

const UNLIMITED: Retention = Retention { messages: u64::MAX, bytes: u64::MAX, age: None };

/// How many batches a run appends.
const APPENDS: usize = 6;

/// Appends batches, of which some fail. Returns what the store must hold.
fn run(medium: &Medium, store: &Store, seed: u64, what: &str) -> Held {
    let mut random = Random(seed);
    let mut held = Held::default();
    let mut failed = 0;
    for _ in 0..APPENDS {
        let posts = batch(&mut random);
        let mut after = held.clone();
        let numbers = after.append(&posts, &UNLIMITED);
        match append(store, &posts) {
            Ok(got) => {
                assert_eq!(got, numbers, "{what}");
                held = after;
            }
            Err(LogError::Failed(why)) => {
                assert!(why.starts_with("the history cannot be written: "), "{why}");
                failed += 1;
            }
            Err(other) => panic!("{what}: {other:?}"),
        }
        // A read fails too, or returns nothing of what was refused.
        if let Ok(read) = Held::read(store) {
            assert_eq!(read, held, "{what}, {failed} appends have failed");
        }
    }
    medium.fail(Fault::default());
    assert_eq!(Held::read(store).as_ref(), Ok(&held), "{what}, {failed} appends have failed");
    let posts = batch(&mut random);
    let numbers = held.append(&posts, &UNLIMITED);
    assert_eq!(append(store, &posts), Ok(numbers), "{what}");
    assert_eq!(Held::read(store).as_ref(), Ok(&held), "{what}");
    held
}

#[test]
fn an_append_that_fails_has_added_nothing() {
    let seed = seed();
    let apart = if std::env::var_os("UNROLLED_DEEP").is_some() { 1 } else { 5 };
    let created = created();
    let calls = {
        let medium = Medium::new(created.clone());
        let store = opened(&medium, &UNLIMITED);
        medium.fail(Fault::default());
        run(&medium, &store, seed, "nothing fails");
        medium.calls()
    };
    let mut runs = 0;
    for first in (0..calls).step_by(apart) {
        for count in [1, 2, 5, 20] {
            for effect in [Effect::Nothing, Effect::Done, Effect::Lost] {
                let what = format!("seed {seed}: {count} calls from number {first} fail: {effect:?}");
                let medium = Medium::new(created.clone());
                let store = opened(&medium, &UNLIMITED);
                medium.fail(Fault { first, count, effect });
                let held = run(&medium, &store, seed, &what);
                if first % 2 == 0 {
                    store.close();
                }
                let after = opened(&Medium::new(medium.durable()), &UNLIMITED);
                assert_eq!(Held::read(&after), Ok(held), "{what}, after a power cut");
                runs += 1;
            }
        }
    }
    println!("{runs} runs of {calls} calls");
}

#[test]
fn a_full_disk_can_be_read() {
    let medium = Medium::created();
    let store = opened(&medium, &UNLIMITED);
    medium.set_space(medium.durable().len() as u64);
    let (mut held, mut random, mut failed) = (Held::default(), Random(1), 0);
    while failed < 10 {
        let posts: Vec<_> = (0..10).flat_map(|_| batch(&mut random)).collect();
        let mut after = held.clone();
        let numbers = after.append(&posts, &UNLIMITED);
        match append(&store, &posts) {
            Ok(got) => {
                assert_eq!(got, numbers);
                held = after;
            }
            Err(_) => failed += 1,
        }
        assert_eq!(Held::read(&store).as_ref(), Ok(&held), "{failed} appends have failed");
    }
    medium.set_space(u64::MAX);
    let posts = batch(&mut random);
    let numbers = held.append(&posts, &UNLIMITED);
    assert_eq!(append(&store, &posts), Ok(numbers));
    assert_eq!(Held::read(&store), Ok(held));
}

#[test]
fn what_is_refused_is_not_seen_by_who_reads_meanwhile() {
    for effect in [Effect::Nothing, Effect::Done] {
        let created = created();
        for first in 0..20 {
            let medium = Medium::new(created.clone());
            let store = opened(&medium, &UNLIMITED);
            let mut held = Held::default();
            let posts = [("tea", "one".to_owned())];
            held.append(&posts, &UNLIMITED);
            append(&store, &posts).unwrap();
            medium.fail(Fault { first, count: 1, effect });
            let over = AtomicBool::new(false);
            let (appended, seen) = thread::scope(|scope| {
                let reader = scope.spawn(|| {
                    let mut seen = Vec::new();
                    // ORDERING: Relaxed; only a flag to stop.
                    while !over.load(Ordering::Relaxed) {
                        seen.extend(Held::read(&store));
                        seen.dedup();
                    }
                    seen
                });
                let appended = append(&store, &[("tea", "two".to_owned())]);
                over.store(true, Ordering::Relaxed);
                (appended, reader.join().unwrap())
            });
            if appended.is_err() {
                assert!(seen.iter().all(|seen| *seen == held), "call {first}, {effect:?}: {seen:?}");
            }
        }
    }
}
