//! Exercises of the chapter "Async blocks": `stubs/using_blocks.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/using_blocks.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/using_blocks.rs")]
mod using_blocks;

use std::future::poll_fn;
use std::pin::pin;

use executor::task;
use using_blocks::{three, wait_for};

#[test]
fn exercise_1_no_number_is_reported_at_the_call() {
    assert!(wait_for("five").is_err(), "the call itself must return the error");
    let waiting = wait_for(&String::from("5")).expect("a number");
    assert_eq!(task::block_on(waiting), 5);
}

#[test]
fn exercise_1_it_yields_as_often_as_the_text_says() {
    for text in ["0", "1", "5"] {
        let mut waiting = pin!(wait_for(text).expect("a number"));
        let mut yields = 0;
        let turns = task::block_on(poll_fn(|cx| {
            let polled = waiting.as_mut().poll(cx);
            yields += u32::from(polled.is_pending());
            polled
        }));
        assert_eq!((turns, yields), (text.parse().unwrap(), turns), "the output, and the yields");
    }
}

#[test]
fn exercise_2_each_is_ready_in_its_time() {
    let words = three("tea", "with", async { "milk".to_owned() });
    let polls: Vec<u32> = task::block_on(async {
        let mut counts = Vec::new();
        for mut word in words {
            let mut polls = 0;
            poll_fn(|cx| {
                polls += 1;
                word.as_mut().poll(cx)
            })
            .await;
            counts.push(polls);
        }
        counts
    });
    assert_eq!(polls, [1, 2, 1], "the first is ready at once, the second after one yield");
}

#[test]
fn exercise_2_three_of_a_kind() {
    let words = {
        let (first, second) = (String::from("tea"), String::from("with"));
        three(&first, &second, async { "milk".to_owned() })
    };
    let sentence = task::block_on(async {
        let mut sentence = Vec::new();
        for word in words {
            sentence.push(word.await);
        }
        sentence.join(" ")
    });
    assert_eq!(sentence, "tea with milk");
}
