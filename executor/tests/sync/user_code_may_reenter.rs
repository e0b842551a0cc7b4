//! A waker's or a value's drop may use the channel that drops it, because no such drop happens under a lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;

use executor::sync::{Mutex, OnceCell, broadcast, mpsc, oneshot, watch};

use crate::support::{OnDrop, comes_to_an_end, poll};

#[test]
fn a_replaced_waker_may_use_the_lock() {
    comes_to_an_end(|| {
        let mutex = Arc::new(Mutex::new(()));
        let held = mutex.try_lock();
        let dropped = Arc::new(AtomicUsize::new(0));
        let waker = OnDrop::waker({
            let (mutex, dropped) = (Arc::clone(&mutex), Arc::clone(&dropped));
            move || {
                assert!(poll(&mut mutex.lock(), Waker::noop()).is_pending());
                dropped.fetch_add(1, Ordering::SeqCst);
            }
        });
        let mut lock = mutex.lock();
        assert!(poll(&mut lock, &waker).is_pending());
        drop(waker);
        assert!(poll(&mut lock, Waker::noop()).is_pending());
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
        drop(held);
    });
}

#[test]
fn a_replaced_waker_may_use_the_channel() {
    comes_to_an_end(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        let using = |sender: &mpsc::Sender<u8>| {
            let sender = sender.clone();
            OnDrop::waker(move || {
                let _ = sender.try_send(1);
            })
        };
        // The receiver's waker.
        let mut recv = receiver.recv();
        let waker = using(&sender);
        assert!(poll(&mut recv, &waker).is_pending());
        drop(waker);
        assert!(poll(&mut recv, Waker::noop()).is_pending());
        assert!(poll(&mut recv, Waker::noop()).is_ready(), "the waker's drop sent a value");
        drop(recv);
        // A sender's waker: replaced, then dropped with its send, then woken by the drop of the receiver.
        sender.try_send(0).expect("room");
        let mut send = sender.send(2);
        assert!(poll(&mut send, &using(&sender)).is_pending());
        assert!(poll(&mut send, &using(&sender)).is_pending());
        drop(send);
        let mut send = sender.send(2);
        assert!(poll(&mut send, &using(&sender)).is_pending());
        drop(receiver);
        drop(send);

        let (sender, mut receiver) = broadcast::channel::<u8>(1);
        let using = |sender: &broadcast::Sender<u8>| {
            let sender = sender.clone();
            OnDrop::waker(move || {
                let _ = sender.send(1);
            })
        };
        let mut recv = receiver.recv();
        assert!(poll(&mut recv, &using(&sender)).is_pending());
        assert!(poll(&mut recv, Waker::noop()).is_pending());
        assert!(poll(&mut recv, Waker::noop()).is_ready(), "the waker's drop sent a value");
        assert!(poll(&mut recv, &using(&sender)).is_pending());
        drop(recv);

        let (sender, mut receiver) = oneshot::channel::<u8>();
        let sender = Arc::new(sender);
        let waker = OnDrop::waker({
            let sender = Arc::clone(&sender);
            move || assert!(!sender.is_closed())
        });
        assert!(poll(&mut receiver, &waker).is_pending());
        drop(waker);
        assert!(poll(&mut receiver, Waker::noop()).is_pending());
    });
}

#[test]
fn a_dropped_value_may_use_the_channel() {
    comes_to_an_end(|| {
        type Again = Arc<OnDrop<Box<dyn Fn() + Send + Sync>>>;
        let dropped = Arc::new(AtomicUsize::new(0));

        // The value is dropped with the receiver's queue.
        let (sender, receiver) = mpsc::channel::<Again>(2);
        let value: Again = Arc::new(OnDrop(Box::new({
            let (sender, dropped) = (sender.clone(), Arc::clone(&dropped));
            move || {
                assert!(sender.is_closed());
                dropped.fetch_add(1, Ordering::SeqCst);
            }
        })));
        sender.try_send(value).expect("room");
        drop(receiver);
        assert_eq!(dropped.load(Ordering::SeqCst), 1);

        // A value is evicted by a send, and one is dropped with the last receiver.
        let (sender, receiver) = broadcast::channel::<Again>(1);
        for _ in 0..2 {
            let value: Again = Arc::new(OnDrop(Box::new({
                let (sender, dropped) = (sender.clone(), Arc::clone(&dropped));
                move || {
                    let _ = sender.receiver_count();
                    dropped.fetch_add(1, Ordering::SeqCst);
                }
            })));
            sender.send(value).expect("a receiver");
        }
        assert_eq!(dropped.load(Ordering::SeqCst), 2);
        drop(receiver);
        assert_eq!(dropped.load(Ordering::SeqCst), 3);

        let (sender, receiver) = oneshot::channel::<Again>();
        let (other, kept) = oneshot::channel::<()>();
        let other = Arc::new(other);
        let value: Again = Arc::new(OnDrop(Box::new({
            let (other, dropped) = (Arc::clone(&other), Arc::clone(&dropped));
            move || {
                assert!(!other.is_closed());
                dropped.fetch_add(1, Ordering::SeqCst);
            }
        })));
        assert!(sender.send(value).is_ok());
        drop(receiver);
        drop(kept);
        assert_eq!(dropped.load(Ordering::SeqCst), 4);
    });
}

