//! At the descriptor limit the server neither ends nor spins. It accepts clients again when descriptors are
//! free.

mod common;

use std::time::{Duration, Instant};

use common::{Client, Program};

#[test]
fn accept_backs_off_and_recovers() {
    let mut server = Program::start_limited("ulimit -n 64", &["--grace", "600"]);
    let before = server.held_at_rest();
    // All connect: the backlog holds those that the server has not accepted yet.
    let mut clients: Vec<Client> = (0..500).map(|_| server.client()).collect();
    for client in &clients {
        client.join("g");
    }
    // The first clients are still served.
    clients[0].join_and_wait("g");
    common::eventually("it is at the limit", || server.descriptors() >= 63);
    let ticks = server.cpu_ticks();
    std::thread::sleep(Duration::from_secs(1));
    let spent = server.cpu_ticks() - ticks;
    assert!(spent <= 5, "{spent} ticks in a second at the limit");
    assert!(server.child.try_wait().unwrap().is_none());

    // Clients are accepted in their order, and each free descriptor admits one.
    let mut waits = Vec::new();
    let mut clients = clients.into_iter();
    let mut inside: Vec<Client> = clients.by_ref().take(server.held().connections).collect();
    for _ in 0..8 {
        let freed = inside.len().min(20);
        inside.drain(..freed).for_each(Client::reset);
        let mut next: Vec<Client> = clients.by_ref().take(freed).collect();
        let start = Instant::now();
        for client in &mut next {
            client.join_and_wait("g");
        }
        waits.push(start.elapsed());
        inside.append(&mut next);
    }
    waits.sort();
    println!("accepted after the release, the shortest wait first: {waits:?}");
    // The server waits at most half a second. The machine may be busy, so the median is compared.
    assert!(waits[waits.len() / 2] < Duration::from_secs(1), "accepted after {waits:?}");
    assert!(server.child.try_wait().unwrap().is_none());
    inside.into_iter().for_each(Client::reset);
    clients.for_each(Client::reset);
    server.comes_back_to(before);
}
