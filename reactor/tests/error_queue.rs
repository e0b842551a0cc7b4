//! A socket's error queue: while it holds an entry, the system reports an error at every wait.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "IP_RECVERR, which fills the queue, is an option that no crate here can set")]

use std::ffi::{c_int, c_void};
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use executor::task::block_on;
use futures_lite::future::{or, poll_once};
use reactor::Async;
use reactor::time::sleep;
use rustix::event::{PollFd, PollFlags, poll};

const IPPROTO_IP: c_int = 0;
const IP_RECVERR: c_int = 11;

unsafe extern "C" {
    fn setsockopt(fd: c_int, level: c_int, name: c_int, value: *const c_void, length: u32) -> c_int;
}

/// A socket whose datagram was refused: it has an error to be reported once, and with `queue` an entry that
/// stays.
fn refused(queue: bool) -> (Async<UdpSocket>, UdpSocket) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = peer.local_addr().unwrap();
    let on = c_int::from(queue);
    // SAFETY: the option is an int, and `on` lives until the call is over.
    let set = unsafe { setsockopt(socket.as_raw_fd(), IPPROTO_IP, IP_RECVERR, (&raw const on).cast(), 4) };
    assert_eq!(set, 0);
    drop(peer);
    socket.connect(address).unwrap();
    socket.send(b"unheard").unwrap();
    let mut asked = [PollFd::new(&socket, PollFlags::empty())];
    assert_eq!(poll(&mut asked, None).unwrap(), 1, "the refusal has arrived");
    (Async::new(socket).unwrap(), UdpSocket::bind(address).unwrap())
}

#[test]
fn an_unread_queue_does_not_spin() {
    block_on(async {
        let (socket, peer) = refused(true);
        let receive = || socket.get_ref().recv(&mut [0; 8]).unwrap_err().kind();
        assert_eq!(receive(), ErrorKind::ConnectionRefused);
        assert_eq!(receive(), ErrorKind::WouldBlock);
        let mut readable = Box::pin(socket.readable());
        for _ in 0..5 {
            assert!(poll_once(&mut readable).await.is_none(), "there is nothing to read");
            sleep(std::time::Duration::from_millis(1)).await;
        }
        assert!(poll_once(socket.writable()).await.is_some(), "there is room");
        peer.send_to(b"x", socket.get_ref().local_addr().unwrap()).unwrap();
        let patience = async {
            sleep(std::time::Duration::from_secs(20)).await;
            panic!("a datagram was missed");
        };
        or(async { readable.await.unwrap() }, patience).await;
        assert_eq!(socket.get_ref().recv(&mut [0; 8]).unwrap(), 1);
    });
}

/// The first operation returns the error.
#[test]
fn an_error_is_reported_once() {
    block_on(async {
        for queue in [false, true] {
            let (socket, _peer) = refused(queue);
            assert_eq!(socket.readable().await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
            assert!(poll_once(socket.readable()).await.is_none());

            let (socket, _peer) = refused(queue);
            let received = socket.read_with(|socket| socket.recv(&mut [0; 8])).await;
            assert_eq!(received.unwrap_err().kind(), ErrorKind::ConnectionRefused);
            assert!(poll_once(socket.readable()).await.is_none());
        }
    });
}
