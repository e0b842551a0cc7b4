//! Both programs set TCP_NODELAY: a short line does not wait for the acknowledgement of the one before.
#![cfg(target_os = "linux")]

mod common;

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use common::Program;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

/// Returns a process's connection to `peer`: a copy of the process's own descriptor.
fn connection(process: &Child, peer: SocketAddr) -> Option<TcpStream> {
    let handle = pidfd_open(Pid::from_child(process), PidfdFlags::empty()).unwrap();
    let numbers = std::fs::read_dir(format!("/proc/{}/fd", process.id())).unwrap();
    let numbers = numbers.map(|entry| entry.unwrap().file_name().into_string().unwrap().parse().unwrap());
    let copies = numbers.filter_map(|number| pidfd_getfd(&handle, number, PidfdGetfdFlags::empty()).ok());
    copies.map(TcpStream::from).find(|socket| socket.peer_addr().is_ok_and(|addr| addr == peer))
}

#[test]
fn the_servers() {
    let server = Program::start(&[]);
    let mut client = server.client();
    client.join_and_wait("g");
    let socket = connection(&server.child, client.socket().local_addr().unwrap());
    assert!(socket.expect("it is connected").nodelay().unwrap());
}

#[test]
fn the_clients() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut client = Command::new(env!("CARGO_BIN_EXE_client"))
        .arg(address.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // When the first command arrives, the client has set the option.
    client.stdin.as_mut().unwrap().write_all(b"join g\n").unwrap();
    let (stream, _) = listener.accept().unwrap();
    stream.peek(&mut [0]).unwrap();
    let socket = connection(&client, address);
    client.kill().unwrap();
    client.wait().unwrap();
    assert!(socket.expect("it is connected").nodelay().unwrap());
}
