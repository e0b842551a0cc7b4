//! The museum's exhibits: bugs of other runtimes, each with the lines that would bring it into this one.
//!
//! An exhibit is a Markdown file of a fixed form in `docs/museum/exhibits/`. Three readers need the same facts of
//! it: the program `museum` shows it, the book lists it, and `seeded-faults` counts its fault as found. So it is
//! parsed here, and a file of another form is an error that names the file and the line.
//!
//! ```text
//!   README.md   ## Group, - [name](name.md)        the order, which gives each exhibit its number
//!   name.md     # Title, then the sections of SECTIONS in this order, each with a text
//! ```
//!
//! The source carries a bug as a seeded fault, `fault("name")`. A reader of the diff does not need that notation,
//! so the diff shows the lines as they would be with the bug and without. [`without_faults`] takes the notation out
//! of a source text, and the diff's old lines must be in what is left.
//!
//! Called by the programs `museum` and `seeded-faults`. Next: `models`.

use std::fs;
use std::path::Path;

use crate::source::rust_files;

/// Where the exhibits are, from the root.
pub const FOLDER: &str = "docs/museum/exhibits";

/// The sections of an exhibit, in their order.
const SECTIONS: [&str; 9] =
    ["Report", "Idea", "Wrong lines", "Shown by", "Cure", "Invariant", "Test", "Chapter", "Exercise"];

/// A bug, and how it is shown.
#[derive(Debug, Clone)]
pub struct Exhibit {
    /// Its place in the order, from one.
    pub number: usize,
    /// The name of its file and of its program.
    pub name: String,
    /// The heading that it is listed under.
    pub group: String,
    /// What it is about, in a few words.
    pub title: String,
    /// The reports: what users saw.
    pub reports: Vec<String>,
    /// What the mechanism is for, the mistake, and what follows from it.
    pub idea: String,
    /// The file of ours that carries the fault, from the root.
    pub file: String,
    /// The name of the seeded fault.
    pub fault: String,
    /// The sentence that names the file, the function and the fault.
    pub place: String,
    /// The wrong lines, as a diff. A line `@@` stands between two places.
    pub diff: Vec<String>,
    /// What shows the failure.
    pub shown: Shown,
    /// What the right code does.
    pub cure: String,
    /// The rule that the fault breaks.
    pub invariant: String,
    /// The test or the model that fails.
    pub test: String,
    /// The chapter on the mechanism, from the root.
    pub chapter: String,
    /// The sentence that names the chapter.
    pub chapter_text: String,
    /// Something for the reader to do.
    pub exercise: String,
}

/// What shows a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A program of real threads, `docs/museum/src/exhibits/NAME.rs`. It says itself what it sees.
    Program,
    /// A model, which tries every order of its threads.
    Model {
        /// The name of the model.
        name: String,
        /// What happens with the fault.
        with: String,
        /// What happens without it.
        without: String,
    },
}

impl Exhibit {
    /// The file that describes it, from the root.
    pub fn path(&self) -> String {
        format!("{FOLDER}/{}.md", self.name)
    }

    /// Where its program is, from the root.
    pub fn program(&self) -> String {
        format!("docs/museum/src/exhibits/{}.rs", self.name)
    }

    /// Whether its program, of this text, runs tasks, so that a recording shows something.
    pub fn runs_tasks(text: &str) -> bool {
        ["block_on(", "Pool::new", "task::spawn"].iter().any(|call| text.contains(call))
    }

    /// The old lines of each place in the diff: those that it keeps and those that it removes.
    pub fn old_lines(&self) -> Vec<String> {
        let old = |place: &[String]| -> String {
            let lines = place.iter().filter_map(|line| line.strip_prefix([' ', '-']));
            lines.collect::<Vec<_>>().join("\n")
        };
        self.diff.split(|line| line.starts_with("@@")).map(old).collect()
    }

