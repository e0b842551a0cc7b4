//! What a pool's task needs: futures that may move to another thread, and handles that may be shared.

use std::net::SocketAddr;

use reactor::Interest;
use reactor::blocking::{Threads, Unblock};
use reactor::io::Stdin;
use reactor::net::{
    Resolve, TcpSocket, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream, lookup_host,
};
use reactor::signal::{Signals, ctrl_c, terminate};
use reactor::time::timeout_at;

fn is_send<T: Send>(_: T) {}
fn is_send_and_sync<T: Send + Sync>() {}
fn is_unpin<T: Unpin>() {}
fn is_static<T: 'static>() {}

/// Only compiled: a type that loses one of these breaks the build.
#[allow(dead_code, reason = "compiled, never called")]
fn futures(udp: &UdpSocket, listener: &UnixListener, address: SocketAddr, buffer: &mut [u8]) {
    is_send(UdpSocket::bind("localhost:0"));
    is_send(UdpSocket::bind(&[address][..]));
    is_send(udp.connect(("localhost", 0)));
    is_send(udp.send(b""));
    is_send(udp.send_to(b"", address));
    is_send(udp.recv_from(buffer));
    is_send(UnixListener::bind("path"));
    is_send(UnixStream::connect("path"));
    is_send(listener.accept());
    is_send(listener.incoming());
}

/// Likewise.
#[allow(dead_code, reason = "compiled, never called")]
fn futures_without_transfer(
    tcp: &TcpStream,
    socket: TcpSocket,
    datagrams: &UnixDatagram,
    address: SocketAddr,
    buffer: &mut [u8],
) {
    is_send(tcp.readable());
    is_send(tcp.ready(Interest::READABLE | Interest::WRITABLE));
    is_send(socket.connect(address));
    is_send(datagrams.send_to(b"", "path"));
    is_send(datagrams.recv_from(buffer));
    is_send(lookup_host("localhost:0"));
    is_send((ctrl_c(), terminate()));
    is_send(timeout_at(std::time::Instant::now(), std::future::ready(())));
}

#[test]
fn handles_are_shared_and_futures_move() {
    is_send_and_sync::<UdpSocket>();
    is_send_and_sync::<UnixListener>();
    is_send_and_sync::<UnixStream>();
    is_send_and_sync::<Signals>();
    is_send_and_sync::<Stdin>();
    is_send_and_sync::<Threads>();
    is_send_and_sync::<Resolve>();
    is_send_and_sync::<Unblock<u8>>();
    is_unpin::<UdpSocket>();
    is_unpin::<UnixStream>();
    is_unpin::<Signals>();
    is_unpin::<Stdin>();
    is_unpin::<Resolve>();
    is_static::<Resolve>();
}
