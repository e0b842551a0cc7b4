//! Everything that the README names exists, and no source file is missing from its map.

use std::collections::BTreeSet;

use weave::readme::{self, quoted};

use crate::source::{CRATES, crate_sources, read, root, rust_files};

/// The lines of the fenced blocks marked `sh`.
fn commands(readme: &str) -> Vec<&str> {
    readme
        .split("\n```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .flat_map(|(block, _)| block.lines())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn the_files_it_names_exist() {
    let readme = read("README.md");
    for name in quoted(&readme) {
        let is_path = name.ends_with(".rs") || name.ends_with('/') || name.contains("/src");
        assert!(!is_path || root().join(name).exists(), "README.md names {name}, which is not there");
    }
}

#[test]
fn its_links_lead_somewhere() {
    let readme = read("README.md");
    let targets =
        readme.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let files: Vec<&str> = targets.filter(|target| !target.contains("://")).collect();
    assert!(files.len() > 20, "the README links to few files: has its form changed?");
    for file in files {
        let file = file.split('#').next().expect("a split has a first part");
        assert!(root().join(file).exists(), "README.md links to {file}, which is not there");
    }
}

/// The files that the README's map lists under one of its headings, in its order.
pub(crate) fn map_of(heading: &str) -> Vec<String> {
    let readme = read("README.md");
    let body = readme::section(&readme, heading).unwrap_or_else(|| panic!("README.md has no {heading}"));
    readme::map(body).into_iter().map(|(file, _)| file).collect()
}

#[test]
fn its_map_shows_every_file_once() {
    let shown = [map_of("### The core path"), map_of("### The rest of the source")].concat();
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
        "README.md's map lacks, on the core path or in the rest of the source: {missing:#?}"
    );
}

#[test]
fn it_names_every_example() {
    let readme = read("README.md");
    for file in rust_files("examples") {
        let helper = file.starts_with("examples/support/");
        assert!(helper || readme.contains(&file), "README.md does not name {file}");
    }
}

#[test]
fn its_commands_name_programs_that_are_there() {
    let readme = read("README.md");
    let commands = commands(&readme);
    assert!(commands.contains(&"cargo test"), ".ci/run looks for a line that is `cargo test` to its end");
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().collect();
        for pair in words.windows(2) {
            let places: &[String] = match pair[0] {
                "--example" => &[format!("examples/{}.rs", pair[1]), format!("examples/{}/main.rs", pair[1])],
                "--bin" => {
                    &[format!("chat/src/bin/{}.rs", pair[1]), format!("chat/src/bin/{}/main.rs", pair[1])]
                }
                _ => continue,
            };
            assert!(
                places.iter().any(|place| root().join(place).exists()),
                "README.md says `{command}`, and there is no {}",
                pair[1]
            );
        }
    }
}
