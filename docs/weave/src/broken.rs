//! What breaks the mechanisms: the museum's exhibits and the models' counterexamples, as pages and lists of the book.
//!
//! A chapter says how a mechanism works; a reader believes it when they have seen it fail. So each chapter on a
//! mechanism ends with the exhibits that name it, and with the counterexamples of the faults in the files that it
//! quotes. The lists are made here, so that a new exhibit stands in its chapter without anyone adding it.
//!
//! Called by `book`, `chapter` and `repository`. Next: `main`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::book::{Problem, Weaver};
use crate::chapter::Chapter;
use crate::counterexample::stored::Stored;
use crate::counterexample::words;
use crate::exhibit::{self, Exhibit};
use crate::form::{Form, Place};
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

/// The page of a counterexample, which `cargo counterexample --pages` writes into the built book.
pub(crate) fn page_of(stored: &Stored) -> String {
    format!("counterexamples/{}--{}.html", stored.fault, stored.model)
}

fn link_to(place: Place<'_>, stored: &Stored) -> String {
    place.link(&page_of(stored), &format!("`{}`", stored.fault))
}

/// The pages that are not mdBook's: `docs/build` adds them to the built book.
pub(crate) fn built_pages(tree: &Tree) -> BTreeSet<String> {
    let mut pages: BTreeSet<String> = counterexamples(tree).iter().map(page_of).collect();
    for exhibit in exhibits(tree) {
        if tree.text(&exhibit.program()).is_some_and(Exhibit::runs_tasks) {
            pages.extend(["with", "without"].map(|end| format!("museum/{}-{end}.html", exhibit.name)));
        }
    }
    pages.insert("recorded/timeline.html".to_owned());
    pages
}

/// The end of a chapter: what breaks the mechanism. `quoted` are the files that the chapter quotes.
pub(crate) fn end_of_chapter(tree: &Tree, place: Place<'_>, quoted: &[&str]) -> String {
    let mut text = String::new();
    let chapter = format!("docs/book/src/{}", place.page);
    let exhibits = exhibits(tree);
    let mine: Vec<&Exhibit> = exhibits.iter().filter(|exhibit| exhibit.chapter == chapter).collect();
    if !mine.is_empty() {
        text.push_str("In real runtimes:\n\n");
        for exhibit in mine {
            let link = place.link(&format!("museum/{}.md", exhibit.name), &exhibit.title);
            let _ = writeln!(text, "- {link}: `cargo museum {}`", exhibit.number);
        }
        text.push('\n');
    }
    let (files, mut seen, mut found) = (broken_files(tree), Vec::new(), Vec::new());
    for stored in counterexamples(tree) {
        let is_ours = files.get(&stored.fault).is_some_and(|file| quoted.contains(&file.as_str()));
        if is_ours && !seen.contains(&stored.fault) {
            found.push(format!("{} in {} steps", link_to(place, &stored), stored.steps.len()));
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
pub(crate) fn museum(tree: &Tree, place: Place<'_>) -> String {
    let (mut text, mut group) = (String::new(), String::new());
    for exhibit in exhibits(tree) {
        if exhibit.group != group {
            let _ = writeln!(text, "\n## {}\n", exhibit.group);
            group.clone_from(&exhibit.group);
        }
        let link = place.link(&format!("museum/{}.md", exhibit.name), &exhibit.title);
        let report = exhibit.reports.first().and_then(|report| report.split(": ").next()).unwrap_or("");
        let _ = writeln!(text, "{}. {link}: {report}", exhibit.number);
    }
    text
}

/// The table of all counterexamples.
pub(crate) fn table(tree: &Tree, place: Place<'_>) -> String {
    let mut text =
        "| fault | found by the model | preemptions | steps | it ends with |\n|---|---|---|---|---|\n"
            .to_owned();
    for stored in counterexamples(tree) {
        let end =
            stored.end.split(':').next().unwrap_or(&stored.end).replace("A ", "a ").replace("The ", "the ");
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {} | {end} |",
            link_to(place, &stored),
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
        let place = Place { page: &page, form: Form::Book };
        let mut intro =
            format!("{title}\n\n*{}*. `cargo museum {}` shows it fail.\n", exhibit.group, exhibit.number);
        if let Some(stored) = stored.iter().find(|stored| stored.fault == exhibit.fault) {
            let _ = writeln!(
                intro,
                "A model finds it in {} steps: {}.",
                stored.steps.len(),
                link_to(place, stored)
            );
        }
        if tree.text(&exhibit.program()).is_some_and(Exhibit::runs_tasks) {
            let run =
                |end: &str, text: &str| place.link(&format!("museum/{}-{end}.html", exhibit.name), text);
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
        let mut chapter = Chapter::new(weaver, place);
        let woven = chapter.weave(&format!("{intro}{rest}"));
        problems.append(&mut chapter.problems);
        pages.push((page, woven));
    }
    pages
}

/// The exhibits' lines in a table of contents.
pub(crate) fn summary(tree: &Tree, place: Place<'_>) -> String {
    let link = |exhibit: &Exhibit| place.link(&format!("museum/{}.md", exhibit.name), &exhibit.title);
    let line = |exhibit: &Exhibit| format!("  - {}", link(exhibit));
    exhibits(tree).iter().map(line).collect::<Vec<_>>().join("\n")
}
