//! Exercises of the chapter "How large is a future?": `stubs/size.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/size.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/size.rs")]
mod size;

use std::cell::RefCell;
use std::pin::pin;
use std::task::{Context, Poll};

use executor::future::join;
use executor::sync::mpsc;
use executor::task::{block_on, yield_now};
use exercises::{Calls, ends};
use size::{Disk, most_frequent, noted, total};

/// Sends batches, and returns the results.
fn results_of(batches: &[&[u16]]) -> Vec<u16> {
    let (sender, receiver) = mpsc::channel(1);
    let (results, mut received) = mpsc::channel(1);
    let mut all = Vec::new();
    block_on(join((
        most_frequent(receiver, results),
        async {
            for batch in batches {
                sender.send(batch.to_vec()).await.expect("it receives every batch");
            }
            drop(sender);
        },
        async {
            while let Some(result) = received.recv().await {
                all.push(result);
            }
        },
    )));
    all
}

#[test]
fn exercise_1_the_future_is_small() {
    let size = size_of_val(&most_frequent(mpsc::channel(1).1, mpsc::channel(1).0));
    assert!(size < 1024, "it has {size} bytes: the table is still in the future");
}

#[test]
fn exercise_1_the_results_are_right() {
    assert_eq!(results_of(&[&[7, 4095, 7], &[2, 1, 1, 2], &[0], &[]]), [7, 1, 0, 0]);
    assert_eq!(results_of(&[&[3; 10], &[4]]), [3, 4], "each batch is counted by itself");
}

#[test]
fn exercise_1_without_a_receiver_it_ends() {
    let (sender, receiver) = mpsc::channel(2);
    let (results, received) = mpsc::channel(1);
    drop(received);
    assert!(sender.try_send(vec![1]).is_ok() && sender.try_send(vec![2]).is_ok());
    ends("nobody wants the results, and it waits for another batch", move || {
        block_on(most_frequent(receiver, results));
        drop(sender);
    });
}

/// A future of 4 KiB, which may not be moved once it has been polled.
async fn large() -> u8 {
    let bytes = [7; 4096];
    yield_now().await;
    bytes[4095]
}

#[test]
fn exercise_2_the_future_is_in_it_once() {
    let inner = size_of_val(&large());
    let journal = RefCell::default();
    let future = noted(&journal, large());
    let outer = size_of_val(&future);
    assert!(outer <= inner + 64, "the inner future has {inner} bytes, the outer one {outer}");
    assert!(outer >= inner, "{outer} bytes have no room for {inner}: it is in a box");
}

#[test]
fn exercise_2_the_beginning_and_the_end_are_noted() {
    let journal = RefCell::default();
    let (_, waker) = Calls::waker();
    let mut cx = Context::from_waker(&waker);
    let pauses_once = async {
        let mut polled = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut polled, true) { Poll::Ready(7) } else { Poll::Pending }
        })
        .await
    };
    let mut future = pin!(noted(&journal, pauses_once));
    assert!(journal.borrow().is_empty(), "it was not polled yet");
    assert!(future.as_mut().poll(&mut cx).is_pending());
    assert_eq!(*journal.borrow(), ["begun"]);
    assert_eq!(future.as_mut().poll(&mut cx), Poll::Ready(7));
    assert_eq!(*journal.borrow(), ["begun", "ended"]);
}

#[test]
fn exercise_3_all_folders_below_one_are_added_up() {
    let mut disk = Disk::default();
    let root = disk.add(None, 1);
    let (left, right) = (disk.add(Some(root), 10), disk.add(Some(root), 100));
    disk.add(Some(left), 1000);
    disk.add(Some(right), 10_000);
    disk.add(Some(right), 100_000);
    assert_eq!(block_on(total(&disk, root)), 111_111);
    assert_eq!(block_on(total(&disk, right)), 110_100, "only those below it");
    assert_eq!(block_on(total(&disk, left)), 1010);
}

/// A stack that overflows ends the whole program.
#[test]
fn exercise_3_the_depth_does_not_matter() {
    let sum = ends("it takes too long", || {
        let mut disk = Disk::default();
        let root = disk.add(None, 1);
        let mut within = root;
        for _ in 1..100_000 {
            within = disk.add(Some(within), 1);
        }
        block_on(total(&disk, root))
    });
    assert_eq!(sum, 100_000);
}
