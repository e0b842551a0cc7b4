//! The same workloads on plain threads, where threads can do them. Next: `bare`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::machine;
use crate::sample::{Clock, Sample, repeat, scaled};

/// The most threads at once: the system would not start 1,000,000.
const MOST: usize = 1000;

/// Spawns `size` threads that end at once, and joins them.
pub fn spawn_many(size: usize) -> Sample {
    let size = size.min(MOST);
    repeat(size, || {
        let handles: Vec<_> = (0..size).map(|i| thread::spawn(move || i)).collect();
        for (i, handle) in handles.into_iter().enumerate() {
            assert_eq!(handle.join().unwrap(), i);
        }
    })
}

/// Spawns one thread and joins it. It is compared with `spawn_one` and `blocking_one`.
pub fn spawn_one(_: usize) -> Sample {
    let times = scaled(1000);
    repeat(times, || {
        for i in 0..times {
            assert_eq!(thread::spawn(move || i).join().unwrap(), i);
        }
    })
}

pub fn yields(threads: usize) -> Sample {
    let threads = threads.min(MOST);
    let each = scaled(100_000).div_ceil(threads);
    repeat(threads * each, || {
        let yielding = move || (0..each).for_each(|_| thread::yield_now());
        let handles: Vec<_> = (0..threads).map(|_| thread::spawn(yielding)).collect();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
    })
}

fn relay(from: &Receiver<u64>, to: &SyncSender<u64>) {
    while let Ok(value) = from.recv() {
        if to.send(value).is_err() {
            break;
        }
    }
}

/// This many threads in a row pass on one token; with two it is ping-pong.
pub fn brigade(threads: usize) -> Sample {
    let rounds = scaled(20_000).div_ceil(threads);
    let (first, mut last) = sync_channel(1);
    for _ in 1..threads {
        let (to, next) = sync_channel(1);
        let from = std::mem::replace(&mut last, next);
        thread::spawn(move || relay(&from, &to));
    }
    repeat(threads * rounds, || {
        for value in 0..rounds as u64 {
            first.send(value).unwrap();
            assert_eq!(last.recv(), Ok(value));
        }
    })
}

/// The same over TCP connections; the token is a byte.
pub fn brigade_tcp(threads: usize) -> Sample {
    let rounds = scaled(10_000).div_ceil(threads);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let link = || {
        let to = TcpStream::connect(address).unwrap();
        let (from, _) = listener.accept().unwrap();
        to.set_nodelay(true).unwrap();
        (to, from)
    };
    let (mut first, mut last) = link();
    for _ in 1..threads {
        let (mut to, next) = link();
        let mut from = std::mem::replace(&mut last, next);
        thread::spawn(move || {
            let mut token = [0];
            while let Ok(1) = from.read(&mut token) {
                to.write_all(&token).unwrap();
            }
        });
    }
    repeat(threads * rounds, || {
        let mut token = [0];
        for value in 0..rounds {
            first.write_all(&[value as u8]).unwrap();
            last.read_exact(&mut token).unwrap();
            assert_eq!(token, [value as u8]);
        }
    })
}

/// Measures the bytes of a parked thread.
pub fn mem(threads: usize) -> Sample {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let threads = threads.min(MOST);
    let clock = Clock::start();
    let before = machine::resident(std::process::id());
    for _ in 0..threads {
        thread::spawn(|| {
            // ORDERING: Relaxed; only counted.
            STARTED.fetch_add(1, Ordering::Relaxed);
            loop {
                thread::park();
            }
        });
    }
    // ORDERING: Relaxed; only counted.
    while STARTED.load(Ordering::Relaxed) < threads {
        thread::sleep(Duration::from_millis(1));
    }
    let grown = machine::resident(std::process::id()) - before;
    clock.stop(threads).with(&[("bytes", grown as f64 / threads as f64)])
}

/// Echo, a thread for each connection. Serves until the process ends.
pub fn serve_echo(listener: &TcpListener) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        stream.set_nodelay(true).unwrap();
        thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                stream.write_all(&buffer[..length]).unwrap();
            }
        });
    }
}