    /// What is wrong with the exhibit's claims about the source tree at `root`.
    pub fn complaints(&self, root: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let path = self.path();
        match fs::read_to_string(root.join(&self.file)) {
            Err(error) => found.push(format!("{path}: {}: {error}", self.file)),
            Ok(text) => {
                if !text.contains(&format!("fault(\"{}\")", self.fault)) {
                    found.push(format!("{path}: {} has no fault {}", self.file, self.fault));
                }
                let shipped = unspaced(&without_faults(&text));
                for old in self.old_lines() {
                    if !shipped.contains(&unspaced(&old)) {
                        found.push(format!("{path}: these lines are not in {}:\n{old}", self.file));
                    }
                }
            }
        }
        if !root.join(&self.chapter).is_file() {
            found.push(format!("{path}: there is no chapter {}", self.chapter));
        }
        let text = fs::read_to_string(root.join(&self.chapter)).unwrap_or_default();
        let heading = self.chapter_text.split('"').nth(1);
        if let Some(heading) = heading.filter(|heading| !text.contains(&format!("\n## {heading}\n"))) {
            found.push(format!("{path}: {} has no section {heading}", self.chapter));
        }
        for named in [&self.invariant, &self.test, &self.exercise].into_iter().flat_map(|text| quoted(text)) {
            if named.contains('/') && named.contains(".rs") && !root.join(named).is_file() {
                found.push(format!("{path}: there is no file {named}"));
            }
        }
        found.extend(self.unknown_tests(root).map(|test| format!("{path}: there is no test {test}")));
        let program = root.join(format!("docs/museum/src/exhibits/{}.rs", self.name));
        if program.is_file() != (self.shown == Shown::Program) {
            found.push(format!("{path}: a model and a program, or neither"));
        }
        if !self.diff.iter().any(|line| line.starts_with(['+', '-'])) {
            found.push(format!("{path}: the diff changes nothing"));
        }
        found
    }

    /// The tests and models that the exhibit names and that no test file of the crates has.
    fn unknown_tests(&self, root: &Path) -> impl Iterator<Item = String> {
        let folders =
            ["executor/src", "executor/tests", "reactor/src", "reactor/tests", "chat/src", "chat/tests"];
        let files = folders.iter().flat_map(|folder| rust_files(folder)).map(|path| root.join(path));
        let texts: Vec<String> = files.filter_map(|path| fs::read_to_string(path).ok()).collect();
        let model = match &self.shown {
            Shown::Program => None,
            Shown::Model { name, .. } => Some(name.clone()),
        };
        let named = quoted(&self.test).into_iter().filter(|name| is_test_name(name)).map(str::to_owned);
        let named: Vec<String> = named.chain(model).collect();
        named.into_iter().filter(move |name| !texts.iter().any(|text| text.contains(&format!("fn {name}()"))))
    }
}

/// Reads all exhibits of the source tree at `root`, in their order.
///
/// # Errors
///
/// The first file and line that is not of the form.
pub fn read_all(root: &Path) -> Result<Vec<Exhibit>, String> {
    let text = |name: &str| fs::read_to_string(root.join(format!("{FOLDER}/{name}.md"))).ok();
    let listed = listed(&text("README").unwrap_or_default())?;
    let files = fs::read_dir(root.join(FOLDER)).map_err(|error| format!("{FOLDER}: {error}"))?;
    for file in files.filter_map(Result::ok) {
        let name = file.file_name().to_string_lossy().trim_end_matches(".md").to_owned();
        if name != "README" && !listed.iter().any(|(_, known)| *known == name) {
            return Err(format!("{FOLDER}/README.md:1: {name}.md is not in the list"));
        }
    }
    read(text)
}

/// Reads all exhibits in their order. `text` returns the text of the file of that name.
///
/// # Errors
///
/// The first file and line that is not of the form.
pub fn read(text: impl Fn(&str) -> Option<String>) -> Result<Vec<Exhibit>, String> {
    let text = |name: &str| text(name).ok_or_else(|| format!("{FOLDER}/{name}.md: there is no such file"));
    let exhibits = (1..).zip(listed(&text("README")?)?);
    exhibits.map(|(number, (group, name))| parse(number, &group, &name, &text(&name)?)).collect()
}

/// The groups and names in the list of exhibits.
fn listed(text: &str) -> Result<Vec<(String, String)>, String> {
    let (mut group, mut found) = (None, Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(title) = line.strip_prefix("## ") {
            group = Some(title.to_owned());
        } else if let Some(item) = line.strip_prefix("- ") {
            let wrong =
                || format!("{FOLDER}/README.md:{number}: expected `- [name](name.md)` below a heading");
            let name = item.strip_prefix('[').and_then(|item| item.split_once("](")).ok_or_else(wrong)?;
            let group = group.clone().filter(|_| name.1 == format!("{}.md)", name.0)).ok_or_else(wrong)?;
            found.push((group, name.0.to_owned()));
        }
    }
    Ok(found)
}

/// A section: the number of its heading's line, and the lines below it.
type Section<'a> = (usize, Vec<&'a str>);

