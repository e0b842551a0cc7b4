//! What the museum prints: lines that fit into 100 columns.
//!
//! The exhibits are Markdown. Of that, a terminal gets the text: links become their labels, and the addresses of
//! the reports stand below them.
//!
//! Called by `main`. Next: `exhibits`.

use std::io::{IsTerminal, stdout};
use std::time::Duration;

use weave::exhibit::{Exhibit, Shown};

use crate::stage::{End, Outcome};

/// The width of the printed text.
const WIDTH: usize = 98;

/// How far a section's text is indented.
const INDENT: &str = "  ";

/// Prints the list of the exhibits.
pub(crate) fn list(all: &[Exhibit]) {
    let mut group = "";
    for exhibit in all {
        if exhibit.group != group {
            group = &exhibit.group;
            println!("\n{group}");
        }
        let report = exhibit.reports.first().map_or("", String::as_str);
        let label = report.split(']').next().unwrap_or_default().trim_start_matches('[');
        println!("{:>4}  {:<56}{label}", exhibit.number, exhibit.title);
    }
    println!("\nOne of them: cargo museum NUMBER");
}

/// Prints what comes before the runs: the bug and the wrong lines.
pub(crate) fn label(exhibit: &Exhibit) {
    println!("{}. {}", exhibit.number, exhibit.title);
    for report in &exhibit.reports {
        section("Report", &plain(report));
        addresses(report).for_each(|address| println!("{INDENT}{address}"));
    }
    section("Idea", &plain(&exhibit.idea));
    section("Wrong lines", &plain(&exhibit.place));
    println!();
    diff(&exhibit.diff);
    let by = match &exhibit.shown {
        Shown::Program => format!("The program docs/museum/src/exhibits/{}.rs", exhibit.name),
        Shown::Model { name, .. } => format!("The model {name}"),
    };
    section("Shown by", &by);
}

/// Prints what comes after the runs.
pub(crate) fn rest(exhibit: &Exhibit) {
    section("Cure", &plain(&exhibit.cure));
    section("Invariant", &plain(&exhibit.invariant));
    section("Test", &plain(&exhibit.test));
    section("Chapter", &plain(&exhibit.chapter_text));
    section("Exercise", &plain(&exhibit.exercise));
}

/// Prints what happened in a run.
pub(crate) fn outcome(run: &str, outcome: &Outcome) {
    let heading = format!("{run} ({:.1} s)", outcome.took().as_secs_f64());
    let text = match &outcome.end {
        End::Well(seen) => format!("All is well. {}", sentence(seen)),
        End::Wrong(wrong) => sentence(wrong),
        End::Crashed(how) => format!("The process ended before it could say anything: {how}"),
        End::Hung => "The process hung, and was killed.".to_owned(),
    };
    let color = if outcome.fails() { "31" } else { "32" };
    println!("\n{}", colored(&heading, color));
    wrapped(&text).for_each(|line| println!("{INDENT}{line}"));
}

/// Prints the line of an exhibit that was checked.
pub(crate) fn checked(exhibit: &Exhibit, shown: bool, with: Duration, without: Duration) {
    let result = if shown { "ok" } else { "WRONG" };
    let (with, without) = (with.as_secs_f64(), without.as_secs_f64());
    println!("{result:<5} {:>3}  {:<56}{with:>6.2} s {without:>6.2} s", exhibit.number, exhibit.title);
}

fn section(heading: &str, text: &str) {
    println!("\n{}", colored(heading, "1"));
    wrapped(text).for_each(|line| println!("{INDENT}{line}"));
}

/// Prints a diff.
fn diff(lines: &[String]) {
    for line in shifted(lines) {
        let text = format!("{INDENT}{line}");
        match line.chars().next() {
            Some('-') => println!("{}", colored(&text, "31")),
            Some('+') => println!("{}", colored(&text, "32")),
            Some('@') => println!("{}", colored(&text, "2")),
            _ => println!("{}", text.trim_end()),
        }
    }
}

/// The lines of a diff without the indentation that all of them share.
fn shifted(lines: &[String]) -> Vec<String> {
    let code =
        |line: &String| line.get(1..).filter(|_| !line.starts_with("@@")).unwrap_or_default().to_owned();
    let indents = lines.iter().map(code).filter(|code| !code.trim().is_empty());
    let shared = indents.map(|code| code.len() - code.trim_start().len()).min().unwrap_or(0);
    let shift = |line: &String| match code(line).get(shared..) {
        Some(rest) if !line.starts_with("@@") => format!("{}{rest}", &line[..1]),
        _ => line.trim_end().to_owned(),
    };
    lines.iter().map(shift).collect()
}

/// The text in a color or style, on a terminal.
fn colored(text: &str, code: &str) -> String {
    if stdout().is_terminal() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// A text that begins with a capital and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with(['.', '!', '?', ':']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// Markdown's links as their labels, without backticks.
fn plain(text: &str) -> String {
    let mut parts = text.split("](");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let Some(open) = plain.rfind('[') {
            plain.remove(open);
        }
        plain.push_str(part.split_once(')').map_or("", |(_, rest)| rest));
    }
    plain.replace('`', "")
}

/// The addresses of the links in a text.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|link| Some(link.split_once(')')?.0))
}

/// The lines of a text, broken at spaces to fit the width.
fn wrapped(text: &str) -> impl Iterator<Item = String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let fits = line.chars().count() + 1 + word.chars().count() <= WIDTH - INDENT.len();
            if !fits && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines.into_iter()
}

#[test]
fn markdown_is_printed_as_text() {
    let text = "[a 1](https://a.org/1) and [`b`](https://b.org), 2020: a[0] is `c`.";
    assert_eq!(plain(text), "a 1 and b, 2020: a[0] is c.");
    assert_eq!(addresses(text).collect::<Vec<_>>(), ["https://a.org/1", "https://b.org"]);
    assert_eq!(sentence("it hangs"), "It hangs.");
    let long = "word ".repeat(50);
    assert!(wrapped(&long).all(|line| line.len() <= WIDTH - INDENT.len()));
    assert_eq!(wrapped(&long).map(|line| line.split(' ').count()).sum::<usize>(), 50);
}

#[test]
fn a_diff_loses_the_indentation_that_its_lines_share() {
    let lines = [" ", "-    a", "+        b", "@@", " "].map(str::to_owned);
    assert_eq!(shifted(&lines), ["", "-a", "+    b", "@@", ""]);
}

#[test]
fn every_exhibit_fits_the_width() {
    let all = weave::exhibit::read_all(weave::source::root()).unwrap();
    for exhibit in &all {
        assert!(exhibit.title.chars().count() <= 54, "{}: the title is too long", exhibit.path());
        for line in shifted(&exhibit.diff) {
            assert!(line.chars().count() + INDENT.len() <= WIDTH + 2, "{}: {line}", exhibit.path());
        }
    }
}
