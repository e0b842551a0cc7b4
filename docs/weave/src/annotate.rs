//! A source file as a page: each comment is beside the code that it is about.
//!
//! ```text
//!   /// Wakes it.           ┌───────────┬──────────────────────┐
//!   pub fn wake(&self) {    │ Wakes it. │ pub fn wake(&self) { │  a row
//!       // Why so.     ──▶  ├───────────┼──────────────────────┤
//!       self.0.unpark();    │ Why so.   │     self.0.unpark(); │  the next row
//!   }                       └───────────┴──────────────────────┘
//! ```
//!
//! A row begins at each comment on lines of its own, and at an item after a blank line. The comment at the head
//! of the file is above all rows.
//!
//! - T1  A line that opens with an invariant's name starts a list entry. Indented lines after it continue the
//!   entry.
//!
//! Next: `book`, which gives the rows their links.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::anchors;
use crate::items::{Item, items};
use crate::source::Source;

/// A comment and the code below it.
#[derive(Debug, Default)]
pub struct Row {
    /// Its first line, counted from zero.
    pub first: usize,
    comment: Vec<String>,
    code: Vec<String>,
    test: bool,
    after_gap: bool,
}

impl Row {
    fn is_empty(&self) -> bool {
        self.comment.is_empty() && self.code.iter().all(|line| line.trim().is_empty())
    }

    /// The id of the row on its page.
    pub fn id(&self) -> String {
        format!("L{}", self.first + 1)
    }
}

/// A file, taken apart for its page.
#[derive(Debug)]
pub struct Annotated<'a> {
    source: &'a Source,
    items: Vec<Item>,
    head: Vec<String>,
    /// In the order of the file.
    pub rows: Vec<Row>,
}

impl<'a> Annotated<'a> {
    /// Takes a file apart.
    pub fn new(source: &'a Source) -> Annotated<'a> {
        let lines: Vec<&str> = source.text.lines().collect();
        let items = items(source);
        let head: Vec<String> = lines
            .iter()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|comment| unindent(comment).to_owned())
            .collect();
        let mut rows: Vec<Row> = Vec::new();
        let mut row = Row::default();
        let mut gap = true;
        for (number, line) in lines.iter().enumerate().skip(head.len()) {
            if anchors::is_mark(source, number) {
                continue;
            }
            let test = source.lines[number].test;
            let text = comment(line);
            let begins = match text {
                Some(_) => {
                    row.code.iter().any(|code| !code.trim().is_empty()) || (gap && !row.comment.is_empty())
                }
                None => gap && items.iter().any(|item| item.lines.start == number),
            };
            if begins || row.is_empty() || test != row.test {
                let next = Row { first: number, test, after_gap: gap, ..Row::default() };
                let done = std::mem::replace(&mut row, next);
                rows.extend((!done.is_empty()).then_some(done));
            }
            match text {
                Some(text) => row.comment.push(text.to_owned()),
                None => row.code.push((*line).to_owned()),
            }
            gap = line.trim().is_empty();
        }
        rows.extend((!row.is_empty()).then_some(row));
        Annotated { source, items, head, rows }
    }

    /// The id of the row that shows a line, counted from zero.
    pub fn row_of(&self, line: usize) -> String {
        let before = self.rows.iter().rev().find(|row| row.first <= line);
        before.map_or_else(|| "head".to_owned(), Row::id)
    }

    /// Returns the page: the head of the file, and the rows below it. `notes` has further remarks on rows, by id.
    pub fn page(&self, notes: &BTreeMap<String, String>, links: &dyn Links) -> String {
        let mut page = String::new();
        let markdown = |lines: &[String]| self.markdown(lines, links);
        writeln!(
            page,
            "<div class=\"head\" id=\"head\">\n\n{}\n</div>\n\n<div class=\"rows\">\n",
            markdown(&self.head)
        )
        .expect(NO_ERROR);
        let mut test = false;
        for row in &self.rows {
            if row.test != test {
                page.push_str(if row.test {
                    "<details><summary>Tests</summary>\n\n"
                } else {
                    "</details>\n\n"
                });
                test = row.test;
            }
            let gap = if row.after_gap { " gap" } else { "" };
            writeln!(page, "<div class=\"row{gap}\" id=\"{}\">\n<div class=\"said\">\n", row.id())
                .expect(NO_ERROR);
            page.push_str(&markdown(&row.comment));
            if let Some(note) = notes.get(&row.id()) {
                writeln!(page, "\n<p class=\"note\">\n\n{note}\n\n</p>").expect(NO_ERROR);
            }
            page.push_str("\n</div>\n<div class=\"code\">\n");
            let code = row.code.join("\n");
            let code = code.trim_matches('\n').trim_end();
            if !code.is_empty() {
                writeln!(page, "\n```rust,ignore\n{code}\n```").expect(NO_ERROR);
            }
            page.push_str("\n</div>\n</div>\n\n");
        }
        page.push_str(if test { "</details>\n\n</div>\n" } else { "</div>\n" });
        page
    }

