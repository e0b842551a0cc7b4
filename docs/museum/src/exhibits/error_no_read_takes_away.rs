//! A UDP socket has an entry in its error queue. A task waits until it is readable, and reads.
//!
//! Called by `exhibits`; the exhibit is `exhibits/error_no_read_takes_away.md`.
#![allow(unsafe_code, reason = "IP_RECVERR, which fills the queue, is an option that no crate here can set")]

use std::ffi::{c_int, c_void};
use std::io::{self, ErrorKind};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use executor::task::block_on;
use futures_lite::future::poll_once;
use reactor::Async;
use rustix::event::{PollFd, PollFlags, poll};

use super::{Seen, text};

const IPPROTO_IP: c_int = 0;
const IP_RECVERR: c_int = 11;

/// The number of reads after which the loop gives up.
const ENOUGH: u32 = 1_000;

unsafe extern "C" {
    fn setsockopt(fd: c_int, level: c_int, name: c_int, value: *const c_void, length: u32) -> c_int;
}

pub(super) fn show() -> Seen {
    let socket = refused().map_err(text)?;
    block_on(async {
        let receive = || socket.get_ref().recv(&mut [0; 8]).map_err(|error| error.kind());
        if receive() != Err(ErrorKind::ConnectionRefused) {
            return Err("the first read does not report the refusal".to_owned());
        }
        let mut in_vain = 0;
        while in_vain < ENOUGH && poll_once(socket.readable()).await.is_some() {
            if receive() != Err(ErrorKind::WouldBlock) {
                return Err("a read found something".to_owned());
            }
            in_vain += 1;
        }
        if in_vain == 0 {
            return Ok("the error queue has an entry, there is nothing to read, and the task waits".to_owned());
        }
        Err(format!(
            "the socket was reported as readable {in_vain} times in a row, and each read found nothing: its error \
             queue has an entry, which no ordinary read removes"
        ))
    })
}

/// A socket whose datagram was refused: its error queue has an entry.
fn refused() -> io::Result<Async<UdpSocket>> {
    let (socket, peer) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    let address = peer.local_addr()?;
    drop(peer); // Nobody listens there now.
    let on: c_int = 1;
    // SAFETY: the option is an int, and `on` lives until the call is over.
    let set = unsafe { setsockopt(socket.as_raw_fd(), IPPROTO_IP, IP_RECVERR, (&raw const on).cast(), 4) };
    if set != 0 {
        return Err(io::Error::last_os_error());
    }
    socket.connect(address)?;
    socket.send(b"unheard")?;
    // Waits until the refusal has arrived.
    poll(&mut [PollFd::new(&socket, PollFlags::empty())], None)?;
    Async::new(socket)
}