/// Parses the text of an exhibit.
fn parse(number: usize, group: &str, name: &str, text: &str) -> Result<Exhibit, String> {
    let at = |line: usize, what: &str| format!("{FOLDER}/{name}.md:{line}: {what}");
    let mut lines = (1..).zip(text.lines());
    let title = lines.next().and_then(|(_, line)| line.strip_prefix("# "));
    let title = title.ok_or_else(|| at(1, "the first line is `# ` and the title"))?;
    let mut sections: Vec<Section> = Vec::new();
    for (line, text) in lines {
        if let Some(heading) = text.strip_prefix("## ") {
            let expected = SECTIONS.get(sections.len()).copied().unwrap_or("the end of the file");
            if heading != expected {
                return Err(at(line, &format!("the section here is {expected}")));
            }
            sections.push((line, Vec::new()));
        } else if let Some((_, section)) = sections.last_mut() {
            section.push(text);
        } else if !text.is_empty() {
            return Err(at(line, "text before the first section"));
        }
    }
    if let Some(missing) = SECTIONS.get(sections.len()) {
        return Err(at(text.lines().count(), &format!("the section {missing} is missing")));
    }
    let prose = |index: usize| -> Result<String, String> {
        let (line, section): &Section = &sections[index];
        let text = joined(section);
        if text.is_empty() { Err(at(*line, "the section is empty")) } else { Ok(text) }
    };
    let reports = items(&sections[0].1);
    let linked = |report: &String| {
        report.starts_with('[') && report.matches("](").count() == report.matches("](https://").count()
    };
    if reports.is_empty() || !reports.iter().all(linked) {
        return Err(at(sections[0].0, "each report is an item, and begins with a link to https"));
    }
    let (place, diff) = wrong_lines(&sections[2].1);
    let quoted = quoted(&place);
    if diff.is_empty() || quoted.len() < 2 {
        return Err(at(sections[2].0, "expected the file, the function and the fault, and a block `diff`"));
    }
    let fault = quoted[quoted.len() - 1].to_owned();
    let file = quoted[0].to_owned();
    let chapter_text = prose(7)?;
    Ok(Exhibit {
        number,
        name: name.to_owned(),
        group: group.to_owned(),
        title: title.to_owned(),
        reports,
        idea: prose(1)?,
        file,
        fault,
        place,
        diff,
        shown: shown(&sections[3].1, name).map_err(|what| at(sections[3].0, &what))?,
        cure: prose(4)?,
        invariant: prose(5)?,
        test: prose(6)?,
        chapter: quotes(&chapter_text, 0)
            .ok_or_else(|| at(sections[7].0, "the chapter's file is quoted first"))?,
        chapter_text,
        exercise: prose(8)?,
    })
}

/// The sentence before a diff, and the lines of the diff.
fn wrong_lines(section: &[&str]) -> (String, Vec<String>) {
    let mut parts = section.split(|line| line.starts_with("```"));
    let place = joined(parts.next().unwrap_or_default());
    let has_diff = section.contains(&"```diff");
    let diff = parts.next().filter(|_| has_diff).unwrap_or_default();
    // An editor may remove the space of an empty line.
    let diff = diff.iter().map(|line| if line.is_empty() { " " } else { line }).map(str::to_owned);
    (place, diff.collect())
}

/// What shows the failure: one sentence, and for a model the two outcomes.
fn shown(section: &[&str], exhibit: &str) -> Result<Shown, String> {
    let text = joined(section);
    if text.starts_with("The program") {
        let link = format!("The program [`{exhibit}.rs`](../src/exhibits/{exhibit}.rs).");
        return if text == link { Ok(Shown::Program) } else { Err(format!("expected `{link}`")) };
    }
    let items = items(section);
    let outcome = |begin: &str| items.iter().find_map(|item| item.strip_prefix(begin)).map(str::to_owned);
    match (quotes(&text, 0), outcome("With the fault: "), outcome("Without it: ")) {
        (Some(name), Some(with), Some(without)) if text.starts_with("The model `") => {
            Ok(Shown::Model { name, with, without })
        }
        _ => Err("expected `The program` and its link, or `The model` and two items, \
                  `With the fault: ` and `Without it: `"
            .to_owned()),
    }
}

/// The lines of a paragraph as one.
fn joined(lines: &[&str]) -> String {
    single_spaced(&lines.join(" "))
}

