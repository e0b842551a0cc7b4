//! Notes for the operator: what a program hands in is its own code.

use std::fmt;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use reactor::notes;

/// Tells something itself while it is written.
struct Talkative;

impl fmt::Display for Talkative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        notes::stderr().tell("a note within a note");
        f.write_str("a note that tells another")
    }
}

/// A note's text is made with nothing locked.
#[test]
fn a_note_may_write_another() {
    let (told, is_told) = mpsc::channel();
    thread::spawn(move || {
        notes::stderr().tell(Talkative);
        told.send(()).unwrap();
    });
    is_told.recv_timeout(Duration::from_secs(30)).expect("`tell` has returned");
    assert!(notes::stderr().flush(Duration::from_secs(30)));
}
