//! The book's index: each name that a chapter sets as code, and the chapters where it is.
//!
//! A reader who looks for `select` wants the page that is about it. The search weighs a word in a title twice, and
//! here each name is a title, with the chapters below it.
//!
//! ```text
//!   … an `Unpin` type …   in 12-pinning.md    ──▶    ## Unpin
//!   … is `Unpin` …        in chat-sending.md         12 Pinning, Sending packets
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::links;

/// The index's page.
pub(crate) const PAGE: &str = "names.md";

/// The most chapters a name may be in: what is nearly everywhere, nobody looks up.
const MOST: usize = 12;

/// Returns the page. `titles` has the chapters' titles by page, and `order` the pages in the order of the book; other
/// pages in it do not count.
pub(crate) fn index(
    pages: &BTreeMap<String, String>,
    titles: &BTreeMap<String, String>,
    order: &[String],
) -> String {
    let mut places: BTreeMap<(String, String), BTreeSet<usize>> = BTreeMap::new();
    for (at, page) in
        order.iter().enumerate().filter(|(_, page)| titles.contains_key(*page) && pages.contains_key(*page))
    {
        links::outside_fences(&pages[page], |line| {
            for name in line.split('`').skip(1).step_by(2).filter(|name| is_name(name)) {
                let key = (name.trim_start_matches('_').to_lowercase(), name.to_owned());
                places.entry(key).or_default().insert(at);
            }
            String::new()
        });
    }
    places.retain(|_, chapters| chapters.len() <= MOST);
    let mut text = "# Index of names\n\nThe names that the chapters set as code, and where. A name of the source is also on its \
                    annotated page: the search finds both.\n"
        .to_owned();
    for ((_, name), chapters) in places {
        let chapters: Vec<String> =
            chapters.iter().map(|&at| format!("[{}]({})", titles[&order[at]], order[at])).collect();
        write!(text, "\n## {name}\n\n{}\n", chapters.join(", ")).expect("writing to a String cannot fail");
    }
    text
}

/// Whether code is a name, or a path of names: `join_all`, `Pin::new`, `select!`. A name of many words is a test's.
fn is_name(code: &str) -> bool {
    let path = code.strip_suffix('!').or_else(|| code.strip_suffix("()")).unwrap_or(code);
    let is_word = |word: &str| {
        word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && word.starts_with(|c: char| !c.is_ascii_digit())
    };
    path.len() > 2
        && path.matches('_').count() < 4
        && path.split("::").all(|word| !word.is_empty() && is_word(word))
}

#[test]
fn each_name_is_listed_once_with_its_chapters() {
    let chapters = [
        ("b.md", "# B\n\nAn `Unpin` type, `Pin::new` and `a + b`.\n"),
        ("a.md", "# A\n\n`Unpin` again.\n\n```text\n`no`\n```\n"),
    ];
    let pages = chapters.map(|(page, text)| (page.to_owned(), text.to_owned())).into();
    let titles = [("a.md", "First"), ("b.md", "Second")]
        .map(|(page, title)| (page.to_owned(), title.to_owned()))
        .into();
    let index = index(&pages, &titles, &["b.md".to_owned(), "a.md".to_owned()]);
    assert!(index.contains("\n## Unpin\n\n[Second](b.md), [First](a.md)\n"), "{index}");
    assert!(index.contains("\n## Pin::new\n\n[Second](b.md)\n"), "{index}");
    assert!(!index.contains("a + b") && !index.contains("`no`"), "{index}");
}
