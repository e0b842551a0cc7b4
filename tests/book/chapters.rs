//! The chapters in `docs/chapters` are what the book's chapters are woven into, for readers of the repository.
//!
//! `UPDATE=1 cargo test --test book chapters` writes them again.

use std::{env, fs};

use weave::Tree;
use weave::links;
use weave::repository::UPDATE;
use weave::source::root;

use crate::pages::BOOK;

#[test]
fn they_are_up_to_date() {
    let tree = Tree::load(root());
    let committed = tree.under("docs/chapters/");
    let left_over: Vec<&str> =
        committed.map(|(path, _)| path).filter(|path| !BOOK.chapters.contains_key(*path)).collect();
    let differ = |(path, text): &(&String, &String)| tree.text(path) != Some(text);
    let stale: Vec<(&String, &String)> = BOOK.chapters.iter().filter(differ).collect();
    if env::var_os("UPDATE").is_some() {
        // Else a listing that is not found would be missing without a word.
        let problems: Vec<String> = BOOK.problems.iter().map(ToString::to_string).collect();
        assert!(
            problems.is_empty(),
            "nothing is written, for the book has problems:\n{}",
            problems.join("\n")
        );
        fs::create_dir_all(root().join("docs/chapters")).expect("the folder can be made");
        for (path, text) in stale {
            fs::write(root().join(path), text).expect("a chapter can be written");
        }
        for path in left_over {
            fs::remove_file(root().join(path)).expect("a chapter can be removed");
        }
        return;
    }
    let names: Vec<&str> = stale.into_iter().map(|(path, _)| path.as_str()).collect();
    assert!(names.is_empty(), "`{UPDATE}` writes these again, which are stale: {}", names.join(", "));
    assert!(left_over.is_empty(), "`{UPDATE}` removes these, which no chapter is: {}", left_over.join(", "));
}

/// What a host of Markdown does not know: directives, and tags other than comments.
#[test]
fn they_are_plain_markdown() {
    let mut wrong = Vec::new();
    for (path, text) in &BOOK.chapters {
        links::outside_fences(text, |line| {
            let prose: String = line.split('`').step_by(2).collect();
            let opens = |(at, _): (usize, &str)| {
                let tag = prose[at + 1..].trim_start_matches('/');
                tag.starts_with(|c: char| c.is_ascii_alphabetic())
            };
            if prose.contains("{{") || prose.match_indices('<').any(opens) {
                wrong.push(format!("{path}: {line}"));
            }
            String::new()
        });
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A link into `docs/book/src` would lead to a chapter without its listings. The links of the woven chapters are looked
/// at where they are woven.
#[test]
fn no_page_links_to_a_chapter_that_is_not_woven() {
    let tree = Tree::load(root());
    let woven = |path: &str| ["docs/book/", "docs/chapters/"].iter().any(|folder| path.starts_with(folder));
    let outside = |path: &str| path.ends_with(".md") && !woven(path);
    let (mut wrong, mut files) = (Vec::new(), 0);
    for (path, text) in tree.under("").filter(|(path, _)| outside(path)) {
        for target in links::targets(text).into_iter().filter(|target| !target.contains("://")) {
            let (file, _) = target.split_once('#').unwrap_or((&target, ""));
            let to = links::resolve(path, file);
            if to.starts_with("docs/book/src") {
                wrong.push(format!("{path} links to {to}: the woven chapter is in docs/chapters"));
            } else if !file.is_empty() && !tree.has(&to) && !BOOK.chapters.contains_key(&to) {
                wrong.push(format!("{path} links to {to}, which is not there"));
            }
            files += 1;
        }
    }
    assert!(files > 100, "there are few links: has their form changed?");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