/// The text with one space for each run of white space.
fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text without white space, by which lines are compared: an exhibit may break them elsewhere.
fn unspaced(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The items of a list. The further lines of an item are indented.
fn items(lines: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in lines {
        if let Some(begin) = line.strip_prefix("- ") {
            found.push(begin.trim().to_owned());
        } else if let Some(item) = found.last_mut().filter(|_| line.starts_with("  ")) {
            item.push(' ');
            item.push_str(line.trim());
        }
    }
    found
}

/// Whether a word is the name of a test, and not a file or an item: tests are named by sentences.
fn is_test_name(word: &str) -> bool {
    word.matches('_').count() > 1 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn quotes(text: &str, index: usize) -> Option<String> {
    quoted(text).get(index).map(|&text| text.to_owned())
}

/// Takes the seeded faults out of a source text: what is left is what the shipped build runs.
///
/// It knows these forms: `a || fault("x")`, `a && !fault("x")` and `a && !(b && fault("x"))` become `a`, and the
/// brackets go that only a fault needs; `if fault("x") {`, `if a && fault("x") {` and `if fault("x") && a {` go with their block, and what
/// an `else` has takes the place; `if !fault("x") {` goes and its block stays. An arm of a match whose guard is a
/// fault goes too. Anywhere else a fault becomes `false`.
pub fn without_faults(text: &str) -> String {
    let mut rest = text.to_owned();
    while let Some(call) = rest.find("fault(\"") {
        let Some(end) = rest[call..].find("\")").map(|end| call + end + 2) else { break };
        let (before, after) = (rest[..call].trim_end().to_owned(), rest[end..].to_owned());
        rest = without_fault(&before, &after);
    }
    rest
}

/// Takes one fault out, which stood between `before` and `after`.
fn without_fault(before: &str, after: &str) -> String {
    if let Some(kept) = before.strip_suffix("||").or_else(|| before.strip_suffix("&& !")) {
        return without_brackets(kept.trim_end(), after);
    }
    if let Some(kept) = before.strip_suffix("if !") {
        return match after.find('{') {
            Some(open) if after[..open].trim().is_empty() => {
                let close = closing(after, open);
                format!("{kept}{}{}", after[open + 1..close - 1].trim(), &after[close..])
            }
            _ => format!("{}{after}", kept.trim_end()),
        };
    }
    let bracket = opening(before).filter(|_| before.ends_with("&&") && after.starts_with(')'));
    if let Some(kept) = bracket.and_then(|open| before[..open].strip_suffix("&& !")) {
        return format!("{}{}", kept.trim_end(), &after[1..]);
    }
    let condition = before.rfind("if ").map_or("", |word| &before[word..]);
    let is_whole = before.ends_with("if") || before.ends_with("&&") && !condition.contains([';', '}']);
    let begins = |part| after.trim_start().starts_with(part);
    let is_branch = is_whole && (begins("{") || begins("=>")) || before.ends_with("if") && begins("&&");
    match before.strip_suffix('!') {
        _ if is_branch => without_branch(before, after),
        Some(kept) => format!("{kept}true{after}"),
        None => format!("{before} false{after}"),
    }
}

/// Joins the two sides of a condition that is gone, and removes the brackets around what is left if only a fault
/// needed them: `(a || fault("x")) && b`.
fn without_brackets(before: &str, after: &str) -> String {
    let open = after.starts_with(')').then(|| opening(before)).flatten();
    let opens = open
        .filter(|&open| before[..open].ends_with([' ', '!', '(']) && !before[open..].contains(['&', '|']));
    match opens {
        Some(open) => format!("{}{}{}", &before[..open], &before[open + 1..], &after[1..]),
        None => format!("{before}{after}"),
    }
}

/// Where the bracket opens that is still open at the end of `text`.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().rev().find_map(|(at, c)| {
        match c {
            ')' => depth += 1,
            '(' if depth == 0 => return Some(at),
            '(' => depth -= 1,
            _ => {}
        }
        None
    })
}

/// Removes the branch whose condition ends with a fault: `before` ends in the condition, `after` begins behind it.
fn without_branch(before: &str, after: &str) -> String {
    // The branch begins at its `if`, or at the line of the arm. An `else if` is an `else` that ends here.
    let is_arm = after.trim_start().starts_with("=>");
    let bare = before.strip_suffix("if").map(str::len);
    let word = bare.or_else(|| before.rfind("if ")).unwrap_or(0);
    let begin = if is_arm { before[..word].rfind('\n').map_or(0, |line| line + 1) } else { word };
    let body = after.find('{').unwrap_or(after.len());
    let line = after.find('\n').unwrap_or(after.len());
    let end = if body < line || !is_arm { closing(after, body) } else { line };
    let tail = after.get(end..).unwrap_or_default();
    if let Some(other) = tail.trim_start().strip_prefix("else {") {
        let open = format!("{{{other}");
        let close = closing(&open, 0);
        return format!("{}{}{}", &before[..begin], open[1..close - 1].trim(), &open[close..]);
    }
    format!("{}{tail}", &before[..begin])
}

