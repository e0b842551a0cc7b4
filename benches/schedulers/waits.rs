//! How long tasks waited, in buckets: so that each wait counts, and counting it allocates nothing.
//!
//! A list of all waits would have millions of entries, and its growth would be measured too. A sample of them would
//! miss the longest. Each power of two has 16 buckets, so a quantile is exact to 6 %.
//!
//! Next: `signal`.

const PARTS: usize = 16;
const PART_BITS: u32 = PARTS.trailing_zeros();
/// The longest wait that has a bucket: about 18 minutes.
const LONGEST: u64 = 1 << 40;
const BUCKETS: usize = (40 - PART_BITS as usize + 2) * PARTS;

/// Waits, in nanoseconds.
pub(crate) struct Waits {
    buckets: Box<[u64; BUCKETS]>,
    longest: u64,
}

impl Default for Waits {
    fn default() -> Self {
        Self { buckets: Box::new([0; BUCKETS]), longest: 0 }
    }
}

impl Waits {
    #[inline]
    pub(crate) fn add(&mut self, wait: u64) {
        self.buckets[bucket(wait)] += 1;
        self.longest = self.longest.max(wait);
    }

    pub(crate) fn add_all(&mut self, other: &Self) {
        self.buckets.iter_mut().zip(&*other.buckets).for_each(|(sum, more)| *sum += more);
        self.longest = self.longest.max(other.longest);
    }

    /// The longest wait.
    pub(crate) fn longest(&self) -> u64 {
        self.longest
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The wait that this part of them does not exceed; 0 if there is none.
    pub(crate) fn quantile(&self, part: f64) -> u64 {
        let mut left = (self.count() as f64 * part).ceil() as u64;
        for (bucket, &count) in self.buckets.iter().enumerate() {
            if count >= left && count > 0 {
                return highest(bucket).min(self.longest);
            }
            left = left.saturating_sub(count);
        }
        self.longest
    }
}

/// The bucket of a wait: itself if it is small, else by its highest bit and the four bits after that.
fn bucket(wait: u64) -> usize {
    let wait = wait.min(LONGEST);
    if wait < PARTS as u64 {
        return wait as usize;
    }
    let power = wait.ilog2() - PART_BITS;
    (power as usize + 1) * PARTS + (wait >> power) as usize - PARTS
}

/// The longest wait in a bucket.
fn highest(bucket: usize) -> u64 {
    let (power, part) = (bucket / PARTS, (bucket % PARTS) as u64);
    if power == 0 {
        return part;
    }
    ((part + PARTS as u64 + 1) << (power - 1)) - 1
}

/// Each wait is in one bucket, and the buckets are in order.
pub(crate) fn buckets_are_in_order() {
    for wait in
        (0..LONGEST.ilog2()).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + (1 << power) / 3])
    {
        let at = bucket(wait);
        assert!(wait <= highest(at) && (at == 0 || wait > highest(at - 1)), "{wait} is in bucket {at}");
    }
    let mut waits = Waits::default();
    (1..=1000).for_each(|wait| waits.add(wait));
    assert_eq!((waits.count(), waits.longest()), (1000, 1000));
    for (part, exact) in [(0.5, 500.0), (0.99, 990.0)] {
        let found = waits.quantile(part) as f64;
        assert!((exact..exact * 1.07).contains(&found), "{part}: {found}");
    }
}
