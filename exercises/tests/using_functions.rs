//! Exercises of the chapter "From synchronous to asynchronous": `stubs/using_functions.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/using_functions.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/using_functions.rs")]
mod using_functions;

use std::cell::RefCell;

use executor::sync::oneshot;
use executor::task;
use exercises::ends;
use using_functions::{both_words, together};

#[test]
fn exercise_1_both_words_in_their_order() {
    let journal = RefCell::default();
    task::block_on(both_words(&journal));
    assert_eq!(*journal.borrow(), ["first", "second"], "a call that is not awaited does not run");
}

#[test]
fn exercise_2_they_talk_to_each_other() {
    let heard = ends("one waits for the other, which has not started", || {
        let (question, asked) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        task::block_on(together(
            async {
                question.send("tea?").expect("there is a receiver");
                answered.await.expect("a reply")
            },
            async {
                let question = asked.await.expect("a question");
                answer.send("yes").expect("there is a receiver");
                question
            },
        ))
    });
    assert_eq!(heard, ("yes", "tea?"));
}
