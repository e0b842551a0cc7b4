//! Everything that the README and the pages in docs/ name exists, and no source file is missing from the map. Their
//! links are looked at in `tests/book/chapters.rs`.

use std::collections::BTreeSet;
use std::fs;

use weave::markdown::{self, quoted};

use crate::source::{CRATES, crate_sources, read, root, rust_files};

/// The README, and the pages in these folders.
pub(crate) fn pages(folders: &[&str]) -> Vec<String> {
    let mut pages = vec!["README.md".to_owned()];
    for folder in folders {
        let entries = fs::read_dir(root().join(folder)).expect("the folder is there");
        let names =
            entries.map(|entry| entry.expect("it is read").file_name().into_string().expect("it is UTF-8"));
        pages.extend(names.filter(|name| name.ends_with(".md")).map(|name| format!("{folder}/{name}")));
        assert!(pages.len() > 8, "there are few pages: have they moved?");
    }
    pages
}

/// The lines of the fenced blocks marked `sh`.
fn commands(page: &str) -> Vec<&str> {
    page.split("\n```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .flat_map(|(block, _)| block.lines())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn the_files_they_name_exist() {
    for page in pages(&["docs"]) {
        for name in quoted(&read(&page)) {
            let is_path = name.contains('/') && (name.ends_with(".rs") || name.ends_with('/'));
            assert!(!is_path || root().join(name).exists(), "{page} names {name}, which is not there");
        }
    }
}

/// The files that the map lists under one of its headings, in its order.
pub(crate) fn map_of(heading: &str) -> Vec<String> {
    let map = read("docs/map.md");
    let body = markdown::section(&map, heading).unwrap_or_else(|| panic!("docs/map.md has no {heading}"));
    markdown::map(body).into_iter().map(|(file, _)| file).collect()
}

#[test]
fn the_map_shows_every_file_once() {
    let shown = [map_of("## The core path"), map_of("## The rest of the source")].concat();
    let once: BTreeSet<&str> = shown.iter().map(String::as_str).collect();
    assert_eq!(once.len(), shown.len(), "a file is in the map twice");
    let mut missing = Vec::new();
    for name in CRATES {
        let sources = crate_sources(name);
        missing.extend(sources.into_iter().map(|source| source.path));
    }
    missing.extend(rust_files("benches/schedulers"));
    missing.retain(|path| !once.contains(path.as_str()));
    assert!(
        missing.is_empty(),
        "docs/map.md lacks, on the core path or in the rest of the source: {missing:#?}"
    );
}

#[test]
fn every_example_is_listed() {
    let page = read("docs/examples.md");
    for file in rust_files("examples") {
        let helper = file.starts_with("examples/support/");
        assert!(helper || page.contains(&format!("(../{file})")), "docs/examples.md does not name {file}");
    }
}

#[test]
fn their_commands_name_programs_that_are_there() {
    let readme = read("README.md");
    assert!(
        commands(&readme).contains(&"cargo test"),
        ".ci/run looks for a line that is `cargo test` to its end"
    );
    for page in pages(&["docs"]) {
        for command in commands(&read(&page)) {
            let words: Vec<&str> = command.split_whitespace().collect();
            for pair in words.windows(2) {
                let places: &[String] = match pair[0] {
                    "--example" => {
                        &[format!("examples/{}.rs", pair[1]), format!("examples/{}/main.rs", pair[1])]
                    }
                    "--bin" => {
                        &[format!("chat/src/bin/{}.rs", pair[1]), format!("chat/src/bin/{}/main.rs", pair[1])]
                    }
                    "bash" => &[pair[1].to_owned()],
                    _ => continue,
                };
                assert!(
                    places.iter().any(|place| root().join(place).exists()),
                    "{page} says `{command}`, and there is no {}",
                    pair[1]
                );
            }
        }
    }
}

/// The README is read before anything else, so it must be short: five screens of 45 lines. What is longer is a page in
/// docs/.
#[test]
fn the_readme_fits_on_five_screens() {
    let readme = read("README.md");
    // A long line of a table takes several lines of the screen.
    let lines: usize = readme.lines().map(|line| line.len().div_ceil(130).max(1)).sum();
    assert!(lines <= 5 * 45, "README.md has {lines} lines");
}
