//! What is read in a Markdown page: names in backticks, sections, and the map of the source, which has its files in
//! reading order.

/// Returns the texts between single backticks, outside of fenced blocks.
pub fn quoted(text: &str) -> Vec<&str> {
    text.split("```").step_by(2).flat_map(|prose| prose.split('`').skip(1).step_by(2)).collect()
}

/// Returns the part of `page` under a heading (`## The core path`), up to the next heading.
pub fn section<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let (_, body) = page.split_once(&format!("\n{heading}\n"))?;
    body.split("\n#").next()
}

/// Returns the source files that a part of the map lists, each with its description, in their order.
pub fn map(section: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for line in section.lines() {
        let Some((_, rest)) = line.split_once('`') else { continue };
        let Some((path, rest)) = rest.split_once('`') else { continue };
        let rest =
            rest.strip_prefix("](").and_then(|link| link.split_once(')')).map_or(rest, |(_, after)| after);
        if path.ends_with(".rs") {
            files.push((path.to_owned(), rest.trim_start_matches(':').trim().to_owned()));
        }
    }
    files
}

/// Returns the files under each subheading of a section: `Reactor:`, `Executor:`, `Chat, in reading order:`.
pub fn groups(section: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut groups: Vec<(String, String)> = Vec::new();
    for line in section.lines() {
        match line.strip_suffix(':') {
            Some(name) if !line.starts_with('-') => groups.push((name.to_owned(), String::new())),
            _ => {
                if let Some((_, body)) = groups.last_mut() {
                    body.push_str(line);
                    body.push('\n');
                }
            }
        }
    }
    groups.into_iter().map(|(name, body)| (name, map(&body))).collect()
}

#[test]
fn the_map_is_read_in_its_order() {
    let page = "# A\n\n### Path\n\n1. [`a/src/b.rs`](a/src/b.rs): what b is\n2. `a/src/a.rs`: a, with `code` in it\n\n### Rest\n";
    let path = map(section(page, "### Path").expect("it is there"));
    let files: Vec<&str> = path.iter().map(|(file, _)| file.as_str()).collect();
    assert_eq!(files, ["a/src/b.rs", "a/src/a.rs"]);
    assert_eq!(path[0].1, "what b is");
    assert_eq!(path[1].1, "a, with `code` in it");
    assert!(section(page, "### Other").is_none());
    let rest = groups("For later.\n\nReactor:\n\n- `r.rs`: r\n\nChat, in order:\n\n- `c.rs`: c\n");
    assert_eq!(rest[1], ("Chat, in order".to_owned(), vec![("c.rs".to_owned(), "c".to_owned())]));
}
