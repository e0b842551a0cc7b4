//! On one thread, a task whose lock or channel is always ready still lets the others run.

use std::cell::Cell;
use std::rc::Rc;

use executor::sync::{Mutex, mpsc};
use executor::task::{block_on, spawn_local, yield_now};

use crate::support::comes_to_an_end;

#[test]
fn neither_a_lock_nor_a_channel_keeps_the_thread() {
    comes_to_an_end(|| {
        let stop = Rc::new(Cell::new(false));
        let locking = spawn_local({
            let stop = Rc::clone(&stop);
            async move {
                let mutex = Mutex::new(0u64);
                while !stop.get() {
                    *mutex.lock().await += 1;
                }
            }
        });
        let sending = spawn_local({
            let stop = Rc::clone(&stop);
            async move {
                let (sender, mut receiver) = mpsc::channel(1);
                while !stop.get() {
                    sender.send(()).await.expect("it is there");
                    receiver.recv().await;
                }
            }
        });
        block_on(async move {
            for _ in 0..10 {
                yield_now().await;
            }
            stop.set(true);
            locking.await;
            sending.await;
        });
    });
}
