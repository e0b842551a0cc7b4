//! The first of two futures, without bias; and one more command. One solution.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Exercise 1. Returns the output of the future that is ready first. `turn` says which one is polled first,
/// and each call inverts it. So if both are always ready, neither starves.
pub async fn first_of<T>(turn: &mut bool, one: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    let (mut one, mut other) = (pin!(one), pin!(other));
    *turn = !*turn;
    poll_fn(|cx| {
        for poll_one in [*turn, !*turn] {
            let polled = if poll_one { one.as_mut().poll(cx) } else { other.as_mut().poll(cx) };
            if polled.is_ready() {
                return polled;
            }
        }
        Poll::Pending
    })
    .await
}

#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Join { group: String },
    Leave { group: String },
    Post { group: String, message: String },
}

/// Exercise 2. Parses `leave GROUP`, too. Returns `None` if a command lacks a word, or has too many.
pub fn parse(line: &str) -> Option<Command> {
    let (word, rest) = first_word(line)?;
    let (group, rest) = first_word(rest)?;
    let group = group.to_owned();
    let alone = rest.trim().is_empty();
    match word {
        "join" if alone => Some(Command::Join { group }),
        "leave" if alone => Some(Command::Leave { group }),
        "post" => Some(Command::Post { group, message: rest.trim().to_owned() }),
        _ => None,
    }
}

fn first_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}