/// A value's clone sends: it runs after the lock is released.
#[test]
fn a_clone_may_use_the_channel() {
    struct Echo(broadcast::Sender<Echo>, bool);
    impl Clone for Echo {
        fn clone(&self) -> Self {
            if self.1 {
                let _ = self.0.send(Echo(self.0.clone(), false));
            }
            Echo(self.0.clone(), false)
        }
    }
    comes_to_an_end(|| {
        let (sender, mut receiver) = broadcast::channel(4);
        let _behind = sender.subscribe();
        assert!(sender.send(Echo(sender.clone(), true)).is_ok());
        assert!(receiver.try_recv().is_ok());
        assert!(receiver.try_recv().is_ok(), "the clone sent a value");
        assert!(receiver.try_recv().is_err());
    });
}

/// The value has been replaced when its drop panics: the channel goes on.
#[test]
fn a_value_that_is_pushed_out_panics_in_its_sender() {
    #[derive(Clone)]
    struct PanicsOnce(Option<Arc<AtomicUsize>>);
    impl Drop for PanicsOnce {
        fn drop(&mut self) {
            if self.0.as_ref().is_some_and(|drops| drops.fetch_add(1, Ordering::SeqCst) == 0) {
                std::panic::resume_unwind(Box::new("the drop of a value"));
            }
        }
    }
    let (sender, mut receiver) = broadcast::channel(1);
    assert!(sender.send(PanicsOnce(Some(Arc::default()))).is_ok());
    let sending = std::panic::AssertUnwindSafe(|| sender.send(PanicsOnce(None)).is_ok());
    assert!(std::panic::catch_unwind(sending).is_err());
    assert!(matches!(receiver.try_recv(), Err(broadcast::TryRecvError::Lagged(1))));
    assert!(receiver.try_recv().is_ok_and(|value| value.0.is_none()));
    assert!(sender.send(PanicsOnce(None)).is_ok());
}

/// The value that a send replaces, and the last one, are dropped outside of the channel's locks.
#[test]
fn a_value_that_is_replaced_may_use_the_watch() {
    comes_to_an_end(|| {
        type Again = Arc<OnDrop<Box<dyn Fn() + Send + Sync>>>;
        let dropped = Arc::new(AtomicUsize::new(0));
        let (sender, mut receiver) = watch::channel::<Option<Again>>(None);
        for _ in 0..2 {
            let value: Again = Arc::new(OnDrop(Box::new({
                let (sender, dropped) = (sender.clone(), Arc::clone(&dropped));
                move || {
                    assert!(sender.borrow().is_some() || sender.receiver_count() == 0);
                    dropped.fetch_add(1, Ordering::SeqCst);
                }
            })));
            assert!(sender.send(Some(value)).is_ok());
        }
        assert_eq!(dropped.load(Ordering::SeqCst), 1, "the first was replaced");
        receiver.borrow_and_update();
        drop(receiver);
        drop(sender.send_replace(None));
        assert_eq!(dropped.load(Ordering::SeqCst), 2);
    });
}

/// The future that makes a value may look at the cell.
#[test]
fn a_cell_may_be_looked_at_while_it_is_made() {
    comes_to_an_end(|| {
        let cell = OnceCell::new();
        let made = futures_lite::future::block_on(cell.get_or_init(async || {
            assert_eq!((cell.get(), cell.set(1)), (None, Err(1)));
            2
        }));
        assert_eq!(made, &2);
    });
}
