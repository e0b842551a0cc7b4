//! Exercises of the chapter "Connections, and an asynchronous mutex": `stubs/chat_async_mutex.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_async_mutex.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_async_mutex.rs")]
mod chat_async_mutex;

use std::io;

use chat_async_mutex::{Shared, writer};
use executor::task;
use exercises::{Recorder, ends};
use futures_lite::future::{block_on, poll_once, zip};

#[test]
fn exercise_1_lines_of_two_tasks_stay_whole() {
    let shared = Shared::new(Recorder { most: 2, slow: true, ..Recorder::default() });
    let (one, other) = block_on(zip(shared.send("one line"), shared.send("another")));
    assert!(one.is_ok() && other.is_ok());
    let text = shared.into_inner().text();
    assert!(text == "one line\nanother\n" || text == "another\none line\n", "{text:?}");
}

#[test]
fn exercise_1_nothing_follows_a_torn_line() {
    let shared = Shared::new(Recorder { most: 2, slow: true, ..Recorder::default() });
    {
        let mut cancelled = Box::pin(shared.send("a line that stays incomplete"));
        for _ in 0..3 {
            assert!(block_on(poll_once(&mut cancelled)).is_none());
        }
    }
    let after = block_on(shared.send("the next"));
    let text = shared.into_inner().text();
    assert!(!text.contains("next"), "the other end reads {text:?}");
    assert_eq!(after.expect_err("nothing may follow").kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn exercise_2_the_task_writes_all_lines() {
    let written = task::block_on(async {
        let (sender, handle) = writer(Recorder { most: 3, slow: true, ..Recorder::default() });
        for number in 0..20 {
            sender.send(format!("line {number}")).await.expect("the task lives");
        }
        drop(sender);
        handle.await.text()
    });
    let expected: String = (0..20).map(|number| format!("line {number}\n")).collect();
    assert_eq!(written, expected);
}

#[test]
fn exercise_2_a_writer_that_fails_is_noticed() {
    ends("its writer has failed, but the task goes on", || {
        task::block_on(async {
            let (sender, handle) = writer(Recorder { broken: true, ..Recorder::default() });
            let first = sender.send("lost".to_owned()).await;
            assert!(first.is_ok(), "it was only queued");
            handle.await;
            assert!(
                sender.send("refused".to_owned()).await.is_err(),
                "the task that would write it has ended"
            );
        });
    });
}
