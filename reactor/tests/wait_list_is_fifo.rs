//! The wait list is first in, first out. A stale key reaches no other waiter, and wakers are returned, not
//! dropped.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Wake, Waker};

use proptest::prelude::*;
use reactor::wait_list::{Key, Removed, WaitList, poll_lazily};

struct Named(usize, Arc<AtomicUsize>);

impl Wake for Named {
    fn wake(self: Arc<Self>) {
        self.1.store(self.0, Ordering::SeqCst);
    }
}

/// A waker that records its name when it is woken.
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
    let keys: Vec<Key> = (0..5).map(|n| list.insert(named(n, &last))).collect();
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
    let old = list.insert(named(1, &last));
    assert!(list.pop().is_some());
    let new = list.insert(named(2, &last));
    assert!(!list.contains(old));
    assert!(matches!(list.remove(old), Removed::Notified));
    assert!(list.contains(new));
    assert_eq!(list.len(), 1);
}

/// Registers as a future's poll does.
fn register(list: &mut WaitList, key: &mut Option<Key>, waker: &Waker) {
    let _ = poll_lazily(waker, |waker| {
        list.register(key, waker);
        Poll::<()>::Pending
    });
}

#[test]
fn registering_again_keeps_the_place_and_skips_an_equal_waker() {
    let last = Arc::new(AtomicUsize::new(0));
    let mut list = WaitList::new();
    let note = Arc::new(Named(1, Arc::clone(&last)));
    let first = Waker::from(Arc::clone(&note));
    let mut key = None;
    register(&mut list, &mut key, &first);
    list.insert(named(9, &last));
    assert_eq!(Arc::strong_count(&note), 3);
    register(&mut list, &mut key, &first);
    assert_eq!(Arc::strong_count(&note), 3, "an equal waker is not stored again");
    register(&mut list, &mut key, &named(2, &last));
    assert_eq!(Arc::strong_count(&note), 2, "the replaced waker is dropped");
    assert_eq!(name_of(list.pop().expect("the waiter kept its place"), &last), 2);
    let stale = key;
    register(&mut list, &mut key, &first);
    assert_ne!(key, stale);
    assert_eq!(name_of(list.pop().expect("the second"), &last), 9);
    assert_eq!(name_of(list.pop().expect("the waiter joined again"), &last), 1);
}

/// The waker was cloned after the first look, and at the second an equal one is there: the clone's drop is user code.
#[test]
fn a_clone_that_is_not_needed_is_dropped_after_the_look() {
    let note = Arc::new(Named(1, Arc::default()));
    let waker = Waker::from(Arc::clone(&note));
    let stored = waker.clone();
    let mut looks = 0;
    let polled = poll_lazily(&waker, |lazy| {
        looks += 1;
        // The other clone comes between the looks.
        if looks == 2 {
            assert!(lazy.is_stored_as(&stored));
        }
        assert_eq!(Arc::strong_count(&note), 2 + looks, "no waker is dropped during a look");
        Poll::<()>::Pending
    });
    assert!(polled.is_pending());
    assert_eq!((looks, Arc::strong_count(&note)), (2, 3));
}

/// A waiter stays long at the front, while thousands behind it come and go.
#[test]
fn gaps_are_closed_and_the_keys_still_hold() {
    let last = Arc::new(AtomicUsize::new(0));
    let mut list = WaitList::new();
    let front = list.insert(named(1, &last));
    let mut second = None;
    for round in 0..1000 {
        let keys: Vec<Key> = (0..10).map(|n| list.insert(named(n, &last))).collect();
        if round == 500 {
            second = Some(list.insert(named(2, &last)));
        }
        for key in keys {
            assert!(matches!(list.remove(key), Removed::Waiting(_)));
            assert!(matches!(list.remove(key), Removed::Notified));
        }
    }
    assert!(list.contains(front) && list.contains(second.expect("it joined")));
    assert_eq!(list.len(), 2);
    assert_eq!(name_of(list.pop().expect("the first"), &last), 1);
    assert_eq!(name_of(list.pop().expect("the second"), &last), 2);
    assert!(list.pop().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The list agrees with a plain queue of names.
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
                    keys.push(list.insert(named(name, &last)));
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
                        let mut key = Some(keys[name]);
                        register(&mut list, &mut key, &named(name, &last));
                        prop_assert_eq!(key, Some(keys[name]), "it keeps its place");
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
