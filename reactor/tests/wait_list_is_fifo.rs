//! The wait list: first come, first woken; a stale key hits nobody; wakers leave alive.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use proptest::prelude::*;
use reactor::wait_list::{Key, Removed, WaitList};

struct Named(usize, Arc<AtomicUsize>);

impl Wake for Named {
    fn wake(self: Arc<Self>) {
        self.1.store(self.0, Ordering::SeqCst);
    }
}

/// A waker that says its name when it is woken.
fn named(name: usize, last: &Arc<AtomicUsize>) -> Waker {
    Arc::new(Named(name, Arc::clone(last))).into()
}

fn name_of(waker: Waker, last: &AtomicUsize) -> usize {
    waker.wake();
    last.load(Ordering::SeqCst)
}

#[test]
fn first_come_first_woken() {
    let last = Arc::new(AtomicUsize::new(0));
    let mut list = WaitList::new();
    let keys: Vec<Key> = (0..5).map(|n| list.insert(&named(n, &last))).collect();
    let Removed::Waiting(third) = list.remove(keys[2]) else {
        panic!("it was waiting");
    };
    assert_eq!(name_of(third, &last), 2);
    let mut order = Vec::new();
    while let Some(waker) = list.pop() {
        order.push(name_of(waker, &last));
    }
    assert_eq!(order, [0, 1, 3, 4]);
}

#[test]
fn a_stale_key_never_hits_its_successor() {
    let last = Arc::new(AtomicUsize::new(0));
    let mut list = WaitList::new();
    let old = list.insert(&named(1, &last));
    assert!(list.pop().is_some());
    let new = list.insert(&named(2, &last));
    assert!(!list.contains(old));
    assert!(matches!(list.remove(old), Removed::Notified));
    assert!(list.contains(new));
    assert_eq!(list.len(), 1);
}

#[test]
fn an_update_hands_out_the_old_waker_and_skips_an_equal_one() {
    let last = Arc::new(AtomicUsize::new(0));
    let mut list = WaitList::new();
    let first = named(1, &last);
    let mut key = list.insert(&first);
    list.insert(&named(9, &last));
    assert!(list.update(&mut key, &first).is_none());
    let old = list.update(&mut key, &named(2, &last)).expect("replaced");
    assert!(old.will_wake(&first));
    assert_eq!(name_of(list.pop().expect("kept its place"), &last), 2);
    let stale = key;
    assert!(list.update(&mut key, &first).is_none());
    assert_ne!(key, stale);
    assert_eq!(name_of(list.pop().expect("the second"), &last), 9);
    assert_eq!(name_of(list.pop().expect("it joined anew"), &last), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Against a plain queue of names.
    #[test]
    fn it_agrees_with_a_queue(steps in prop::collection::vec((0u8..5, any::<prop::sample::Index>()), 0..200)) {
        let last = Arc::new(AtomicUsize::new(0));
        let mut list = WaitList::new();
        let mut model: VecDeque<usize> = VecDeque::new();
        let mut keys: Vec<Key> = Vec::new();
        for (step, index) in steps {
            match step {
                0 | 1 => {
                    let name = keys.len();
                    keys.push(list.insert(&named(name, &last)));
                    model.push_back(name);
                }
                2 => {
                    let popped = list.pop().map(|waker| name_of(waker, &last));
                    prop_assert_eq!(popped, model.pop_front());
                }
                3 if !keys.is_empty() => {
                    let name = index.index(keys.len());
                    let place = model.iter().position(|&other| other == name);
                    prop_assert_eq!(list.contains(keys[name]), place.is_some());
                    match (list.remove(keys[name]), place) {
                        (Removed::Waiting(waker), Some(place)) => {
                            prop_assert_eq!(name_of(waker, &last), name);
                            model.remove(place);
                        }
                        (Removed::Notified, None) => {}
                        other => prop_assert!(false, "{other:?}"),
                    }
                }
                4 if !keys.is_empty() => {
                    let name = index.index(keys.len());
                    if model.contains(&name) {
                        prop_assert!(list.update(&mut keys[name], &named(name, &last)).is_some());
                    }
                }
                _ => {}
            }
            prop_assert_eq!(list.len(), model.len());
        }
        let mut woken = Vec::new();
        list.drain(&mut woken);
        let names: VecDeque<usize> = woken.into_iter().map(|waker| name_of(waker, &last)).collect();
        prop_assert_eq!(names, model);
        prop_assert!(list.is_empty());
    }
}
