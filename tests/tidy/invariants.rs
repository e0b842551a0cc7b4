//! A comment that names an invariant, as `T2`, can be followed to it.
//!
//! An invariant is written in the head of a file, where its line begins with its name. The letters are few,
//! so two files may use the same: a comment means the head of its own file, or of the one that this head
//! names: "T1 to T5 in `state`".

use std::collections::BTreeSet;

use crate::source::{CRATES, Source, crate_sources, words};

#[test]
fn each_invariant_that_a_comment_names_has_its_place() {
    let mut named = 0;
    let mut faults = Vec::new();
    for source in CRATES.into_iter().flat_map(crate_sources) {
        let head = head(&source);
        let here = written(&head);
        let elsewhere = letters_elsewhere(&head);
        for (number, line) in source.shipped() {
            for name in invariants(&line.comment) {
                named += 1;
                if !here.contains(name) && !elsewhere.contains(&name[..1]) {
                    faults.push(format!("{}:{number}: where is {name}? Say it in the head", source.path));
                }
            }
        }
    }
    assert!(named > 100, "few invariants are named: {named}");
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The lines of a file's head.
fn head(source: &Source) -> Vec<&str> {
    source.text.lines().map_while(|line| line.strip_prefix("//!")).map(|line| line.trim_start()).collect()
}

/// The invariants that a head writes down.
fn written<'a>(head: &[&'a str]) -> BTreeSet<&'a str> {
    head.iter().filter_map(|line| Some(line.split_once("  ")?.0)).filter(|name| is_name(name)).collect()
}

/// The letters of the invariants that a head says are in another file.
fn letters_elsewhere<'a>(head: &[&'a str]) -> BTreeSet<&'a str> {
    let places = head.iter().filter(|line| line.contains("in `"));
    places.flat_map(|line| invariants(line)).map(|name| &name[..1]).collect()
}

/// The names of invariants in a text.
fn invariants(text: &str) -> impl Iterator<Item = &str> {
    words(text).filter(|word| is_name(word))
}

/// A letter and a digit.
fn is_name(word: &str) -> bool {
    matches!(word.as_bytes(), [letter, digit] if letter.is_ascii_uppercase() && digit.is_ascii_digit())
}
