//! The exhibits' programs.
//!
//! Each is a function `show` in a file of its own. It returns `Ok` with what it saw if all is well, and `Err` with
//! what is wrong, in words. It runs alone in its process, so it may leave threads behind that hang. It decides
//! nothing by time, except that what has not happened after a second does not happen.
//!
//! Called by `main`. Next: any of them.

use std::fmt::Display;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

#[path = "../../../tests/shared/hooked.rs"]
mod hooked;

/// After this time, what has not happened does not happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// The exit code of a program that saw something wrong.
pub(crate) const WRONG: u8 = 3;

/// What a program saw, or what went wrong.
pub(crate) type Seen = Result<String, String>;

/// One line for each program: its file, which has the exhibit's name.
macro_rules! programs {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// The programs by name.
        pub(crate) const PROGRAMS: &[(&str, fn() -> Seen)] = &[$((stringify!($name), $name::show)),*];
    };
}

programs! {
    budget_that_nobody_renews
    connected_to_itself
    dead_channel_keeps_memory
    deadline_that_stays
    drop_that_waits_for_the_peer
    error_no_read_takes_away
    lock_of_a_dropped_future
    newer_event_taken_for_the_old
    one_budget_for_a_thread
    one_gives_up_for_all
    one_sleeper_stops_the_others
    parked_with_work
    ping_pong_starves
    probes_never_switched_on
    room_freed_in_silence
    rounded_down_to_nothing
    slot_of_a_busy_worker
    task_that_waits_for_itself
    until_the_queue_is_empty
    waiters_that_evict_each_other
    wake_while_the_queue_is_borrowed
    waker_cloned_under_a_lock
    waker_of_the_first_poll
    woken_under_the_lock
    worker_that_wakes_by_itself
    yields_to_itself
}

/// Runs a program, and prints what it returns.
pub(crate) fn run(name: &str) -> ExitCode {
    let Some((_, show)) = PROGRAMS.iter().find(|(known, _)| *known == name) else {
        eprintln!("museum: no exhibit has a program {name}");
        return ExitCode::from(2);
    };
    // The threads that it has left behind, which may hang, end with the process.
    match show() {
        Ok(seen) => {
            println!("{seen}");
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            println!("{wrong}");
            ExitCode::from(WRONG)
        }
    }
}

/// What an error says.
fn text(error: impl Display) -> String {
    error.to_string()
}

/// Stands for a task: its wakers set a flag, and are counted.
struct Flag(Arc<Set>);

struct Set(AtomicBool);

impl Wake for Set {
    fn wake(self: Arc<Self>) {
        // ORDERING: Relaxed; the programs that use it have one thread.
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Flag {
    fn new() -> Flag {
        Flag(Arc::new(Set(AtomicBool::new(false))))
    }

    /// A waker of the task.
    fn waker(&self) -> Waker {
        Arc::clone(&self.0).into()
    }

    /// Whether the task was woken.
    fn is_set(&self) -> bool {
        // ORDERING: Relaxed; as above.
        self.0.0.load(Ordering::Relaxed)
    }

    /// How many wakers of the task there are.
    fn wakers(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}
