//! Every rule that a comment or a page names has a definition that the reader can find.
//!
//! A rule is defined in the head of a file, where it is an entry of a list, which rustdoc shows as one. A rule
//! that only its own file names has a letter and a digit, as `B1`. A rule that other files name has a word in
//! brackets, as `[claim]`, and one definition in the whole project. (`tests/book/pages.rs` looks at the letters in
//! the book.)

use std::collections::{BTreeMap, BTreeSet};

use weave::annotate::{invariant, is_letter, rule_name};
use weave::links::outside_fences;

use crate::pages_name_what_exists::pages;
use crate::source::{CRATES, Source, read, rust_files, words};

/// All source files of the crates, with their tests and models.
fn all_sources() -> Vec<Source> {
    let files = CRATES.iter().flat_map(|name| rust_files(&format!("{name}/src")));
    files.map(|path| Source::read(&path)).collect()
}

#[test]
fn each_rule_that_is_named_is_defined_once() {
    let sources = all_sources();
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in &sources {
        for rule in definitions(source).filter_map(rule_name) {
            places.entry(rule.to_owned()).or_default().push(source.path.clone());
        }
    }
    let mut faults = Vec::new();
    for (rule, files) in places.iter().filter(|(_, files)| files.len() > 1) {
        faults.push(format!("[{rule}] is defined in {}", files.join(" and ")));
    }
    for source in &sources {
        for (number, line) in (1..).zip(&source.lines) {
            for rule in rules(&line.comment) {
                if !places.contains_key(rule) {
                    faults.push(format!("{}:{number}: no file defines [{rule}]", source.path));
                }
            }
        }
    }
    for page in pages(&["docs", "docs/book/src", "docs/museum/exhibits"]) {
        outside_fences(&read(&page), |line| {
            let unknown = rules(line).filter(|rule| !places.contains_key(*rule));
            faults.extend(unknown.map(|rule| format!("{page}: no file defines [{rule}]")));
            String::new()
        });
    }
    assert!(places.len() > 20, "too few rules are defined: {}", places.len());
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn a_letter_belongs_to_its_own_file() {
    let sources = all_sources();
    let mut named = 0;
    let mut faults = Vec::new();
    for source in &sources {
        let parents = parents(&source.path);
        let family =
            sources.iter().filter(|other| other.path == source.path || parents.contains(&other.path));
        let here: BTreeSet<&str> = family.flat_map(definitions).collect();
        for (number, line) in (1..).zip(&source.lines) {
            for name in words(&line.comment).filter(|word| is_letter(word)) {
                named += 1;
                if !here.contains(name) {
                    faults.push(format!("{}:{number}: {name} is not defined in this file", source.path));
                }
            }
        }
    }
    assert!(named > 50, "too few rules are named: {named}");
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Else a reader looks for the rule that is missing.
#[test]
fn the_letters_of_a_head_count_from_one() {
    let mut faults = Vec::new();
    for source in all_sources() {
        let mut last: BTreeMap<u8, u8> = BTreeMap::new();
        for name in definitions(&source).filter(|name| is_letter(name)) {
            let [letter, digit] = name.as_bytes() else { unreachable!("it is a letter and a digit") };
            let count = last.entry(*letter).or_insert(b'0');
            *count += 1;
            if digit != count {
                faults.push(format!("{}: {name} is not the next of its letter", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Rustdoc sets lines that follow each other as one paragraph, so each rule must begin an entry of a list.
#[test]
fn each_rule_is_an_entry_of_a_list_in_rustdoc() {
    let folders = [
        "benches/peers/src",
        "benches/schedulers",
        "docs/museum/src",
        "docs/weave/src",
        "examples",
        "exercises",
    ];
    let others = folders.iter().flat_map(|folder| rust_files(folder)).map(|path| Source::read(&path));
    let mut rules = 0;
    let mut faults = Vec::new();
    for source in all_sources().into_iter().chain(others) {
        let head = source.text.lines().map_while(|line| line.strip_prefix("//!"));
        let mut fence = false;
        let mut in_entry = false;
        for (number, line) in (1..).zip(head) {
            let line = line.strip_prefix(' ').unwrap_or(line);
            fence ^= line.starts_with("```");
            if fence {
                continue;
            }
            if invariant(line).is_some() {
                rules += 1;
                if !line.starts_with("- ") {
                    faults.push(format!("{}:{number}: no dash before the rule", source.path));
                }
                in_entry = true;
            } else if in_entry && !line.trim().is_empty() && !line.starts_with("  ") {
                faults.push(format!("{}:{number}: rustdoc adds this line to the rule above it", source.path));
                in_entry = false;
            } else if line.trim().is_empty() {
                in_entry = false;
            }
        }
    }
    assert!(rules > 200, "too few rules: {rules}");
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The files whose letters a test or a model may use: `a/b.rs` and `a/b/mod.rs` for `a/b/model.rs`, `a/b/tests.rs` and
/// `a/b/model/c.rs`. Any other file has only its own.
fn parents(path: &str) -> Vec<String> {
    let folder = path.strip_suffix("/model.rs").or_else(|| path.strip_suffix("/tests.rs"));
    let folder = folder.or_else(|| Some(path.split_once("/model/")?.0));
    folder.map_or_else(Vec::new, |folder| vec![format!("{folder}.rs"), format!("{folder}/mod.rs")])
}

/// The names of the rules that a head defines.
fn definitions(source: &Source) -> impl Iterator<Item = &str> {
    let head = source.text.lines().map_while(|line| line.strip_prefix("//!"));
    head.filter_map(|line| Some(invariant(line.trim_start())?.0))
        .filter(|name| is_letter(name) || rule_name(name).is_some())
}

/// The rules in brackets that a comment names. `ORDERING[label]`, a link and code in backticks do not count.
fn rules(comment: &str) -> impl Iterator<Item = &str> {
    let plain = comment.split('`').step_by(2);
    plain.flat_map(|text| {
        text.match_indices('[').filter_map(move |(at, _)| {
            let end = at + text[at..].find(']')? + 1;
            let alone = !text[..at].ends_with(char::is_alphanumeric) && !text[end..].starts_with(['(', ':']);
            rule_name(&text[at..end]).filter(|_| alone)
        })
    })
}

#[test]
fn only_a_test_or_a_model_has_parents() {
    let both = ["a/b.rs", "a/b/mod.rs"];
    assert_eq!(parents("a/b/model.rs"), both);
    assert_eq!(parents("a/b/tests.rs"), both);
    assert_eq!(parents("a/b/model/c.rs"), both);
    assert!(parents("a/b/c.rs").is_empty());
}

#[test]
fn names_are_distinguished_from_links_and_labels() {
    let text = "as [claim] says, and [pinned]; not [a link](to), `[code]`, ORDERING[label] or [T]";
    assert_eq!(rules(text).collect::<Vec<_>>(), ["claim", "pinned"]);
    let source = Source::new(
        "a.rs",
        "//! - A1  One.\n//! - [two-words]  Two.\n//! Not  a rule.\nfn a() {}\n".to_owned(),
    );
    assert_eq!(definitions(&source).collect::<Vec<_>>(), ["A1", "[two-words]"]);
}
