//! A model: a ring is read while its owner writes over it.

use super::{Ring, Slot};
use crate::shim::model::check;
use crate::shim::{Arc, thread};

fn slot(number: u64) -> Slot {
    Slot { time: number, kind: 1, argument: 2, id: number }
}

/// A time that is no slot's number.
const LATER: u64 = 9;

/// What is read is whole and in order, while the owner goes round. Finds `torn_slots_kept`.
#[test]
fn what_is_read_is_whole() {
    check(|| {
        let ring = Arc::new(Ring::new(2));
        (0..2).for_each(|number| ring.push(slot(number)));
        let owner = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || (2..4).for_each(|number| ring.push(slot(number))))
        };
        let (from, slots) = ring.read(0, ring.head());
        for (number, read) in (from..).zip(slots) {
            assert_eq!(read, slot(number));
        }
        owner.join().unwrap();
    });
}

/// A slot that `head` counts is there, for a reader that has not synchronized with the owner; and the first word of the
/// last slot is replaced in its own round. Finds `slot_counted_too_early`.
///
/// The reader is the thread that is started: loom runs it after the owner, and tries which of the owner's stores each
/// load may still miss. It does not try to run an earlier load after a later store.
#[test]
fn what_is_counted_is_there() {
    check(|| {
        let ring = Arc::new(Ring::new(2));
        let reader = thread::spawn({
            let ring = Arc::clone(&ring);
            move || {
                let (from, slots) = ring.read(0, ring.head());
                for (number, read) in (from..).zip(slots) {
                    let time = if number == 2 && read.time == LATER { LATER } else { number };
                    assert_eq!(read, Slot { time, ..slot(number) });
                }
            }
        });
        (0..3).for_each(|number| ring.push(slot(number)));
        ring.set_time_of_last(LATER);
        reader.join().unwrap();
    });
}
