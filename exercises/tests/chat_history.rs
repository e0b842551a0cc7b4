//! Exercises of the chapter "What a log promises": `stubs/chat_history.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_history.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_history.rs")]
mod chat_history;

use std::io;
use std::sync::{Arc, Mutex, mpsc};

use chat_history::{Log, deliver};
use executor::task;
use exercises::ends;

#[test]
fn exercise_1_appends_that_wait_share_a_commit() {
    let commits = Arc::new(Mutex::new(Vec::new()));
    let committed = commits.clone();
    let numbers = ends("an append does not return", move || {
        // The first commit waits until all others have been appended.
        let (release, released) = mpsc::channel();
        let released = Mutex::new(released);
        let log = Arc::new(Log::new(Arc::new(move |batch: &[String]| {
            let first = committed.lock().unwrap().is_empty();
            committed.lock().unwrap().push(batch.len());
            if first {
                released.lock().unwrap().recv().unwrap();
            }
            Ok(())
        })));
        task::block_on(async move {
            let append = |number: u32| {
                let log = log.clone();
                task::spawn_local(async move { log.append(number.to_string()).await })
            };
            let appended: Vec<_> = (0..100).map(append).collect();
            for _ in 0..3 {
                task::yield_now().await;
            }
            release.send(()).unwrap();
            let mut numbers = Vec::new();
            for append in appended {
                numbers.push(append.await.unwrap());
            }
            numbers
        })
    });
    assert_eq!(numbers, (1..=100).collect::<Vec<u64>>(), "the numbers follow the order of the appends");
    let commits = commits.lock().unwrap();
    assert!(commits.len() <= 3, "{} commits for 100 appends, of which 99 waited", commits.len());
}

#[test]
fn exercise_1_a_failed_append_takes_no_number() {
    // An append may come before or after the log has seen that nothing waits: a hundred logs meet both.
    for _ in 0..100 {
        let log = Log::new(Arc::new(|batch: &[String]| match batch.iter().any(|message| message == "bad") {
            true => Err(io::Error::other("the disk is full")),
            false => Ok(()),
        }));
        let outcomes = ends("an append does not return", move || {
            task::block_on(async move {
                let mut outcomes = Vec::new();
                for message in ["one", "bad", "two"] {
                    outcomes.push(log.append(message.to_string()).await.ok());
                }
                outcomes
            })
        });
        assert_eq!(outcomes, [Some(1), None, Some(2)], "the numbers have no gap");
    }
}

#[test]
fn exercise_2_each_number_comes_once() {
    // 5 was posted between the subscription and the read of the last page.
    assert_eq!(deliver(1, vec![vec![2, 3], vec![4, 5]], vec![5, 6]), [2, 3, 4, 5, 6]);
    assert_eq!(deliver(0, vec![vec![]], vec![1, 2]), [1, 2]);
    assert_eq!(deliver(6, vec![], vec![5, 6, 7]), [7], "the member has those up to 6");
    assert_eq!(deliver(6, vec![vec![7, 8]], vec![5, 6, 7]), [7, 8], "the channel was subscribed earlier");
}
