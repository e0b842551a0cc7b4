//! Times in the arguments of both programs, in seconds.
//!
//! The system accepts a keepalive of at most 32767 seconds. A program that passed on a longer one would fail when it
//! has connected, with an error that names no argument. So the limit is checked where the argument is read.
//!
//! Used by `bin/server` and `bin/client`. Next: `bin/server`.

use std::ffi::OsString;
use std::time::Duration;

use lexopt::ValueExt;

/// The longest time that the system accepts.
const LONGEST_KEEPALIVE: Duration = Duration::from_secs(32767);

/// Returns the time, or `None` for 0, which means that there is no keepalive.
pub(crate) fn keepalive(value: OsString) -> Result<Option<Duration>, lexopt::Error> {
    let idle = seconds(value)?;
    if idle > LONGEST_KEEPALIVE {
        let most = LONGEST_KEEPALIVE.as_secs();
        return Err(format!("--keepalive {}: {most} is the most", idle.as_secs_f64()).into());
    }
    Ok(Some(idle).filter(|idle| !idle.is_zero()))
}

pub(crate) fn seconds(value: OsString) -> Result<Duration, lexopt::Error> {
    value.parse_with(|text| match text.parse() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string()),
        Err(_) => Err("not a number of seconds".to_string()),
    })
}
