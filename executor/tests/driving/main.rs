//! Sockets and timers go on while a thread is in `block_on` or a pool runs, whatever the threads do. One
//! thread of the whole process drives the reactor, so these tests run one at a time.
#![cfg(not(loom))]

#[path = "../promises/support.rs"]
#[allow(dead_code, unused_imports, reason = "shared with `promises`, which uses all of it")]
mod support;

mod a_thread_always_drives;
mod beside_long_polls;
mod long_polls_hide_no_work;
mod long_polls_stop_no_sockets;
mod timers_are_not_starved;

use reactor::net::{TcpListener, TcpStream};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One test at a time: another test's threads would drive for this one.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The two ends of a connection.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let left = TcpStream::connect(address).await.unwrap();
    let (right, _) = listener.accept().await.unwrap();
    (left, right)
}
