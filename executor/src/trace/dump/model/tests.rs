//! The model, given the events of programs that are written here by hand.

use reactor::record::{Event, Kind, Outcome, Place, TaskKind, Thing};

use super::*;

/// Events of some threads, a nanosecond apart.
#[derive(Default)]
struct Script {
    model: Model,
    now: u64,
}

impl Script {
    fn event(&mut self, thread: usize, kind: Kind, argument: u8, id: u64, value: u64) -> &mut Self {
        self.now += 1;
        let event = Event { time: self.now, kind, argument, id, value, text: None };
        self.model.apply(thread, &event);
        self
    }

    fn spawn(&mut self, thread: usize, kind: TaskKind, task: u64) -> &mut Self {
        self.event(thread, Kind::Spawn, kind as u8, task, 0)
    }

    fn poll(&mut self, thread: usize, task: u64) -> &mut Self {
        self.event(thread, Kind::Poll, 0, task, 0)
    }

    fn pending(&mut self, thread: usize, task: u64, wakers: u64) -> &mut Self {
        self.event(thread, Kind::PollEnd, Outcome::Pending as u8, task, wakers)
    }

    fn waits(&mut self, thread: usize, thing: Thing, id: u64) -> &mut Self {
        self.event(thread, Kind::Waits, thing as u8, id, 0)
    }

    fn task(&self, address: u64) -> &Task {
        &self.model.tasks[self.model.find(address).expect("it was spawned")]
    }
}

#[test]
fn a_task_is_queued_polled_and_waits() {
    let mut script = Script::default();
    script.spawn(0, TaskKind::Pool, 64);
    assert_eq!(script.task(64).state, State::Queued { since: 1, place: None });
    script.poll(1, 64);
    assert_eq!(script.task(64).state, State::Running { since: 2, thread: 1 });
    script.waits(1, Thing::Timer, 7).pending(1, 64, 1);
    assert_eq!(script.task(64).state, State::Idle { since: 4 });
    assert_eq!((script.task(64).waits.as_slice(), script.task(64).wakers), (&[Wait::Timer(7)][..], Some(1)));
    script.event(0, Kind::Wake, Place::Pool as u8, 64, 0);
    assert_eq!(script.task(64).state, State::Queued { since: 5, place: Some(Place::Pool) });
    script.poll(1, 64).event(1, Kind::PollEnd, Outcome::Ready as u8, 64, 0);
    assert_eq!(script.task(64).state, State::Ending);
    script.event(1, Kind::Finish, 0, 64, 0);
    assert!(script.task(64).is_finished() && script.model.threads[1].polled.is_empty());
}

/// Woken while it runs, a task is queued at the end of its poll, also before its `Requeued` is recorded.
#[test]
fn a_wake_during_the_poll_is_not_lost() {
    let mut script = Script::default();
    script.spawn(0, TaskKind::Pool, 64).poll(1, 64).event(0, Kind::WakeInVain, 0, 64, 0).pending(1, 64, 1);
    assert!(matches!(script.task(64).state, State::Queued { .. }));
}

/// The times of two threads are off by a little: a wake that seems to be older than the poll changes nothing.
#[test]
fn what_is_older_than_the_poll_is_over() {
    let mut script = Script::default();
    script.spawn(0, TaskKind::Pool, 64).poll(1, 64).waits(1, Thing::Timer, 7).pending(1, 64, 1);
    let late = Event { time: 1, kind: Kind::Wake, argument: 0, id: 64, value: 0, text: None };
    script.model.apply(0, &late);
    assert!(matches!(script.task(64).state, State::Idle { .. }));
}

#[test]
fn who_wakes_is_the_task_that_is_polled_or_the_event_before_it() {
    let mut script = Script::default();
    script.spawn(0, TaskKind::Pool, 64).spawn(0, TaskKind::Pool, 128).poll(1, 64).pending(1, 64, 1);
    script.poll(1, 128).event(1, Kind::Wake, 0, 64, 0);
    let other = script.model.find(128).unwrap();
    assert_eq!(script.task(64).last_wake.map(|(_, by)| by), Some(By::Task(other)));
    script.pending(1, 128, 1).poll(1, 64).pending(1, 64, 1);
    script.event(1, Kind::SourceReady, 1, 5, 0).event(1, Kind::Due, 0, 64, 0).event(1, Kind::Turn, 0, 1, 0);
    script.event(1, Kind::Wake, 0, 64, 0);
    assert_eq!(script.task(64).last_wake.map(|(_, by)| by), Some(By::Socket(5)));
}

