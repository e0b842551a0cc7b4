//! Hard cases 17 and 33: at the limit of descriptors there are errors, not panics. What needs no descriptor
//! works, and later attempts succeed.
//!
//! In a process of its own, because it sets the limit.

#![cfg(target_os = "linux")]

use std::io;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use executor::task::{block_on, spawn_local};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use reactor::Async;
use reactor::net::{TcpListener, TcpStream};
use reactor::time::{sleep, timeout};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Whether a descriptor is open. The check needs no descriptor.
fn is_open(number: &u64) -> bool {
    std::fs::read_link(format!("/proc/self/fd/{number}")).is_ok()
}

/// The number of open descriptors of this process.
fn open() -> usize {
    (0..256).filter(is_open).count()
}

/// Allows this many more descriptors than are open now. The limit bounds their numbers.
fn allow(more: usize) {
    let mut free = (0..).filter(|number| !is_open(number));
    set(free.nth(more).expect("there is no end"));
}

fn set(limit: u64) {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = Some(limit);
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
}

#[test]
fn errors_at_the_limit_and_success_after_it() {
    let usual = getrlimit(Resource::Nofile).current.unwrap_or(1024);
    let (one, mut other) = UnixStream::pair().unwrap();
    let std_listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = std_listener.local_addr().unwrap();

    // No reactor can be created: for each number of descriptors that is too small.
    for more in 0..4 {
        allow(more);
        let before = open();
        let error = Async::new(&one).unwrap_err();
        assert!(error.to_string().starts_with("create the reactor: "), "{error}");
        if more == 0 {
            let error = block_on(TcpListener::bind("127.0.0.1:0")).unwrap_err();
            assert!(error.to_string().starts_with("bind 127.0.0.1:0: "), "{error}");
            let error = block_on(TcpStream::connect(address)).unwrap_err();
            assert!(error.to_string().starts_with(&format!("connect {address}: ")), "{error}");
        }
        assert_eq!(open(), before, "a failed attempt leaves no descriptor open");
    }

    // Timers need no descriptor: several timers, and one of another thread.
    allow(0);
    block_on(async {
        let begin = Instant::now();
        let other = spawn_local(sleep(Duration::from_millis(15)));
        sleep(Duration::from_millis(5)).await;
        assert!(timeout(Duration::from_millis(5), std::future::pending::<()>()).await.is_err());
        other.await;
        assert!(begin.elapsed() >= Duration::from_millis(15));
    });

    // While a thread waits without a poller, another thread creates it: the waiting thread then uses it.
    let waiting = std::thread::spawn(|| block_on(sleep(Duration::from_millis(100))));
    set(usual);
    let one = Async::new(one).expect("a later attempt works");
    io::Write::write_all(&mut other, b"x").unwrap();
    block_on(async { assert_eq!((&one).read(&mut [0; 8]).await.unwrap(), 1) });
    waiting.join().unwrap();

    accept_at_the_limit(std_listener, usual);
    a_clone_costs_nothing(usual);
}

fn accept_at_the_limit(listener: std::net::TcpListener, usual: u64) {
    let address = listener.local_addr().unwrap();
    let listener = TcpListener::try_from(listener).unwrap();
    let mut near = std::net::TcpStream::connect(address).unwrap();
    allow(0);
    block_on(async {
        for _ in 0..10 {
            let error = listener.accept().await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(Errno::MFILE.raw_os_error()), "untouched");
        }
        set(usual);
        let (mut far, _) = listener.accept().await.expect("the connection was not lost");
        far.write_all(b"hello").await.unwrap();
    });
    let mut text = [0; 5];
    io::Read::read_exact(&mut near, &mut text).unwrap();
    assert_eq!(&text, b"hello");
}

fn a_clone_costs_nothing(usual: u64) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let near = block_on(TcpStream::connect(listener.local_addr().unwrap())).unwrap();
    let before = open();
    let clones: Vec<_> = (0..100).map(|_| near.clone()).collect();
    assert_eq!(open(), before);
    drop((near, clones));
    assert_eq!(open(), before - 1, "the last clone closes it");
    set(usual);
}
