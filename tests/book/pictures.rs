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

/// In the repository a picture is shown as an image, which takes no colours from the page: its own style has them.
#[test]
fn they_have_colours_of_their_own() {
    let tree = Tree::load(root());
    let folders = ["docs/book/pictures/", "docs/benchmarks/"];
    let pictures = folders.iter().flat_map(|folder| tree.under(folder));
    for (path, svg) in pictures.filter(|(path, _)| path.ends_with(".svg")) {
        let (_, style) = svg.split_once("<style>").unwrap_or_else(|| panic!("{path} has no style"));
        let (style, body) = style.split_once("</style>").expect("the style ends");
        let (light, dark) = style.split_once("(prefers-color-scheme: dark)").unwrap_or((style, ""));
        for scheme in [light, dark] {
            assert!(scheme.contains("background: #"), "{path}: a background, light and dark, is missing");
        }
        let classes = body.split("class=\"").skip(1).filter_map(|rest| rest.split('"').next());
        for class in classes.flat_map(str::split_whitespace) {
            assert!(style.contains(&format!(".{class}")), "{path}: no style for {class}");
        }
    }
}
