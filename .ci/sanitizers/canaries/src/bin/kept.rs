//! Memory that is never given back, and that a static points to: no leak, and LeakSanitizer must not call it
//! one.

use std::sync::Mutex;

static KEPT: Mutex<Vec<&[u8]>> = Mutex::new(Vec::new());

fn main() {
    for _ in 0..10 {
        KEPT.lock().unwrap().push(Box::leak(Box::new([7_u8; 1000])));
    }
}
