//! A loop serves an hourly timer and a request to close. The request is there before the loop begins.
//!
//! Called by `exhibits`; the exhibit is `exhibits/deadline_that_stays.md`.

use std::time::Duration;

use executor::sync::mpsc;
use executor::task::block_on;
use futures_lite::future::or;
use reactor::time::interval;

use super::{Seen, text};

/// The number of ticks after which the loop gives up.
const ENOUGH: u32 = 100_000;

pub(super) fn show() -> Seen {
    let (ask, mut asked) = mpsc::channel(1);
    ask.try_send(()).map_err(text)?;
    let ticks = block_on(async {
        let mut every_hour = interval(Duration::from_secs(3600));
        let mut ticks = 0;
        while ticks < ENOUGH {
            let tick = async {
                every_hour.tick().await;
                false
            };
            let close = async { asked.recv().await.is_some() };
            if or(tick, close).await {
                break;
            }
            ticks += 1;
        }
        ticks
    });
    if ticks == 1 {
        return Ok("an hourly timer ticked once, at its start, and then the loop saw the request to close".to_owned());
    }
    Err(format!(
        "an hourly timer ticked {ticks} times before the loop saw the request to close: a deadline that has passed \
         was not moved on, so the timer is always ready, and comes first"
    ))
}
