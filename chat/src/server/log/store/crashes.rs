//! Crashes at every write, length and sync of a store, and what is there after them.
//!
//! A run appends batches to several groups, with retention, and opens and closes the store in between. Then,
//! for each call that reached the disk, it is as if the power had been cut there: the store is opened on what
//! is left. It must hold exactly what it held after the last append that had returned, or after the one under
//! way: the texts, the numbers, and what retention left. `UNROLLED_DEEP=1` tries at least 10,000 crashes, and
//! `UNROLLED_SEED` begins with another run.
//!
//! Used by nothing: these are tests. Next: `failures`.

use std::collections::{BTreeMap, VecDeque};

use super::medium::{Change, Event, Medium, crash};
use super::random::{Random, seed};
use super::{Limit, LogError, Retention, Store};

/// The groups that exist. Nobody has joined "ghost".
pub(super) const GROUPS: [&str; 5] = ["tea", "coffee", "", "a \" and a \n", "ghost"];

const GHOST: &str = "ghost";

pub(super) fn exists(group: &str) -> bool {
    group != GHOST
}

/// What a store must hold: of each group the number of the last message, and the texts that are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Held(BTreeMap<String, (u64, VecDeque<String>)>);

impl Held {
    /// Appends posts, and returns their numbers.
    pub(super) fn append(&mut self, posts: &[(&str, String)], retention: &Retention) -> Vec<Option<u64>> {
        let numbers = posts.iter().map(|(group, text)| {
            if !exists(group) {
                return None;
            }
            let (last, texts) = self.0.entry((*group).to_owned()).or_default();
            *last += 1;
            texts.push_back(text.clone());
            Some(*last)
        });
        let numbers = numbers.collect();
        for (group, (_, texts)) in &mut self.0 {
            let size = |text: &String| (group.len() + text.len()) as u64;
            let bytes = |texts: &VecDeque<String>| texts.iter().map(size).sum::<u64>();
            while texts.len() as u64 > retention.messages || bytes(texts) > retention.bytes {
                texts.pop_front();
            }
        }
        numbers
    }

    /// Reads all that a store holds.
    pub(super) fn read(store: &Store) -> Result<Self, LogError> {
        let mut held = BTreeMap::new();
        for group in GROUPS {
            let (mut texts, mut after, mut more) = (VecDeque::new(), 0, true);
            while more {
                let page = match store.read(group, after, Limit { messages: 7, bytes: 30_000 }, false) {
                    Err(LogError::NoSuchGroup) => break,
                    page => page?,
                };
                assert!(page.lost == 0 || texts.is_empty(), "a hole in {group:?} after {after}");
                after += page.lost;
                for (number, text) in page.messages {
                    assert_eq!(number, after + 1, "a hole in {group:?}");
                    after = number;
                    texts.push_back(text);
                }
                assert_eq!(after, page.last, "{group:?} has messages that are not there");
                more = page.more;
            }
            if !more {
                held.insert(group.to_owned(), (after, texts));
            }
        }
        Ok(Self(held))
    }
}

/// Returns a batch of posts: mostly short texts, and some of several pages.
pub(super) fn batch(random: &mut Random) -> Vec<(&'static str, String)> {
    let post = |random: &mut Random| {
        let length = if random.below(8) == 0 { random.below(20_000) } else { random.below(100) };
        let letter = char::from(b'a' + u8::try_from(random.below(26)).unwrap());
        (GROUPS[random.below(GROUPS.len())], letter.to_string().repeat(length))
    };
    (0..=random.below(12)).map(|_| post(random)).collect()
}

pub(super) fn append(store: &Store, posts: &[(&str, String)]) -> Result<Vec<Option<u64>>, LogError> {
    let posts: Vec<_> = posts.iter().map(|(group, text)| (*group, text.as_str(), exists(group))).collect();
    store.append(&posts)
}

pub(super) fn opened(medium: &Medium, retention: &Retention) -> Store {
    Store::open_with(medium.open(), retention.clone()).unwrap()
}

