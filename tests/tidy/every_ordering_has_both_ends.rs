//! Every memory ordering has a comment that says why it is enough, and names its other end.
//!
//!     // ORDERING[task-output]: Release; pairs with Acquire in `JoinHandle::poll`; publishes the output.
//!     // ORDERING: Relaxed; only counted.
//!
//! The comment is on the line or above it in the same paragraph. A label is at both ends: at one place alone
//! it pairs with nothing. `ORDERING[outside]` says that the other end is in another crate, and must name it.

use std::collections::BTreeMap;

use crate::source::{CRATES, Source, crate_sources, rust_files};

/// The number of lines by which a comment may begin above its ordering.
const REACH: usize = 14;

#[test]
fn every_ordering_has_both_ends() {
    let mut faults = Vec::new();
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let crates = CRATES.iter().flat_map(|name| crate_sources(name));
    let schedulers = rust_files("benches/schedulers").into_iter().map(|path| Source::read(&path));
    for source in crates.chain(schedulers) {
        check(&source, &mut faults, &mut places);
    }
    for (label, places) in &places {
        println!("{label:<24} {}", places.join("  "));
        if places.len() < 2 && label != "outside" {
            faults.push(format!("{}: ORDERING[{label}] is at one end only", places[0]));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Finds the orderings of `source`, their faults, and the places of their labels.
fn check(source: &Source, faults: &mut Vec<String>, places: &mut BTreeMap<String, Vec<String>>) {
    for (number, line) in source.shipped() {
        let orderings = orderings(&line.code);
        if orderings.is_empty() {
            continue;
        }
        let here = format!("{}:{number}", source.path);
        let comments = comments_for(source, number);
        if comments.is_empty() {
            faults.push(format!("{here}: {} without // ORDERING", orderings[0]));
            continue;
        }
        let labels: Vec<(usize, &str)> = comments
            .iter()
            .flat_map(|&at| labels(&source.lines[at - 1].comment).map(move |label| (at, label)))
            .collect();
        if labels.is_empty() && orderings.iter().any(|ordering| *ordering != "Relaxed") {
            faults.push(format!("{here}: {} without a label", orderings[0]));
        }
        for (at, label) in labels {
            let place = format!("{}:{at}", source.path);
            let known = places.entry(label.to_owned()).or_default();
            if !known.contains(&place) {
                known.push(place);
            }
        }
    }
}

/// The atomic orderings that a line of code names. `use` lines do not count.
fn orderings(code: &str) -> Vec<&'static str> {
    const ALL: [&str; 5] = ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"];
    let code = code.trim_start();
    if code.starts_with("use ") || code.starts_with("pub use ") {
        return Vec::new();
    }
    ALL.into_iter()
        .filter(|ordering| {
            code.match_indices(ordering).any(|(at, _)| {
                let end = code[at + ordering.len()..].chars().next();
                let word_goes_on = end.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
                let before = &code[..at];
                // `Ordering::Acquire`, or `Acquire` alone where it was imported by itself.
                let stands_alone = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
                !word_goes_on && (before.ends_with("Ordering::") || stands_alone)
            })
        })
        .collect()
}

/// The lines of the ORDERING comments that apply to line `number`: its own, or else the nearest above
/// it in its paragraph, with the comment lines directly above that.
fn comments_for(source: &Source, number: usize) -> Vec<usize> {
    let mut found = Vec::new();
    for above in (number.saturating_sub(REACH).max(1)..=number).rev() {
        let line = &source.lines[above - 1];
        let code = !line.code.trim().is_empty();
        let ends = if found.is_empty() { !code && line.comment.is_empty() } else { code };
        if ends {
            break;
        }
        if line.comment.contains("ORDERING") {
            found.push(above);
            if code {
                break;
            }
        }
    }
    found
}

/// The labels in `ORDERING[a, b]`.
fn labels(comment: &str) -> impl Iterator<Item = &str> {
    let spoken = comment.split("ORDERING[").skip(1);
    spoken.filter_map(|rest| rest.split_once(']')).flat_map(|(labels, _)| labels.split(',').map(str::trim))
}

#[test]
fn the_test_of_orderings_can_fail() {
    let text = "
// ORDERING[a]: Release; pairs with nothing.
// ORDERING[b]: also.
x.store(1, Ordering::Release);

x.load(Ordering::Acquire);
// ORDERING: Relaxed; only counted.
x.load(Relaxed);
match a.cmp(b) { Ordering::Less => Release::new() }
fence(SeqCst); // ORDERING: says no label
x.store(1, Ordering::Release);
";
    let source = Source::new("x.rs", text.to_owned());
    let (mut faults, mut places) = (Vec::new(), BTreeMap::new());
    check(&source, &mut faults, &mut places);
    assert_eq!(
        faults,
        [
            "x.rs:6: Acquire without // ORDERING",
            "x.rs:10: SeqCst without a label",
            "x.rs:11: Release without a label"
        ]
    );
    assert_eq!(places["a"], ["x.rs:2"]);
    assert_eq!(places["b"], ["x.rs:3"]);
}
