//! The pictures agree with the code: their names are in the source, and their numbers are its constants.
//!
//! A test in `executor/src/raw_task/state` checks the picture of a task's states arrow by arrow.

use weave::Tree;
use weave::source::{root, words};

/// The words of the picture that are set as code.
fn names(svg: &str) -> Vec<&str> {
    let texts = svg.split("<text ").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let text = rest.split('<').next()?;
        attributes.contains("mono").then_some(text)
    });
    texts
        .flat_map(words)
        .filter(|word| word.len() > 1 && !word.starts_with(|c: char| c.is_ascii_digit()))
        .collect()
}

#[test]
fn their_names_are_in_the_source() {
    let tree = Tree::load(root());
    let source: Vec<&str> = ["reactor/src/", "executor/src/"]
        .iter()
        .flat_map(|folder| tree.under(folder))
        .map(|(_, text)| text)
        .collect();
    let pictures: Vec<(&str, &str)> = tree.under("docs/book/pictures/").collect();
    assert!(pictures.len() >= 6, "layers, states, a wake, the pool, sleeping, the broadcast's buffer");
    for (path, svg) in pictures {
        for name in names(svg) {
            let known = name == "idle" || source.iter().any(|text| words(text).any(|word| word == name));
            assert!(known, "{path} has the name {name}, which is not in the source");
        }
        assert!(svg.contains("<title>") && svg.contains("<desc>"), "{path} does not say what it shows");
        assert!(
            !svg.contains("http://") || svg.matches("http://").count() == 1,
            "{path} loads something from the network"
        );
    }
}

#[test]
fn their_numbers_are_the_constants() {
    let tree = Tree::load(root());
    let text = |path: &str| tree.text(path).unwrap_or_else(|| panic!("no {path}"));
    let pool = text("docs/book/pictures/pool.svg");
    for (file, constant, shown) in [
        ("executor/src/pool/pace.rs", "const FAIR: u32 = 61;", "after at most 61 the injector"),
        ("executor/src/pool/queue.rs", "const SLOT_RUNS: u32 = 3;", "three times in a row at most"),
    ] {
        assert!(
            text(file).contains(constant),
            "{file} has a different number: change the picture of the pool"
        );
        assert!(pool.contains(shown), "the picture of the pool does not show: {shown}");
    }
}
