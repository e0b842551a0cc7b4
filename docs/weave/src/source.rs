//! Reads a source file as lines of code and lines of comment.
//!
//! The tests of the source's form need the comments, which `syn` drops, and must not be misled by a `//` or a
//! brace in a string. So this scanner knows what a comment, a string and a character are, and nothing else of the
//! language. That is enough to count lines and to find words.
//!
//! ```text
//!   text ──split──▶ lines of (code, comment) ──mark──▶ which lines belong to tests
//! ```

use std::fs;
use std::path::{Path, PathBuf};

/// The crates, from the bottom up.
pub const CRATES: [&str; 3] = ["reactor", "executor", "chat"];

/// One line, split into code and comment.
#[derive(Debug, Default)]
pub struct Line {
    /// The code. The text of strings is replaced by `_`.
    pub code: String,
    /// The comment.
    pub comment: String,
    /// Inside an item under `#[cfg(test)]`, `#[cfg(loom)]` or both, for the museum, or for Miri.
    pub test: bool,
}

/// A source file.
#[derive(Debug)]
pub struct Source {
    /// Its path from the root: `reactor/src/source.rs`.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// The same, split into lines.
    pub lines: Vec<Line>,
}

impl Source {
    /// Reads the file at `path`, which is relative to the root.
    pub fn read(path: &str) -> Source {
        let text = read(path);
        Source::new(path, text)
    }

    /// Splits the text of a file.
    pub fn new(path: &str, text: String) -> Source {
        let mut lines = split(&text);
        mark_tests(&mut lines);
        let path = path.to_owned();
        Source { path, text, lines }
    }

    /// The number of lines of code: without comments, blank lines and tests.
    pub fn code_lines(&self) -> usize {
        self.shipped().filter(|(_, line)| !line.code.trim().is_empty()).count()
    }

    /// The number of lines of code without imports, declarations of modules, lines that only close brackets, lines
    /// that only record an event, which do nothing else, and lines that only carry a seeded fault, which are in no
    /// shipped build.
    pub fn telling_lines(&self) -> usize {
        let mut importing = false;
        let mut telling = 0;
        // How deep the brackets are in the block of a seeded fault.
        let mut seeded = 0;
        // Whether a part of a condition was the line before: then the bracket below it stands alone for it.
        let mut after_seeded = false;
        for (_, line) in self.shipped() {
            let code = line.code.trim();
            if seeded > 0 || begins_seeded_block(code) {
                seeded = deeper(seeded, code);
                continue;
            }
            if is_seeded_line(code) || after_seeded && code == "{" {
                after_seeded = true;
                continue;
            }
            after_seeded = false;
            let import = importing || is_import(code);
            importing = import && !code.is_empty() && !code.ends_with(';');
            if !import && !records(code) && !code.chars().all(|c| "])};,".contains(c)) {
                telling += 1;
            }
        }
        telling
    }

    /// How often `word` occurs in the shipped code, as a whole word.
    pub fn count_word(&self, word: &str) -> usize {
        self.shipped().flat_map(|(_, line)| words(&line.code)).filter(|found| *found == word).count()
    }

    /// The lines outside of tests, with their numbers, counted from one.
    pub fn shipped(&self) -> impl Iterator<Item = (usize, &Line)> {
        (1..).zip(&self.lines).filter(|(_, line)| !line.test)
    }
}

/// Whether a line is one call of the reactor's `record`.
fn records(code: &str) -> bool {
    let call = code.split_once(" = ").filter(|_| code.starts_with("let ")).map_or(code, |(_, call)| call);
    let path = call.split('(').next().unwrap_or_default();
    let called = path.rsplit([':', '.']).next().unwrap_or_default();
    code.ends_with(");")
        && (["note", "record", "count"].contains(&called)
            || called.starts_with("record_")
            || called.starts_with("note_"))
}

/// Whether a line belongs to a seeded fault alone: a part of a condition, or an arm of a match that does nothing.
fn is_seeded_line(code: &str) -> bool {
    let part = code.strip_prefix("&& !").or_else(|| code.strip_prefix("|| ")).unwrap_or_default();
    part.starts_with(FAULT) && part.ends_with("\")")
        || code.starts_with(&format!("if !{FAULT}")) && code.ends_with("\") {")
        || code.contains(&format!("if {FAULT}")) && code.ends_with("=> {}")
}

/// Whether a block begins here that runs only with a seeded fault.
fn begins_seeded_block(code: &str) -> bool {
    let condition = code.strip_prefix("if ").and_then(|code| code.strip_suffix(" {")).unwrap_or_default();
    condition.split(" && ").any(|part| part.starts_with(FAULT)) && !condition.contains("||")
}

/// How deep the brackets are after a line, from the depth before it. At zero the block is over, and what follows in
/// that line, an `else`, is no part of it.
fn deeper(depth: usize, code: &str) -> usize {
    let mut depth = depth;
    for c in code.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return 0,
            '}' => depth -= 1,
            _ => {}
        }
    }
    depth
}

