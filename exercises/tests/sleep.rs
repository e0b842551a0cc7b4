//! Exercises of the chapter "Who sleeps, and who drives": `stubs/sleep.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/sleep.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/sleep.rs")]
mod sleep;

use std::sync::Arc;
use std::thread;

use exercises::ends;
use sleep::{Parker, Step, pusher, sleeper};

#[test]
fn exercise_1_a_notification_before_the_sleep_is_kept() {
    ends("unpark came before park, but park sleeps forever", || {
        let parker = Parker::default();
        parker.unpark();
        parker.park();
    });
}

/// Whether `park` sleeps until `unpark` is called, on a condition variable whose first wait ends for no reason.
fn sleeps(parker: Parker) -> bool {
    let parker = Arc::new(parker);
    let sleeper = {
        let parker = parker.clone();
        thread::spawn(move || parker.park())
    };
    while parker.condvar.waits() < 2 && !sleeper.is_finished() {
        thread::yield_now();
    }
    let sleeps = !sleeper.is_finished();
    parker.unpark();
    sleeper.join().expect("it returns");
    sleeps
}

#[test]
fn exercise_1_only_a_notification_ends_the_sleep() {
    let sleeps = ends("unpark was called, but park sleeps forever", || sleeps(Parker::default()));
    assert!(sleeps, "the condition variable woke for no reason, and park has returned");
}

#[test]
fn exercise_1_a_notification_ends_one_sleep() {
    let sleeps = ends("unpark was called, but park sleeps forever", || {
        let parker = Parker::default();
        parker.unpark();
        parker.unpark();
        parker.park();
        sleeps(parker)
    });
    assert!(sleeps, "the first park has left the notification behind, and the second has returned");
}

#[test]
fn exercise_1_a_ping_pong_never_stops() {
    ends("one of the two threads was notified, but sleeps", || {
        let parkers = Arc::new([Parker::default(), Parker::default()]);
        let other = {
            let parkers = parkers.clone();
            thread::spawn(move || {
                for _ in 0..10_000 {
                    parkers[1].park();
                    parkers[0].unpark();
                }
            })
        };
        for _ in 0..10_000 {
            parkers[1].unpark();
            parkers[0].park();
        }
        other.join().expect("it returns");
    });
}

/// The state that all threads see, and the writes that are still in one side's store buffer.
#[derive(Clone, Default)]
struct Machine {
    pushed: bool,
    listed: bool,
    buffered_push: bool,
    buffered_list: bool,
    woken: bool,
    asleep: bool,
    trace: Vec<String>,
}

impl Machine {
    fn step(&self, step: Step) -> Machine {
        let mut next = self.clone();
        next.trace.push(format!("{step:?}"));
        match step {
            Step::Push => next.buffered_push = true,
            Step::List => next.buffered_list = true,
            Step::WakeIfListed => next.woken |= next.listed,
            Step::SleepIfEmpty => next.asleep = !next.pushed,
            Step::Fence => {}
        }
        next
    }

    fn emptied(&self, pusher: bool) -> Machine {
        let mut next = self.clone();
        if pusher {
            next.pushed |= std::mem::take(&mut next.buffered_push);
        } else {
            next.listed |= std::mem::take(&mut next.buffered_list);
        }
        next
    }
}

/// Tries every order of the steps of both sides, and every moment at which a buffer may be emptied.
/// Returns the first end state in which a task is queued but its worker sleeps.
fn explore(machine: Machine, pusher: &[Step], sleeper: &[Step]) -> Option<Machine> {
    for (buffered, is_pusher) in [(machine.buffered_push, true), (machine.buffered_list, false)] {
        if buffered && let Some(lost) = explore(machine.emptied(is_pusher), pusher, sleeper) {
            return Some(lost);
        }
    }
    for (side, is_pusher) in [(pusher, true), (sleeper, false)] {
        let Some((step, rest)) = side.split_first() else { continue };
        // A fence waits until the side's own buffer is empty.
        let buffered = if is_pusher { machine.buffered_push } else { machine.buffered_list };
        if *step == Step::Fence && buffered {
            continue;
        }
        let next = machine.step(*step);
        let (pusher, sleeper) = if is_pusher { (rest, sleeper) } else { (pusher, rest) };
        if let Some(lost) = explore(next, pusher, sleeper) {
            return Some(lost);
        }
    }
    let over = pusher.is_empty() && sleeper.is_empty();
    (over && machine.asleep && !machine.woken).then_some(machine)
}

#[test]
fn exercise_2_no_order_of_steps_loses_the_wakeup() {
    let (pusher, sleeper) = (pusher(), sleeper());
    for step in [Step::Push, Step::WakeIfListed] {
        assert_eq!(pusher.iter().filter(|done| **done == step).count(), 1, "the pusher does {step:?} once");
    }
    for step in [Step::List, Step::SleepIfEmpty] {
        assert_eq!(sleeper.iter().filter(|done| **done == step).count(), 1, "the sleeper does {step:?} once");
    }
    if let Some(lost) = explore(Machine::default(), &pusher, &sleeper) {
        panic!("the task is queued but its worker sleeps, after: {}", lost.trace.join(", "));
    }
}

/// The test above can fail: it does so without the fences.
#[test]
fn the_right_order_is_not_enough() {
    let pusher = [Step::Push, Step::WakeIfListed];
    let sleeper = [Step::List, Step::SleepIfEmpty];
    assert!(explore(Machine::default(), &pusher, &sleeper).is_some());
}
