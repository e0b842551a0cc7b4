//! On SIGUSR1 the server says what each task waits for, and saves its recording. It saves it at its end too.
#![cfg(target_os = "linux")]

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::Client;
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn sigusr1_says_what_each_task_waits_for_and_saves_the_recording() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trace_{}.html", std::process::id()));
    let mut server = Command::new(env!("CARGO_BIN_EXE_server"))
        .args(["127.0.0.1:0", "--trace"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").expect(&line).parse().unwrap();
    let mut client = Client::connect(address);
    client.join_and_wait("g");

    let pid = Pid::from_child(&server);
    kill_process(pid, Signal::USR1).unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap()).lines().map(Result::unwrap);
    let counts = lines.next().unwrap();
    assert!(counts.starts_with("server: 1 connections, 1 groups, 1 memberships, "), "{counts}");
    let title = lines.next().unwrap();
    assert!(title.starts_with("  ") && title.ends_with(" tasks, 0 verdicts"), "{title}");
    // The other side of the server's socket is the client's, which has no name here; but there is one.
    let waits = |line: &String| {
        line.contains("waits for socket to read from: descriptor ") && line.contains("peer 127.0.0.1:")
    };
    // The client had its reply a moment before the server's task waited for the next request: the first dump may be
    // too early.
    let is_found = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_found.load(Ordering::Relaxed) {
                kill_process(pid, Signal::USR1).unwrap();
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let found = lines.any(|line| waits(&line));
        is_found.store(true, Ordering::Relaxed);
        assert!(found, "the server has ended");
    });
    common::eventually("the recording is saved", || file.exists());
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("<!doctype html>"));

    std::fs::remove_file(&file).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(common::exit_of(&mut server).code(), Some(0));
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("<!doctype html>"));
    std::fs::remove_file(&file).unwrap();
}

/// A file that cannot be written is reported. The server serves on.
#[test]
fn a_recording_that_cannot_be_saved_is_reported() {
    let server = Command::new(env!("CARGO_BIN_EXE_server"))
        .args(["no.such.host.invalid:0", "--trace", "/no/such/folder/trace.html"])
        .output()
        .unwrap();
    assert_eq!(server.status.code(), Some(1));
    let said = String::from_utf8_lossy(&server.stderr);
    assert!(said.contains("save the recording to /no/such/folder/trace.html: "), "{said}");
}
