//! The ladder's text: fourteen short files, each grown from the one before and by itself.
//!
//! That each runs, and what it prints, is tested in `tests/ladder`.

use std::collections::BTreeSet;

use crate::source::{CRATES, Source, read, rust_files, words};

/// The rungs, from the first to the last.
fn rungs() -> Vec<Source> {
    let files = rust_files("examples");
    let rungs: Vec<Source> =
        files.iter().filter(|path| number(path).is_some()).map(|path| Source::read(path)).collect();
    for (at, rung) in rungs.iter().enumerate() {
        assert_eq!(number(&rung.path), Some(at + 1), "{}: the rungs are counted without a gap", rung.path);
    }
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
    const A_RUNG: usize = 140;
    const THE_LAST: usize = 200;
    const ALL: usize = 1600;
    let mut sum = 0;
    println!("The ladder, lines of code:");
    for rung in rungs() {
        let (lines, limit) =
            (rung.code_lines(), if number(&rung.path) == Some(14) { THE_LAST } else { A_RUNG });
        println!("  {lines:>5}  {}", rung.path);
        assert!(lines <= limit, "{} has {lines} lines of code, of {limit}", rung.path);
        sum += lines;
    }
    println!("  {sum:>5}  in all, of {ALL}");
    assert!(sum <= ALL, "the ladder has {sum} lines of code, of {ALL}");
}

#[test]
fn a_rung_begins_with_the_flaw_of_the_one_before_and_ends_with_its_own() {
    let rungs = rungs();
    for (at, rung) in rungs.iter().enumerate() {
        let (number, path) = (at + 1, &rung.path);
        let head: String = rung
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(head.starts_with(&format!("//! Rung {number:02}: ")), "{path}: the first line");
        let name = path.trim_start_matches("examples/").trim_end_matches(".rs");
        assert!(head.contains(&format!("//!     cargo run --example {name}\n")), "{path}: how to run it");
        let mends: Vec<usize> = named(&head).into_iter().filter(|&other| other < number).collect();
        assert!(number == 1 || !mends.is_empty(), "{path}: its head names no rung that it mends");

        let (_, close) =
            rung.text.rsplit_once("\n    // Still wrong: ").unwrap_or_else(|| panic!("{path}: no close"));
        let (comment, print) =
            close.split_once("\n    println!(").unwrap_or_else(|| panic!("{path}: no last line"));
        assert!(print.trim_start().starts_with("\"Still wrong: "), "{path}: the last printed line");
        let (_, rest) = print.split_once(");\n").expect("the statement ends");
        let is_last =
            ["}", "Ok(()) }"].contains(&rest.split_whitespace().collect::<Vec<_>>().join(" ").as_str());
        assert!(is_last, "{path}: after the last line main goes on: {rest}");
        if number < 14 {
            for part in [comment, print] {
                assert!(named(part).iter().any(|&other| other > number), "{path}: who mends it? {part}");
            }
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
            assert!(
                !ours || !code.contains("use "),
                "{here}: a rung is grown from std, not from the project"
            );
        }
        let unsafe_words = rung.count_word("unsafe");
        let may = [3, 8, 12, 13].contains(&number(&rung.path).expect("a rung has a number"));
        assert!(may || unsafe_words == 0, "{} is to be safe Rust", rung.path);
    }
}

/// What the book may include: in comments `ANCHOR: 07_name` and `ANCHOR_END: 07_name`.
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
                assert!(all.insert(name.to_owned()), "{path}: anchor {name} stands there twice");
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
fn the_readme_leads_to_each_rung() {
    let readme = read("README.md");
    let (_, table) = readme.split_once("\n### The ladder\n").expect("README.md has the ladder");
    let table = table.split("\n#").next().expect("a split has a first part");
    let shown: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(path, _)| path)
        .collect();
    let rungs = rungs();
    let files: Vec<&str> = rungs.iter().map(|rung| rung.path.as_str()).collect();
    assert_eq!(shown, files, "README.md's table of the ladder");
}
