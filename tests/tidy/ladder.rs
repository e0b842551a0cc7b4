//! The ladder's source: fourteen short files. Each fixes a flaw of the one before, and needs no other.
//!
//! `tests/ladder` checks that each runs, and what it prints.

use std::collections::BTreeSet;

use crate::source::{CRATES, Source, read, rust_files, words};

/// The rungs, from the first to the last.
pub(crate) fn rungs() -> Vec<Source> {
    let files = rust_files("examples");
    let rungs: Vec<Source> =
        files.iter().filter(|path| number(path).is_some()).map(|path| Source::read(path)).collect();
    for (at, rung) in rungs.iter().enumerate() {
        assert_eq!(number(&rung.path), Some(at + 1), "{}: the rungs are numbered without a gap", rung.path);
    }
    assert_eq!(rungs.len(), 14);
    rungs
}

/// The `7` of `examples/07_timers.rs`.
fn number(path: &str) -> Option<usize> {
    path.strip_prefix("examples/")?.split_once('_')?.0.parse().ok()
}

/// The rungs that a text names, as `rung 07`.
fn named(text: &str) -> Vec<usize> {
    let text = text.to_lowercase();
    let after = text.split("rung ").skip(1);
    after.filter_map(|rest| rest.get(..2)?.parse().ok()).collect()
}

#[test]
fn a_rung_is_about_a_hundred_lines() {
    const ALL: usize = 1700;
    let mut sum = 0;
    println!("The ladder: lines that count, lines of code");
    for rung in rungs() {
        // The reactor and the raw task are taken through their steps one by one. The raw task is the longest idea,
        // too, and the last rung has all ideas.
        let limit = match number(&rung.path) {
            Some(14) => 160,
            Some(13) => 165,
            Some(8) => 130,
            _ => 100,
        };
        let (lines, plain) = (rung.telling_lines(), rung.code_lines());
        println!("  {lines:>5}  {plain:>5}  {}", rung.path);
        assert!(lines <= limit, "{} has {lines} lines that count, of {limit}", rung.path);
        sum += plain;
    }
    println!("         {sum:>5}  in all, of {ALL}");
    assert!(sum <= ALL, "the ladder has {sum} lines of code, of {ALL}");
}

#[test]
fn a_rung_begins_with_the_flaw_of_the_one_before_and_ends_with_its_own() {
    let rungs = rungs();
    for (at, rung) in rungs.iter().enumerate() {
        let (number, path) = (at + 1, &rung.path);
        let head: Vec<&str> = rung.text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(head[0].starts_with(&format!("//! Rung {number:02}: ")), "{path}: the first line");
        let name = path.trim_start_matches("examples/").trim_end_matches(".rs");
        assert_eq!(head[2], format!("//!     cargo run --example {name}"), "{path}: how to run it");
        let fixed = named(&head.join("\n")).into_iter().filter(|&other| other < number);
        assert!(number == 1 || fixed.count() > 0, "{path}: its head names no rung whose flaw it fixes");

        // The last comment, then the last line that is printed, then the end of main.
        let close = rung.text.rsplit_once("\n    // Still wrong: ").map(|(_, close)| close);
        let close = close.unwrap_or_else(|| panic!("{path}: it has no close"));
        let (comment, print) = close.split_once("\n    println!(\"Still wrong: ").unwrap_or_else(|| {
            panic!("{path}: it prints something else at the end: {close}");
        });
        let (printed, rest) = print.split_once("\");\n").expect("the statement ends");
        let rest = rest.trim_start().trim_start_matches("Ok(())").trim();
        assert_eq!(rest, "}", "{path}: main goes on after that line");
        for part in [comment, printed] {
            let names_its_cure = named(part).iter().any(|&other| other > number);
            assert!(names_its_cure || number == rungs.len(), "{path}: which rung fixes it? {part}");
        }
    }
}

#[test]
fn a_rung_stands_by_itself() {
    for rung in rungs() {
        for (line_number, line) in rung.shipped() {
            let here = format!("{}:{line_number}", rung.path);
            let code = line.code.trim();
            assert!(!code.starts_with("mod ") || !code.ends_with(';'), "{here}: a module in another file");
            let ours = words(code).any(|word| CRATES.contains(&word));
            assert!(!ours || !code.contains("use "), "{here}: a rung uses std, not the project");
        }
        let unsafe_words = rung.count_word("unsafe");
        let may = [3, 8, 12, 13, 14].contains(&number(&rung.path).expect("a rung has a number"));
        assert!(may || unsafe_words == 0, "{} must be safe Rust", rung.path);
    }
}

/// The parts that the book may include, between the comments `ANCHOR: 07_name` and `ANCHOR_END: 07_name`.
#[test]
fn the_anchors_of_a_rung_can_be_included() {
    const LONGEST: usize = 40;
    let mut all = BTreeSet::new();
    for rung in rungs() {
        let path = &rung.path;
        let number = number(path).expect("a rung has a number");
        let mut open: Vec<(&str, usize)> = Vec::new();
        let mut count = 0;
        for (at, line) in rung.text.lines().enumerate() {
            if let Some(name) = line.trim().strip_prefix("// ANCHOR: ") {
                assert!(name.starts_with(&format!("{number:02}_")), "{path}: anchor {name}");
                assert!(all.insert(name.to_owned()), "{path}: anchor {name} is there twice");
                open.push((name, at));
                count += 1;
            } else if let Some(name) = line.trim().strip_prefix("// ANCHOR_END: ") {
                let (opened, begin) = open.pop().unwrap_or_else(|| panic!("{path}: {name} was not opened"));
                assert_eq!(name, opened, "{path}: the anchors cross");
                let lines = at - begin - 1;
                assert!((1..=LONGEST).contains(&lines), "{path}: {name} has {lines} lines, of {LONGEST}");
            }
        }
        assert!(open.is_empty(), "{path}: {open:?} stay open");
        assert!((3..=6).contains(&count), "{path} has {count} anchors");
    }
}

#[test]
fn the_list_of_examples_leads_to_each_rung() {
    let page = read("docs/examples.md");
    let (_, table) = page.split_once("\n## The ladder\n").expect("docs/examples.md has the ladder");
    let table = table.split("\n#").next().expect("a split has a first part");
    let shown: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| [`")?.split_once("](")?.1.split_once(')'))
        .map(|(path, _)| path.trim_start_matches("../"))
        .collect();
    let rungs = rungs();
    let files: Vec<&str> = rungs.iter().map(|rung| rung.path.as_str()).collect();
    assert_eq!(shown, files, "the table of the ladder in docs/examples.md");
}
