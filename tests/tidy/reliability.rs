//! The files, tests and commands that docs/reliability.md and docs/hard-cases.md name exist.

use std::path::Path;

use weave::markdown::quoted;

use crate::source::{read, root};

/// The cells of the rows of a page's tables, without the headings.
pub(crate) fn rows(page: &str) -> Vec<Vec<&str>> {
    let mut lines = page.lines().peekable();
    let mut rows = Vec::new();
    while let Some(line) = lines.next() {
        let is_head = lines.peek().is_some_and(|next| next.starts_with("|--"));
        if line.starts_with("| ") && !is_head {
            rows.push(line.trim_matches('|').split('|').map(str::trim).collect());
        }
    }
    rows
}

/// Whether the file has a test of that name: a function under a `#[test]` attribute.
pub(crate) fn has_test(file: &str, name: &str) -> bool {
    let text = read(file);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_it = |line: &&str| line.strip_prefix(&format!("fn {name}(")).is_some();
    let Some(at) = lines.iter().position(is_it) else { return false };
    let attributes =
        lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("///"));
    attributes.into_iter().any(|line| *line == "#[test]")
}

/// Checks that a command runs something that exists.
fn check(command: &str, row: &str) {
    let mut words: Vec<&str> = command.split_whitespace().collect();
    while let Some((variable, _)) = words[0].split_once('=') {
        words.remove(0);
        let file = if words[0] == "bash" { words[1] } else { quoted(row)[0] };
        assert!(read(file).contains(variable), "{file} does not contain {variable}, of `{command}`");
    }
    match words[..] {
        ["bash", ".ci/nightly", step] => {
            assert!(read(".ci/nightly").contains(&format!("\n{step})\n")), "no such step: `{command}`");
        }
        ["bash", ".ci/run", step] => {
            assert!(read(".ci/run").contains(&format!("step '{step}")), "no such step: `{command}`");
        }
        ["bash", script, ref arguments @ ..] => {
            assert!(root().join(script).is_file(), "no {script}, of `{command}`");
            for argument in arguments.iter().filter(|word| word.starts_with(char::is_alphabetic)) {
                assert!(
                    read(script).contains(argument),
                    "{script} does not contain {argument}, of `{command}`"
                );
            }
        }
        ["cargo", "test", ..] => check_test(command, &words[2..], row),
        _ => panic!("what command is `{command}`?"),
    }
}

/// The same for `cargo test`, whose filter must be a test of the row, or its module.
fn check_test(command: &str, words: &[&str], row: &str) {
    let mut folder = root().join("tests");
    let mut words = words.iter().take_while(|word| **word != "--");
    while let Some(&word) = words.next() {
        match word {
            "--release" => {}
            "-p" => folder = root().join(words.next().expect("a package")).join("tests"),
            "--test" => {
                let name = words.next().expect("a test program");
                let places = [folder.join(format!("{name}.rs")), folder.join(name).join("main.rs")];
                assert!(places.iter().any(|place| place.exists()), "no test program {name}: `{command}`");
            }
            filter => {
                let named = quoted(row);
                let module = Path::new(named[0]).file_stem().and_then(|stem| stem.to_str());
                assert!(
                    module == Some(filter) || named[1..].contains(&filter),
                    "{filter} is neither the module nor a test of the row: `{command}`"
                );
            }
        }
    }
}

#[test]
fn what_the_reliability_page_names_is_there() {
    let page = read("docs/reliability.md");
    let rows = rows(&page);
    assert!(rows.len() > 40, "{} rows: has the table's form changed?", rows.len());
    for row in rows {
        let [_promise, checked_by, seen, command] = row[..] else { panic!("four cells: {row:?}") };
        assert!(!seen.is_empty(), "{row:?}");
        // Otherwise a tool checks the promise, and the row names only the command.
        if let [file, ref tests @ ..] = quoted(checked_by)[..] {
            assert!(root().join(file).exists(), "no {file}");
            for test in tests {
                assert!(has_test(file, test), "{file} has no test {test}");
            }
        }
        let [command] = quoted(command)[..] else { panic!("one command: {command}") };
        check(command, checked_by);
    }
}

/// The check above can fail.
#[test]
fn a_helper_is_no_test() {
    assert!(has_test("tests/tidy/reliability.rs", "a_helper_is_no_test"));
    assert!(!has_test("tests/tidy/reliability.rs", "has_test"));
    assert!(!has_test("tests/tidy/reliability.rs", "nothing"));
}
