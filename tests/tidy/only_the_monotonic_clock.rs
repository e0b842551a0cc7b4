//! The wall clock may be set forward or back, so no deadline may depend on it. The exception is the age of what is
//! kept on a disk: no other clock goes on while the program is away.

use crate::source::{CRATES, crate_sources};

#[test]
fn no_shipped_line_asks_for_the_wall_clock() {
    let mut asks = 0;
    for source in CRATES.into_iter().flat_map(crate_sources) {
        if source.path == "chat/src/server/log/store.rs" {
            continue;
        }
        for word in ["SystemTime", "UNIX_EPOCH", "ClockId"] {
            assert_eq!(source.count_word(word), 0, "{} asks for the wall clock: {word}", source.path);
        }
        asks += source.count_word("Instant");
    }
    assert!(asks > 10, "the timers must use the monotonic clock: has the search changed?");
}
