//! Clients that flood, and clients that break off, do not harm the others. Afterwards the server holds what
//! it held before.

mod common;

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{Client, Program, posted};

/// Returns the round trips of a client that posts to its own group, the slowest last.
fn round_trips(client: &mut Client, count: usize) -> Vec<Duration> {
    let mut took: Vec<_> = (0..count)
        .map(|number| {
            let start = Instant::now();
            client.post("calm", &number.to_string());
            client.expect_message("calm", &number.to_string());
            start.elapsed()
        })
        .collect();
    took.sort();
    took
}

fn median(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() / 2]
}

fn slowest(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() - 1]
}

#[test]
fn a_flooding_client_beside_a_calm_one() {
    let server = Program::start(&["--grace", "0.5"]);
    let mut calm = server.client();
    calm.join_and_wait("calm");
    let before = server.held();
    let alone = round_trips(&mut calm, 100);

    let over = AtomicBool::new(false);
    let flooded = AtomicU64::new(0);
    let beside = thread::scope(|scope| {
        // The first client posts to the flooded group without being a member. The second is a member, and
        // reads its own posts. The third is sent an error, and reads.
        for first in ["", "{\"Join\":[\"flood\"]}\n", "nonsense\n"] {
            let client = server.client();
            let (over, flooded) = (&over, &flooded);
            scope.spawn(move || {
                let mut socket = client.socket();
                socket.write_all(first.as_bytes()).unwrap();
                socket.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
                socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
                let posts = posted("flood", "0123456789").repeat(500);
                let mut replies = vec![0; 1 << 16];
                // ORDERING: Relaxed; only a flag to stop, and a count.
                while !over.load(Ordering::Relaxed) {
                    let Ok(()) = socket.write_all(posts.as_bytes()) else {
                        continue;
                    };
                    flooded.fetch_add(500, Ordering::Relaxed);
                    if !first.is_empty() {
                        let _ = socket.read(&mut replies);
                    }
                }
            });
        }
        // ORDERING: Relaxed; only a count.
        common::eventually("the flood has begun", || flooded.load(Ordering::Relaxed) > 10_000);
        let beside = round_trips(&mut calm, 100);
        over.store(true, Ordering::Relaxed);
        beside
    });
    println!(
        "round trips alone {:?}, the slowest {:?}; beside {} posts {:?}, the slowest {:?}",
        median(&alone),
        slowest(&alone),
        flooded.into_inner(),
        median(&beside),
        slowest(&beside)
    );
    server.comes_back_to(before);
    // Generous, since the machine may be busy. A poll that never yields would take for ever.
    assert!(median(&beside) < Duration::from_millis(200), "{:?}", median(&beside));
    assert!(slowest(&beside) < Duration::from_secs(3), "{:?}", slowest(&beside));
}

#[test]
fn thousands_of_resets_in_mid_message() {
    let server = Program::start(&[]);
    let mut witness = server.client();
    witness.join_and_wait("g");
    let line = posted("g", "a message that does not end");
    let before = server.held();
    let storm = |resets: usize| {
        for number in 0..resets {
            let client = server.client();
            client.join("g");
            client.send(&line[..number % line.len()]);
            client.reset();
        }
        server.comes_back_to(before);
    };
    storm(common::size(2000, 10_000));
    // 10,000 connections cost about 20 MB while they are open.
    server.comes_to_leave_nothing(2 << 20, || storm(10_000));
    witness.post("g", "still here");
    witness.expect_message("g", "still here");
}

#[test]
fn a_thousand_clients_that_vanish_at_once() {
    let server = Program::start(&["--grace", "0.5"]);
    let mut witness = server.client();
    witness.join_and_wait("g");
    let before = server.held();
    let vanish = |witness: &mut Client| {
        let mut clients: Vec<Client> = (0..1000).map(|_| server.client()).collect();
        for client in &mut clients {
            client.join_and_wait("g");
        }
        // Some close with unread bytes, most without, as when their process is killed.
        witness.post("g", "hello");
        for client in clients.iter_mut().skip(100) {
            client.expect_message("g", "hello");
        }
        drop(clients);
        witness.expect_message("g", "hello");
        server.comes_back_within(before, 8 << 20);
    };
    vanish(&mut witness);
    server.comes_to_leave_nothing(2 << 20, || vanish(&mut witness));
    witness.post("g", "alone?");
    witness.expect_message("g", "alone?");
}

/// Starts the program `client`, as a user does. It joins a group and waits.
fn member(server: &Program) -> Child {
    let mut client = Command::new(env!("CARGO_BIN_EXE_client"))
        .arg(server.address.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    client.stdin.as_mut().unwrap().write_all(b"join g\n").unwrap();
    client
}

#[test]
fn client_programs_that_are_killed() {
    let server = Program::start(&["--grace", "0.5"]);
    let mut witness = server.client();
    witness.join_and_wait("g");
    let before = server.held();
    let count = common::size(100, 1000);
    common::raise_descriptor_limit();
    let mut clients: Vec<Child> = (0..count).map(|_| member(&server)).collect();
    common::eventually("all are members", || server.held().memberships == count + 1);
    for (number, client) in clients.iter_mut().enumerate() {
        client.kill().unwrap();
        if number % 10 == 0 {
            witness.post("g", "who is left?");
            witness.expect_message("g", "who is left?");
        }
    }
    for client in &mut clients {
        client.wait().unwrap();
    }
    server.comes_back_within(before, 8 << 20);
    witness.post("g", "alone?");
    witness.expect_message("g", "alone?");
}
