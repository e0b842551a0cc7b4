//! Readers read together, a writer is alone, and neither starves.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::thread;

use executor::sync::{RwLock, RwLockWriteGuard};
use futures_lite::future::block_on;

use crate::support::{Count, comes_to_an_end, poll};

#[test]
fn a_waiting_writer_stops_new_readers() {
    let lock = RwLock::new(());
    let reading = lock.try_read().expect("free");
    let (woken, waker) = Count::new();
    let (mut writer, mut reader) = (Box::pin(lock.write()), Box::pin(lock.read()));
    assert!(poll(&mut writer, &waker).is_pending());
    assert!(lock.try_read().is_none(), "a writer waits");
    assert!(poll(&mut reader, Waker::noop()).is_pending());
    drop(reading);
    assert_eq!(woken.wakes(), 1);
    assert!(poll(&mut reader, Waker::noop()).is_pending());
    assert!(poll(&mut writer, &waker).is_ready());
    assert!(poll(&mut reader, Waker::noop()).is_ready(), "the guard of the writer was dropped");
}

#[test]
fn readers_go_on_when_the_writer_gives_up() {
    let lock = RwLock::new(());
    let reading = lock.try_read().expect("free");
    let mut writer = Box::pin(lock.write());
    let mut readers = [(); 2].map(|()| Box::pin(lock.read()));
    assert!(poll(&mut writer, Waker::noop()).is_pending());
    let (woken, waker) = Count::new();
    assert!(readers.iter_mut().all(|reader| poll(reader, &waker).is_pending()));
    drop(writer);
    assert_eq!(woken.wakes(), 2);
    assert!(readers.iter_mut().all(|reader| poll(reader, &waker).is_ready()));
    drop(reading);
    assert!(lock.try_write().is_some());
}

#[test]
fn a_downgrade_lets_readers_in() {
    let lock = RwLock::new(1);
    let mut writing = lock.try_write().expect("free");
    let mut reader = Box::pin(lock.read());
    assert!(poll(&mut reader, Waker::noop()).is_pending());
    *writing = 2;
    let reading = RwLockWriteGuard::downgrade(writing);
    assert!(poll(&mut reader, Waker::noop()).is_ready());
    assert_eq!(*reading, 2);
    assert!(lock.try_write().is_none());
    drop(reading);
    assert!(lock.try_write().is_some());
}

#[test]
fn readers_see_whole_writes() {
    comes_to_an_end(|| {
        let lock = Arc::new(RwLock::new([0_u32; 8]));
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let lock = lock.clone();
                thread::spawn(move || {
                    for round in 0..2000 {
                        if (thread + round) % 3 == 0 {
                            block_on(lock.write()).iter_mut().for_each(|value| *value += 1);
                        } else {
                            let read = block_on(lock.read());
                            assert!(read.iter().all(|value| *value == read[0]));
                        }
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let written = (0..4).flat_map(|thread| (0..2000).map(move |round| thread + round));
        assert_eq!(lock.try_read().unwrap()[7] as usize, written.filter(|sum| sum % 3 == 0).count());
    });
}

#[test]
fn a_panic_releases_the_lock() {
    let lock = Arc::new(RwLock::new(1));
    let writing = lock.clone();
    let panicked = thread::spawn(move || {
        let _guard = block_on(writing.write());
        std::panic::resume_unwind(Box::new("while it is locked"));
    });
    assert!(panicked.join().is_err());
    assert_eq!(*block_on(lock.read()), 1);
}

/// Guards that own the lock go to other threads.
#[test]
fn owned_guards_give_back() {
    let lock = Arc::new(RwLock::new(1));
    let mut writing = block_on(Arc::clone(&lock).write_owned());
    let mut reader = Box::pin(Arc::clone(&lock).read_owned());
    assert!(poll(&mut reader, Waker::noop()).is_pending());
    thread::spawn(move || *writing += 1).join().expect("it only adds");
    let Poll::Ready(reading) = poll(&mut reader, Waker::noop()) else { panic!("the writer is gone") };
    assert!(lock.try_read().is_some() && lock.try_write().is_none());
    thread::spawn(move || assert_eq!(*reading, 2)).join().expect("it only reads");
    assert!(lock.try_write().is_some());
}
