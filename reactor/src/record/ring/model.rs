//! A model: a ring is read while its owner writes over it.

use super::{Ring, Slot};
use crate::shim::model::check;
use crate::shim::{Arc, thread};

fn slot(number: u64) -> Slot {
    Slot { time: number, kind: 1, argument: 2, id: number }
}

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