    /// A comment as Markdown: rustdoc's links lead to this page or are removed, and generics are escaped.
    fn markdown(&self, lines: &[String], links: &dyn Links) -> String {
        let mut woven = String::new();
        let mut fence = false;
        let mut listed = false;
        for line in lines {
            // T1
            let named = if fence { None } else { invariant(line) };
            let continues = listed && (line.starts_with("  ") || named.is_some());
            if named.is_some() != listed && !continues {
                woven.push('\n');
            }
            listed = named.is_some() || continues;
            if let Some((name, rule)) = named {
                let name = match rule_name(name) {
                    Some(word) => format!("<b id=\"{word}\">\\[{word}\\]</b>"),
                    None => format!("**{name}**"),
                };
                writeln!(woven, "- {name} {}", self.prose(rule, links)).expect(NO_ERROR);
                continue;
            }
            if line.trim_start().starts_with("```") {
                fence = !fence;
                let bare = line.trim() == "```"
                    || line.trim() == "```no_run"
                    || line.trim().starts_with("```should_panic");
                woven.push_str(if fence && bare { "```rust,ignore" } else { line });
            } else if fence {
                // Lines that rustdoc hides.
                if line.starts_with("# ") || line == "#" {
                    continue;
                }
                woven.push_str(line);
            } else if (line.starts_with("    ") && !listed) || is_definition(line) {
                woven.push_str(if is_definition(line) { "" } else { line });
            } else if let Some(heading) = line.strip_prefix('#') {
                write!(woven, "**{}**", heading.trim_start_matches('#').trim()).expect(NO_ERROR);
            } else {
                woven.push_str(&self.prose(line, links));
            }
            woven.push('\n');
        }
        woven
    }

    /// A line of a comment outside of code blocks.
    fn prose(&self, line: &str, links: &dyn Links) -> String {
        let mut woven = String::new();
        let mut rest = line;
        while let Some(at) = rest.find(['`', '[', '<']) {
            let (before, from) = rest.split_at(at);
            woven.push_str(before);
            let after = &from[1..];
            rest = match &from[..1] {
                "`" => {
                    let (code, after) = after.split_once('`').unwrap_or((after, ""));
                    write!(woven, "`{code}`").expect(NO_ERROR);
                    after
                }
                "<" => {
                    woven.push_str("&lt;");
                    after
                }
                _ => {
                    let (text, after) = after.split_once(']').unwrap_or((after, ""));
                    if before.ends_with("ORDERING") {
                        woven.push_str(&links.label(text));
                        rest = after;
                        continue;
                    }
                    let (target, after) = match after.strip_prefix('(').and_then(|rest| rest.split_once(')'))
                    {
                        Some((target, after)) => (Some(target), after),
                        None => (None, after),
                    };
                    let named = text.trim_matches('`');
                    let item = self.items.iter().find(|item| item.name == target.unwrap_or(named));
                    match (item, target) {
                        (Some(item), _) => {
                            write!(woven, "[{text}](#{})", self.row_of(item.bare.start)).expect(NO_ERROR);
                        }
                        (None, Some(target)) if target.starts_with("http") => {
                            write!(woven, "[{text}]({target})").expect(NO_ERROR);
                        }
                        (None, None) if !text.starts_with('`') => match links.rule(text) {
                            Some(link) => woven.push_str(&link),
                            None => write!(woven, "\\[{text}\\]").expect(NO_ERROR),
                        },
                        _ => woven.push_str(text),
                    }
                    after
                }
            };
        }
        woven + rest
    }

    /// The rules that the file's head defines for all files.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.head.iter().filter_map(|line| rule_name(invariant(line)?.0))
    }

    /// The memory orderings in the file: the label, and the id of the row.
    pub fn orderings(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (number, line) in self.source.lines.iter().enumerate() {
            for part in line.comment.split("ORDERING[").skip(1) {
                if let Some((label, _)) = part.split_once(']') {
                    found.push((label.to_owned(), self.row_of(number)));
                }
            }
        }
        found
    }
}

/// Makes the links for the names in comments.
pub trait Links {
    /// A link for the label of an ordering.
    fn label(&self, label: &str) -> String;
    /// A link for a rule, if a file defines it.
    fn rule(&self, name: &str) -> Option<String>;
}

const NO_ERROR: &str = "writing to a String cannot fail";

/// The text of a line that is only a comment.
fn comment(line: &str) -> Option<&str> {
    let text = line.trim_start().strip_prefix("//")?;
    Some(unindent(text.trim_start_matches(['/', '!'])))
}

