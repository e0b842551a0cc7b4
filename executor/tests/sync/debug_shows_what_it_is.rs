//! `{:?}` prints what a thing is, and never waits.

use executor::sync::{Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};

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
    let (sender, receiver) = watch::channel(NoDebug);
    assert_eq!(format!("{sender:?} {receiver:?}"), "Sender { .. } Receiver { .. }");
}

#[test]
fn a_mutex_shows_its_value_unless_it_is_locked() {
    let mutex = Mutex::new(7);
    assert_eq!(format!("{mutex:?}"), "Mutex(7)");
    let guard = mutex.try_lock().expect("it is free");
    assert_eq!(format!("{guard:?} {mutex:?}"), "7 Mutex(<locked>)");
}

#[test]
fn a_lock_for_readers_shows_its_value_unless_a_task_writes() {
    let lock = RwLock::new(7);
    let reading = lock.try_read().expect("it is free");
    assert_eq!(format!("{reading:?} {lock:?}"), "7 RwLock(7)");
    drop(reading);
    let writing = lock.try_write().expect("it is free");
    assert_eq!(format!("{writing:?} {lock:?}"), "7 RwLock(<locked>)");
}

#[test]
fn what_has_no_value_shows_its_state() {
    let semaphore = Semaphore::new(2);
    let permit = semaphore.try_acquire().expect("there are two");
    assert_eq!(format!("{semaphore:?}"), "Semaphore { available_permits: 1, closed: false }");
    drop(permit);
    assert_eq!(
        format!("{:?} {:?}", Notify::new(), Notify::new().notified()),
        "Notify { .. } Notified { .. }"
    );
    assert_eq!(format!("{:?}", Barrier::new(3)), "Barrier { tasks: 3, .. }");
    let cell = OnceCell::new();
    assert_eq!(format!("{cell:?}"), "OnceCell(<empty>)");
    assert_eq!(cell.set(7), Ok(()));
    assert_eq!(format!("{cell:?}"), "OnceCell(7)");
    let (_sender, receiver) = watch::channel(7);
    assert_eq!(format!("{:?}", receiver.borrow()), "7");
}
