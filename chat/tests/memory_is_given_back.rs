//! After many clients have left, the server returns their memory to the system. The allocator by itself would
//! keep it.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

mod common;

use common::Program;

/// Some clients stay. Their memory lies between that of the others, so the heap cannot shrink from its end.
#[test]
fn what_a_storm_took_goes_back_though_some_stay() {
    common::raise_descriptor_limit();
    let server = Program::start(&[]);
    let before = server.held_at_rest().memory;
    let unfinished = vec![b'x'; 60_000];
    let mut stay = Vec::new();
    let mut storm = Vec::new();
    for number in 0..600 {
        let mut client = server.client();
        client.join_and_wait(&format!("group {number}"));
        client.send(&unfinished);
        if number % 20 == 0 { stay.push(client) } else { storm.push(client) }
    }
    let during = || server.memory().saturating_sub(before);
    common::eventually("the lines are buffered", || {
        server.memory() == 0 || during() > 600 * unfinished.len() as u64 / 2
    });
    let peak = during();
    drop(storm);
    common::eventually("the others have left", || server.held().connections == stay.len());
    common::eventually("it is small again", || during() <= peak / 3);
    println!("before {before}, more at the peak {peak}, more afterwards {}", during());
}