/// Returns the contents of a disk with an empty store.
pub(super) fn created() -> Vec<u8> {
    Medium::created().durable()
}

/// What happened on the disk, and what the store must hold after each append. Each append is marked.
fn run(start: &[u8], random: &mut Random, retention: &Retention) -> (Vec<Event>, Vec<Held>) {
    let medium = Medium::new(start.to_vec());
    let mut states = vec![Held::default()];
    for _session in 0..=random.below(3) {
        let store = opened(&medium, retention);
        for _append in 0..=random.below(20) {
            let posts = batch(random);
            let mut held = states[states.len() - 1].clone();
            let numbers = held.append(&posts, retention);
            assert_eq!(append(&store, &posts), Ok(numbers));
            states.push(held);
            medium.mark();
        }
        assert_eq!(Held::read(&store).as_ref(), Ok(&states[states.len() - 1]));
        store.close();
    }
    (medium.take_trace(), states)
}

/// Opens what is left after a crash, and checks it. May crash again while it is opened.
fn check(image: Vec<u8>, possible: &[Held], random: &mut Random, retention: &Retention) {
    let again = (random.below(4) == 0).then(|| image.clone());
    let medium = Medium::new(image);
    let store = opened(&medium, retention);
    let held = Held::read(&store).unwrap();
    assert!(possible.contains(&held), "holds {held:?}, not one of {possible:?}");
    if let Some(mut image) = again {
        let trace = medium.take_trace();
        let (synced, unsynced) = cut(&trace, random.below(trace.len() + 1));
        synced.iter().for_each(|change| change.apply(&mut image));
        crash(&mut image, &unsynced, random);
        check(image, possible, random, retention);
    }
    let (mut held, posts) = (held, batch(random));
    let numbers = held.append(&posts, retention);
    assert_eq!(append(&store, &posts), Ok(numbers));
    assert_eq!(Held::read(&store), Ok(held));
}

/// Returns the changes before a place in the trace that were synced there, and those that were not.
fn cut(trace: &[Event], end: usize) -> (Vec<Change>, Vec<Change>) {
    let (mut synced, mut unsynced) = (Vec::new(), Vec::new());
    for event in &trace[..end] {
        match event {
            Event::Change(change) => unsynced.push(change.clone()),
            Event::Synced => synced.append(&mut unsynced),
            Event::Marked => {}
        }
    }
    (synced, unsynced)
}

#[test]
fn what_was_appended_is_there_after_a_crash() {
    let deep = std::env::var_os("UNROLLED_DEEP").is_some();
    let (wanted, apart) = if deep { (10_000, 1) } else { (150, 9) };
    let first = seed();
    let created = created();
    let (mut crashes, mut seeds) = (0, first..);
    while crashes < wanted {
        let seed = seeds.next().unwrap();
        println!("seed {seed}");
        let mut random = Random(seed);
        let unlimited = Retention { messages: u64::MAX, bytes: u64::MAX, age: None };
        let retention = match random.below(3) {
            0 => unlimited,
            1 => Retention { messages: random.below(12) as u64, ..unlimited },
            _ => Retention { bytes: 20_000, ..unlimited },
        };
        let (trace, states) = run(&created, &mut random, &retention);
        let (mut durable, mut unsynced, mut returned) = (created.clone(), Vec::new(), 0);
        for (at, event) in trace.iter().enumerate() {
            match event {
                Event::Change(change) => unsynced.push(change.clone()),
                Event::Synced => unsynced.drain(..).for_each(|change| change.apply(&mut durable)),
                Event::Marked => returned += 1,
            }
            if at % apart == 0 {
                let mut image = durable.clone();
                crash(&mut image, &unsynced, &mut random);
                check(image, &states[returned..states.len().min(returned + 2)], &mut random, &retention);
                crashes += 1;
            }
        }
    }
    println!("{crashes} crashes");
}
