//! Memory that is never freed, but that a static points to: not a leak, and LeakSanitizer must not report it.

use std::sync::Mutex;

static KEPT: Mutex<Vec<&[u8]>> = Mutex::new(Vec::new());

fn main() {
    for _ in 0..10 {
        KEPT.lock().unwrap().push(Box::leak(Box::new([7_u8; 1000])));
    }
}
