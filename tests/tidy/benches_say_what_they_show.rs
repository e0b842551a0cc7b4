//! Each benchmark says in a line what its figures show, and where the book has a chapter about it.
//!
//! `cargo bench` prints that line before the figures. `common::run` asks for it; here it is checked that each benchmark
//! calls that, or `common::shows`, and that the chapter is in the book.

use crate::source::{read, rust_files};

/// The file of each benchmark in the root's `Cargo.toml`.
fn benches() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))?;
        Some(line.trim_matches('"').to_owned())
    };
    let blocks = manifest.split("[[bench]]\n").skip(1).map(|rest| rest.split("\n[").next().unwrap_or(rest));
    let file = |block| {
        let name = value(block, "name").expect("a benchmark has a name");
        value(block, "path").unwrap_or_else(|| format!("benches/{name}.rs"))
    };
    blocks.map(file).collect()
}

/// What a benchmark prints of itself, and its chapter: the first two strings of the call.
fn line_of(text: &str) -> Option<(&str, &str)> {
    let (_, call) =
        text.split_once("\n    common::run(").or_else(|| text.split_once("\n    common::shows("))?;
    let mut strings = call.split(';').next()?.split('"').skip(1).step_by(2);
    Some((strings.next()?, strings.next()?))
}

#[test]
fn each_benchmark_has_a_line_and_a_chapter() {
    let summary = read("docs/book/src/SUMMARY.md");
    let benches = benches();
    assert!(benches.len() > 10, "few benchmarks: has the form of Cargo.toml changed?");
    for file in &benches {
        let text = read(file);
        let (what, chapter) =
            line_of(&text).unwrap_or_else(|| panic!("{file} calls neither common::run nor common::shows"));
        assert!(!what.trim().is_empty(), "{file} does not say what it shows");
        assert!(summary.contains(&format!("({chapter})")), "{file}: the book has no chapter {chapter}");
    }
    for file in rust_files("benches") {
        let alone = file.matches('/').count() == 1;
        assert!(!alone || benches.contains(&file), "{file} is not in Cargo.toml");
    }
}

#[test]
fn a_benchmark_without_a_line_is_found() {
    let main = |body: &str| format!("fn main() {{\n    {body}\n}}\n");
    assert_eq!(line_of(&main("criterion_main!(spawn);")), None);
    assert_eq!(line_of(&main("common::run(spawn);\n    println!(\"a\", \"b\");")), None);
    let text = main("common::run(\n        \"what\",\n        \"task.md\",\n        spawn,\n    );");
    assert_eq!(line_of(&text), Some(("what", "task.md")));
}
