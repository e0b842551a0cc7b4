//! Names resolve while every thread of the general pool is stuck. Before that: numeric addresses start no
//! thread.
//!
//! In a process of its own, because it counts threads and takes them all.

use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use futures_lite::future::block_on;
use reactor::blocking;
use reactor::net::ToSocketAddrs;

/// The number of threads of this process.
#[cfg(target_os = "linux")]
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[test]
fn numeric_addresses_start_no_thread_and_names_pass_stuck_jobs() {
    #[cfg(target_os = "linux")]
    {
        let before = threads();
        for _ in 0..100 {
            block_on("127.0.0.1:80".to_socket_addrs()).unwrap();
            block_on(("::1", 80).to_socket_addrs()).unwrap();
        }
        assert_eq!(threads(), before);
    }

    let all_stuck = Arc::new(Barrier::new(blocking::LIMIT + 1));
    let (open, opened) = channel::<()>();
    let opened = Arc::new(std::sync::Mutex::new(opened));
    for _ in 0..blocking::LIMIT {
        let (all_stuck, opened) = (Arc::clone(&all_stuck), Arc::clone(&opened));
        let job = Box::new(move || {
            all_stuck.wait();
            let _ = opened.lock().unwrap().recv_timeout(Duration::from_secs(60));
        });
        assert!(blocking::submit(job).is_ok());
    }
    all_stuck.wait();

    let (done, is_done) = channel();
    let queued = blocking::submit(Box::new(move || done.send(()).unwrap()));
    assert!(queued.is_ok());
    let localhost = block_on("localhost:80".to_socket_addrs());
    assert!(localhost.is_ok(), "{localhost:?}");
    assert!(is_done.try_recv().is_err(), "513 jobs at once");

    drop(open);
    is_done.recv_timeout(Duration::from_secs(30)).unwrap();
}
