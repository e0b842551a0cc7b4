//! Lookups of names whose server is silent delay no lookup of a local name, and no numeric address.
//!
//! In a network of its own, whose only name server receives the queries and never replies.
#![cfg(target_os = "linux")]

#[path = "../../tests/shared/own_network.rs"]
mod own_network;

use std::collections::HashSet;
use std::fs;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use executor::task::block_on;
use own_network::in_own_network;
use reactor::net::{Addresses, LOOKUP_LIMIT, Resolve, ToSocketAddrs};
use reactor::time::timeout;

const DEADLINE: Duration = Duration::from_secs(20);

/// More time than the deadline: 30 s for each of five tries.
const RESOLV_CONF: &str = "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n";
const HOSTS: &str = "127.0.0.1 localhost\n\n10.9.8.7\tlisted.example Alias # not-a-name\n";
const NSSWITCH: &str = "hosts: files dns\n";

const MOUNT: &str = "mount --bind resolv.conf /etc/resolv.conf
    mount --bind hosts /etc/hosts
    mount --bind nsswitch.conf /etc/nsswitch.conf";

#[test]
fn local_names_never_wait_behind_dead_ones() {
    let files = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stuck_lookups");
    fs::create_dir_all(&files).unwrap();
    for (name, text) in [("resolv.conf", RESOLV_CONF), ("hosts", HOSTS), ("nsswitch.conf", NSSWITCH)] {
        fs::write(files.join(name), text).unwrap();
    }
    let setup = format!("cd '{}'\n{MOUNT}", files.display());
    in_own_network("local_names_never_wait_behind_dead_ones", &setup, look_up_beside_dead_names);
}

fn look_up_beside_dead_names() {
    let server = UdpSocket::bind("127.0.0.1:53").expect("the network is new");
    let (mut dead, mut asked) = (Vec::new(), HashSet::new());
    // As many names as the pool's former limit of threads, and as many as its present limit.
    for count in [16, LOOKUP_LIMIT] {
        while asked.len() < count {
            // A few at a time, because the server's buffer holds few queries.
            let next = dead.len()..dead.len() + 16.min(count - asked.len());
            dead.extend(next.map(|number| format!("dead-{number}.example:80").to_socket_addrs()));
            wait_until_asked(&server, &mut asked, dead.len().min(count));
        }
        // From now on more of them wait for a thread.
        let mut waiting =
            Vec::from_iter((0..8).map(|number| format!("late-{number}.example:80").to_socket_addrs()));
        for _ in 0..3 {
            assert_eq!(found("localhost:80"), ["127.0.0.1:80"]);
            assert_eq!(found("listed.example:80"), ["10.9.8.7:80"]);
            assert_eq!(found("ALIAS:80"), ["10.9.8.7:80"]);
            assert_eq!(found("10.1.1.1:80"), ["10.1.1.1:80"]);
        }
        // A name that the hosts file does not list is not found in it.
        let mut unlisted = "not-a-name:80".to_socket_addrs();
        assert!(!is_ready(&mut unlisted));
        assert!(dead.iter_mut().chain(&mut waiting).all(|lookup| !is_ready(lookup)));
    }
}

/// Receives queries until they have asked for this many names.
fn wait_until_asked(server: &UdpSocket, asked: &mut HashSet<Vec<u8>>, count: usize) {
    server.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut question = [0; 512];
    while asked.len() < count {
        let length = server.recv(&mut question).expect("another name is asked for");
        // After the header of twelve bytes: the length of a label, and the label.
        let label = &question[13..length][..question[12].into()];
        asked.insert(label.to_vec());
    }
}

fn found(name: &str) -> Vec<String> {
    let looked_up: Result<io::Result<Addresses>, _> = block_on(timeout(DEADLINE, name.to_socket_addrs()));
    let addresses = looked_up.unwrap_or_else(|_| panic!("{name} waits")).unwrap();
    addresses.map(|address: SocketAddr| address.to_string()).collect()
}

fn is_ready(lookup: &mut Resolve) -> bool {
    pin!(lookup).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}
