//! TCP: addresses, errors, and what each call promises.

use std::io::{ErrorKind, Read, Write};
use std::net::{self, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use executor::task;
use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt, future};
use reactor::net::{TcpListener, TcpStream, UdpSocket};
use rustix::io::Errno;
use rustix::net::sockopt;

use crate::support::{connection, run, settle};

/// An address without a server: bound, but not listening.
fn refusing() -> (SocketAddr, impl Sized) {
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap();
    (address, socket)
}

/// Errors of connect carry the operation and the address.
#[test]
fn a_refused_connection_names_its_address() {
    run(|| async {
        let (address, _bound) = refusing();
        let error = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(error.to_string().starts_with(&format!("connect {address}: ")));
    });
}

/// Errors of bind do too.
#[test]
fn an_address_in_use_is_named() {
    run(|| async {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = first.local_addr().unwrap();
        let error = TcpListener::bind(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().starts_with(&format!("bind {address}: ")));
    });
}

/// Each address is tried until one works; the error names each.
#[test]
fn every_address_is_tried_in_order() {
    run(|| async {
        let (one, _one) = refusing();
        let (two, _two) = refusing();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let unused = other.local_addr().unwrap();

        let stream = TcpStream::connect(&[one, good, unused][..]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
        let error = TcpStream::connect(&[two, one][..]).await.unwrap_err();
        let refused = std::io::Error::from(Errno::CONNREFUSED);
        assert_eq!(error.to_string(), format!("connect {two}: {refused}; {one}: {refused}"));
        let source = std::error::Error::source(&error).unwrap();
        let source = source.downcast_ref::<std::io::Error>().unwrap();
        assert_eq!(source.raw_os_error(), Some(Errno::CONNREFUSED.raw_os_error()));
    });
}

/// The first of several addresses that can be bound is bound. One that is in use ends the attempt: otherwise
/// a second server would listen on another address of the same name.
#[test]
fn an_address_in_use_ends_a_bind() {
    run(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let taken = listener.local_addr().unwrap();
        let free: SocketAddr = "127.0.0.1:0".parse().unwrap();
        // From a network for documentation: no machine has it.
        let elsewhere: SocketAddr = "192.0.2.1:0".parse().unwrap();

        let bound = TcpListener::bind(&[elsewhere, free][..]).await.unwrap();
        assert!(bound.local_addr().unwrap().ip().is_loopback());
        let error = TcpListener::bind(&[elsewhere, taken, free][..]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let said = error.to_string();
        assert!(said.starts_with(&format!("bind {taken}: ")), "{said}");
        assert!(said.contains(&format!("; {elsewhere}: ")), "{said}");

        let socket = UdpSocket::bind(free).await.unwrap();
        let taken = socket.local_addr().unwrap();
        let error = UdpSocket::bind(&[taken, free][..]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    });
}

/// The system would block the thread until the peer has received everything, or the linger time has elapsed.
#[test]
fn a_drop_does_not_linger() {
    run(|| async {
        let (mut ours, theirs) = connection();
        sockopt::set_socket_linger(&ours, Some(Duration::from_secs(3600))).unwrap();
        while future::poll_once(ours.write(&[7; 65536])).await.is_some() {}
        let clone = ours.clone();
        drop(ours);
        drop(clone);
        drop(theirs);
    });
}

/// A linger time of zero does not block, so it is kept: the peer sees a reset.
#[test]
fn a_linger_time_of_zero_is_kept() {
    run(|| async {
        let (ours, mut theirs) = connection();
        sockopt::set_socket_linger(&ours, Some(Duration::ZERO)).unwrap();
        drop(ours);
        let error = theirs.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
}

/// Read and write errors are the system's, unchanged.
#[test]
fn transfer_errors_are_untouched() {
    run(|| async {
        let (mut ours, theirs) = connection();
        sockopt::set_socket_linger(&theirs, Some(Duration::ZERO)).unwrap();
        drop(theirs);
        let error = ours.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::CONNRESET.raw_os_error()));
        let error = ours.write(b"x").await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::PIPE.raw_os_error()));
    });
}

/// Hard case 22: close shuts the write half; reading goes on, and a second close is no error.
#[test]
fn close_shuts_the_write_half() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        ours.write_all(b"question").await.unwrap();
        ours.close().await.unwrap();
        let mut text = String::new();
        theirs.read_to_string(&mut text).unwrap();
        assert_eq!(text, "question");
        theirs.write_all(b"reply").unwrap();
        drop(theirs);
        text.clear();
        ours.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "reply");
        ours.close().await.unwrap();
    });
}

