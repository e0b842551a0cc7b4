//! Every public item is documented with an example, and a function that can fail documents its errors.
//!
//! The examples are doc tests, so they run. An item without an example of its own must be named in that of
//! another item of the same file. Hidden modules, which are for the crates of this project only, are left
//! out.

use weave::items::items;

use crate::pages_name_what_exists::map_of;
use crate::source::{CRATES, Source, crate_sources, read, words};

/// The modules that a crate hides from its documentation, as the end of their path.
pub(crate) fn hidden(name: &str) -> Vec<String> {
    let lib = read(&format!("{name}/src/lib.rs"));
    let lines: Vec<&str> = lib.lines().collect();
    let pairs = lines.windows(2).filter(|pair| pair[0].starts_with("#[doc(hidden)]"));
    pairs
        .filter_map(|pair| Some(format!("{}.rs", pair[1].strip_prefix("pub mod ")?.strip_suffix(';')?)))
        .collect()
}

/// The code in the examples of a file.
fn examples(source: &Source) -> String {
    let docs = source.text.lines().filter_map(|line| line.trim_start().strip_prefix("///"));
    let docs: Vec<&str> = docs.collect();
    docs.join("\n").split("```").skip(1).step_by(2).collect()
}

#[test]
fn every_public_item_has_an_example() {
    let mut missing = Vec::new();
    let mut count = 0;
    for name in CRATES {
        let hidden = hidden(name);
        for source in crate_sources(name).into_iter().filter(|source| !source.path.contains("/bin/")) {
            if hidden.iter().any(|end| source.path.ends_with(&format!("/{end}"))) {
                continue;
            }
            let shown = examples(&source);
            let named: Vec<&str> = words(&shown).collect();
            let lines: Vec<&str> = source.text.lines().collect();
            for item in items(&source) {
                let Some(head) =
                    lines[item.bare.clone()].iter().find(|line| line.trim_start().starts_with("pub "))
                else {
                    continue;
                };
                let first = lines[item.bare.clone()].iter().find(|line| !line.trim_start().starts_with("#["));
                let is_use =
                    head.trim_start().starts_with("pub use") || head.trim_start().starts_with("pub mod");
                if first != Some(head) || is_use || source.lines[item.bare.start].test {
                    continue;
                }
                count += 1;
                let docs = lines[item.lines.start..item.bare.start].join("\n");
                let short = item.name.rsplit("::").next().expect("a split has a last part");
                if !docs.contains("```") && !named.contains(&short) {
                    missing.push(format!("{}:{}: {}", source.path, item.bare.start + 1, item.name));
                }
                let fails = head.contains("fn ") && head.contains("-> io::Result");
                if fails && !docs.contains("# Errors") {
                    missing.push(format!(
                        "{}:{}: {} does not document its errors",
                        source.path,
                        item.bare.start + 1,
                        item.name
                    ));
                }
            }
        }
    }
    assert!(count > 150, "only {count} public items were found: has their form changed?");
    assert!(missing.is_empty(), "no example shows these:\n{}", missing.join("\n"));
}

/// The comment below a crate's head names its files, those of the core path in the order of docs/map.md.
#[test]
fn a_crates_first_file_has_the_maps_reading_order() {
    for name in ["reactor", "executor"] {
        let lib = read(&format!("{name}/src/lib.rs"));
        let lines = lib.lines().take_while(|line| line.is_empty() || line.starts_with("//"));
        let head: String = lines.filter(|line| !line.starts_with("//!")).collect();
        let word = |path: &str| -> Option<String> {
            let inside = path.strip_prefix(&format!("{name}/src/"))?.trim_end_matches(".rs");
            let word = inside.trim_end_matches("/mod").rsplit('/').next()?;
            (word != "lib").then(|| word.to_owned())
        };
        let mut rest = head.as_str();
        for word in map_of("## The core path").iter().filter_map(|path| word(path)) {
            let (_, after) = rest.split_once(&format!("`{word}`")).unwrap_or_else(|| {
                panic!("{name}/src/lib.rs: its reading order lacks `{word}`, or has it too early");
            });
            rest = after;
        }
        for word in map_of("## The rest of the source").iter().filter_map(|path| word(path)) {
            let named = words(&head).any(|found| found == word);
            assert!(named, "{name}/src/lib.rs does not name {word}");
        }
    }
}
