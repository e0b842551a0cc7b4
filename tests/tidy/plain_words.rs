//! The source and its texts use the field's words.
//!
//! The project once had a vocabulary of its own: a thread had a "seat", and was woken by a "doorbell". A reader who knows
//! other runtimes had to learn it first. These words are gone, and must not return; beside each is what to write.

use std::path::Path;

use weave::Tree;

use crate::source::root;

/// The words, in lower case, and the field's words for them.
const WORDS: [(&str, &str); 33] = [
    ("seat", "the driver's role"),
    ("seats", "the driver's role"),
    ("guest", "a thread in block_on"),
    ("guests", "threads in block_on"),
    ("doorbell", "a parker, a notifier"),
    ("heir", "the successor"),
    ("vacant", "offered"),
    ("get_up", "stop driving"),
    ("step_back", "leave the standby list"),
    ("wait_awake", "spin"),
    ("poured", "cascaded"),
    ("laggard", "a lagging receiver"),
    ("laggards", "lagging receivers"),
    ("manners", "cooperative scheduling"),
    ("foreign code", "user code"),
    ("whoever", "the thread that, a client that"),
    ("answers", "returns, replies, explains"),
    ("to be had", "available"),
    ("bell", "a parker, a notifier"),
    ("bells", "parkers, notifiers"),
    ("by then", "already, at that moment"),
    ("time is over", "the deadline has elapsed"),
    ("limit is over", "the limit has elapsed"),
    ("mended", "fixed"),
    ("wake_at_home", "wake locally"),
    ("look_around", "poll the reactor if that is due"),
    ("someone_needed", "the worker to notify"),
    ("unlist", "come back"),
    ("teeth", "seeded faults"),
    ("the house", "this repository"),
    ("side rooms", "the rest of the source"),
    ("so many", "this many, a number"),
    ("at home", "on the owner's thread"),
];

/// Kinds of files that people read; the scripts in .ci have none.
const KINDS: [&str; 13] =
    ["", "rs", "md", "toml", "sh", "mjs", "js", "css", "svg", "html", "txt", "cures", "stderr"];

#[test]
fn nothing_is_called_by_a_word_of_our_own() {
    let mut found = Vec::new();
    let mut files = 0;
    let top = [
        "README.md",
        "executor/",
        "reactor/",
        "chat/",
        "examples/",
        "exercises/",
        "benches/",
        "docs/",
        "tests/",
        ".ci/",
        ".cargo/",
        "fuzz/Cargo.toml",
        "fuzz/fuzz_targets/",
        "Cargo.toml",
        "deny.toml",
    ];
    let tree = Tree::load(root());
    let read = top.iter().flat_map(|start| tree.under(start)).filter(|(path, _)| is_read(path));
    for (path, text) in read {
        files += 1;
        for (at, line) in text.lines().enumerate() {
            let lower = line.to_lowercase();
            for (word, better) in WORDS {
                if has_word(&lower, word) {
                    found.push(format!("{path}:{}: \"{word}\": {better}", at + 1));
                }
            }
        }
    }
    assert!(files > 500, "only {files} files were read");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Whether `word` is in the line, not as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let part = |found: Option<char>| found.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    line.match_indices(word)
        .any(|(at, _)| !part(line[..at].chars().next_back()) && !part(line[at + word.len()..].chars().next()))
}

/// Whether people read that file, and it is not this one.
fn is_read(path: &str) -> bool {
    let kind = Path::new(path).extension().and_then(|kind| kind.to_str()).unwrap_or("");
    KINDS.contains(&kind) && path != file!()
}

#[test]
fn a_word_is_found_by_itself_only() {
    assert!(has_word("the seat.", "seat") && has_word("a seat", "seat"));
    assert!(!has_word("in a seating", "seat") && !has_word("get_seat", "seat"));
}
