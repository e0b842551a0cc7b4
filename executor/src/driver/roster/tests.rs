//! What each transition decides. The search shows that the decisions together keep the rules.

use super::Role::{BlockOn, Worker};
use super::*;

/// A roster of running threads 0, 1, 2 … with these roles.
fn roster(roles: &[Role]) -> Roster<usize> {
    let mut roster = Roster::new();
    for role in roles {
        assert_eq!(roster.enter(*role), Wake::Nobody, "no thread waits");
    }
    roster
}

fn never() -> bool {
    false
}

#[test]
fn the_first_to_wait_drives_and_is_the_monitor_while_a_worker_runs() {
    let mut roster = roster(&[Worker, Worker]);
    assert_eq!(roster.wait(Worker, never), Wait::Drive);
    assert_eq!(roster.drive(&0, Worker), Limit::Tick);
    assert_eq!(roster.wait(Worker, || true), Wait::StandBy, "one drives");
    assert_eq!(roster.stand_by(&1, Worker), (Limit::Unlimited, Wake::Nobody), "all wait");
    assert_eq!(roster.stop_driving(), Wake::Thread(1), "it becomes the monitor");
    assert_eq!(roster.awake(&1, Worker, Cause::Called), (Next::WaitOn(Limit::Tick), Wake::Nobody));
}

#[test]
fn beside_a_driver_a_block_on_that_runs_needs_no_monitor() {
    let mut roster = roster(&[BlockOn, Worker]);
    assert_eq!(roster.wait(Worker, never), Wait::Drive);
    assert_eq!(roster.drive(&1, Worker), Limit::Unlimited);
    assert_eq!(roster.enter(Worker), Wake::Driver, "a worker does");
}

/// Otherwise each event would wake the thread in `block_on`, on a core that a worker uses.
#[test]
fn a_busy_worker_that_looks_often_gets_the_role_back() {
    let mut roster = roster(&[BlockOn, Worker]);
    assert_eq!(roster.stand_by(&0, BlockOn), (Limit::Tick, Wake::Nobody));
    let overdue = Cause::Ticked { overdue: true };
    assert_eq!(roster.awake(&0, BlockOn, overdue), (Next::Drive, Wake::Nobody));
    assert_eq!(roster.drive(&0, BlockOn), Limit::Tick);
    assert!(!roster.drive_unless_driven(&1, Worker, false), "one drives");
    assert_eq!(roster.stop_driving(), Wake::Nobody);
    assert_eq!(roster.wait(BlockOn, never), Wait::Drive, "the worker looks seldom");
    assert_eq!(roster.drive(&0, BlockOn), Limit::Tick);
    assert!(!roster.drive_unless_driven(&1, Worker, true));
    assert_eq!(roster.stop_driving(), Wake::Nobody);
    assert_eq!(roster.wait(BlockOn, never), Wait::StandBy);
    assert!(roster.drive_unless_driven(&1, Worker, true));
    assert_eq!(roster.stop_driving(), Wake::Nobody);
}

#[test]
fn a_block_on_drives_where_no_worker_would() {
    let mut alone = roster(&[BlockOn]);
    assert_eq!(alone.wait(BlockOn, never), Wait::Drive);

    let mut roster = roster(&[BlockOn, Worker]);
    assert_eq!(roster.wait(BlockOn, || true), Wait::Drive, "no thread has driven for a tick");
    assert_eq!(roster.wait(BlockOn, never), Wait::StandBy, "the role is reserved for the worker");
    assert_eq!(roster.stand_by(&0, BlockOn), (Limit::Tick, Wake::Nobody));
    let ticked = |overdue| Cause::Ticked { overdue };
    assert_eq!(
        roster.awake(&0, BlockOn, ticked(false)),
        (Next::Run, Wake::Nobody),
        "it rescues the pools, and waits again"
    );
    assert_eq!(roster.stand_by(&0, BlockOn), (Limit::Tick, Wake::Nobody));
    assert_eq!(roster.awake(&0, BlockOn, ticked(true)), (Next::Drive, Wake::Nobody));
    assert_eq!(roster.drive(&0, BlockOn), Limit::Tick);
    assert_eq!(roster.stop_driving(), Wake::Nobody);
    assert_eq!(roster.wait(BlockOn, never), Wait::Drive, "it drives until a worker waits");
    assert_eq!(roster.wait(Worker, never), Wait::Drive);
    assert_eq!(roster.wait(BlockOn, never), Wait::StandBy);
}

#[test]
fn a_block_on_gives_the_role_to_a_worker_that_waits() {
    let mut roster = roster(&[BlockOn, Worker, BlockOn]);
    assert_eq!(roster.drive(&0, BlockOn), Limit::Tick);
    assert_eq!(roster.stand_by(&1, Worker), (Limit::Unlimited, Wake::Driver), "it is asked to give way");
    assert_eq!(roster.stand_by(&2, BlockOn), (Limit::Unlimited, Wake::Nobody));
    assert_eq!(roster.stop_driving(), Wake::Thread(1), "even if a block_on thread waits, too");
    assert_eq!(
        roster.awake(&2, BlockOn, Cause::Called).0,
        Next::WaitOn(Limit::Tick),
        "it is not offered the role"
    );
    assert_eq!(roster.awake(&1, Worker, Cause::Called), (Next::Drive, Wake::Nobody));
}

#[test]
fn an_offer_that_is_not_taken_goes_to_the_next() {
    let mut roster = roster(&[BlockOn, Worker, Worker]);
    assert_eq!(roster.stand_by(&1, Worker), (Limit::Tick, Wake::Nobody));
    assert_eq!(roster.stand_by(&2, Worker), (Limit::Unlimited, Wake::Nobody));
    assert_eq!(roster.leave(BlockOn), Wake::Thread(2), "the most recent one");
    assert_eq!(roster.awake(&2, Worker, Cause::Notified), (Next::Run, Wake::Thread(1)));
    assert_eq!(roster.awake(&1, Worker, Cause::Called), (Next::Drive, Wake::Nobody));
    assert_eq!(roster.decline(), Wake::Nobody, "no thread waits");
}

#[test]
fn a_look_at_the_reactor_takes_the_role_from_no_thread() {
    let mut roster = roster(&[Worker, Worker, Worker]);
    assert!(roster.lacks_monitor());
    assert!(roster.drive_unless_driven(&0, Worker, false));
    assert!(!roster.drive_unless_driven(&1, Worker, false));
    assert_eq!(roster.stop_driving(), Wake::Nobody, "no thread waits");
    assert_eq!(roster.drive(&0, Worker), Limit::Tick);
    assert!(!roster.lacks_monitor());
}
