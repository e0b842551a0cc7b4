//! Channels of which only those have an end who wait for the other.

use executor::sync::{broadcast, mpsc, oneshot};
use executor::trace::VerdictKind;

use crate::support::{planted, spawn, verdict};

#[test]
fn two_tasks_receive_from_each_other() {
    planted(|| {
        spawn("one", async {
            let (to_two, mut from_one) = mpsc::channel::<()>(1);
            let (to_one, mut from_two) = mpsc::channel::<()>(1);
            spawn("two", async move {
                from_one.recv().await;
                let _ = to_one.send(()).await;
            });
            from_two.recv().await;
            let _ = to_two.send(()).await;
        });
        verdict(VerdictKind::ChannelCycle, &["one", "two"]);
    });
}

/// Each wants to send before it receives, and both channels are full.
#[test]
fn two_full_channels() {
    planted(|| {
        spawn("one", async {
            let (to_two, mut from_one) = mpsc::channel(1);
            let (to_one, mut from_two) = mpsc::channel(1);
            spawn("two", async move {
                for number in 0..2 {
                    let _ = to_one.send(number).await;
                }
                from_one.recv().await;
            });
            for number in 0..2 {
                let _ = to_two.send(number).await;
            }
            from_two.recv().await;
        });
        verdict(VerdictKind::ChannelCycle, &["one", "two"]);
    });
}

#[test]
fn a_task_has_both_ends_of_a_oneshot() {
    planted(|| {
        spawn("hermit", async {
            let (sender, receiver) = oneshot::channel::<()>();
            let _ = receiver.await;
            drop(sender);
        });
        verdict(VerdictKind::OwnChannel, &["hermit"]);
    });
}

/// The loop ends when every sender is gone, and one is still here.
#[test]
fn a_task_has_a_sender_left() {
    planted(|| {
        spawn("collector", async {
            let (sender, mut receiver) = mpsc::channel::<()>(1);
            while receiver.recv().await.is_some() {}
            drop(sender);
        });
        verdict(VerdictKind::OwnChannel, &["collector"]);
    });
}

/// A sender waits for the end of a receiver that its own task has.
#[test]
fn a_task_waits_for_the_end_of_its_own_receiver() {
    planted(|| {
        spawn("one end", async {
            let (sender, receiver) = mpsc::channel::<()>(1);
            sender.closed().await;
            drop(receiver);
        });
        verdict(VerdictKind::OwnChannel, &["one end"]);
    });
}

#[test]
fn a_task_waits_for_the_end_of_its_own_oneshot() {
    planted(|| {
        spawn("one end", async {
            let (mut sender, receiver) = oneshot::channel::<()>();
            sender.closed().await;
            drop(receiver);
        });
        verdict(VerdictKind::OwnChannel, &["one end"]);
    });
}

/// The channel is closed, and the receiver waits for what a permit in the same task sends.
#[test]
fn a_task_waits_for_its_own_permit() {
    planted(|| {
        spawn("reserved", async {
            let (sender, mut receiver) = mpsc::channel::<()>(1);
            let permit = sender.reserve().await.expect("it is open");
            receiver.close();
            assert_eq!(receiver.recv().await, None);
            drop(permit);
        });
        verdict(VerdictKind::OwnChannel, &["reserved"]);
    });
}

#[test]
fn a_task_waits_for_its_own_broadcast() {
    planted(|| {
        spawn("herald", async {
            let (sender, mut receiver) = broadcast::channel::<()>(1);
            let _ = receiver.recv().await;
            drop(sender);
        });
        verdict(VerdictKind::OwnChannel, &["herald"]);
    });
}
