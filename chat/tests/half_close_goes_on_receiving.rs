//! A client that has closed its half goes on receiving until it is gone, or the grace period has elapsed. A
//! server that took the end of the requests for the end of the client would lose the replies to a script.

mod common;

use std::time::{Duration, Instant};

use chat::server::Options;
use common::InProcess;

fn with_grace(grace: Duration) -> InProcess {
    InProcess::start(Options { grace, ..Options::default() })
}

const LONG: Duration = Duration::from_secs(600);

#[test]
fn it_goes_on_receiving() {
    let server = with_grace(LONG);
    let (mut ann, bob) = (server.client(), server.client());
    ann.join_and_wait("g");
    ann.half_close();
    for number in 0..100 {
        bob.post("g", &number.to_string());
        ann.expect_message("g", &number.to_string());
    }
}

#[test]
fn the_grace_ends_it() {
    let server = with_grace(Duration::from_millis(300));
    let mut ann = server.client();
    ann.join_and_wait("g");
    let start = Instant::now();
    ann.half_close();
    ann.expect_end();
    assert!(start.elapsed() >= Duration::from_millis(300));
    server.settles_at(0, 0, 0);
}

#[test]
fn a_client_that_can_receive_nothing_is_let_go_at_once() {
    let server = with_grace(LONG);
    let mut ann = server.client();
    ann.send("nonsense");
    ann.half_close();
    ann.expect_error_with("malformed request");
    ann.expect_end();
    server.settles_at(0, 0, 0);
}

#[test]
fn a_reset_in_the_grace_ends_it_at_once_in_a_quiet_group() {
    let server = with_grace(LONG);
    let mut ann = server.client();
    ann.join_and_wait("g");
    ann.half_close();
    // Long enough for the server to see the half-close. If it is not, the test passes with the other order.
    std::thread::sleep(Duration::from_millis(50));
    server.settles_at(1, 1, 1);
    ann.reset();
    server.settles_at(0, 0, 0);
}

#[test]
fn a_client_that_is_gone_is_noticed_by_the_next_line() {
    let server = with_grace(LONG);
    let (mut ann, bob) = (server.client(), server.client());
    ann.join_and_wait("g");
    ann.half_close();
    drop(ann);
    common::eventually("she is gone", || {
        bob.post("g", "anyone?");
        server.handle.count().memberships == 0
    });
}
