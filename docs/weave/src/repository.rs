//! The chapters as they are read in the repository: Markdown in `docs/chapters`, which is committed.
//!
//! ```text
//!   docs/chapters/README.md    the table of contents, from docs/book/src/SUMMARY.md
//!   docs/chapters/NAME.md      docs/book/src/NAME.md, woven, and links to the chapters before it and after it
//! ```
//!
//! A committed file goes stale when the source that it quotes is changed. So the test `chapters` of the book compares
//! each of them with what is woven here, and `UPDATE=1 cargo test --test book chapters` writes them again.
//!
//! Called by `book`. Next: `broken`.

use std::collections::{BTreeMap, BTreeSet};

use crate::book::{CHAPTERS, Kind, Weaver, Woven};
use crate::chapter::Chapter;
use crate::form::{FOLDER, Form, Place};
use crate::tree::Tree;
use crate::{broken, links, names};

/// The command that writes the chapters again.
pub const UPDATE: &str = "UPDATE=1 cargo test --test book chapters";

/// Adds the chapters and their table of contents, and looks where their links lead.
pub(crate) fn chapters(weaver: &Weaver<'_>, titles: &BTreeMap<String, String>, woven: &mut Woven) {
    let tree = weaver.tree;
    let summary = tree.text(&format!("{CHAPTERS}SUMMARY.md")).unwrap_or("");
    let mut order = links::targets(summary);
    order.retain(|page| titles.contains_key(page));
    for (at, page) in order.iter().enumerate() {
        let text = tree.text(&format!("{CHAPTERS}{page}")).unwrap_or("");
        let mut chapter = Chapter::new(weaver, Place { page, form: Form::Repository });
        let body = chapter.weave(text);
        // The book has already reported most of what is wrong with the text.
        chapter.problems.retain(|problem| !woven.problems.iter().any(|known| known.what == problem.what));
        woven.problems.append(&mut chapter.problems);
        let link = |page: &String| format!("[{}]({page})", titles[page]);
        let before = at.checked_sub(1).map(|at| format!("Before: {} · ", link(&order[at])));
        let next = order.get(at + 1).map(|page| format!("Next: {} · ", link(page)));
        let text = format!(
            "{}\n{}\n---\n\n{}{}[Contents](README.md)\n",
            written_from(page),
            single_blank_lines(&body),
            before.unwrap_or_default(),
            next.unwrap_or_default(),
        );
        woven.chapters.insert(format!("{FOLDER}{page}"), text);
    }
    woven.chapters.insert(format!("{FOLDER}README.md"), contents(tree, summary));
    look_at_links(tree, woven);
}

/// The comment at a chapter's head.
fn written_from(page: &str) -> String {
    format!("<!-- Woven from {CHAPTERS}{page} by `{UPDATE}`; do not edit. -->\n")
}

/// The text with one blank line where it has several: a directive may leave none of its own.
fn single_blank_lines(text: &str) -> String {
    let (mut single, mut fence, mut blank) = (String::new(), false, false);
    for line in text.lines() {
        fence ^= line.trim_start().starts_with("```");
        if fence || !line.is_empty() || !blank {
            single.push_str(line);
            single.push('\n');
        }
        blank = line.is_empty();
    }
    single
}

/// The table of contents.
fn contents(tree: &Tree, summary: &str) -> String {
    let place = Place { page: "README.md", form: Form::Repository };
    let mut text = written_from("SUMMARY.md");
    text.push_str(
        "\n# Chapters\n\nThe chapters of the book, with their listings, to be read here. `bash docs/build` builds the \
         book itself, which\nhas more: the source with its comments beside the code, recordings and counterexamples to \
         step through, and a search.\n",
    );
    for line in summary.lines().skip(1) {
        let line = match line {
            "{{#exhibits}}" => broken::summary(tree, place),
            "{{#sources}}" => {
                let parts = [
                    ("source/core.md", "The core path"),
                    ("source/rest.md", "The rest of the source"),
                    ("source/programs.md", "The programs"),
                ];
                parts.map(|(page, title)| format!("- {}", place.link(page, title))).join("\n")
            }
            // The index of names is made for the book's search.
            _ if line.contains(names::PAGE) => continue,
            _ if line.starts_with("# ") => format!("#{line}"),
            _ if line.starts_with('[') => format!("- {line}"),
            _ => line.to_owned(),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Reports the links of the chapters that lead nowhere in the repository.
fn look_at_links(tree: &Tree, woven: &mut Woven) {
    let ids_of = |path: &str| -> Option<BTreeSet<String>> {
        let text = woven.chapters.get(path).map(String::as_str).or_else(|| {
            let is_old = path.starts_with(FOLDER);
            if is_old { None } else { tree.text(path) }
        });
        text.map(links::ids)
    };
    let mut dead = Vec::new();
    for (page, text) in &woven.chapters {
        for target in links::targets(text).into_iter().filter(|target| !target.starts_with("https://")) {
            let (path, fragment) = target.split_once('#').unwrap_or((&target, ""));
            let to = if path.is_empty() { page.clone() } else { links::resolve(page, path) };
            let lives = match ids_of(&to) {
                Some(ids) => fragment.is_empty() || ids.contains(fragment),
                None => fragment.is_empty() && !to.starts_with(FOLDER) && tree.has(&to),
            };
            if !lives {
                dead.push((page.clone(), format!("the link to {target} leads nowhere")));
            }
        }
    }
    for (page, what) in dead {
        woven.problem(Kind::DeadLink, &page, what);
    }
}
