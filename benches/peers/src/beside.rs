//! The load beside long polls: requests over TCP, and wakes from a thread outside. Next: `textbook`.
//!
//! ```text
//!   a thread sends on schedule ──TCP──▶ server: workers with their long polls ──TCP──▶ threads that read
//!   a thread wakes on schedule ───────▶ a task of the pool, beside the same
//! ```
//!
//! The sockets block, and each connection has a thread that reads: a load with a loop of its own would add its
//! queue to the delays. The server has both cores, and the load takes what it needs of them at once (`open_loop`): on
//! one core a pool of two workers would measure how the system shares that core between the two.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use crate::delays::Delays;
use crate::load::connect;
use crate::long_polls::{MESSAGE, start_long_polls};
use crate::open_loop::{Schedule, be_punctual, clock};
use crate::runtimes::Runtime;
use crate::sample::{Sample, scaled};
use crate::server::Server;

/// The requests of one process. The first tenth warms up.
const REQUESTS: usize = 1500;
const GAP: Duration = Duration::from_millis(1);
const WARM: f64 = 0.1;

const CONNECTIONS: usize = 8;

// ---- echo

/// The load: one thread sends, and for each connection one reads. The sockets block.
pub fn echo(server: &Server) -> Sample {
    be_punctual();
    let requests = scaled(REQUESTS).max(CONNECTIONS);
    let streams: Vec<_> = (0..CONNECTIONS).map(|_| connect(server.address)).collect();
    let schedule = Schedule::new(requests, GAP);
    let measured = schedule.after(WARM);
    let readers = streams.iter().enumerate().map(|(first, stream)| {
        let (stream, count) =
            (stream.try_clone().expect("a descriptor"), (first..requests).step_by(CONNECTIONS).len());
        thread::spawn(move || receive(stream, count, measured))
    });
    let readers: Vec<_> = readers.collect();
    schedule.keep(|number, scheduled| {
        let mut message = [0; MESSAGE];
        message[..8].copy_from_slice(&scheduled.to_le_bytes());
        message[8..16].copy_from_slice(&clock().to_le_bytes());
        (&streams[number % CONNECTIONS]).write_all(&message).expect("room for a message");
    });
    let mut all = Delays::new();
    for reader in readers {
        all.add(&reader.join().expect("all replies have come"));
    }
    all.sample()
}

/// Receives this many replies, and counts those to requests that were scheduled at `measured` or later.
fn receive(mut stream: TcpStream, count: usize, measured: u64) -> Delays {
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("it is not zero");
    let (mut delays, mut message, mut last) = (Delays::new(), [0; MESSAGE], 0);
    for _ in 0..count {
        stream.read_exact(&mut message).expect("a reply in time");
        let received = clock();
        let [scheduled, sent, polled] =
            [0, 8, 16].map(|at| u64::from_le_bytes(message[at..at + 8].try_into().expect("eight bytes")));
        assert!(scheduled > last && polled > sent, "not what was sent, or out of order");
        last = scheduled;
        if scheduled >= measured {
            delays.record(scheduled, sent, polled, Some(received));
        }
    }
    delays
}

// ---- wake

/// When each wake was scheduled, and when it was made; and the waker of the task that waits for one.
#[derive(Default)]
struct Wakes {
    made: VecDeque<(u64, u64)>,
    waiting: Option<Waker>,
}

/// A thread outside of the runtime wakes a pool task, on schedule.
pub fn wake<R: Runtime>(long_polls: usize) -> Sample {
    let requests = scaled(REQUESTS).max(CONNECTIONS);
    let wakes = Arc::new(Mutex::new(Wakes::default()));
    let woken = Arc::clone(&wakes);
    let delays = R::block_on(async move {
        start_long_polls::<R>(long_polls);
        let schedule = Schedule::new(requests, GAP);
        let task = R::spawn(take_wakes(woken, requests, schedule.after(WARM)));
        thread::spawn(move || {
            be_punctual();
            schedule.keep(|_, scheduled| {
                let mut wakes = wakes.lock().expect("no panic");
                wakes.made.push_back((scheduled, clock()));
                let waker = wakes.waiting.take();
                drop(wakes);
                if let Some(waker) = waker {
                    waker.wake();
                }
            });
        });
        task.await
    });
    delays.sample()
}

/// Takes this many wakes, and counts those that were scheduled at `measured` or later.
async fn take_wakes(wakes: Arc<Mutex<Wakes>>, count: usize, measured: u64) -> Delays {
    let (mut delays, mut taken) = (Delays::new(), 0);
    poll_fn(|cx| {
        let mut wakes = wakes.lock().expect("no panic");
        let polled = clock();
        for (scheduled, made) in wakes.made.drain(..) {
            taken += 1;
            if scheduled >= measured {
                delays.record(scheduled, made, polled, None);
            }
        }
        wakes.waiting = Some(cx.waker().clone());
        if taken == count { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    delays
}
