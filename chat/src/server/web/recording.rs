//! A recording on demand: some seconds of what the runtime does, as a page with a timeline.
//!
//! There is one recorder in a process. If the operator has started it (`--trace`), its recording is given, and it
//! goes on.
//!
//! - R1  One browser records at a time, from its request until its page is sent: a page holds a large text. Another one
//!   is refused.
//! - R2  A recording that was begun here ends here, also when the browser leaves or the server stops meanwhile. The next
//!   one begins after that.
//!
//! Used by `web/mod`. Next: `web/bridge`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_tungstenite::tungstenite::http::StatusCode;
use executor::task;
use executor::trace::{self, Trace};
use reactor::time::sleep;

use super::response::Response;

/// How much each thread keeps, in entries of 16 bytes.
const EVENTS: usize = 1 << 17;

/// The longest recording, in seconds. The entries of a busy thread last for less.
const LONGEST: u64 = 60;

/// What the timeline may do: run its own script, and reach nothing. It is no part of this server's origin.
const POLICY: &str = "sandbox allow-scripts allow-popups allow-downloads; default-src 'none'; script-src 'unsafe-inline'; \
                      style-src 'unsafe-inline'; img-src data:; base-uri 'self'; frame-ancestors 'none'";

/// Makes recordings, one at a time.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    in_use: Arc<AtomicBool>,
}

/// The right to record, until it is dropped (R1).
#[derive(Debug)]
pub(super) struct Turn(Arc<AtomicBool>);

impl Drop for Turn {
    fn drop(&mut self) {
        // ORDERING[web-recorder]: Release; pairs with the Acquire in `record`: the next one begins after our stop.
        self.0.store(false, Ordering::Release);
    }
}

/// A recording that was begun here. Dropping it ends the recording, and then the turn (R2).
struct Begun(Option<Turn>);

impl Begun {
    /// Ends the recording. This blocks.
    fn stop(mut self) -> (Option<Trace>, Option<Turn>) {
        (trace::stop(), self.0.take())
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if self.0.is_some() {
            let _ = trace::stop();
        }
    }
}

impl Recorder {
    /// Records for the time in the query. Returns the page, and the turn to be kept until the page is sent.
    pub(super) async fn record(&self, query: Option<&str>) -> (Response, Option<Turn>) {
        let refused = |status, reason: &str| (Response::refusal(status, reason), None);
        let seconds = match seconds(query.unwrap_or_default()) {
            Ok(seconds) => seconds,
            Err(reason) => return refused(StatusCode::BAD_REQUEST, &reason),
        };
        // ORDERING[web-recorder]: Acquire; pairs with the Release in the drop of a `Turn`.
        if self.in_use.swap(true, Ordering::Acquire) {
            return refused(StatusCode::CONFLICT, "a recording is being made; try again when it is over");
        }
        let turn = Turn(self.in_use.clone());
        let made = if trace::start(EVENTS).is_ok() {
            let begun = Begun(Some(turn));
            sleep(seconds).await;
            // If the browser leaves now, the job ends the recording, and then the turn.
            task::spawn_blocking(move || {
                let (trace, turn) = begun.stop();
                (trace.map(page), turn)
            })
        } else {
            task::spawn_blocking(move || (trace::snapshot().map(page), Some(turn)))
        };
        match made.try_join().await {
            Ok((Some(page), turn)) => (page, turn),
            Ok((None, _)) => {
                refused(StatusCode::CONFLICT, "the recording was ended by another part of the program")
            }
            Err(_) => refused(StatusCode::SERVICE_UNAVAILABLE, "there is no thread to make the page"),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the recording is large, and is dropped here")]
fn page(trace: Trace) -> Response {
    Response { policy: POLICY, ..Response::new("text/html; charset=utf-8", trace.to_html()) }
}

/// Returns the time that a query asks for: `seconds=5`.
fn seconds(query: &str) -> Result<Duration, String> {
    let text = query.strip_prefix("seconds=").unwrap_or_default();
    match text.parse() {
        Ok(seconds @ 1..=LONGEST) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("ask for /recording?seconds=N, with N from 1 to {LONGEST}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_lasts_until_the_page_is_sent() {
        let recorder = Recorder::default();
        let record = || recorder.record(Some("seconds=1"));
        task::block_on(async {
            let (page, turn) = record().await;
            assert_eq!(page.status, StatusCode::OK);
            assert_eq!(record().await.0.status, StatusCode::CONFLICT);
            drop(turn);
            assert_eq!(record().await.0.status, StatusCode::OK);
        });
    }

    #[test]
    fn the_time_is_bounded() {
        assert_eq!(seconds("seconds=5"), Ok(Duration::from_secs(5)));
        for query in ["", "seconds=0", "seconds=61", "seconds=-1", "seconds=1.5", "minutes=1"] {
            assert!(seconds(query).unwrap_err().contains("from 1 to 60"), "{query}");
        }
    }
}