/// Where the block ends that opens at `open`.
fn closing(text: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in text[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return open + at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
const SAMPLE: &str = "# A title

## Report

- [some 1](https://example.org/1), 2020:
  it hangs.

## Idea

One.
Two.

## Wrong lines

`reactor/src/a.rs`, `f`, the fault `lost`:

```diff
 fn f() {
-    g();
 }
```

## Shown by

The model `m` in `reactor/src/model.rs`.

- With the fault: wrong.
- Without it: right.

## Cure

Do it.

## Invariant

[it-is-done].

## Test

The model.

## Chapter

`docs/book/src/a.md`, \"A\".

## Exercise

Try.
";

#[test]
fn an_exhibit_is_read() {
    let exhibit = parse(3, "Group", "it", SAMPLE).unwrap();
    assert_eq!((exhibit.title.as_str(), exhibit.reports.len()), ("A title", 1));
    assert_eq!(exhibit.reports[0], "[some 1](https://example.org/1), 2020: it hangs.");
    assert_eq!((exhibit.file.as_str(), exhibit.fault.as_str()), ("reactor/src/a.rs", "lost"));
    assert_eq!(exhibit.old_lines(), ["fn f() {\n    g();\n}"]);
    let Shown::Model { name, with, without } = &exhibit.shown else { panic!("{exhibit:?}") };
    assert_eq!((name.as_str(), with.as_str(), without.as_str()), ("m", "wrong.", "right."));
    assert_eq!(exhibit.chapter, "docs/book/src/a.md");
}

#[test]
fn an_error_names_the_file_and_the_line() {
    let cases = [
        ("# A title", "A title", "it.md:1: the first line"),
        ("## Idea", "## Ideas", "it.md:8: the section here is Idea"),
        ("https://", "http://", "it.md:3: each report"),
        ("```diff", "```rust", "it.md:13: expected the file"),
        ("- Without it: right.", "", "it.md:23: expected"),
        ("\n## Exercise\n\nTry.\n", "", "it.md:44: the section Exercise is missing"),
        ("Try.", "", "it.md:46: the section is empty"),
    ];
    for (old, new, expected) in cases {
        let error = parse(1, "Group", "it", &SAMPLE.replacen(old, new, 1)).unwrap_err();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    assert!(listed("- [a](a.md)\n").unwrap_err().contains("README.md:1"));
    assert!(listed("## Group\n\n- [a](b.md)\n").unwrap_err().contains("README.md:3"));
    assert_eq!(listed("## Group\n\n- [a](a.md)\n").unwrap(), [("Group".to_owned(), "a".to_owned())]);
}

#[test]
fn the_shipped_lines_are_left_when_the_faults_are_gone() {
    let cases = [
        ("if a || fault(\"x\") {}", "if a {}"),
        ("if a\n    && !fault(\"x\")\n{}", "if a {}"),
        ("if (a < b || fault(\"x\"))\n && c {}", "if a < b && c {}"),
        ("let d = f(a || fault(\"x\"));", "let d = f(a);"),
        ("a;\nif b && fault(\"x\") {\n    return { 1 };\n}\nc;", "a; c;"),
        ("a;\nif fault(\"x\") {\n    b;\n} else {\n    c;\n}\nd;", "a; c; d;"),
        ("let a = if fault(\"x\") { b } else { c };", "let a = c;"),
        ("if a && !(b && fault(\"x\")) {}", "if a {}"),
        ("if !fault(\"x\") {\n    a;\n}\nb;", "a; b;"),
        ("if fault(\"x\")\n    && a\n{\n    b;\n}\nc;", "c;"),
        ("if fault(\"x\") && a {\n    b;\n}\nc;", "c;"),
        ("match a {\n    B if !fault(\"x\") => a,\n}", "match a { B => a, }"),
        ("let a = !fault(\"x\");", "let a = true;"),
        ("if b {}\nlet a = b && fault(\"x\");", "if b {} let a = b && false;"),
        ("match a {\n    B if fault(\"x\") => {}\n    C => d,\n}", "match a { C => d, }"),
        ("match a {\n    B if fault(\"x\") => e,\n    C => d,\n}", "match a { C => d, }"),
    ];
    for (text, expected) in cases {
        assert_eq!(single_spaced(&without_faults(text)), expected, "{text}");
    }
}
