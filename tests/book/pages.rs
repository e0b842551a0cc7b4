//! The chapters quote the source by name. These tests look up each name, and follow each link.

use std::sync::LazyLock;

use weave::console::sessions;
use weave::links::targets;
use weave::source::root;
use weave::{Kind, Tree, Woven, weave};

static BOOK: LazyLock<Woven> = LazyLock::new(|| weave(&Tree::load(root())));

/// Fails if the book has problems of these kinds.
fn free_of(kinds: &[Kind]) {
    let report = BOOK.report(kinds);
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn what_it_quotes_is_there() {
    free_of(&[Kind::MissingFile, Kind::MissingItem, Kind::Directive]);
    assert!(!BOOK.quotes.is_empty(), "the book quotes some source");
}

#[test]
fn anchors_are_there_once_and_hold_something() {
    free_of(&[Kind::BadAnchor]);
}

/// A chapter of the book shows each anchor of an example.
#[test]
fn every_anchor_is_shown() {
    free_of(&[Kind::UnusedAnchor]);
}

#[test]
fn no_listing_is_too_long() {
    free_of(&[Kind::TooLong]);
}

#[test]
fn no_code_is_pasted_into_the_prose() {
    free_of(&[Kind::Pasted]);
}

#[test]
fn no_link_is_dead() {
    free_of(&[Kind::DeadLink]);
}

/// A chapter of the ladder, of the programs, of what people ask, of the real source or of the chat ends with its exercises, which
/// name an existing test. No exercise is left out.
#[test]
fn every_chapter_ends_with_its_exercises() {
    let tree = Tree::load(root());
    let summary = tree.text("docs/book/src/SUMMARY.md").expect("the table of contents");
    let parts = summary.split("\n# ").filter(|part| {
        ["The ladder", "Programs", "What people ask", "The real source", "The chat"]
            .iter()
            .any(|title| part.starts_with(title))
    });
    let chapters: Vec<String> = parts.flat_map(targets).collect();
    let mut set = Vec::new();
    for chapter in &chapters {
        let text = tree.text(&format!("docs/book/src/{chapter}")).unwrap_or_else(|| panic!("no {chapter}"));
        let (_, last) = text.rsplit_once("\n## ").unwrap_or_else(|| panic!("{chapter} has no parts"));
        assert!(last.starts_with("Exercises\n"), "{chapter} does not end with its exercises");
        assert!(last.contains("\n1. ") && last.contains("\n2. "), "{chapter} has fewer than two exercises");
        set.extend(sessions(last).into_iter().map(|session| session.command));
    }
    for (path, _) in tree.under("exercises/tests/") {
        let name = path["exercises/tests/".len()..].trim_end_matches(".rs");
        let command = format!("cargo test -p exercises --test {name}");
        let alone = name == "reliability"; // Its chapter is about all of them.
        let times = set.iter().filter(|shown| **shown == command).count();
        assert_eq!(times, usize::from(!alone), "the number of chapters with exercises/tests/{name}.rs");
    }
}

#[test]
fn every_source_file_and_every_chapter_has_its_place() {
    free_of(&[Kind::NotInOrder]);
}
