//! The chapters quote the source by name. Here each name is looked up, and each link followed.

use std::sync::LazyLock;

use weave::source::root;
use weave::{Kind, Tree, Woven, weave};

static BOOK: LazyLock<Woven> = LazyLock::new(|| weave(&Tree::load(root())));

/// Fails if the book has problems of these kinds.
fn free_of(kinds: &[Kind]) {
    let told = BOOK.told(kinds);
    assert!(told.is_empty(), "\n{told}");
}

#[test]
fn what_it_quotes_is_there() {
    free_of(&[Kind::MissingFile, Kind::MissingItem, Kind::Directive]);
    assert!(!BOOK.quotes.is_empty(), "a book about source quotes some");
}

#[test]
fn anchors_are_there_once_and_hold_something() {
    free_of(&[Kind::BadAnchor]);
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

#[test]
fn every_source_file_and_every_chapter_has_its_place() {
    free_of(&[Kind::NotInOrder]);
}
