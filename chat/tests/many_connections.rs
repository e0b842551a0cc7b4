//! Idle clients cost no CPU time, and thousands of them cost little memory.

mod common;

use std::thread;
use std::time::{Duration, Instant};

use common::{Client, Program, raise_descriptor_limit};

#[test]
fn an_idle_server_with_a_hundred_clients_uses_no_cpu() {
    let server = Program::start(&[]);
    let mut clients: Vec<Client> = (0..100).map(|_| server.client()).collect();
    for client in &mut clients {
        client.join_and_wait("g");
    }
    // Time for what the threads still do after the last request.
    thread::sleep(Duration::from_millis(200));
    let before = server.cpu_ticks();
    thread::sleep(Duration::from_secs(2));
    let spent = server.cpu_ticks() - before;
    assert!(spent <= 1, "{spent} ticks in two seconds");
    clients[0].post("g", "still there?");
    for client in &mut clients {
        client.expect_message("g", "still there?");
    }
}

#[test]
fn ten_thousand_joined_connections_all_get_a_message() {
    // Both processes need a descriptor for each connection, and some others.
    let possible = raise_descriptor_limit().saturating_sub(200);
    let wanted = 10_000;
    let count = wanted.min(possible);
    if count < wanted {
        println!("the descriptor limit allows {count} connections of {wanted}");
    }
    let server = Program::start(&[]);
    let mut poster = server.client();
    poster.join_and_wait("g");
    let mut held = None;
    for round in 0..2 {
        let memory = server.memory();
        let start = Instant::now();
        let mut clients: Vec<Client> = (0..count).map(|_| server.client()).collect();
        for client in &mut clients {
            client.join_and_wait("g");
        }
        let joined = start.elapsed();
        // Only the first round shows the cost: in the second, the allocator has kept some of the memory.
        if round == 0 {
            let each = server.memory().saturating_sub(memory) / count as u64;
            println!("{count} connections joined in {joined:?}: {each} bytes each");
            assert!(each <= 6 * 1024, "{each} bytes a connection");
        }
        let start = Instant::now();
        for message in ["one", "two"] {
            poster.post("g", message);
            poster.expect_message("g", message);
            for client in &mut clients {
                client.expect_message("g", message);
            }
        }
        println!("two messages to each took {:?}", start.elapsed());
        clients.into_iter().for_each(Client::reset);
        common::eventually("all have gone", || server.held().connections == 1);
        server.comes_back_within(*held.get_or_insert_with(|| server.held()), 8 << 20);
    }
}
