//! The table of the chapter "Cancelled": each operation that may wait has its row, and each row has its tests.
//!
//! An operation is a public `async fn`, a public function that returns a future or a stream, or a public type that is
//! one. So an operation that is added without a row fails here.

use std::collections::BTreeSet;

use weave::items::items;
use weave::markdown::quoted;

use crate::public_items::hidden;
use crate::reliability::{has_test, rows};
use crate::source::{Source, crate_sources, read, words};

const CHAPTER: &str = "docs/book/src/cancelled.md";

/// The channels: each has a type `Sender` and a type `Receiver`, so in a row the module is part of their name.
const CHANNELS: [&str; 4] = ["mpsc", "oneshot", "broadcast", "watch"];

/// What the crates re-export from futures-lite, and which this test therefore does not find.
const OF_FUTURES_LITE: [&str; 21] = [
    "AsyncBufReadExt::fill_buf",
    "AsyncBufReadExt::lines",
    "AsyncBufReadExt::read_line",
    "AsyncBufReadExt::read_until",
    "AsyncBufReadExt::split",
    "AsyncReadExt::read",
    "AsyncReadExt::read_exact",
    "AsyncReadExt::read_to_end",
    "AsyncReadExt::read_to_string",
    "AsyncReadExt::read_vectored",
    "AsyncWriteExt::close",
    "AsyncWriteExt::flush",
    "AsyncWriteExt::write",
    "AsyncWriteExt::write_all",
    "AsyncWriteExt::write_vectored",
    "StreamExt::collect",
    "StreamExt::next",
    "StreamExt::try_next",
    "copy",
    "or",
    "poll_once",
];

/// No row: it drops others, in tests.
const LEFT_OUT: [&str; 1] = ["at_each_await"];

/// The name of an item as it is in a row: with its module, if it belongs to a channel.
fn qualified(path: &str, name: &str) -> String {
    let parts: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
    let channel = CHANNELS.iter().find(|channel| parts.contains(channel));
    channel.map_or_else(|| name.to_owned(), |channel| format!("{channel}::{name}"))
}

/// The signature that begins at a line, as one line.
fn signature(source: &Source, first: usize) -> String {
    let lines = source.lines[first..].iter().map(|line| line.code.trim());
    let mut signature = String::new();
    for line in lines {
        signature.push_str(line);
        signature.push(' ');
        if line.ends_with('{') || line.ends_with(';') {
            break;
        }
    }
    signature
}

/// Whether a public function waits: by its signature.
fn waits(signature: &str) -> bool {
    let head = signature.split(" where ").next().expect("a split has a first part");
    let returned = head.rsplit_once("->").map_or("", |(_, returned)| returned);
    signature.contains("async fn ") || returned.contains("Future<") || returned.contains("impl Stream<")
}

/// The operations of a file.
fn operations(source: &Source) -> Vec<String> {
    let all = items(source);
    let mut found = Vec::new();
    for (number, line) in source.lines.iter().enumerate().filter(|(_, line)| !line.test) {
        let code = line.code.trim();
        let is_function = code.starts_with("pub fn ") || code.starts_with("pub async fn ");
        if is_function && waits(&signature(source, number)) {
            let around = all.iter().filter(|item| item.bare.contains(&number));
            let item = around.min_by_key(|item| item.bare.len()).expect("a function is an item");
            let name = code.split_once("fn ").and_then(|(_, rest)| words(rest).next()).expect("a name");
            let in_macro = !item.name.ends_with(name);
            found.push(qualified(&source.path, if in_macro { name } else { &item.name }));
        }
    }
    for item in &all {
        let of =
            ["impl Future for ", "impl Stream for "].iter().find_map(|head| item.name.strip_prefix(head));
        let Some(name) = of.and_then(|name| words(name).next()) else { continue };
        let is_public = |line: &str| {
            let mut words = words(line)
                .skip_while(|word| *word == "pub")
                .skip_while(|word| ["struct", "enum"].contains(word));
            line.starts_with("pub ") && words.next() == Some(name)
        };
        if source.text.lines().any(is_public) && !source.lines[item.bare.start].test {
            found.push(qualified(&source.path, name));
        }
    }
    found
}

