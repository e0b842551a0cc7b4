//! One measurement: a child process prints it, and the tables read it. Next: `runtimes`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// How long the passes of a workload are repeated.
const TIME: Duration = Duration::from_millis(300);

/// Set by `--quick`: everything once and small, to check that it works.
static QUICK: AtomicBool = AtomicBool::new(false);

pub fn be_quick() {
    // ORDERING: Relaxed; set before any thread is started.
    QUICK.store(true, Ordering::Relaxed);
}

pub fn is_quick() -> bool {
    // ORDERING: Relaxed; set before any thread is started.
    QUICK.load(Ordering::Relaxed)
}

/// Returns `full`, or a small part of it under `--quick`.
pub fn scaled(full: usize) -> usize {
    if is_quick() { (full / 100).max(1) } else { full }
}

/// Named figures: `wall_ns` and `cpu_ns` per operation, `bytes`, `late_us`... A name with an `@` is a value of a
/// histogram, and its figure says how often it was there (see `delays`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample(pub BTreeMap<String, f64>);

/// The rounds of each row and runtime.
pub type Samples = BTreeMap<(&'static str, &'static str), Vec<Sample>>;

impl Sample {
    pub fn new(figures: &[(&str, f64)]) -> Self {
        Self::default().with(figures)
    }

    pub fn with(mut self, figures: &[(&str, f64)]) -> Self {
        self.0.extend(figures.iter().map(|&(key, value)| (key.to_string(), value)));
        self
    }

    pub fn get(&self, key: &str) -> Option<f64> {
        self.0.get(key).copied()
    }

    /// The figures that a person reads.
    pub fn without_buckets(&self) -> Self {
        Self(self.0.clone().into_iter().filter(|(key, _)| !key.contains('@')).collect())
    }

    /// Reads what [`Display`](fmt::Display) wrote, and skips words that are not figures.
    pub fn parse(line: &str) -> Self {
        let figure = |word: &str| {
            let (key, value) = word.split_once('=')?;
            Some((key.to_string(), value.parse().ok()?))
        };
        Self(line.split_whitespace().filter_map(figure).collect())
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|(key, value)| format!("{key}={value:.3}")).collect();
        f.write_str(&words.join(" "))
    }
}

/// Returns the CPU time that this process has used on all its threads.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Runs a pass of this many operations once to warm up, and then repeatedly. Returns the pass with the median
/// wall time.
pub fn repeat(operations: usize, mut pass: impl FnMut()) -> Sample {
    let mut passes = Vec::new();
    if !is_quick() {
        pass();
    }
    let start = Instant::now();
    while passes.is_empty() || (start.elapsed() < TIME && !is_quick()) {
        passes.push(once(operations, &mut pass));
    }
    passes.sort_by(|a, b| a.get("wall_ns").unwrap().total_cmp(&b.get("wall_ns").unwrap()));
    passes.swap_remove(passes.len() / 2)
}

/// One pass, without a warm-up.
pub fn once(operations: usize, pass: impl FnOnce()) -> Sample {
    let clock = Clock::start();
    pass();
    clock.stop(operations)
}

/// Measures wall and CPU time from its start.
pub struct Clock(Duration, Instant);

impl Clock {
    pub fn start() -> Self {
        Self(cpu_time(), Instant::now())
    }

    /// Returns the cost of one of this many operations.
    pub fn stop(self, operations: usize) -> Sample {
        let (wall, cpu) = (self.1.elapsed(), cpu_time() - self.0);
        let each = |time: Duration| time.as_nanos() as f64 / operations as f64;
        Sample::new(&[("wall_ns", each(wall)), ("cpu_ns", each(cpu))])
    }
}

/// Returns the value below which this part of the values lies.
pub fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part) as usize]
}

pub fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}
