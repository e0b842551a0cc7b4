//! Exercises of the chapter "Bridging": `stubs/bridging.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/bridging.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/bridging.rs")]
mod bridging;

use std::cell::RefCell;
use std::io::Read;
use std::pin::pin;
use std::task::{Context, Poll};

use bridging::{Callback, Callee, FromTask, Library, Sample, ask};
use executor::sync::mpsc;
use executor::task;
use exercises::{Calls, ends};

/// Keeps the callback until the test calls or drops it.
#[derive(Default)]
struct Kept(RefCell<Option<(String, Callback)>>);

impl Library for Kept {
    fn ask(&self, question: &str, callback: Callback) {
        self.0.replace(Some((question.to_owned(), callback)));
    }
}

impl Kept {
    fn callback(&self) -> Callback {
        let (question, callback) = self.0.take().expect("the library was asked");
        assert_eq!(question, "how many?");
        callback
    }
}

#[test]
fn exercise_1_the_future_waits_and_is_woken_once() {
    ends("the poll blocks the thread", || {
        let library = Kept::default();
        let (calls, waker) = Calls::waker();
        let mut cx = Context::from_waker(&waker);
        let mut future = pin!(ask(&library, "how many?"));
        assert!(future.as_mut().poll(&mut cx).is_pending());
        assert_eq!(calls.count(), 0, "it asks to be polled again, though there is no reply");
        library.callback()(42);
        assert_eq!(calls.count(), 1, "the reply has come");
        assert_eq!(future.as_mut().poll(&mut cx), Poll::Ready(Some(42)));
    });
}

#[test]
fn exercise_1_a_callback_that_is_dropped_is_no_reply() {
    ends("it waits for a reply that cannot come", || {
        let library = Kept::default();
        let (calls, waker) = Calls::waker();
        let mut cx = Context::from_waker(&waker);
        let mut future = pin!(ask(&library, "how many?"));
        assert!(future.as_mut().poll(&mut cx).is_pending());
        drop(library.callback());
        assert_eq!(calls.count(), 1);
        assert_eq!(future.as_mut().poll(&mut cx), Poll::Ready(None));
    });
}

#[test]
fn exercise_1_a_late_reply_does_no_harm() {
    ends("the poll blocks the thread", || {
        let library = Kept::default();
        let (_, waker) = Calls::waker();
        let mut future = Box::pin(ask(&library, "how many?"));
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(future); // For example by a timeout.
        library.callback()(42);
    });
}

/// What a reader with a buffer of this size gets.
fn read_by(size: usize, pieces: &'static [&'static str]) -> String {
    ends("the read does not come to its end", move || {
        task::block_on(async {
            let (sender, receiver) = mpsc::channel(1);
            let reading = task::spawn_blocking(move || {
                let (mut reader, mut text, mut buffer) = (FromTask::new(receiver), Vec::new(), vec![0; size]);
                loop {
                    match reader.read(&mut buffer).expect("no error") {
                        0 => break,
                        length => text.extend_from_slice(&buffer[..length]),
                    }
                }
                assert_eq!(reader.read(&mut buffer).expect("no error"), 0, "the end remains the end");
                String::from_utf8(text).expect("whole letters")
            });
            for piece in pieces {
                task::yield_now().await;
                if sender.send(piece.as_bytes().to_vec()).await.is_err() {
                    break; // It has read too little, as the test will say.
                }
            }
            drop(sender);
            reading.await
        })
    })
}

#[test]
fn exercise_2_nothing_is_lost_between_two_reads() {
    assert_eq!(read_by(4, &["a long piece", "b", "another one"]), "a long piecebanother one");
}

#[test]
fn exercise_2_an_empty_piece_is_not_the_end() {
    assert_eq!(read_by(100, &["", "one", "", "", "two", ""]), "onetwo");
}

#[test]
fn exercise_2_without_pieces_there_is_nothing_to_read() {
    assert_eq!(read_by(8, &[]), "");
}

/// Each test is inside of a task: there a call that blocks would panic.
#[test]
fn exercise_3_what_is_dropped_is_counted_once() {
    ends("the callback blocks the thread", || {
        task::block_on(async {
            let (sender, mut samples) = mpsc::channel(2);
            let mut callee = Callee::new(sender);
            for value in 1..=5 {
                assert!(callee.measured(value), "a full channel is not the end");
            }
            assert_eq!(samples.try_recv(), Ok(Sample { value: 1, lost: 0 }));
            assert!(callee.measured(6));
            assert!(callee.measured(7));
            assert_eq!(samples.try_recv(), Ok(Sample { value: 2, lost: 0 }));
            assert!(callee.measured(8));
            assert_eq!(samples.try_recv(), Ok(Sample { value: 6, lost: 3 }));
            assert_eq!(samples.try_recv(), Ok(Sample { value: 8, lost: 1 }));
            assert!(samples.try_recv().is_err());
            assert!(callee.measured(9));
            assert_eq!(samples.try_recv(), Ok(Sample { value: 9, lost: 0 }), "nothing was lost before it");
        });
    });
}

#[test]
fn exercise_3_the_driver_learns_that_nobody_receives() {
    ends("the callback blocks the thread", || {
        task::block_on(async {
            let (sender, samples) = mpsc::channel(1);
            let mut callee = Callee::new(sender);
            assert!(callee.measured(1));
            drop(samples);
            assert!(!callee.measured(2), "the receiver is gone");
        });
    });
}
