//! Pseudorandom numbers for tests: the same seed gives the same ones.

/// Returns the seed of a run, `UNROLLED_SEED` or 1, and prints it.
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("UNROLLED_SEED").map_or(1, |seed| seed.parse().expect("a number"));
    println!("seed {seed}");
    seed
}

/// Steele's, Lea's and Flood's splitmix64.
#[derive(Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
