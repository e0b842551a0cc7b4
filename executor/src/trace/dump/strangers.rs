//! Whether a thread that the runtime does not know was started since some moment.
//!
//! A channel's end, or a guard, may be moved to a thread that the program starts itself, which is seen by nobody
//! until it uses the end. Linux knows when each thread was started, in hundredths of a second. The main thread is
//! older than all that it does.
//!
//! Called by `dump`. Next: `dump::stuck`.

use std::fs;
use std::time::Duration;

/// The ages of the threads that are not the runtime's. `None` where the system does not say.
pub(super) struct Strangers(Option<Vec<Duration>>);

/// The unit of the system's times, in milliseconds: the kernel promises a hundredth of a second.
const UNIT: u64 = 10;

/// The runtime's own threads: the beginning of their names, and how many there are of each kind.
///
/// A thread gets its parent's name until it is given another one, so that a name alone proves nothing.
pub(super) struct Own {
    pub(super) workers: usize,
    pub(super) blocking: usize,
}

impl Own {
    fn kinds(&self) -> [(&'static str, usize); 3] {
        // One writes to stdout, one to stderr.
        [("worker-", self.workers), ("reactor-blockin", self.blocking), ("reactor-notes", 2)]
    }
}

impl Strangers {
    pub(super) fn look(own: &Own) -> Self {
        Self(ages(own))
    }

    /// Whether one may have been started less than this time ago.
    pub(super) fn since(&self, time: Duration) -> bool {
        // The ages are rounded, and so is the system's idea of now.
        self.0
            .as_ref()
            .is_none_or(|ages| ages.iter().any(|age| *age <= time + Duration::from_millis(2 * UNIT)))
    }
}

fn ages(own: &Own) -> Option<Vec<Duration>> {
    let uptime = fs::read_to_string("/proc/uptime").ok()?;
    let uptime = Duration::try_from_secs_f64(uptime.split(' ').next()?.parse().ok()?).ok()?;
    let main = std::process::id().to_string();
    let mut of_kind = own.kinds().map(|_| Vec::new());
    let mut ages = Vec::new();
    for thread in fs::read_dir("/proc/self/task").ok()? {
        let path = thread.ok()?.path();
        if path.ends_with(&main) {
            continue;
        }
        let Ok(stat) = fs::read_to_string(path.join("stat")) else {
            // It has ended meanwhile, and counts as one that was just started.
            ages.push(Duration::ZERO);
            continue;
        };
        let (before, after) = stat.rsplit_once(')')?;
        let name = before.split_once('(')?.1;
        let begun: u64 = after.split_ascii_whitespace().nth(BEGUN)?.parse().ok()?;
        let begun = Duration::from_millis(begun.saturating_mul(UNIT));
        let kind = own.kinds().iter().position(|(own, _)| name.starts_with(own));
        kind.map_or(&mut ages, |kind| &mut of_kind[kind]).push(uptime.saturating_sub(begun));
    }
    for ((_, count), found) in own.kinds().into_iter().zip(of_kind) {
        if found.len() > count {
            ages.extend(found); // Not all of them are the runtime's.
        }
    }
    Some(ages)
}

/// Which word after the name says when the thread was started (`proc_pid_stat(5)`, field 22).
const BEGUN: usize = 19;

#[cfg(all(test, not(loom), target_os = "linux"))]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_new_thread_is_a_stranger_under_any_name() {
        let own = || Own { workers: 0, blocking: 0 };
        // On a busy machine the thread may look long after it was started.
        let begun = Instant::now();
        let look = move || {
            [begun.elapsed(), Duration::from_secs(3600)].map(|time| Strangers::look(&own()).since(time))
        };
        for name in ["a thread", "worker-7"] {
            let thread = std::thread::Builder::new().name(name.into()).spawn(look).unwrap();
            assert_eq!(thread.join().unwrap(), [true, true], "{name}");
        }
    }
}
