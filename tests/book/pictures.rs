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

/// The states and transitions of a picture, and its texts, word by word: a line may be broken elsewhere.
fn shown(svg: &str) -> (Vec<&str>, Vec<&str>) {
    let mut arrows: Vec<&str> = svg.lines().filter(|line| line.starts_with("<g data-")).collect();
    let texts = svg.split("<text ").skip(1).filter_map(|rest| rest.split_once('>')?.1.split('<').next());
    let mut said: Vec<&str> = texts.flat_map(words).collect();
    arrows.sort_unstable();
    said.sort_unstable();
    (arrows, said)
}

/// A picture has a second form for a narrow page, which shows the same.
#[test]
fn their_narrow_forms_show_the_same() {
    let tree = Tree::load(root());
    let pictures = tree.under("docs/book/pictures/").filter(|(path, _)| !path.ends_with("-narrow.svg"));
    for (path, svg) in pictures {
        let narrow = path.replace(".svg", "-narrow.svg");
        let narrow = tree.text(&narrow).unwrap_or_else(|| panic!("no {narrow}"));
        let (arrows, said) = shown(svg);
        let (narrow_arrows, mut narrow_said) = shown(narrow);
        assert_eq!(arrows, narrow_arrows, "{path}: the transitions of its narrow form");
        narrow_said.dedup();
        let mut once = said;
        once.dedup();
        assert_eq!(once, narrow_said, "{path}: the words of its narrow form");
    }
}
