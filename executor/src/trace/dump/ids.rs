//! Maps by address: a recording has many events, and each is looked up.
//!
//! Std's hasher resists keys that an attacker has chosen, at 20 ns a look. Nobody chooses addresses.
//!
//! Called by `dump::model`. Next: `dump::parts`.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by address, or by another number that the program counts.
pub(super) type IdMap<V> = HashMap<u64, V, BuildHasherDefault<IdHasher>>;

/// Multiplies: that moves the low bits, which differ, to the high ones, which the map looks at.
#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        // The golden ratio, as a fraction of 2^64 (Knuth's multiplicative hashing).
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}
