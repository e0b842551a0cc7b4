//! No shipped build has a seeded fault.
//!
//! The source contains mistakes on purpose: `fault("name")`, which the models find and the museum shows. Their cfgs
//! are given on the command line of the compiler, by the programs that run the models and the museum, and by
//! nothing else: neither by a feature, a build script or a configuration of cargo. Without them `fault` is a
//! constant false.

use std::fs;
use std::path::PathBuf;

use crate::source::{Source, read, root, rust_files};

/// The one file that knows the museum's cfg.
const SHIM: &str = "reactor/src/shim.rs";

/// Every file of these names in the workspace, outside of what is built.
fn files_named(names: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the workspace can be listed") {
            let path = entry.expect("a folder's entry can be read").path();
            let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && name != ".git" {
                folders.push(path);
            } else if names.contains(&name.as_str()) {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn only_the_shim_knows_the_museum() {
    let folders = ["reactor", "executor", "chat", "examples", "docs", "tests", "benches", "exercises"];
    for path in folders.iter().flat_map(|folder| rust_files(folder)) {
        let source = Source::read(&path);
        let knows = source.lines.iter().any(|line| line.code.contains("cfg") && line.code.contains("museum"));
        assert_eq!(knows, path == SHIM, "{path}");
    }
}

#[test]
fn a_fault_is_a_constant_without_the_models_and_the_museum() {
    let lines = read(SHIM);
    let lines: Vec<&str> = lines.lines().collect();
    let shipped = lines.iter().position(|line| *line == "#[cfg(not(any(loom, museum)))]");
    let shipped = &lines[shipped.expect("the shipped fault has this cfg")..][..6];
    let expected =
        ["#[inline(always)]", "#[must_use]", "pub const fn fault(_name: &str) -> bool {", "    false", "}"];
    assert_eq!(shipped[1..], expected);
    // And this test's own build has that one.
    const { assert!(!reactor::shim::fault("no_last_look")) };
}

#[test]
fn no_configuration_sets_the_cfg_of_a_fault() {
    for path in files_named(&["Cargo.toml", "config.toml", "config", "build.rs"]) {
        let text = fs::read_to_string(&path).expect("a configuration can be read");
        let sets = |line: &&str| {
            let line = line.split('#').next().unwrap_or_default();
            let is_cfg = line.contains("--cfg") || line.contains("rustc-cfg") || line.contains("rustflags");
            is_cfg || line.trim_start().starts_with("museum = [")
        };
        let found: Vec<&str> = text.lines().filter(sets).collect();
        assert!(found.is_empty(), "{}: {found:?}", path.display());
        assert!(!path.ends_with("build.rs"), "{}: a build script could set a cfg", path.display());
    }
}
