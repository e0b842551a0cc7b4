//! Finds the items of a source file by name, so that a chapter can quote them.
//!
//! ```text
//!   fn retry                 retry              struct, enum, trait, const, static, type, macro alike
//!   impl Park { fn wait }    Park::wait         the whole block: impl Park
//!   impl Drop for Park { .. }  <Park as Drop>::drop, or Park::drop while there is one only;  impl Drop for Park
//!   mod tests { fn a }       tests::a
//! ```
//!
//! Not a parser: it knows where an item begins, which word names it, and which brace ends it. That is
//! enough, for the compiler has seen the file already.

use std::ops::Range;

use crate::source::{Source, words};

/// An item and the lines it takes, counted from nought.
#[derive(Debug, Clone)]
pub struct Item {
    /// How it is called: `Park::wait`, `<Park as Drop>::drop`.
    pub name: String,
    /// The shorter name of a method in a trait's impl: `Park::drop`.
    short: Option<String>,
    /// With the comments and attributes above it.
    pub lines: Range<usize>,
    /// Without the comments above it.
    pub bare: Range<usize>,
}

impl Item {
    /// The name as an HTML id: `Park.Drop.drop`.
    pub fn id(&self) -> String {
        let text = self.name.replace(" as ", ".");
        text.split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(".")
    }
}

/// The item called `name`.
///
/// # Errors
///
/// Says that there is none, or that there are several.
pub fn find(source: &Source, name: &str) -> Result<Item, String> {
    let all = items(source);
    let mut found: Vec<&Item> = all.iter().filter(|item| item.name == name).collect();
    if found.is_empty() {
        found = all.iter().filter(|item| item.short.as_deref() == Some(name)).collect();
    }
    match found[..] {
        [item] => Ok(item.clone()),
        [] => Err(format!("{} has no item {name}", source.path)),
        _ => Err(format!("{} has {} items {name}", source.path, found.len())),
    }
}

/// All items, those of impls, traits and modules too, in the order of their first lines.
pub fn items(source: &Source) -> Vec<Item> {
    let mut chars = Vec::new();
    for (number, line) in source.lines.iter().enumerate() {
        chars.extend(line.code.chars().map(|c| (c, number)));
        chars.push(('\n', number));
    }
    let mut scan = Scan { source, chars, at: 0, found: Vec::new() };
    scan.items(&Within::File);
    scan.found.sort_by_key(|item| (item.lines.start, std::cmp::Reverse(item.lines.end)));
    scan.found
}

/// What encloses an item, as far as its name is concerned.
enum Within {
    File,
    /// A module, a trait, or a type's own impl.
    Named(String),
    /// A trait's impl for a type.
    Impl {
        of: String,
        for_type: String,
    },
}

struct Scan<'a> {
    source: &'a Source,
    chars: Vec<(char, usize)>,
    at: usize,
    found: Vec<Item>,
}

