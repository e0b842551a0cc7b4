//! A TCP socket that the program makes: what is set before it is connected, or listens, holds afterwards.

use std::io::ErrorKind;
use std::net::SocketAddr;

use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use reactor::net::{TcpListener, TcpSocket, TcpStream};
use rustix::net::sockopt;

use crate::support::run;

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

#[test]
fn a_socket_connects_from_the_address_that_it_was_bound_to() {
    run(|| async {
        let listener = TcpListener::bind(any_port()).await.unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(any_port()).unwrap();
        let chosen = socket.local_addr().unwrap();
        let mut near = socket.connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut far, from) = listener.accept().await.unwrap();
        assert_eq!((from, near.local_addr().unwrap()), (chosen, chosen));
        near.write_all(b"!").await.unwrap();
        assert_eq!(far.read(&mut [0; 8]).await.unwrap(), 1);
    });
}

/// The connections that a listener accepts have the buffers that were set before it listened.
#[test]
fn buffer_sizes_are_kept() {
    run(|| async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(30_000).unwrap();
        socket.set_send_buffer_size(20_000).unwrap();
        let (receive, send) = (socket.recv_buffer_size().unwrap(), socket.send_buffer_size().unwrap());
        assert!(receive >= 30_000 && send >= 20_000);
        socket.bind(any_port()).unwrap();
        let listener = socket.listen(8).unwrap();
        let _near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (far, _) = listener.accept().await.unwrap();
        assert_eq!(sockopt::socket_recv_buffer_size(&far).unwrap(), receive);
        assert_eq!(sockopt::socket_send_buffer_size(&far).unwrap(), send);
    });
}

/// The options stand as they were set, and decide whether two sockets may share an address.
#[test]
fn an_address_is_shared_only_if_both_sockets_allow_it() {
    run(|| async {
        let one = TcpSocket::new_v4().unwrap();
        one.set_reuseport(true).unwrap();
        one.bind(any_port()).unwrap();
        let address = one.local_addr().unwrap();
        let _one = one.listen(8).unwrap();

        let refused = TcpSocket::new_v4().unwrap();
        assert!(!refused.reuseport().unwrap());
        let error = refused.bind(address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().starts_with(&format!("bind {address}: ")), "{error}");

        let other = TcpSocket::new_v4().unwrap();
        other.set_reuseport(true).unwrap();
        other.bind(address).unwrap();
        other.listen(8).unwrap();
    });
}

/// Two sockets may be bound to one address with SO_REUSEADDR, on Linux, as long as neither listens.
#[cfg(target_os = "linux")]
#[test]
fn a_refused_listen_names_its_address() {
    run(|| async {
        let (one, other) = (TcpSocket::new_v4().unwrap(), TcpSocket::new_v4().unwrap());
        one.set_reuseaddr(true).unwrap();
        other.set_reuseaddr(true).unwrap();
        one.bind(any_port()).unwrap();
        let address = one.local_addr().unwrap();
        other.bind(address).unwrap();
        let _one = one.listen(8).unwrap();
        let error = other.listen(8).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().starts_with(&format!("listen {address}: ")), "{error}");
    });
}

#[test]
fn a_refused_connect_names_its_address() {
    run(|| async {
        let listener = TcpListener::bind(any_port()).await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let error = TcpSocket::new_v4().unwrap().connect(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(error.to_string().starts_with(&format!("connect {address}: ")), "{error}");
    });
}

/// A socket that is bound to a port and connects to it would be its own peer.
#[test]
fn a_socket_does_not_connect_to_itself() {
    run(|| async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(any_port()).unwrap();
        let itself = socket.local_addr().unwrap();
        let error = socket.connect(itself).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn a_dropped_connect_closes_the_socket() {
    run(|| async {
        let listener = TcpListener::bind(any_port()).await.unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        let connecting = socket.connect(listener.local_addr().unwrap());
        drop(future::poll_once(connecting).await);
        if let Some(accepted) = future::poll_once(listener.accept()).await {
            let (mut accepted, _) = accepted.unwrap();
            assert!(matches!(accepted.read(&mut [0]).await, Ok(0) | Err(_)));
        }
    });
}
