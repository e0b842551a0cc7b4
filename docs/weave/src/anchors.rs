//! Anchors: the parts of an example that a chapter quotes, marked in comments as mdBook has them.
//!
//! ```text
//!   // ANCHOR: park          {{#anchor examples/02_block_on.rs park}}
//!   ...
//!   // ANCHOR_END: park
//! ```
//!
//! Only examples and exercises have them, where a chapter quotes part of a function. The runtime's own source is
//! quoted by item (see `items`), and has no marks for the book.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::source::Source;

/// The anchors of a file, and the faults found in them.
#[derive(Debug, Default)]
pub struct Anchors {
    /// The lines between the marks, counted from zero, by name.
    pub lines: BTreeMap<String, Range<usize>>,
    /// Anchors that are there twice, never closed, never opened, or empty.
    pub faults: Vec<String>,
}

/// The name in a line that opens an anchor (`word` is `"ANCHOR:"`) or closes it (`"ANCHOR_END:"`).
fn mark<'a>(source: &'a Source, line: usize, word: &str) -> Option<&'a str> {
    source.lines[line].comment.trim().strip_prefix(word).map(str::trim)
}

/// Whether the line is a mark, which no listing shows.
pub fn is_mark(source: &Source, line: usize) -> bool {
    mark(source, line, "ANCHOR:").or(mark(source, line, "ANCHOR_END:")).is_some()
}

/// Reads the anchors of a file.
pub fn anchors(source: &Source) -> Anchors {
    let mut found = Anchors::default();
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    for line in 0..source.lines.len() {
        let place = format!("{}:{}", source.path, line + 1);
        if let Some(name) = mark(source, line, "ANCHOR:") {
            if open.insert(name, line + 1).is_some() || found.lines.contains_key(name) {
                found.faults.push(format!("{place}: the anchor {name} is there twice"));
            }
        } else if let Some(name) = mark(source, line, "ANCHOR_END:") {
            match open.remove(name) {
                None => found.faults.push(format!("{place}: the anchor {name} ends and has not begun")),
                Some(first) => {
                    let says =
                        |line: usize| !source.lines[line].code.trim().is_empty() && !is_mark(source, line);
                    if !(first..line).any(says) {
                        found.faults.push(format!("{place}: the anchor {name} is empty"));
                    }
                    found.lines.insert(name.to_owned(), first..line);
                }
            }
        }
    }
    found.faults.extend(open.keys().map(|name| format!("{}: the anchor {name} has no end", source.path)));
    found
}

#[test]
fn faults_of_anchors_are_reported() {
    let text = "// ANCHOR: a\nlet a;\n// ANCHOR: in_it\nlet b;\n// ANCHOR_END: in_it\n// ANCHOR_END: a\n";
    let good = anchors(&Source::new("good.rs", text.to_owned()));
    assert!(good.faults.is_empty(), "{:?}", good.faults);
    assert_eq!(good.lines["a"], 1..5);
    assert_eq!(good.lines["in_it"], 3..4);
    let bad = "// ANCHOR: a\nlet a;\n// ANCHOR_END: a\n// ANCHOR: a\n// only said\n// ANCHOR_END: a\n// ANCHOR_END: b\n// ANCHOR: c\n";
    let faults = anchors(&Source::new("bad.rs", bad.to_owned())).faults;
    let expected = ["a is there twice", "a is empty", "b ends and has not begun", "c has no end"];
    assert_eq!(faults.len(), expected.len(), "{faults:?}");
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.contains(expected), "{fault}");
    }
}
