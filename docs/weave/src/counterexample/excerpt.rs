//! The parts of the source files that a page shows: the lines of the steps, and what a reader needs beside them.
//!
//! A line that calls `may_wake(counts)` or tests `LOCKED` sends its reader elsewhere. So where there is room, the
//! head of the function around a line is shown too, and the constants and short functions of the same file that the
//! line names.
//!
//! Called by `page`. Next: `page`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::names::is_name;
use super::units::without_visibility;
use crate::items::{Item, items};
use crate::source::{Source, read};

/// The longest function that is shown whole.
const SHORT: usize = 8;

/// The lines that are shown, by their files.
pub(super) struct Excerpt {
    files: BTreeMap<String, BTreeSet<usize>>,
}

impl Excerpt {
    /// These lines, with `context` lines around each, even beyond the end of a file, and with what they name, if
    /// that is wanted.
    pub(super) fn of<'a>(
        places: impl Iterator<Item = &'a (String, usize)>,
        context: usize,
        with_named: bool,
    ) -> Self {
        let mut wanted: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (file, line) in places {
            wanted.entry(file.clone()).or_default().insert(*line);
        }
        let around = |(file, lines): (String, BTreeSet<usize>)| {
            let mut shown: BTreeSet<usize> =
                lines.iter().flat_map(|line| line.saturating_sub(context).max(1)..=line + context).collect();
            if with_named {
                let source = Source::read(&file);
                let (text, items): (Vec<&str>, _) = (source.text.lines().collect(), items(&source));
                lines.iter().for_each(|&line| shown.extend(named(&text, &items, line)));
            }
            (file, shown)
        };
        Self { files: wanted.into_iter().map(around).collect() }
    }

    /// The number of a file.
    pub(super) fn number(&self, file: &str) -> i64 {
        let number = self.files.keys().position(|known| known == file);
        number.and_then(|number| i64::try_from(number).ok()).unwrap_or(-1)
    }

    /// Each file with its path and its parts: the number of the first line, and the lines.
    pub(super) fn json(&self, is_indented: bool) -> Value {
        let file = |(path, lines): (&String, &BTreeSet<usize>)| {
            let text: Vec<String> = read(path).lines().map(str::to_owned).collect();
            let mut parts: Vec<(usize, Vec<&str>)> = Vec::new();
            for &line in lines.range(..=text.len()) {
                let text = text[line - 1].as_str();
                let text = if is_indented { text } else { text.trim_start() };
                match parts.last_mut() {
                    Some((first, part)) if *first + part.len() == line => part.push(text),
                    _ => parts.push((line, vec![text])),
                }
            }
            json!({ "path": path, "parts": parts })
        };
        self.files.iter().map(file).collect()
    }
}

/// The lines of what a line names, counted from 1: the head of its function, constants, and short functions.
fn named(text: &[&str], items: &[Item], line: usize) -> Vec<usize> {
    let Some(code) = text.get(line - 1).map(|code| code.trim()) else { return Vec::new() };
    let is_around = |item: &&Item| item.bare.contains(&(line - 1));
    let around = items.iter().rev().filter(is_around).find_map(|item| head(text, item, last_name(item)));
    let mut found: Vec<usize> = around.map(|at| at + 1).into_iter().collect();
    let mut before = "";
    for word in code.split_inclusive(|c| !is_name(c)) {
        let (name, next) = word.split_at(word.trim_end_matches(|c| !is_name(c)).len());
        let is_constant = name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        if is_constant {
            let begins = |line: &&str| {
                let item = without_visibility(line);
                let item = item.strip_prefix("const ").or_else(|| item.strip_prefix("static "));
                item.is_some_and(|item| item.split(':').next() == Some(name))
            };
            found.extend(text.iter().position(begins).map(|at| at + 1));
        }
        let is_ours = !before.ends_with('.') || before == "self.";
        if next == "(" && is_ours && !name.is_empty() {
            found.extend(function(text, items, name));
        }
        before = word;
    }
    found
}

/// The lines of a function of the file, or only its head if it is long; none if the file has no such function.
fn function(text: &[&str], items: &[Item], name: &str) -> std::ops::Range<usize> {
    let Some((head, end)) = items.iter().find_map(|item| Some((head(text, item, name)?, item.bare.end)))
    else {
        return 0..0;
    };
    head + 1..if end - head <= SHORT { end + 1 } else { head + 2 }
}

/// The line, counted from zero, where a function of this name begins, without its attributes; `None` if the item is
/// none.
fn head(text: &[&str], item: &Item, name: &str) -> Option<usize> {
    let begins = |line: &str| {
        let rest = line.split_once("fn ").and_then(|(_, rest)| rest.strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with(['(', '<']))
    };
    (last_name(item) == name).then(|| item.bare.clone().find(|&at| begins(text[at]))).flatten()
}

/// `wait` of `Park::wait`.
fn last_name(item: &Item) -> &str {
    item.name.rsplit("::").next().unwrap_or(&item.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_brings_what_it_names() {
        let text = "pub(super) const LOCKED: u8 = 1;
const OTHER: u8 = 2;
impl Mutex {
    fn is_free(&self) -> bool {

        if may(self.word.load(Relaxed)) && self.word == LOCKED {
            self.later();
        }
    }
    fn later(&self) {
    }
    fn load(&self) {}
}
fn may(word: u8) -> bool {
    word == 0
}";
        let source = Source::new("", text.to_owned());
        let (text, items): (Vec<&str>, _) = (text.lines().collect(), items(&source));
        let named = |line| named(&text, &items, line);
        assert_eq!(named(6), [4, 14, 15, 16, 1]);
        assert_eq!(named(7), [4, 10, 11]);
        assert_eq!(named(1), [1]);
        assert!(named(99).is_empty());
    }
}
