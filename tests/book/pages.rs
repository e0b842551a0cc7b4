//! The chapters quote the source by name. These tests look up each name, and follow each link.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use weave::annotate::is_letter;
use weave::console::sessions;
use weave::links::{outside_fences, targets};
use weave::source::{root, words};
use weave::{Kind, Tree, Woven, weave};

pub(crate) static BOOK: LazyLock<Woven> = LazyLock::new(|| weave(&Tree::load(root())));

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
fn every_difference_shows_something() {
    free_of(&[Kind::NoDifference]);
}

#[test]
fn no_code_is_pasted_into_the_prose() {
    free_of(&[Kind::Pasted]);
}

/// A letter such as `B1` belongs to one file. So the prose names it only if a listing of the same page has it: other
/// rules are named by their words. (In a table of the tests `C1` is a set of control characters.)
#[test]
fn the_prose_names_no_letter_that_its_page_does_not_show() {
    let tree = Tree::load(root());
    let chapters = BOOK.chapters.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let (mut named, mut wrong) = (0, Vec::new());
    for (path, text) in chapters.chain(tree.under("docs/museum/exhibits/")) {
        let mut prose = String::new();
        let listings = outside_fences(text, |line| {
            if !line.starts_with('|') {
                line.split('`').step_by(2).for_each(|part| prose.push_str(part));
                prose.push('\n');
            }
            String::new()
        });
        let shown: BTreeSet<&str> = words(&listings).filter(|word| is_letter(word)).collect();
        for letter in words(&prose).filter(|word| is_letter(word)) {
            named += 1;
            if !shown.contains(letter) {
                wrong.push(format!("{path} names {letter}, and no listing has it"));
            }
        }
    }
    assert!(named > 10, "few letters are named: {named}");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_link_is_dead() {
    free_of(&[Kind::DeadLink]);
}

/// A chapter of the ladder, of the programs, of the questions, of the real source or of the chat ends with its
/// exercises, which name an existing test. No exercise is left out. The page of all questions has none.
#[test]
fn every_chapter_ends_with_its_exercises() {
    let tree = Tree::load(root());
    let summary = tree.text("docs/book/src/SUMMARY.md").expect("the table of contents");
    let titles = ["The ladder", "Programs", "What people ask", "The real source", "The chat"];
    let parts = summary.split("\n# ").filter(|part| titles.iter().any(|title| part.starts_with(title)));
    let chapters: Vec<String> = parts.flat_map(targets).filter(|chapter| chapter != "questions.md").collect();
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
