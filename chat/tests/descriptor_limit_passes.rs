//! At the descriptor limit the server neither ends nor spins, and lets clients in when it can.

mod common;

use std::time::{Duration, Instant};

use common::{Client, Program};

#[test]
fn accept_backs_off_and_recovers() {
    let mut server = Program::start_limited("ulimit -n 64", &["--grace", "600"]);
    // All connect: the backlog holds those that are not let in yet.
    let mut clients: Vec<Client> = (0..200).map(|_| server.client()).collect();
    for client in &clients {
        client.join("g");
    }
    // The first are served as ever.
    clients[0].join_and_wait("g");
    common::eventually("it is at the limit", || server.descriptors() >= 63);
    let ticks = server.cpu_ticks();
    std::thread::sleep(Duration::from_secs(1));
    let spent = server.cpu_ticks() - ticks;
    assert!(spent <= 5, "{spent} ticks in a second at the limit");
    assert!(server.child.try_wait().unwrap().is_none());

    let mut waiting = clients.split_off(100);
    clients.into_iter().for_each(Client::reset);
    let start = Instant::now();
    waiting[0].join_and_wait("g");
    let took = start.elapsed();
    println!("let in {took:?} after the release");
    assert!(took < Duration::from_secs(5), "let in after {took:?}");
    // All the others get their turn, as places become free.
    for mut client in waiting {
        client.join_and_wait("g");
        client.reset();
    }
}
