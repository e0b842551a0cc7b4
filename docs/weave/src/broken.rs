//! What breaks the mechanisms: the museum's exhibits and the models' counterexamples, as pages and lists of the book.
//!
//! A chapter says how a mechanism works; a reader believes it when they have seen it fail. So each chapter on a
//! mechanism ends with the exhibits that name it, and with the counterexamples of the faults in the files that it
//! quotes. The lists are made here, so that a new exhibit stands in its chapter without anyone adding it.
//!
//! Called by `book` and `chapter`. Next: `main`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::book::{Problem, Weaver};
use crate::chapter::Chapter;
use crate::counterexample::stored::Stored;
use crate::counterexample::words;
use crate::exhibit::{self, Exhibit};
use crate::links;
use crate::tree::Tree;

/// Where the counterexamples are.
const COUNTEREXAMPLES: &str = "docs/counterexamples/";

/// The exhibits of the tree. What is wrong with one, `cargo museum` says.
fn exhibits(tree: &Tree) -> Vec<Exhibit> {
    let text = |name: &str| tree.text(&format!("{}/{name}.md", exhibit::FOLDER)).map(str::to_owned);
    exhibit::read(text).unwrap_or_default()
}

/// The stored counterexamples, those with the fewest steps first.
fn counterexamples(tree: &Tree) -> Vec<Stored> {
    let files = tree.under(COUNTEREXAMPLES).filter(|(path, _)| path.contains("--"));
    let mut all: Vec<Stored> = files.filter_map(|(_, text)| Stored::parse(text).ok()).collect();
    all.sort_by_key(|stored| stored.steps.len());
    all
}

/// The file whose rule each fault breaks.
fn broken_files(tree: &Tree) -> BTreeMap<String, String> {
    let text = tree.text("docs/counterexamples/faults.txt").unwrap_or("");
    words::entries(text).flatten().map(|words| (words.fault, words.file)).collect()
}

/// A link to a built page, which is no page of mdBook's.
fn link(page: &str, to: &str, text: &str) -> String {
    format!("<a href=\"{}\">{text}</a>", links::relative(page, to))
}

fn link_to(page: &str, stored: &Stored) -> String {
    let to = format!("counterexamples/{}--{}.html", stored.fault, stored.model);
    link(page, &to, &format!("<code>{}</code>", stored.fault))
}

/// The end of a chapter: what breaks the mechanism. `quoted` are the files that the chapter quotes.
pub(crate) fn end_of_chapter(tree: &Tree, page: &str, quoted: &[&str]) -> String {
    let mut text = String::new();
    let chapter = format!("docs/book/src/{page}");
    let exhibits = exhibits(tree);
    let mine: Vec<&Exhibit> = exhibits.iter().filter(|exhibit| exhibit.chapter == chapter).collect();
    if !mine.is_empty() {
        text.push_str("In real runtimes:\n\n");
        for exhibit in mine {
            let to = links::relative(page, &format!("museum/{}.md", exhibit.name));
            let _ = writeln!(text, "- [{}]({to}): `cargo museum {}`", exhibit.title, exhibit.number);
        }
        text.push('\n');
    }
    let (files, mut seen, mut found) = (broken_files(tree), Vec::new(), Vec::new());
    for stored in counterexamples(tree) {
        let is_ours = files.get(&stored.fault).is_some_and(|file| quoted.contains(&file.as_str()));
        if is_ours && !seen.contains(&stored.fault) {
            found.push(format!("{} in {} steps", link_to(page, &stored), stored.steps.len()));
            seen.push(stored.fault);
        }
    }
    if !found.is_empty() {
        let _ = writeln!(
            text,
            "Seeded faults, each with the shortest run that was found in which a model fails: {}.",
            found.join(", ")
        );
    }
    text
}

/// The list of all exhibits, by their groups.
pub(crate) fn museum(tree: &Tree, page: &str) -> String {
    let (mut text, mut group) = (String::new(), String::new());
    for exhibit in exhibits(tree) {
        if exhibit.group != group {
            let _ = writeln!(text, "\n## {}\n", exhibit.group);
            group.clone_from(&exhibit.group);
        }
        let to = links::relative(page, &format!("museum/{}.md", exhibit.name));
        let report = exhibit.reports.first().and_then(|report| report.split(": ").next()).unwrap_or("");
        let _ = writeln!(text, "{}. [{}]({to}): {report}", exhibit.number, exhibit.title);
    }
    text
}

/// The table of all counterexamples.
pub(crate) fn table(tree: &Tree, page: &str) -> String {
    let mut text =
        "| fault | found by the model | preemptions | steps | it ends with |\n|---|---|---|---|---|\n"
            .to_owned();
    for stored in counterexamples(tree) {
        let end =
            stored.end.split(':').next().unwrap_or(&stored.end).replace("A ", "a ").replace("The ", "the ");
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {} | {end} |",
            link_to(page, &stored),
            stored.model,
            stored.preemptions,
            stored.steps.len(),
        );
    }
    text
}

/// A page for each exhibit: its name, and its text. What it says of itself is woven as a chapter is.
pub(crate) fn pages(weaver: &Weaver<'_>, problems: &mut Vec<Problem>) -> Vec<(String, String)> {
    let tree = weaver.tree;
    let stored = counterexamples(tree);
    let exhibits = exhibits(tree);
    let mut pages = Vec::new();
    for exhibit in &exhibits {
        let page = format!("museum/{}.md", exhibit.name);
        let text = tree.text(&exhibit.path()).unwrap_or("");
        let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
        let mut intro =
            format!("{title}\n\n*{}*. `cargo museum {}` shows it fail.\n", exhibit.group, exhibit.number);
        if let Some(stored) = stored.iter().find(|stored| stored.fault == exhibit.fault) {
            let _ = writeln!(
                intro,
                "A model finds it in {} steps: {}.",
                stored.steps.len(),
                link_to(&page, stored)
            );
        }
        if tree.text(&exhibit.program()).is_some_and(Exhibit::runs_tasks) {
            let run =
                |end: &str, text: &str| link(&page, &format!("museum/{}-{end}.html", exhibit.name), text);
            let _ = writeln!(
                intro,
                "Recorded: {} and {}.",
                run("with", "the program with the fault"),
                run("without", "without it")
            );
        }
        // The programs have no pages.
        let program = format!("[`{0}.rs`](../src/exhibits/{0}.rs)", exhibit.name);
        let rest = rest.replace(&program, &format!("`{}`", exhibit.program()));
        let mut chapter = Chapter::new(weaver, &page);
        let woven = chapter.weave(&format!("{intro}{rest}"));
        problems.append(&mut chapter.problems);
        pages.push((page, woven));
    }
    pages
}

/// The exhibits' lines in the table of contents.
pub(crate) fn summary(tree: &Tree) -> String {
    let line = |exhibit: &Exhibit| format!("  - [{}](museum/{}.md)", exhibit.title, exhibit.name);
    exhibits(tree).iter().map(line).collect::<Vec<_>>().join("\n")
}