/// A clone shares the descriptor, and the last one closes it.
#[test]
fn a_clone_costs_no_descriptor() {
    run(|| async {
        let (ours, mut theirs) = connection();
        let clones: Vec<_> = (0..1000).map(|_| ours.clone()).collect();
        for clone in &clones {
            assert_eq!(clone.as_fd().as_raw_fd(), ours.as_fd().as_raw_fd());
        }
        drop(ours);
        (&clones[7]).write_all(b"x").await.unwrap();
        drop(clones);
        let mut all = Vec::new();
        theirs.read_to_end(&mut all).unwrap();
        assert_eq!(all, b"x");
    });
}

/// std's sockets are taken over, and become non-blocking.
#[test]
fn std_sockets_are_adopted() {
    run(|| async {
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let listener = TcpListener::try_from(listener).unwrap();
        assert!(future::poll_once(listener.accept()).await.is_none());
        let theirs = net::TcpStream::connect(address).unwrap();
        let (mut far, from) = listener.accept().await.unwrap();
        assert_eq!(from, theirs.local_addr().unwrap());
        let mut near = TcpStream::try_from(theirs).unwrap();
        near.write_all(b"x").await.unwrap();
        assert_eq!(far.read(&mut [0; 8]).await.unwrap(), 1);
        assert!(future::poll_once(far.read(&mut [0; 8])).await.is_none());
    });
}

/// `peek` takes nothing, `nodelay` is as it was set, and the addresses are those of the two ends.
#[test]
fn peek_nodelay_and_addresses() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        let mut buffer = [0; 8];
        assert!(future::poll_once(ours.peek(&mut buffer)).await.is_none());
        theirs.write_all(b"abc").unwrap();
        for _ in 0..3 {
            assert_eq!(ours.peek(&mut buffer).await.unwrap(), 3);
        }
        assert_eq!(ours.read(&mut buffer).await.unwrap(), 3);
        assert!(future::poll_once(ours.peek(&mut buffer)).await.is_none());
        assert!(!ours.nodelay().unwrap());
        ours.set_nodelay(true).unwrap();
        assert!(ours.clone().nodelay().unwrap());
        assert_eq!(ours.peer_addr().unwrap(), theirs.local_addr().unwrap());
        assert_eq!(ours.local_addr().unwrap(), theirs.peer_addr().unwrap());
        drop(theirs);
        assert_eq!(ours.peek(&mut buffer).await.unwrap(), 0, "the end");
    });
}

/// `incoming` is Unpin, never ends, and loses nothing when it is dropped.
#[test]
fn incoming_gives_the_connections() {
    run(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut connected = Vec::new();
        for _ in 0..5 {
            connected.push(TcpStream::connect(address).await.unwrap());
            let accepted = listener.incoming().next().await.unwrap().unwrap();
            let near = connected.last().unwrap();
            assert_eq!(accepted.peer_addr().unwrap(), near.local_addr().unwrap());
        }
        assert!(future::poll_once(listener.incoming().next()).await.is_none());
    });
}

/// Several tasks accept from one listener: each connection goes to one of them.
#[test]
fn several_tasks_accept() {
    run(|| async {
        let listener = std::rc::Rc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
        let address = listener.local_addr().unwrap();
        let acceptors: Vec<_> = (0..10)
            .map(|_| {
                let listener = std::rc::Rc::clone(&listener);
                task::spawn_local(async move { listener.accept().await.unwrap().0 })
            })
            .collect();
        settle().await;
        let mut connected = Vec::new();
        for _ in 0..10 {
            connected.push(TcpStream::connect(address).await.unwrap());
        }
        for acceptor in acceptors {
            acceptor.await;
        }
    });
}

/// A dropped connect leaves no open connection: if one was made, its peer reads the end.
#[test]
fn a_cancelled_connect_is_closed() {
    run(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        assert!(future::poll_once(TcpStream::connect(address)).await.is_none_or(|it| it.is_ok()));
        if let Some(accepted) = future::poll_once(listener.accept()).await {
            let (mut accepted, _) = accepted.unwrap();
            assert!(matches!(accepted.read(&mut [0]).await, Ok(0) | Err(_)));
        }
    });
}

fn is_send<T: Send>(_: T) {}
fn is_unpin<T: Unpin>(_: T) {}

/// Only compiled: the futures may move to another thread.
#[allow(dead_code, reason = "compiled, never called")]
fn futures_are_send(listener: &TcpListener, stream: &TcpStream, list: &[SocketAddr]) {
    is_send(TcpListener::bind("localhost:0"));
    is_send(TcpListener::bind(list));
    is_send(TcpStream::connect("localhost:0"));
    is_send(TcpStream::connect(list));
    is_send(listener.accept());
    is_send(listener.incoming());
    is_unpin(listener.incoming());
    is_send(stream.peek(&mut []));
    is_send(reactor::time::sleep(Duration::ZERO));
    is_send(reactor::time::timeout(Duration::ZERO, std::future::ready(())));
    is_send(reactor::time::interval(Duration::MAX).tick());
}