fn unindent(text: &str) -> &str {
    text.strip_prefix(' ').unwrap_or(text)
}

/// The word of a rule that other files name: `claim` of `[claim]`.
pub fn rule_name(name: &str) -> Option<&str> {
    let word = name.strip_prefix('[')?.strip_suffix(']')?;
    let plain = word.len() > 2 && word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    plain.then_some(word)
}

/// Whether a word is the name of a rule that only its own file names: a letter and a digit, as `B1`.
pub fn is_letter(word: &str) -> bool {
    matches!(word.as_bytes(), [letter, digit] if letter.is_ascii_uppercase() && digit.is_ascii_digit())
}

/// A line that opens with the name of an invariant, `- T1  The waker …` or `- [claim]  A pointer …`: the name, and
/// what follows. The dash makes a list of them in rustdoc; two spaces after the name distinguish it from a text.
pub fn invariant(line: &str) -> Option<(&str, &str)> {
    let (name, rule) = line.strip_prefix("- ").unwrap_or(line).split_once("  ")?;
    if rule_name(name).is_some() {
        return Some((name, rule));
    }
    let (letter, number) = name.split_at_checked(1)?;
    let is_name = letter.chars().all(char::is_uppercase) && !number.is_empty();
    (is_name && number.chars().all(|c| c.is_ascii_digit())).then_some((name, rule))
}

/// A link's definition: `[text]: crate::Thing`.
fn is_definition(line: &str) -> bool {
    line.starts_with('[') && line.contains("]: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "//! A file of [`Thing`]s.
//!
//! ```text
//!   a ──▶ b
//! ```
//!
//! - A1  The first, which
//!   has two lines.
//! - A2  The second, by [of-another].
//! - [of-all]  The third.
//! Next: `c`.

use std::io;

/// One of Vec<u8>. See [`Thing::go`] and [`io::Read`].
///
/// # Panics
///
/// Never.
struct Thing;

impl Thing {
    fn go(&self) {
        let a = 1;
        // ORDERING[a-b]: why.
        let b = a;
    }
}

#[cfg(test)]
mod tests {
    fn t() {}
}
";

    struct Bracketed;

    impl Links for Bracketed {
        fn label(&self, label: &str) -> String {
            format!("<{label}>")
        }

        fn rule(&self, name: &str) -> Option<String> {
            (name == "of-another").then(|| format!("<{name}>"))
        }
    }

    fn page() -> String {
        let source = Source::new("a/src/b.rs", TEXT.to_owned());
        let annotated = Annotated::new(&source);
        assert_eq!(annotated.orderings(), [("a-b".to_owned(), "L25".to_owned())]);
        assert_eq!(annotated.row_of(25), "L25");
        let notes = BTreeMap::from([("L15".to_owned(), "quoted".to_owned())]);
        assert_eq!(annotated.rules().collect::<Vec<_>>(), ["of-all"]);
        annotated.page(&notes, &Bracketed)
    }

    #[test]
    fn a_comment_is_beside_its_code() {
        let page = page();
        let rows: Vec<&str> = page.split("<div class=\"row").collect();
        assert!(rows[0].contains("A file of [`Thing`](#L15)s."), "{}", rows[0]);
        assert!(rows[0].contains("```text\n  a ──▶ b\n```"), "{}", rows[0]);
        let row = |id: &str| {
            rows.iter().find(|row| row.contains(&format!("id=\"{id}\""))).unwrap_or_else(|| panic!("{page}"))
        };
        assert!(rows[0].contains("The second, by <of-another>."), "{}", rows[0]);
        assert!(rows[0].contains("- <b id=\"of-all\">\\[of-all\\]</b> The third."), "{}", rows[0]);
        let thing = row("L15");
        assert!(thing.contains("One of Vec&lt;u8>. See [`Thing::go`](#L22) and `io::Read`."), "{thing}");
        assert!(thing.contains("**Panics**"), "{thing}");
        assert!(thing.contains("```rust,ignore\nstruct Thing;\n```"), "{thing}");
        assert!(thing.contains("quoted"), "{thing}");
        let ordering = row("L25");
        assert!(ordering.contains("ORDERING<a-b>: why."), "{ordering}");
        assert!(ordering.contains("        let b = a;\n    }\n}\n```"), "{ordering}");
        assert!(page.contains("<details><summary>Tests</summary>"), "{page}");
    }

    #[test]
    fn every_line_of_code_is_on_the_page_once() {
        let page = page();
        for line in TEXT.lines().filter(|line| comment(line).is_none() && line.trim().len() > 1) {
            assert_eq!(page.matches(&format!("{line}\n")).count(), 1, "{line}\n{page}");
        }
    }
}
