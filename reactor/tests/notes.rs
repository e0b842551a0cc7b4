//! Notes for the operator: the text of a note comes from the program's own code.

use std::fmt;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use reactor::notes;

/// Writes a note itself while it is formatted.
struct Talkative;

impl fmt::Display for Talkative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        notes::stderr().tell("a note within a note");
        f.write_str("a note that writes another")
    }
}

/// A note's text is formatted with nothing locked.
#[test]
fn a_note_may_write_another() {
    let (report, reported) = mpsc::channel();
    thread::spawn(move || {
        notes::stderr().tell(Talkative);
        report.send(()).unwrap();
    });
    reported.recv_timeout(Duration::from_secs(30)).expect("`tell` has returned");
    assert!(notes::stderr().flush(Duration::from_secs(30)));
}