#[test]
fn a_lock_belongs_to_who_took_it_or_to_whom_it_was_handed() {
    let mut script = Script::default();
    script.spawn(0, TaskKind::Pool, 64).spawn(0, TaskKind::Pool, 128);
    script.poll(1, 64).event(1, Kind::LockTaken, 0, 9, 0).pending(1, 64, 1);
    script.poll(1, 128).waits(1, Thing::Lock, 9).pending(1, 128, 1);
    let task = |script: &Script, address| Actor::Task(script.model.find(address).unwrap());
    assert_eq!(script.model.locks[&9].holder.map(|holder| holder.actor), Some(task(&script, 64)));
    script.poll(1, 64).event(1, Kind::LockFreed, 0, 9, 0).event(1, Kind::LockHanded, 0, 9, 0);
    assert_eq!(script.model.locks[&9].holder, None);
    script.event(1, Kind::Wake, 0, 128, 0);
    let holder = script.model.locks[&9].holder.unwrap();
    assert_eq!((holder.actor, holder.handed_at), (task(&script, 128), Some(1)));
    // A waker that is not a task's: no wake follows the hand-over, and the next one has nothing to do with it.
    script.event(1, Kind::LockFreed, 0, 9, 0).event(1, Kind::LockHanded, 0, 9, 0);
    script.pending(1, 64, 1).event(1, Kind::Wake, 0, 64, 0);
    assert_eq!(script.model.locks[&9].holder, None);
}

/// A future that is polled twice in a poll has still left one waker.
#[test]
fn a_wait_counts_once() {
    let mut script = Script::default();
    script.spawn(0, TaskKind::Pool, 64).poll(1, 64).waits(1, Thing::Lock, 9).waits(1, Thing::Lock, 9);
    assert_eq!(script.pending(1, 64, 2).task(64).waits, [Wait::Lock(9)]);
}

/// An address that is used again is another task.
#[test]
fn an_address_is_its_last_tasks() {
    let mut script = Script::default();
    script.spawn(0, TaskKind::Pool, 64).poll(1, 64).event(1, Kind::Finish, 0, 64, 0).spawn(
        0,
        TaskKind::Local,
        64,
    );
    assert_eq!((script.model.tasks.len(), script.task(64).kind), (2, Some(TaskKind::Local)));
}

/// A `block_on` that panics unwinds past the end of its polls. The next one on the thread shows that it is over.
#[test]
fn a_block_on_ends_with_the_next() {
    let mut script = Script::default();
    script.spawn(0, TaskKind::BlockOn, 64).poll(0, 64).spawn(0, TaskKind::BlockOn, 128);
    assert_eq!(script.model.threads[0].roots, [script.model.find(128).unwrap()]);
    assert!(script.task(64).is_finished() && script.model.threads[0].polled.is_empty());
    script.event(0, Kind::Finish, 0, 128, 0);
    assert_eq!(script.model.threads[0].left_block_on, Some(script.now));
}

/// What a `block_on` returns is its caller's: the thread's, or the blocking call's that it is in.
#[test]
fn the_outcome_of_a_block_on_is_its_callers() {
    let mut script = Script::default();
    let ready = Outcome::Ready as u8;
    script.spawn(0, TaskKind::BlockOn, 64).poll(0, 64).event(0, Kind::PollEnd, ready, 64, 0);
    script.event(0, Kind::Finish, 0, 64, 0);
    assert_eq!(script.task(64).taken_by, Some(Actor::Thread(0)));
    script.spawn(0, TaskKind::Blocking, 128).poll(1, 128).spawn(1, TaskKind::BlockOn, 192).poll(1, 192);
    script.event(1, Kind::PollEnd, ready, 192, 0).event(1, Kind::Finish, 0, 192, 0);
    let call = script.model.find(128).unwrap();
    assert_eq!(script.task(192).taken_by, Some(Actor::Task(call)));
}

/// An outcome is there until somebody takes it, or drops the handle, which a thread may do outside of any poll.
#[test]
fn an_outcome_is_there_until_it_is_taken() {
    let mut script = Script::default();
    for (task, kind, argument, id) in [(64, Kind::Taken, 0, 64), (128, Kind::GaveUp, Thing::Join as u8, 128)]
    {
        script.spawn(0, TaskKind::Pool, task).poll(1, task);
        script.event(1, Kind::PollEnd, Outcome::Ready as u8, task, 0).event(1, Kind::Finish, 0, task, 0);
        assert!(script.task(task).has_outcome());
        script.event(0, kind, argument, id, 0);
        assert!(!script.task(task).has_outcome());
    }
}

/// Channels know who has made them, who has sent to them, and who waits.
#[test]
fn channels_know_their_users() {
    let mut script = Script::default();
    script.spawn(0, TaskKind::Pool, 64).spawn(0, TaskKind::Pool, 128);
    script.poll(1, 64).event(1, Kind::New, Thing::Receive as u8, 9, 0).pending(1, 64, 0);
    script
        .poll(1, 128)
        .event(1, Kind::Sent, Thing::Receive as u8, 9, 0)
        .waits(1, Thing::Send, 9)
        .pending(1, 128, 1);
    let (maker, sender) = (script.model.find(64).unwrap(), script.model.find(128).unwrap());
    let channel = &script.model.channels[0];
    assert_eq!(channel.made.map(|(_, by)| by), Some(Actor::Task(maker)));
    assert_eq!(channel.senders, [Actor::Task(sender)]);
    assert_eq!(script.task(128).waits, [Wait::Channel { channel: 0, side: Side::Room }]);
    assert_eq!(script.model.channels.len(), 1, "both of its ends are one channel's");
}
