//! The exhibits' programs.
//!
//! Each is a function `show` in a file of its own. It returns `Ok` with what it saw if all is well, and `Err` with
//! what is wrong, in words. It runs alone in its process, so it may leave threads behind that hang. It decides
//! nothing by time, except that what has not happened after a second does not happen.
//!
//! Called by `main`. Next: any of them.

use std::process::ExitCode;
use std::time::Duration;

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
    ping_pong_starves
    slot_of_a_busy_worker
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
