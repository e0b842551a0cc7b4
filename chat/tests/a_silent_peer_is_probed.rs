//! The server sets keepalive on each connection, with the time of its option. A peer that vanishes sends
//! nothing, so without keepalive its connection would stay for ever.
#![cfg(target_os = "linux")]

mod common;

use std::net::SocketAddr;

use common::Program;

/// Returns the timer of the server's end of a connection, as the system lists it: its kind, and the time
/// left, in hundredths of a second. Kind 2 is keepalive's.
fn timer(server: SocketAddr, client: SocketAddr) -> Option<(u32, u32)> {
    let port = |address: &str| u16::from_str_radix(address.split_once(':')?.1, 16).ok();
    let listed = std::fs::read_to_string("/proc/net/tcp").unwrap();
    listed.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let ours = port(fields[1]) == Some(server.port()) && port(fields[2]) == Some(client.port());
        let (kind, left) = fields[5].split_once(':')?;
        let hexadecimal = |digits| u32::from_str_radix(digits, 16).ok();
        ours.then_some((hexadecimal(kind)?, hexadecimal(left)?))
    })
}

#[test]
fn after_the_time_that_is_asked_for_or_never() {
    let cases: [(&[&str], Option<u32>); 4] = [
        (&[], Some(60)),
        (&["--keepalive", "7"], Some(7)),
        (&["--keepalive", "0.5"], Some(1)),
        (&["--keepalive", "0"], None),
    ];
    for (arguments, idle) in cases {
        let server = Program::start(arguments);
        let mut ann = server.client();
        ann.join_and_wait("g");
        let client = ann.socket().local_addr().unwrap();
        let expected = idle.map(|idle| (2, 100 * idle));
        common::eventually("the timer has the time of the option", || match timer(server.address, client) {
            // Nothing is in flight, so no other timer runs.
            Some((0, _)) => expected.is_none(),
            Some((kind, left)) => expected.is_some_and(|(wanted, most)| kind == wanted && left <= most),
            None => false,
        });
        ann.post("g", "hello");
        ann.expect_message("g", "hello");
    }
}