/// How the call of a seeded fault begins.
const FAULT: &str = "fault(\"";

/// Whether an import begins here.
fn is_import(code: &str) -> bool {
    let mut words = code.split_whitespace().skip_while(|word| word.starts_with("pub"));
    words.next().is_some_and(|word| word == "use" || word == "mod" && code.ends_with(';'))
}

/// The identifiers and keywords of a line.
pub fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The root of the workspace.
///
/// # Panics
///
/// If this crate is not two folders below it.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("docs/weave is two folders below the root")
}

/// Returns the text of the file at `path`, which is relative to the root.
///
/// # Panics
///
/// If it cannot be read.
pub fn read(path: &str) -> String {
    let full = root().join(path);
    fs::read_to_string(&full).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
}

/// Returns every `.rs` file under `folder`, sorted, as paths relative to the root.
///
/// # Panics
///
/// If a folder cannot be listed.
pub fn rust_files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("a folder's entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let relative = path.strip_prefix(root()).expect("it is under the root");
                found.push(relative.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// Returns every source file in a crate's `src/`, except those that belong to tests and models.
///
/// # Panics
///
/// If there are none.
pub fn crate_sources(name: &str) -> Vec<Source> {
    let files = rust_files(&format!("{name}/src"));
    assert!(!files.is_empty(), "{name} has no source");
    shipped_files(files.iter().map(|path| Source::read(path)).collect())
}

/// Returns the sources that do not belong to tests and models.
pub fn shipped_files(mut sources: Vec<Source>) -> Vec<Source> {
    let tests: Vec<String> = sources.iter().flat_map(test_modules).collect();
    let below = |path: &str, test: &String| {
        path.strip_prefix(test.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    };
    sources.retain(|source| !tests.iter().any(|test| below(&source.path, test)));
    sources
}

/// The modules that `source` declares for tests and that are files of their own, as paths without `.rs`.
fn test_modules(source: &Source) -> Vec<String> {
    let stem = source.path.trim_end_matches(".rs");
    let folder = match stem.rsplit_once('/') {
        Some((folder, "lib" | "main" | "mod")) => folder,
        _ => stem,
    };
    let tests = source.lines.iter().filter(|line| line.test);
    tests
        .filter_map(|line| line.code.trim().strip_suffix(';')?.split_once("mod "))
        .map(|(_, name)| format!("{folder}/{name}"))
        .collect()
}

/// Where the scanner is.
enum Inside {
    Code,
    LineComment,
    /// Block comments nest.
    BlockComment(u32),
    String,
    /// A raw string, with the number of `#` that end it.
    RawString(usize),
}

/// Splits each line into code and comment.
fn split(text: &str) -> Vec<Line> {
    let chars: Vec<char> = text.chars().collect();
    let mut lines = vec![Line::default()];
    let mut inside = Inside::Code;
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let line = lines.last_mut().expect("there is always a line");
        if rest[0] == '\n' {
            if matches!(inside, Inside::LineComment) {
                inside = Inside::Code;
            }
            lines.push(Line::default());
            at += 1;
            continue;
        }
        let mut used = 1;
        inside = match inside {
            Inside::Code => {
                let (next, length) = begin(rest, at.checked_sub(1).map(|before| chars[before]));
                used = length;
                let comment = matches!(next, Inside::LineComment | Inside::BlockComment(_));
                if !comment {
                    // The text of a character such as '"' is replaced as a string's is.
                    let is_char = rest[0] == '\'' && used > 1;
                    line.code.extend(rest[..used].iter().map(|&c| if is_char { '_' } else { c }));
                }
                next
            }
            Inside::LineComment => {
                line.comment.push(rest[0]);
                Inside::LineComment
            }
            Inside::BlockComment(depth) => {
                used = if rest.starts_with(&['*', '/']) || rest.starts_with(&['/', '*']) { 2 } else { 1 };
                match (used, rest[0]) {
                    (2, '*') if depth == 1 => Inside::Code,
                    (2, '*') => Inside::BlockComment(depth - 1),
                    (2, _) => Inside::BlockComment(depth + 1),
                    _ => {
                        line.comment.push(rest[0]);
                        Inside::BlockComment(depth)
                    }
                }
            }
            Inside::String => match rest[0] {
                '"' => {
                    line.code.push('"');
                    Inside::Code
                }
                // An escaped character, but never the newline after a trailing backslash.
                '\\' if rest.get(1).is_some_and(|&c| c != '\n') => {
                    used = 2;
                    line.code.push('_');
                    Inside::String
                }
                other => {
                    line.code.push(if other == ' ' { ' ' } else { '_' });
                    Inside::String
                }
            },
            Inside::RawString(hashes) => {
                let ends = rest[0] == '"' && rest[1..].iter().take_while(|&&c| c == '#').count() >= hashes;
                line.code.push(if ends { '"' } else { '_' });
                if ends {
                    used = 1 + hashes;
                    Inside::Code
                } else {
                    Inside::RawString(hashes)
                }
            }
        };
        at += used;
    }
    lines
}

/// In code, with `rest` ahead: returns what begins here, and the length of its opening in characters.
fn begin(rest: &[char], before: Option<char>) -> (Inside, usize) {
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    match rest[0] {
        '/' if rest.get(1) == Some(&'/') => (Inside::LineComment, 2),
        '/' if rest.get(1) == Some(&'*') => (Inside::BlockComment(1), 2),
        '"' => (Inside::String, 1),
        'r' if !in_word || before == Some('b') => {
            let hashes = rest[1..].iter().take_while(|&&c| c == '#').count();
            if rest.get(1 + hashes) == Some(&'"') {
                (Inside::RawString(hashes), 2 + hashes)
            } else {
                (Inside::Code, 1)
            }
        }
        // 'x' and '\n' are characters, 'a in a bound is a lifetime.
        '\'' if rest.get(1) == Some(&'\\') => {
            let end = rest.iter().skip(3).position(|&c| c == '\'');
            (Inside::Code, end.map_or(1, |end| end + 4))
        }
        '\'' if rest.get(2) == Some(&'\'') => (Inside::Code, 3),
        _ => (Inside::Code, 1),
    }
}

/// Marks the lines of items that belong to tests and models.
fn mark_tests(lines: &mut [Line]) {
    const MARKS: [&str; 6] = [
        "#[cfg(test)]",
        "#[cfg(loom)]",
        "#[cfg(museum)]",
        "#[cfg(any(loom, miri))]",
        "#[cfg(all(test,",
        "#[cfg(all(loom, test",
    ];
    let mut first = 0;
    while first < lines.len() {
        let code = lines[first].code.trim();
        if !MARKS.iter().any(|mark| code.starts_with(mark)) {
            first += 1;
            continue;
        }
        // The item ends at the brace that closes its body, or at a semicolon before any brace.
        let mut depth = 0i32;
        let mut last = first;
        'item: loop {
            for c in lines[last].code.chars() {
                match c {
                    '{' | '(' | '[' => depth += 1,
                    ')' | ']' => depth -= 1,
                    '}' => {
                        depth -= 1;
                        if depth == 0 {
                            break 'item;
                        }
                    }
                    ';' if depth == 0 => break 'item,
                    _ => {}
                }
            }
            last += 1;
            if last == lines.len() {
                last -= 1;
                break;
            }
        }
        for line in &mut lines[first..=last] {
            line.test = true;
        }
        first = last + 1;
    }
}

#[test]
fn a_line_of_a_seeded_fault_alone_does_not_count() {
    let count = |code: &str| Source::new("a.rs", code.to_owned()).telling_lines();
    let cases = [
        ("if a\n    && !fault(\"x\")\n{\n    b();\n}", 2),
        ("if a && fault(\"x\") {\n    if b {\n        return None;\n    }\n}\nc();", 1),
        ("if fault(\"x\") && a {\n    return None;\n}\nc();", 1),
        ("if fault(\"x\") {\n    b();\n} else {\n    c();\n}", 1),
        ("match a {\n    B if fault(\"x\") => {}\n    C => c(),\n}", 2),
        ("if a && !fault(\"x\") {\n    b();\n}", 2),
        ("if !fault(\"x\") {\n    b();\n}", 1),
        ("if a || fault(\"x\") {\n    b();\n}", 2),
    ];
    for (code, expected) in cases {
        assert_eq!(count(code), expected, "{code}");
    }
}

#[test]
fn the_reader_tells_code_from_comments_strings_and_tests() {
    let text = r##"
//! A file.
use std::fmt; // a word
fn url<'a>(at: &'a str) -> char {
    let _ = "http://x /* no comment */ {";
    let _ = r#"a " quote { "#;
    /* a block
       of two /* nested */ lines */
    '{'
}

#[cfg(test)]
mod tests {
    fn not_counted() {}
}
#[cfg(all(test, loom))]
mod models;
fn last() {}
"##;
    let source = Source::new("a.rs", text.to_owned());
    let code: Vec<&str> =
        source.shipped().map(|(_, line)| line.code.trim()).filter(|code| !code.is_empty()).collect();
    assert_eq!(code.len(), 7, "{code:#?}");
    assert_eq!(source.code_lines(), 7);
    let closing = code.iter().filter(|line| line.chars().all(|c| "])};,".contains(c))).count();
    assert_eq!(source.telling_lines(), 7 - 1 - closing, "one import, and what closes");
    assert_eq!(code[0], "use std::fmt;");
    assert!(!code.iter().any(|line| line.contains("comment")), "{code:#?}");
    assert_eq!(code[6], "fn last() {}");
    assert_eq!(source.count_word("fn"), 2);
    assert_eq!(test_modules(&source), ["a/models"]);
}
