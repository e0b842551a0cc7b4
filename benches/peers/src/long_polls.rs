//! Tasks that poll for long, and an echo server beside them. Next: `server`.
//!
//! A task that polls for 100 µs is no bug: it parses, or compresses. But while all workers do that, none looks at the
//! sockets, nor at what other threads have woken, unless the pool takes care of it. The other rows do not show
//! whether it does: there every poll is short, and a mean is compared.

use std::time::{Duration, Instant};

use crate::open_loop::clock;
use crate::runtimes::Runtime;

/// How long such a poll takes.
const POLL: Duration = Duration::from_micros(100);

/// Bytes of a message. The first 24 are the times when it was due, when it was sent, and when the server had read it.
pub const MESSAGE: usize = 64;

/// Starts this many tasks, each of which polls for [`POLL`] and yields, again and again.
pub fn start_long_polls<R: Runtime>(tasks: usize) {
    for _ in 0..tasks {
        R::detach(R::spawn(async {
            loop {
                let start = Instant::now();
                while start.elapsed() < POLL {
                    std::hint::spin_loop();
                }
                R::yield_now().await;
            }
        }));
    }
}

/// An echo server. The task of a connection writes into each message the time at which it has read it.
pub fn serve_echo<R: Runtime>(long_polls: usize) {
    R::block_on(async move {
        let serving = R::spawn(async move {
            start_long_polls::<R>(long_polls);
            let (listener, address) = R::listen().await.expect("a free port");
            println!("{address}");
            loop {
                let stream = R::accept(&listener).await.expect("a client");
                R::detach(R::spawn(echo::<R>(stream)));
            }
        });
        serving.await;
    });
}

async fn echo<R: Runtime>(mut stream: R::Stream) {
    let mut buffer = [0; 16 * MESSAGE];
    while let Ok(length @ 1..) = R::read(&mut stream, &mut buffer).await {
        let read = clock().to_le_bytes();
        assert_eq!(length % MESSAGE, 0, "messages are so short that they come whole");
        for message in buffer[..length].chunks_mut(MESSAGE) {
            message[16..24].copy_from_slice(&read);
        }
        if R::write_all(&mut stream, &buffer[..length]).await.is_err() {
            break;
        }
    }
}
