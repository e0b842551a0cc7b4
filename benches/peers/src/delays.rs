//! Delays as histograms, which can be added: those of ten processes are one. Next: `open_loop`.
//!
//! A median of ten 99.9th percentiles would not do: each would be the second worst of two thousand delays, and the worst
//! of all rounds would be in none of them. So the delays of all rounds are put together, and the percentiles are
//! those of all. A list of every delay would say the same, but would have to go from process to process. A histogram
//! keeps a count for each value, exact to a thousandth, from a nanosecond to a minute.
//!
//! ```text
//!   scheduled ──late──▶ sent ──poll──▶ polled ──back──▶ received
//!   └──────────────────────── whole ───────────────────────┘
//! ```

use hdrhistogram::Histogram;

use crate::sample::Sample;

/// A part of the time between a request's scheduled time and the receipt of its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// By how much the load sent it too late.
    Late,
    /// From its sending to the poll that it leads to.
    Poll,
    /// From that poll to the receipt of the reply. A wake has none.
    Back,
}

const PARTS: [(&str, Part); 4] =
    [("whole", Part::Whole), ("late", Part::Late), ("poll", Part::Poll), ("back", Part::Back)];

/// The longest delay that can be told from a longer one: a minute.
const LONGEST: u64 = 60_000_000_000;
/// Values are exact to one in ten to this power.
const DIGITS: u8 = 3;

/// How long the requests took, in nanoseconds, whole and in parts.
#[derive(Clone)]
pub struct Delays([Histogram<u64>; PARTS.len()]);

impl Delays {
    pub fn new() -> Self {
        let histogram = || Histogram::new_with_bounds(1, LONGEST, DIGITS).expect("these bounds are possible");
        Self(std::array::from_fn(|_| histogram()))
    }

    /// Adds a request, by when it was scheduled, sent and polled, and when its reply was received.
    pub fn record(&mut self, scheduled: u64, sent: u64, polled: u64, received: Option<u64>) {
        let mut add =
            |part, from: u64, to: u64| self.0[part as usize].saturating_record(to.saturating_sub(from));
        add(Part::Whole, scheduled, received.unwrap_or(polled));
        add(Part::Late, scheduled, sent);
        add(Part::Poll, sent, polled);
        if let Some(received) = received {
            add(Part::Back, polled, received);
        }
    }

    pub fn add(&mut self, other: &Self) {
        for (all, more) in self.0.iter_mut().zip(&other.0) {
            all.add(more).expect("the same bounds");
        }
    }

    /// The number of requests.
    pub fn count(&self) -> u64 {
        self.0[Part::Whole as usize].len()
    }

    /// Returns the delay, in nanoseconds, that this part of the requests did not exceed; `None` if there is none.
    pub fn quantile(&self, part: Part, quantile: f64) -> Option<f64> {
        let histogram = &self.0[part as usize];
        (!histogram.is_empty()).then(|| histogram.value_at_quantile(quantile) as f64)
    }

    /// The figures of one process, and after them every value with its count, for [`Delays::of`].
    pub fn sample(&self) -> Sample {
        let figure = |quantile| self.quantile(Part::Whole, quantile).unwrap_or(f64::NAN) / 1e3;
        let (half, most, nearly_all, all) = (figure(0.5), figure(0.99), figure(0.999), figure(1.0));
        let sample =
            Sample::new(&[("p50_us", half), ("p99_us", most), ("p999_us", nearly_all), ("max_us", all)]);
        let buckets = PARTS.iter().zip(&self.0).flat_map(|((name, _), histogram)| {
            let values = histogram.iter_recorded();
            values.map(move |at| (format!("{name}@{}", at.value_iterated_to()), at.count_at_value() as f64))
        });
        Sample(sample.0.into_iter().chain(buckets).collect())
    }

    /// Reads what [`Delays::sample`] has written.
    pub fn of(sample: &Sample) -> Self {
        let mut delays = Self::new();
        for (key, &count) in &sample.0 {
            let Some((name, value)) = key.split_once('@') else { continue };
            let part = PARTS.iter().find(|(known, _)| *known == name);
            if let (Some((_, part)), Ok(value)) = (part, value.parse()) {
                delays.0[*part as usize].saturating_record_n(value, count as u64);
            }
        }
        delays
    }
}
