//! What only a network of its own can show: each test runs in one, where it may set addresses, names and limits,
//! and take the network down.
#![cfg(target_os = "linux")]

#[path = "../../tests/shared/own_network.rs"]
mod own_network;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use executor::task::block_on;
use futures_lite::AsyncReadExt;
use own_network::in_own_network;
use reactor::net::{TcpListener, TcpStream, UdpSocket};

/// The name `both` has an address of each family.
const BOTH: &str = "
    printf '::1 both\\n127.0.0.1 both\\n' > /tmp/$$.hosts
    mount --bind /tmp/$$.hosts /etc/hosts
    rm /tmp/$$.hosts";

/// Packets to 10.0.0.2 are sent, and get no response.
const VOID: &str = "
    ip link add near type veth peer name far
    ip address add 10.0.0.1/24 dev near
    ip link set near up
    ip link set far up
    ip neighbour add 10.0.0.2 lladdr 02:00:00:00:00:01 dev near nud permanent";

fn alone(name: &str, setup: &str, test: impl Future<Output = ()>) {
    in_own_network(name, setup, || block_on(test));
}

fn shell(commands: &str) {
    assert!(Command::new("sh").args(["-c", commands]).status().unwrap().success(), "{commands}");
}

#[test]
fn keepalive_notices_a_peer_that_has_vanished() {
    alone("keepalive_notices_a_peer_that_has_vanished", "", async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (_far, _) = listener.accept().await.unwrap();
        near.set_keepalive(Some(Duration::from_secs(1))).unwrap();
        shell("ip link set lo down");
        let error = near.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    });
}

/// Otherwise both servers would run, each on an address of its own, and their clients would not meet.
#[test]
fn a_name_with_two_addresses_is_bound_once() {
    alone("a_name_with_two_addresses_is_bound_once", BOTH, async {
        let first = TcpListener::bind("both:4000").await.unwrap();
        let error = TcpListener::bind("both:4000").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let address = first.local_addr().unwrap();
        assert!(error.to_string().starts_with(&format!("bind {address}: ")), "{error}");

        let _first = UdpSocket::bind("both:4000").await.unwrap();
        let error = UdpSocket::bind("both:4000").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    });
}

#[test]
fn an_address_that_the_machine_lacks_does_not_end_a_bind() {
    let setup = format!("{BOTH}\nip -6 address flush dev lo");
    alone("an_address_that_the_machine_lacks_does_not_end_a_bind", &setup, async {
        let listener = TcpListener::bind("both:4000").await.unwrap();
        assert!(listener.local_addr().unwrap().is_ipv4());
        let error = TcpListener::bind("both:4000").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    });
}

/// "Cannot assign requested address" would hide that no server listens, or that the address is in use.
#[test]
fn the_most_useful_error_comes_first() {
    alone("the_most_useful_error_comes_first", "ip -6 address flush dev lo", async {
        let v4 = SocketAddr::from(([127, 0, 0, 1], 4000));
        let v6: SocketAddr = "[::1]:4000".parse().unwrap();
        for addresses in [[v4, v6], [v6, v4]] {
            let error = TcpStream::connect(&addresses[..]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
            let said = "connect 127.0.0.1:4000: Connection refused (os error 111); \
                        [::1]:4000: Cannot assign requested address (os error 99)";
            assert_eq!(error.to_string(), said);
        }
        let _taken = TcpListener::bind(v4).await.unwrap();
        let error = TcpListener::bind(&[v6, v4][..]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let said = "bind 127.0.0.1:4000: Address already in use (os error 98); \
                    [::1]:4000: Cannot assign requested address (os error 99)";
        assert_eq!(error.to_string(), said);
    });
}

/// While port 40001 is taken, a connection to port 40000 gets the same port for its own end.
#[test]
fn a_connection_to_itself_is_refused() {
    let setup = "echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range";
    alone("a_connection_to_itself_is_refused", setup, async {
        let _taken = std::net::TcpListener::bind("127.0.0.1:40001").unwrap();
        let _taken = std::net::TcpListener::bind("[::1]:40001").unwrap();
        for address in ["127.0.0.1:40000", "[::1]:40000"] {
            let error = TcpStream::connect(address).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            // The port is free at once, even for a server without SO_REUSEADDR.
            let address: SocketAddr = address.parse().unwrap();
            let family = if address.is_ipv4() {
                rustix::net::AddressFamily::INET
            } else {
                rustix::net::AddressFamily::INET6
            };
            let server = rustix::net::socket(family, rustix::net::SocketType::STREAM, None).unwrap();
            rustix::net::bind(&server, &address).unwrap();
        }
    });
}

/// The first address does not respond for minutes; the second is tried long before that attempt ends.
#[test]
fn an_address_that_says_nothing_holds_nothing_up() {
    alone("an_address_that_says_nothing_holds_nothing_up", VOID, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let void = SocketAddr::from(([10, 0, 0, 2], 4000));
        let stream = TcpStream::connect(&[void, void, good][..]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
    });
}

/// The socket cannot send to the name's address of the other family.
#[test]
fn a_datagram_goes_to_the_address_of_the_sockets_family() {
    alone("a_datagram_goes_to_the_address_of_the_sockets_family", BOTH, async {
        for local in ["127.0.0.1:4000", "[::1]:4000"] {
            let socket = UdpSocket::bind(local).await.unwrap();
            socket.send_to(b"x", "both:4000").await.unwrap();
            let (_, from) = socket.recv_from(&mut [0; 8]).await.unwrap();
            assert_eq!(from, local.parse().unwrap());
        }
    });
}
