//! The client notices a server that has vanished silently. Without keepalive an idle client would wait for
//! ever; with keepalive alone, one whose bytes are in flight would wait for a quarter of an hour. Each test
//! runs in a network of its own, which it then takes away.
#![cfg(target_os = "linux")]

mod common;
#[path = "../../tests/shared/own_network.rs"]
mod own_network;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use own_network::in_own_network;

/// What a client reports whose server has vanished, when this was typed afterwards.
#[track_caller]
fn is_reported(typed: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_client"))
        .arg(listener.local_addr().unwrap().to_string())
        .args(["--keepalive", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut server = BufReader::new(listener.accept().unwrap().0);
    // Now it has set all options.
    stdin.write_all(b"join tea\n").unwrap();
    server.read_line(&mut String::new()).unwrap();
    assert!(Command::new("ip").args(["link", "set", "lo", "down"]).status().unwrap().success());
    stdin.write_all(typed.as_bytes()).unwrap();
    common::eventually("the client exits", || child.try_wait().unwrap().is_some());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "client: the server has vanished, or does not read: connection timed out\n");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn at_rest() {
    in_own_network("at_rest", "", || is_reported(""));
}

#[test]
fn while_a_command_is_under_way() {
    in_own_network("while_a_command_is_under_way", "", || is_reported("post tea hello\n"));
}
