//! Links in Markdown: finding them, rewriting them, and resolving them against their page.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Calls `each` with every line outside of fenced blocks, and joins what it returns.
pub fn outside_fences(text: &str, mut each: impl FnMut(&str) -> String) -> String {
    let mut woven = String::new();
    let mut fence = false;
    for line in text.lines() {
        let marks = line.trim_start().starts_with("```");
        if fence || marks {
            woven.push_str(line);
        } else {
            woven.push_str(&each(line));
        }
        fence ^= marks;
        woven.push('\n');
    }
    woven
}

/// Rewrites the target of each link and image of a line: `[text](target)`.
pub fn rewrite(line: &str, mut each: impl FnMut(&str) -> String) -> String {
    rewrite_or_drop(line, |target| Some(each(target)), str::to_owned)
}

/// The same, and where `each` returns `None`, `without` makes the link's text into what stands in its place. A link
/// whose text began on a line above stays as it is.
pub fn rewrite_or_drop(
    line: &str,
    mut each: impl FnMut(&str) -> Option<String>,
    without: impl Fn(&str) -> String,
) -> String {
    let mut woven = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("](") {
        let (target, after) = after.split_once(')').unwrap_or((after, ""));
        woven.push_str(before);
        let led = each(target);
        if led.is_none()
            && let Some(open) = opening(&woven)
        {
            let text = woven.split_off(open);
            woven.push_str(&without(&text[1..]));
        } else {
            let _ = write!(woven, "]({})", led.as_deref().unwrap_or(target));
        }
        rest = after;
    }
    woven + rest
}

/// Where the bracket opens that is still open at the end of `text`.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().rev().find_map(|(at, c)| {
        match c {
            ']' => depth += 1,
            '[' if depth == 0 => return Some(at),
            '[' => depth -= 1,
            _ => {}
        }
        None
    })
}

/// Whether the text ends inside the brackets of a link.
pub fn is_inside(text: &str) -> bool {
    opening(text).is_some()
}

/// Returns the targets of all links outside of fenced blocks.
pub fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    outside_fences(text, |line| {
        rewrite(line, |target| {
            found.push(target.to_owned());
            String::new()
        })
    });
    found
}

/// Returns the relative path from the page `from` to the page `to`, both given from the book's root.
pub fn relative(from: &str, to: &str) -> String {
    let up = from.matches('/').count();
    format!("{}{to}", "../".repeat(up))
}

/// Returns the shortest relative path from the file `from` to the file `to`, both given from the same root.
pub fn between(from: &str, to: &str) -> String {
    let (mut from, mut to) = (from, to);
    while let (Some((folder, below)), Some((other, rest))) = (from.split_once('/'), to.split_once('/')) {
        if folder != other {
            break;
        }
        (from, to) = (below, rest);
    }
    relative(from, to)
}

/// Returns the path, from the book's root, to which `target` leads on the page `from`.
pub fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The id that mdBook gives to a heading.
fn heading_id(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c.to_lowercase().next().unwrap_or(c)),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    });
    kept.collect()
}

/// Returns the places on a page that a fragment can name: its headings, and its explicit ids.
pub fn ids(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    outside_fences(text, |line| {
        if let Some(heading) = line.strip_prefix('#') {
            found.insert(heading_id(heading.trim_start_matches('#')));
        }
        for part in line.split("id=\"").skip(1) {
            found.extend(part.split('"').next().map(str::to_owned));
        }
        String::new()
    });
    found
}

#[test]
fn links_are_found_and_resolved() {
    let text = "See [a](b.md) and ![c](d.svg).\n```text\n[no](link)\n```\n[e](f.md#g)\n";
    assert_eq!(targets(text), ["b.md", "d.svg", "f.md#g"]);
    assert_eq!(relative("source/executor/local.md", "task.md"), "../../task.md");
    assert_eq!(resolve("source/executor/local.md", "../../task.md"), "task.md");
    assert_eq!(resolve("a.md", "source/b.md"), "source/b.md");
    assert_eq!(between("docs/chapters/a.md", "docs/b.svg"), "../b.svg");
    assert_eq!(between("docs/chapters/a.md", "executor/src/b.rs"), "../../executor/src/b.rs");
    let each = |target: &str| (target != "b").then(|| format!("{target}.md"));
    let without = |text: &str| format!("<{text}>");
    let led = rewrite_or_drop("up](b). See [`a[1]`](b), ![c](d), [\\[e\\]](f).", each, without);
    assert_eq!(led, "up](b). See <`a[1]`>, ![c](d.md), [\\[e\\]](f.md).");
    assert!(is_inside("see [the file ") && !is_inside("see [a](b) and "));
    let ids = ids("# What is `Pin`?\n<a id=\"L7\"></a>\n");
    assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["L7", "what-is-pin"]);
}
