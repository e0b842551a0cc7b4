//! Links in Markdown: finding them, rewriting them, and resolving them against their page.

use std::collections::BTreeSet;

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
    let mut woven = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("](") {
        let (target, after) = after.split_once(')').unwrap_or((after, ""));
        woven.push_str(before);
        woven.push_str("](");
        woven.push_str(&each(target));
        woven.push(')');
        rest = after;
    }
    woven + rest
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
    let ids = ids("# What is `Pin`?\n<a id=\"L7\"></a>\n");
    assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["L7", "what-is-pin"]);
}
