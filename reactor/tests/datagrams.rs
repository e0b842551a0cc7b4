//! Datagrams: sent, received, attributed to their sender, and refused.

use std::time::Duration;

use executor::task::block_on;
use futures_lite::future::{or, zip};
use reactor::net::UdpSocket;

async fn two() -> (UdpSocket, UdpSocket) {
    let one = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let other = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
    (one, other)
}

#[test]
fn an_echo_returns_to_its_sender() {
    block_on(async {
        let (server, client) = two().await;
        let address = server.local_addr().unwrap();
        let serve = async {
            let mut buffer = [0; 64];
            for _ in 0..100 {
                let (length, from) = server.recv_from(&mut buffer).await.unwrap();
                server.send_to(&buffer[..length], from).await.unwrap();
            }
        };
        let ask = async {
            let mut buffer = [0; 64];
            for number in 0..100_u8 {
                let question = vec![number; usize::from(number)];
                client.send_to(&question, address).await.unwrap();
                let (length, from) = client.recv_from(&mut buffer[..]).await.unwrap();
                assert_eq!(from, address);
                assert_eq!(buffer[..length], question[..question.len().min(64)]);
            }
        };
        zip(serve, ask).await;
    });
}

#[test]
fn a_connected_pair_sends_and_receives() {
    block_on(async {
        let (one, other) = two().await;
        one.connect(other.local_addr().unwrap()).await.unwrap();
        other.connect(one.local_addr().unwrap()).await.unwrap();
        assert_eq!(one.peer_addr().unwrap(), other.local_addr().unwrap());
        assert_eq!(one.send(b"to").await.unwrap(), 2);
        let mut buffer = [0; 8];
        assert_eq!(other.recv(&mut buffer).await.unwrap(), 2);
        assert_eq!(other.send(b"and fro").await.unwrap(), 7);
        assert_eq!(one.recv(&mut buffer).await.unwrap(), 7);
        assert_eq!(&buffer[..7], b"and fro");
    });
}

#[test]
fn clones_share_one_socket_and_each_may_wait() {
    block_on(async {
        let (receiver, sender) = two().await;
        let address = receiver.local_addr().unwrap();
        let clone = receiver.clone();
        let receive = |socket: UdpSocket| async move {
            let mut buffer = [0; 1];
            socket.recv_from(&mut buffer).await.unwrap();
            buffer[0]
        };
        let send = async {
            sender.send_to(b"a", address).await.unwrap();
            sender.send_to(b"b", address).await.unwrap();
        };
        let ((one, other), ()) = zip(zip(receive(receiver), receive(clone)), send).await;
        assert_eq!(one ^ other, b'a' ^ b'b');
    });
}

#[test]
fn a_cancelled_receive_loses_no_datagram() {
    block_on(async {
        let (receiver, sender) = two().await;
        let mut buffer = [0; 1];
        or(
            async {
                let _ = receiver.recv_from(&mut buffer).await;
                unreachable!("nothing was sent");
            },
            async {},
        )
        .await;
        sender.send_to(b"x", receiver.local_addr().unwrap()).await.unwrap();
        assert_eq!(receiver.recv_from(&mut buffer).await.unwrap().0, 1);
    });
}

#[test]
fn errors_name_the_operation_and_the_address() {
    block_on(async {
        let (taken, _) = two().await;
        let address = taken.local_addr().unwrap();
        let error = UdpSocket::bind(address).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
        let said = error.to_string();
        assert!(said.starts_with(&format!("bind {address}: ")), "{said}");

        let error = taken.connect("[::1]:1").await.unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with("connect [::1]:1: "), "{said}");
        let error = taken.send(b"to whom?").await.unwrap_err();
        assert!(error.raw_os_error().is_some(), "{error}");
    });
}

#[test]
fn a_socket_of_std_is_adopted_with_its_options() {
    block_on(async {
        let theirs = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        theirs.set_broadcast(true).unwrap();
        theirs.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let ours = UdpSocket::try_from(theirs).unwrap();
        ours.connect(ours.local_addr().unwrap()).await.unwrap();
        ours.send(b"self").await.unwrap();
        assert_eq!(ours.recv(&mut [0; 8]).await.unwrap(), 4);
    });
}

#[test]
fn a_connected_socket_does_not_receive_what_a_stranger_sent_before() {
    block_on(async {
        let (socket, peer) = two().await;
        let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        peer.send_to(b"early", address).await.unwrap();
        stranger.send_to(b"strange", address).await.unwrap();
        socket.connect(peer.local_addr().unwrap()).await.unwrap();
        peer.send_to(b"late", address).await.unwrap();

        let mut buffer = [0; 16];
        for said in [&b"early"[..], b"late"] {
            let length = socket.recv(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..length], said);
        }
    });
}

/// It gets the peer's address in the form in which the datagrams have it.
#[test]
#[cfg(target_os = "linux")]
fn a_socket_of_both_families_knows_its_peer() {
    block_on(async {
        let socket = UdpSocket::bind("[::]:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mapped = format!("[::ffff:127.0.0.1]:{}", peer.local_addr().unwrap().port());
        socket.connect(mapped).await.unwrap();
        peer.send_to(b"x", ("127.0.0.1", port)).await.unwrap();
        assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 1);
    });
}

/// Before it is connected, a socket receives from any sender.
#[test]
#[cfg(target_os = "linux")]
fn a_socket_without_a_peer_receives_from_any_sender() {
    block_on(async {
        let (socket, other) = two().await;
        other.send_to(b"x", socket.local_addr().unwrap()).await.unwrap();
        assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 1);
    });
}
