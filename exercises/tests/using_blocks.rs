//! Exercises of the chapter "Async blocks": `stubs/using_blocks.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/using_blocks.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/using_blocks.rs")]
mod using_blocks;

use executor::task;
use using_blocks::{three, wait_for};

#[test]
fn exercise_1_no_number_is_reported_at_the_call() {
    assert!(wait_for("five").is_err(), "the call itself must return the error");
    let waiting = wait_for(&String::from("5")).expect("a number");
    assert_eq!(task::block_on(waiting), 5);
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
