//! What a recording leaves out to cost less: a run of received values is one event, and an event that follows
//! another one at once has its time.
#![cfg(not(any(loom, miri)))]

use reactor::record::{self, Kind, Outcome, Thing, note, poll_end};

const ONE: usize = 0x1000;
const OTHER: usize = 0x2000;

#[test]
fn a_run_is_one_event_and_what_follows_at_once_has_its_time() {
    let receive = |channel: usize| note(Kind::Received, Thing::Receive as u8, channel);
    record::start(1024).unwrap();
    (0..5).for_each(|_| receive(ONE));
    receive(OTHER);
    receive(ONE);
    note(Kind::Poll, 0, 1);
    (0..2).for_each(|_| receive(ONE));
    note(Kind::Received, Thing::Broadcast as u8, ONE);
    note(Kind::PollEnd, poll_end(Outcome::Pending, None), 1);
    std::thread::sleep(std::time::Duration::from_millis(1));
    note(Kind::Poll, 0, 2);
    std::thread::sleep(std::time::Duration::from_millis(1));
    note(Kind::Wake, 0, 1);
    note(Kind::Due, 0, 3);
    note(Kind::Wake, 0, 3);
    note(Kind::Due, 0, 4);
    std::thread::sleep(std::time::Duration::from_millis(1));
    note(Kind::Wake, 0, 5);
    let recorded = record::stop().unwrap();
    let events = &recorded.threads[0].events[1..]; // The first one is that the thread came.

    let runs: Vec<_> = events
        .iter()
        .filter(|event| event.kind == Kind::Received)
        .map(|event| (event.id as usize, event.value + 1))
        .collect();
    assert_eq!(runs, [(ONE, 5), (OTHER, 1), (ONE, 1), (ONE, 2), (ONE, 1)]);

    let time = |kind, id| events.iter().find(|event| event.kind == kind && event.id == id).unwrap().time;
    assert!(time(Kind::Poll, 2) > time(Kind::PollEnd, 1), "another thread may have woken it meanwhile");
    assert!(time(Kind::Wake, 1) > time(Kind::Poll, 2), "a wake during a poll");
    assert_eq!(time(Kind::Wake, 3), time(Kind::Due, 3), "the wake of what was due");
    assert!(time(Kind::Wake, 5) > time(Kind::Due, 4), "a waker of another kind may do anything before");
}
