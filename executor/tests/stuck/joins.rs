//! Tasks that await each other.

use std::sync::{Arc, Mutex};

use executor::task::{self, JoinHandle};
use executor::trace::VerdictKind;

use crate::support::{filled, planted, spawn, verdict};

/// Puts tasks into a ring: each awaits the next one.
fn ring(names: &'static [&'static str]) {
    type Slot = Arc<Mutex<Option<JoinHandle<()>>>>;
    let slots: Vec<Slot> = names.iter().map(|_| Slot::default()).collect();
    for (index, name) in names.iter().enumerate() {
        let next = Arc::clone(&slots[(index + 1) % names.len()]);
        let task = spawn(name, async move { filled(&next).await.await });
        *slots[index].lock().unwrap() = Some(task);
    }
}

#[test]
fn two_tasks_join_each_other() {
    planted(|| {
        ring(&["left", "right"]);
        verdict(VerdictKind::JoinCycle, &["left", "right"]);
    });
}

#[test]
fn three_tasks_join_in_a_ring() {
    planted(|| {
        ring(&["one", "two", "three"]);
        verdict(VerdictKind::JoinCycle, &["one", "two", "three"]);
    });
}

#[test]
fn a_task_joins_itself() {
    planted(|| {
        ring(&["narcissus"]);
        verdict(VerdictKind::JoinsItself, &["narcissus"]);
    });
}

#[test]
fn local_tasks_join_each_other() {
    planted(|| {
        let stuck = std::thread::spawn(|| {
            let slot = std::rc::Rc::new(Mutex::new(None::<JoinHandle<()>>));
            let next = std::rc::Rc::clone(&slot);
            let first =
                task::Builder::new().name("first").spawn_local(async move { filled(&next).await.await });
            let second = task::Builder::new().name("second").spawn_local(first);
            *slot.lock().unwrap() = Some(second);
            // Something else goes on here.
            task::block_on(reactor::time::sleep(std::time::Duration::from_secs(600)));
        });
        verdict(VerdictKind::JoinCycle, &["first", "second"]);
        drop(stuck); // It hangs to the end of the process.
    });
}
