//! Addresses: each form that the contract names, and the error of a wrong one.

#![allow(clippy::needless_borrows_for_generic_args, reason = "each form is tried by reference too")]

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use futures_lite::future::{block_on, poll_once};
use reactor::net::{Resolve, ToSocketAddrs};

/// The outcome of an address that needs no thread: ready at the first poll.
fn at_once(address: impl ToSocketAddrs) -> std::io::Result<Vec<SocketAddr>> {
    let resolve = address.to_socket_addrs();
    assert!(matches!(resolve, Resolve::Ready(_)), "a thread looks it up");
    let outcome = block_on(poll_once(resolve)).expect("not ready at once");
    outcome.map(Iterator::collect)
}

#[test]
fn each_form_is_taken_by_value_and_by_reference() {
    let v4: SocketAddr = "127.0.0.1:80".parse().unwrap();
    let v6: SocketAddr = "[::1]:80".parse().unwrap();

    assert_eq!(at_once("127.0.0.1:80").unwrap(), [v4]);
    assert_eq!(at_once("[::1]:80").unwrap(), [v6]);
    assert_eq!(at_once(String::from("127.0.0.1:80")).unwrap(), [v4]);
    assert_eq!(at_once(&String::from("127.0.0.1:80")).unwrap(), [v4]);
    assert_eq!(at_once(("127.0.0.1", 80)).unwrap(), [v4]);
    assert_eq!(at_once(&("::1", 80)).unwrap(), [v6]);
    assert_eq!(at_once((String::from("127.0.0.1"), 80)).unwrap(), [v4]);
    assert_eq!(at_once(&(String::from("::1"), 80)).unwrap(), [v6]);
    assert_eq!(at_once((IpAddr::from([127, 0, 0, 1]), 80)).unwrap(), [v4]);
    assert_eq!(at_once((Ipv4Addr::LOCALHOST, 80)).unwrap(), [v4]);
    assert_eq!(at_once(&(Ipv6Addr::LOCALHOST, 80)).unwrap(), [v6]);
    assert_eq!(at_once(v4).unwrap(), [v4]);
    assert_eq!(at_once(&v6).unwrap(), [v6]);
    assert_eq!(at_once(&[v4, v6][..]).unwrap(), [v4, v6]);
    assert_eq!(at_once(&&[v6][..]).unwrap(), [v6]);
}

#[test]
fn a_wrong_address_says_what_is_wrong() {
    for (address, said) in [
        ("localhost", "address localhost: missing port, as in localhost:80"),
        ("localhost:http", "address localhost:http: \"http\" is not a port number"),
        ("localhost:65536", "address localhost:65536: \"65536\" is not a port number"),
        (":80", "address :80: missing host, as in localhost:80"),
        ("", "address : missing port, as in localhost:80"),
    ] {
        let error = at_once(address).unwrap_err();
        assert_eq!(error.to_string(), said);
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    let error = at_once(&[] as &[SocketAddr]).unwrap_err();
    assert_eq!(error.to_string(), "address []: the list is empty");
}

#[test]
fn a_name_is_looked_up() {
    let found: Vec<_> = block_on("localhost:80".to_socket_addrs()).unwrap().collect();
    assert!(!found.is_empty());
    assert!(found.iter().all(|a| a.ip().is_loopback() && a.port() == 80));
}

#[test]
fn a_name_without_an_address_is_an_error_that_names_it() {
    let error = block_on("nohost.invalid:80".to_socket_addrs()).unwrap_err();
    let said = error.to_string();
    assert!(said.starts_with("lookup nohost.invalid:80: "), "{said}");
    // As a program shows it whose main returns the error.
    assert!(format!("{error:?}").contains(&format!("{said:?}")), "{error:?}");
}

#[test]
fn a_resolve_outlives_the_name_it_was_given() {
    let resolve = {
        let name = String::from("localhost:80");
        name.as_str().to_socket_addrs()
    };
    assert!(block_on(resolve).is_ok());
}

/// A scope names an interface, or gives its number. Only a host's name is looked up.
#[test]
#[cfg(target_os = "linux")]
fn a_scope_is_no_reason_for_a_lookup() {
    use std::net::SocketAddrV6;

    let number = std::fs::read_to_string("/sys/class/net/lo/ifindex").unwrap().trim().parse().unwrap();
    let scoped = |ip: &str, scope| SocketAddr::from(SocketAddrV6::new(ip.parse().unwrap(), 80, 0, scope));
    assert_eq!(at_once("[::1%lo]:80").unwrap(), [scoped("::1", number)]);
    assert_eq!(at_once("[fe80::1%7]:80").unwrap(), [scoped("fe80::1", 7)]);
    assert_eq!(at_once(("fe80::1%lo", 80)).unwrap(), [scoped("fe80::1", number)]);
    assert_eq!(at_once((String::from("fe80::1%7"), 80)).unwrap(), [scoped("fe80::1", 7)]);

    let error = at_once("[fe80::1%nowhere]:80").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "address [fe80::1%nowhere]:80: there is no such interface");
}

/// Nor is text in brackets, which must be a numeric address.
#[test]
fn brackets_are_for_ipv6() {
    for wrong in ["[localhost]:80", "[127.0.0.1]:80", "[]:80", "[::1:80", "::1]:80"] {
        let error = at_once(wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.to_string(), format!("address {wrong}: only an IPv6 address may be in brackets"));
    }
}
