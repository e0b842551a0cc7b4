//! `{:?}` prints what a thing is, and never waits.

use executor::sync::{Mutex, broadcast, mpsc, oneshot};

#[derive(Clone)]
struct NoDebug;

#[test]
fn the_ends_of_channels_need_nothing_of_the_value() {
    let (sender, receiver) = oneshot::channel::<NoDebug>();
    assert_eq!(format!("{sender:?} {receiver:?}"), "Sender { .. } Receiver { .. }");
    let (sender, receiver) = mpsc::channel::<NoDebug>(1);
    assert_eq!(format!("{sender:?} {receiver:?}"), "Sender { .. } Receiver { .. }");
    let (sender, _receiver) = mpsc::unbounded_channel::<NoDebug>();
    assert_eq!(format!("{sender:?}"), "UnboundedSender { .. }");
    let (sender, _receiver) = mpsc::channel::<NoDebug>(1);
    assert_eq!(format!("{:?}", sender.try_reserve().expect("room")), "Permit { .. }");
    let (sender, receiver) = broadcast::channel::<NoDebug>(1);
    assert_eq!(format!("{sender:?} {receiver:?}"), "Sender { .. } Receiver { .. }");
}

#[test]
fn a_mutex_shows_its_value_unless_it_is_locked() {
    let mutex = Mutex::new(7);
    assert_eq!(format!("{mutex:?}"), "Mutex(7)");
    let guard = mutex.try_lock().expect("it is free");
    assert_eq!(format!("{guard:?} {mutex:?}"), "7 Mutex(<locked>)");
}
