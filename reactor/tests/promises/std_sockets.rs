//! Sockets come from std and go back to it, as a whole and with their options.

use std::io::{ErrorKind, Read, Write};
use std::net;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net as unix;
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use reactor::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use rustix::net::sockopt;

use crate::support::{connection, run};

#[test]
fn a_stream_that_leaves_keeps_its_descriptor_and_options() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        ours.set_linger(Some(Duration::from_secs(7))).unwrap();
        ours.set_nodelay(true).unwrap();
        ours.write_all(b"to").await.unwrap();
        let number = ours.as_fd().as_raw_fd();
        let mut ours = ours.into_std().unwrap();
        assert_eq!(ours.as_raw_fd(), number);
        assert_eq!(
            sockopt::socket_linger(&ours).unwrap(),
            Some(Duration::from_secs(7)),
            "not dropped, so kept"
        );
        assert!(ours.nodelay().unwrap());
        ours.set_nonblocking(false).unwrap();
        theirs.write_all(b"and fro").unwrap();
        let mut bytes = [0; 7];
        ours.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"and fro");
        // And back: registered anew.
        let mut ours = TcpStream::from_std(ours).unwrap();
        assert!(future::poll_once(ours.read(&mut bytes)).await.is_none());
        theirs.write_all(b"!").unwrap();
        assert_eq!(ours.read(&mut bytes).await.unwrap(), 1);
        ours.set_linger(None).unwrap();
    });
}

/// A clone would be made blocking with the std socket, so the socket leaves only as a whole.
#[test]
fn a_socket_with_clones_does_not_leave() {
    run(|| async {
        let (ours, mut theirs) = connection();
        let mut clone = ours.clone();
        let error = ours.into_std().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResourceBusy);
        clone.write_all(b"x").await.unwrap();
        assert_eq!(theirs.read(&mut [0; 8]).unwrap(), 1);
        clone.into_std().unwrap();
    });
}

#[test]
fn every_kind_of_socket_leaves_and_comes_back() {
    run(|| async {
        let listener = TcpListener::from_std(net::TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let listener = listener.into_std().unwrap();
        assert_eq!(TcpListener::from_std(listener).unwrap().local_addr().unwrap(), address);

        let socket = UdpSocket::from_std(net::UdpSocket::bind("127.0.0.1:0").unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        assert_eq!(socket.into_std().unwrap().local_addr().unwrap(), address);

        let (one, other) = unix::UnixStream::pair().unwrap();
        let one = UnixStream::from_std(one).unwrap().into_std().unwrap();
        (&one).write_all(b"x").unwrap();
        assert_eq!((&other).read(&mut [0; 8]).unwrap(), 1);

        let (one, other) = unix::UnixDatagram::pair().unwrap();
        let one = UnixDatagram::from_std(one).unwrap().into_std().unwrap();
        one.send(b"x").unwrap();
        assert_eq!(other.recv(&mut [0; 8]).unwrap(), 1);

        let path = std::env::temp_dir().join(format!("unrolled-std-sockets-{}", std::process::id()));
        let listener = UnixListener::from_std(unix::UnixListener::bind(&path).unwrap()).unwrap();
        let clone = listener.clone();
        assert_eq!(listener.into_std().unwrap_err().kind(), ErrorKind::ResourceBusy);
        clone.into_std().unwrap();
        std::fs::remove_file(&path).unwrap();
    });
}