/// All operations of both crates.
fn all_operations() -> BTreeSet<String> {
    let mut found: BTreeSet<String> = OF_FUTURES_LITE.map(String::from).into();
    for name in ["executor", "reactor"] {
        let hidden = hidden(name);
        let sources = crate_sources(name);
        let shown = sources
            .iter()
            .filter(|source| !hidden.iter().any(|end| source.path.ends_with(&format!("/{end}"))));
        found.extend(shown.flat_map(operations));
    }
    for name in LEFT_OUT {
        assert!(found.remove(name), "{name} is no operation any more");
    }
    found
}

/// Whether a row's name is that of an operation. One that a macro makes for several types has no type of its own.
fn stands_for(row: &str, operation: &str) -> bool {
    row == operation
        || !operation.contains("::") && row.rsplit_once("::").is_some_and(|(_, name)| name == operation)
}

#[test]
fn each_operation_has_a_row() {
    let operations = all_operations();
    assert!(operations.len() > 90, "only {}: has their form changed?", operations.len());
    let page = read(CHAPTER);
    let named: Vec<&str> = table(&page).iter().flat_map(|row| quoted(row[0])).collect();
    let missing: Vec<&String> =
        operations.iter().filter(|operation| !named.iter().any(|row| stands_for(row, operation))).collect();
    assert!(missing.is_empty(), "{CHAPTER} does not say what a cancel of these does: {missing:#?}");
    let sources: Vec<Source> = ["executor", "reactor"].into_iter().flat_map(crate_sources).collect();
    let named_in = |source: &Source| -> Vec<_> {
        items(source).iter().map(|item| qualified(&source.path, &item.name)).collect()
    };
    let all: BTreeSet<String> = sources.iter().flat_map(named_in).collect();
    let unknown =
        |row: &&&str| !operations.iter().any(|operation| stands_for(row, operation)) && !all.contains(**row);
    let gone: Vec<&&str> = named.iter().filter(unknown).collect();
    assert!(gone.is_empty(), "{CHAPTER} names what is not there: {gone:?}");
}

/// The rows with a test in their last cell.
fn table(page: &str) -> Vec<Vec<&str>> {
    let rows: Vec<Vec<&str>> = rows(page).into_iter().filter(|row| row.len() == 5).collect();
    assert!(rows.len() > 45, "{} rows: has the table's form changed?", rows.len());
    rows
}

#[test]
fn each_row_has_its_tests() {
    for row in table(&read(CHAPTER)) {
        let [_operation, lost, _kept, in_a_loop, checked_by] = row[..] else { unreachable!("five cells") };
        assert!(!lost.is_empty(), "{row:?} does not say what is lost");
        let is_clear = ["yes", "no", "as "].iter().any(|begin| in_a_loop.starts_with(begin));
        assert!(is_clear, "{row:?} does not say whether a loop may drop it");
        let mut file = None;
        let mut tests = 0;
        for name in quoted(checked_by) {
            if name.ends_with(".rs") {
                file = Some(name);
                continue;
            }
            let file = file.unwrap_or_else(|| panic!("{row:?} names no file"));
            assert!(has_test(file, name), "{file} has no test {name}");
            tests += 1;
        }
        assert!(tests > 0, "{row:?} has no test");
    }
}

/// The checks above can fail.
#[test]
fn what_waits_is_recognised() {
    assert!(waits("pub async fn lock(&self) -> Guard {"));
    assert!(waits("pub fn lock(&self) -> impl Future<Output = Guard> {"));
    assert!(!waits("pub fn poll<F: Future<Output = ()>>(future: F) -> bool {"));
    assert!(!waits("pub fn spawn<F>(future: F) -> Handle where F: Future<Output = ()> {"));
    assert!(stands_for("UdpSocket::readable", "readable") && !stands_for("readable", "Async::readable"));
    assert_eq!(qualified("executor/src/sync/mpsc/sender.rs", "Sender::send"), "mpsc::Sender::send");
    assert_eq!(qualified("executor/src/sync/mutex.rs", "Mutex::lock"), "Mutex::lock");
}