impl Scan<'_> {
    /// Reads items up to the closing brace of what encloses them, or to the end.
    fn items(&mut self, within: &Within) {
        let mut begun = None;
        while let Some(&(c, line)) = self.chars.get(self.at) {
            match c {
                '}' => return,
                '#' => {
                    // An inner attribute is the enclosing item's.
                    let outer = self.chars.get(self.at + 1).is_some_and(|&(next, _)| next == '[');
                    self.at += if outer { 1 } else { 2 };
                    self.skip_brackets();
                    begun = if outer { begun.or(Some(line)) } else { None };
                }
                c if c.is_whitespace() || c == ';' => self.at += 1,
                _ => {
                    self.item(begun.unwrap_or(line), within);
                    begun = None;
                }
            }
        }
    }

    /// Reads one item, whose first attribute or word stands in line `first`.
    fn item(&mut self, first: usize, within: &Within) {
        let start = self.at;
        let mut header = String::new();
        let mut ended = false;
        while let Some(&(c, _)) = self.chars.get(self.at) {
            match c {
                '(' | '[' => {
                    let from = self.at;
                    self.skip_brackets();
                    header.extend(self.chars[from..self.at].iter().map(|(c, _)| c));
                    continue;
                }
                // A value's braces are no body.
                '{' if is_value(&header) => {
                    self.skip_brackets();
                    continue;
                }
                '{' => break,
                ';' => {
                    ended = true;
                    break;
                }
                _ => header.push(c),
            }
            self.at += 1;
        }
        let (kind, name) = kind_and_name(&header);
        if !ended {
            match (kind, &name) {
                ("mod" | "trait", Some(name)) => self.body(&Within::Named(path(within, name))),
                ("impl", _) => match impl_of(&header) {
                    (Some(of), for_type) => self.body(&Within::Impl { of, for_type }),
                    (None, for_type) => self.body(&Within::Named(path(within, &for_type))),
                },
                _ => self.skip_brackets(),
            }
        }
        let last = self
            .chars
            .get(self.at.saturating_sub(usize::from(!ended)).max(start))
            .map_or(first, |&(_, line)| line);
        let (name, short) = match (kind, name) {
            ("impl", _) => match impl_of(&header) {
                (Some(of), for_type) => (format!("impl {of} for {for_type}"), None),
                (None, for_type) => (format!("impl {for_type}"), None),
            },
            (_, Some(name)) => match within {
                Within::Impl { of, for_type } => {
                    (format!("<{for_type} as {of}>::{name}"), Some(format!("{for_type}::{name}")))
                }
                _ => (path(within, &name), None),
            },
            _ => return,
        };
        let above = (0..first).rev().take_while(|&line| self.is_comment_above(line)).last();
        self.found.push(Item { name, short, lines: above.unwrap_or(first)..last + 1, bare: first..last + 1 });
    }

    /// Reads the items of the body whose opening brace is ahead.
    fn body(&mut self, within: &Within) {
        self.at += 1;
        self.items(within);
        self.at += 1;
    }

    /// Skips from an opening bracket past the one that closes it.
    fn skip_brackets(&mut self) {
        let mut depth = 0;
        while let Some(&(c, _)) = self.chars.get(self.at) {
            self.at += 1;
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn is_comment_above(&self, line: usize) -> bool {
        let line = &self.source.lines[line];
        line.code.trim().is_empty() && !line.comment.is_empty() && !line.comment.starts_with('!')
    }
}

/// Whether a header so far is that of a `const`, `static`, `use` or `type`, which a semicolon ends.
fn is_value(header: &str) -> bool {
    matches!(kind_and_name(header).0, "const" | "static" | "use" | "type")
}

/// The keyword that says what an item is, and the word that names it.
fn kind_and_name(header: &str) -> (&str, Option<String>) {
    if let Some((name, rest)) = header.split_once('!') {
        let rules = name.trim() == "macro_rules";
        let name = if rules { words(rest).next() } else { words(name).last() };
        return ("macro", name.map(|name| if rules { name.to_owned() } else { format!("{name}!") }));
    }
    let mut found = words(header).peekable();
    while let Some(word) = found.next() {
        match word {
            "const" if matches!(found.peek(), Some(&("fn" | "unsafe" | "async" | "extern"))) => {}
            "impl" => return ("impl", None),
            "use" => return ("use", None),
            "fn" | "struct" | "enum" | "union" | "trait" | "mod" | "const" | "static" | "type" => {
                let name = found.find(|name| *name != "mut");
                return (word, name.map(str::to_owned));
            }
            _ => {}
        }
    }
    ("", None)
}

/// Of an impl's header: the trait, if it is one's, and the type.
fn impl_of(header: &str) -> (Option<String>, String) {
    let (_, rest) = header.split_once("impl").expect("it is an impl's header");
    let rest = rest
        .split(" where ")
        .next()
        .expect("a split has a first part")
        .split("\nwhere")
        .next()
        .expect("as before");
    // Parameters, here and in the types, are no part of a name.
    let mut depth = 0;
    let mut plain = String::new();
    let mut before = ' ';
    for c in rest.chars() {
        match c {
            '<' => depth += 1,
            '>' if before != '-' => depth -= 1,
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
        before = c;
    }
    let last_name = |text: &str| {
        let text = text.trim().trim_start_matches(['&', '!']);
        let text = text.strip_prefix("'_ ").or(text.strip_prefix("'a ")).unwrap_or(text);
        text.rsplit("::").next().expect("a split has a last part").trim().to_owned()
    };
    match plain.split_once(" for ") {
        Some((of, for_type)) => (Some(last_name(of)), last_name(for_type)),
        None => (None, last_name(&plain)),
    }
}

fn path(within: &Within, name: &str) -> String {
    match within {
        Within::File => name.to_owned(),
        Within::Named(outer) => format!("{outer}::{name}"),
        Within::Impl { of, for_type } => format!("<{for_type} as {of}>::{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"//! A file.

use std::{fmt, io};

/// The most.
const MOST: [u8; 2] = [1, { 2 }];

/// A thing.
#[derive(Debug)]
pub(crate) struct Thing<T>(T);

impl<T: Fn() -> u8> Thing<T> {
    /// Makes one.
    // In two comments.
    #[inline]
    pub(crate) const fn new(of: T) -> Self {
        Self(of)
    }
}

unsafe impl<T> Send for Thing<T> {}

impl<T> fmt::Display for Thing<T>
where
    T: Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "}} {")
    }
}

impl<T> fmt::Debug for Thing<T> {
    fn fmt(&self) {}
}

thread_local! {
    static HERE: u8 = 1;
}

pub trait Way {
    fn go(&self);
}

#[cfg(test)]
mod tests {
    #[test]
    fn works() {}
}
"#;

    fn source() -> Source {
        Source::new("a/src/b.rs", TEXT.to_owned())
    }

    fn text(range: Range<usize>) -> String {
        TEXT.lines().skip(range.start).take(range.len()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn items_are_found_by_name_with_their_comments_or_without() {
        let source = source();
        let new = find(&source, "Thing::new").expect("a method");
        assert!(text(new.lines.clone()).starts_with("    /// Makes one."));
        assert!(text(new.lines).ends_with("        Self(of)\n    }"));
        assert!(text(new.bare).starts_with("    #[inline]"));
        assert_eq!(
            text(find(&source, "MOST").expect("a constant").bare),
            "const MOST: [u8; 2] = [1, { 2 }];"
        );
        let thing = find(&source, "Thing").expect("a struct");
        assert_eq!(text(thing.lines), "/// A thing.\n#[derive(Debug)]\npub(crate) struct Thing<T>(T);");
        assert_eq!(text(find(&source, "Way::go").expect("a trait's").bare), "    fn go(&self);");
        assert!(text(find(&source, "thread_local!").expect("a macro's").bare).ends_with("= 1;\n}"));
        assert_eq!(
            text(find(&source, "tests::works").expect("a test").bare),
            "    #[test]\n    fn works() {}"
        );
        assert!(
            text(find(&source, "impl Display for Thing").expect("an impl").bare)
                .starts_with("impl<T> fmt::Display")
        );
        assert_eq!(
            text(find(&source, "impl Send for Thing").expect("an impl").bare),
            "unsafe impl<T> Send for Thing<T> {}"
        );
    }

    #[test]
    fn a_short_name_must_be_the_only_one() {
        let source = source();
        let told = find(&source, "Thing::fmt").expect_err("there are two");
        assert_eq!(told, "a/src/b.rs has 2 items Thing::fmt");
        let full = find(&source, "<Thing as Display>::fmt").expect("one of them");
        assert!(text(full.bare.clone()).contains("write!"));
        assert_eq!(full.id(), "Thing.Display.fmt");
        assert_eq!(find(&source, "Thing::old").expect_err("none"), "a/src/b.rs has no item Thing::old");
    }
}
