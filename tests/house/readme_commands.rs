//! What the README names is there, and nothing of the source is missing from its map.

use std::collections::BTreeSet;

use crate::core_path_budget::CORE_PATH;
use crate::source::{CRATES, crate_sources, read, root, rust_files};

/// What stands between single backticks, outside of fenced blocks.
fn quoted(readme: &str) -> Vec<&str> {
    readme
        .split("```")
        .step_by(2)
        .flat_map(|prose| prose.split('`').skip(1).step_by(2))
        .collect()
}

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
        assert!(
            !is_path || root().join(name).exists(),
            "README.md names {name}, which is not there"
        );
    }
}

#[test]
fn its_map_shows_every_file_once_and_the_core_path_in_order() {
    let readme = read("README.md");
    let (_, map) = readme.split_once("\n## The map").expect("there is a map");
    let map = map.split("\n## ").next().expect("it has a body");
    let shown: Vec<&str> = quoted(map)
        .into_iter()
        .filter(|name| name.ends_with(".rs"))
        .collect();
    let once: BTreeSet<&str> = shown.iter().copied().collect();
    assert_eq!(once.len(), shown.len(), "a file stands in the map twice");
    for name in CRATES {
        for source in crate_sources(name) {
            let file = source.path.as_str();
            assert!(once.contains(file), "README.md has no {file} in its map");
        }
    }
    for file in rust_files("examples") {
        let helper = file.starts_with("examples/support/");
        assert!(
            helper || readme.contains(&file),
            "README.md does not name {file}"
        );
    }
    let core: Vec<&str> = shown
        .into_iter()
        .filter(|file| CORE_PATH.contains(file))
        .collect();
    assert_eq!(core, CORE_PATH, "the map's order is not CORE_PATH's");
}

#[test]
fn its_commands_name_programs_that_are_there() {
    let readme = read("README.md");
    let commands = commands(&readme);
    assert!(
        commands.contains(&"cargo test"),
        ".ci/run looks for a line that is `cargo test` to its end"
    );
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().collect();
        for pair in words.windows(2) {
            let places: &[String] = match pair[0] {
                "--example" => &[format!("examples/{}.rs", pair[1])],
                "--bin" => &[
                    format!("chat/src/bin/{}.rs", pair[1]),
                    format!("chat/src/bin/{}/main.rs", pair[1]),
                ],
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
