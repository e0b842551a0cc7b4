//! Dependencies run one way, as arrows that point down: between the crates, and between the files of a crate.
//!
//!     chat → executor → reactor          net/tcp → async_io → source → …
//!
//! A file has an arrow to each file whose names it uses. A `pub use` that only re-exports a name is not an
//! arrow: a file that uses the re-export has an arrow to the file that defines the name.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{CRATES, Source, crate_sources, rust_files, words};

/// An absolute path inside a crate: `["net", "tcp", "TcpStream"]`.
type Path = Vec<String>;

#[test]
fn no_crate_names_the_one_above() {
    for (at, name) in CRATES.iter().enumerate() {
        for source in crate_sources(name) {
            for (number, line) in source.shipped() {
                for above in &CRATES[at + 1..] {
                    let named = line.code.contains(&format!("{above}::"))
                        && words(&line.code).any(|word| word == *above);
                    assert!(!named, "{}:{number}: {name} is below {above} and names it", source.path);
                }
            }
        }
    }
}

#[test]
fn chat_has_no_unsafe() {
    for source in crate_sources("chat") {
        for (number, line) in source.shipped() {
            let found = words(&line.code).any(|word| word == "unsafe")
                || (line.code.contains("allow(") && line.code.contains("unsafe_code"));
            assert!(!found, "{}:{number}: unsafe in chat", source.path);
        }
    }
}

#[test]
fn no_file_is_in_a_cycle() {
    let mut cycles = Vec::new();
    for name in CRATES.into_iter().chain(["benches/peers"]) {
        for (unit, sources) in units(crate_sources(name)) {
            cycles.extend(show_layers(&unit, &sources));
        }
    }
    let schedulers = "benches/schedulers";
    let sources: Vec<Source> = rust_files(schedulers).iter().map(|path| Source::read(path)).collect();
    cycles.extend(show_layers(schedulers, &sources));
    assert!(cycles.is_empty(), "arrows in cycles:\n{}", cycles.join("\n"));
}

/// Prints the layers of a unit. Returns the arrows in cycles.
fn show_layers(unit: &str, sources: &[Source]) -> Vec<String> {
    match layers(&arrows(unit, sources)) {
        Ok(layers) => {
            println!("{unit}, from the bottom up:");
            for layer in layers {
                println!("  {}", layer.join("  "));
            }
            Vec::new()
        }
        Err(found) => found,
    }
}

/// Where an arrow was seen: the line that names the other file.
type Arrows = BTreeMap<String, BTreeMap<String, usize>>;

/// The compiled units of a crate: its library, and each of its programs.
fn units(sources: Vec<Source>) -> BTreeMap<String, Vec<Source>> {
    let mut units: BTreeMap<String, Vec<Source>> = BTreeMap::new();
    for source in sources {
        let mut unit: Vec<&str> = source.path.split('/').collect();
        let src = unit.iter().position(|part| *part == "src").expect("a crate's files are in src");
        let bin = unit.get(src + 1) == Some(&"bin");
        unit.truncate(if bin { src + 3 } else { src + 1 });
        units.entry(unit.join("/")).or_default().push(source);
    }
    units
}

/// The path of a file's module: empty for a root, `["net", "tcp"]` for `net/tcp.rs`.
fn module(unit: &str, path: &str) -> Path {
    let inside = path.strip_prefix(unit).expect("a file is inside its unit");
    let mut module: Path = inside
        .trim_end_matches(".rs")
        .split('/')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    if matches!(module.last().map(String::as_str), Some("lib" | "main" | "mod")) {
        module.pop();
    }
    module
}

/// The arrows of each file of the unit: the files whose names it uses.
fn arrows(unit: &str, sources: &[Source]) -> Arrows {
    let files: BTreeMap<Path, &str> =
        sources.iter().map(|source| (module(unit, &source.path), source.path.as_str())).collect();
    let mut reexported: BTreeMap<Path, Path> = BTreeMap::new();
    let mut named: Vec<(&str, usize, Path)> = Vec::new();
    for source in sources {
        for name in names(source, &module(unit, &source.path), &files) {
            let used_here = name.public_as.last().is_none_or(|alias| source.count_word(alias) > 1);
            if used_here {
                named.push((&source.path, name.line, name.path.clone()));
            }
            if !name.public_as.is_empty() && name.public_as != name.path {
                reexported.insert(name.public_as, name.path);
            }
        }
    }
    let mut arrows: Arrows = sources.iter().map(|source| (source.path.clone(), BTreeMap::new())).collect();
    for (from, line, path) in named {
        let to = files[&definition(path, &files, &reexported)];
        if from != to {
            let arrows = arrows.get_mut(from).expect("every file is there");
            arrows.entry(to.to_owned()).or_insert(line);
        }
    }
    arrows
}

/// The module of the file that defines what `path` names.
fn definition(mut path: Path, files: &BTreeMap<Path, &str>, reexported: &BTreeMap<Path, Path>) -> Path {
    // A name may be re-exported more than once, but not in a cycle.
    for _ in 0..8 {
        let step = (1..=path.len()).rev().find_map(|end| Some((end, reexported.get(&path[..end])?)));
        let Some((end, target)) = step else { break };
        path = [target, &path[end..]].concat();
    }
    while !files.contains_key(&path) {
        path.pop();
    }
    path
}

/// A name of this crate that a file uses.
struct Name {
    line: usize,
    /// The absolute path that it names.
    path: Path,
    /// The path under which a `pub use` re-exports it; empty if none does.
    public_as: Path,
}

/// Every path in `source` that begins with `crate`, `self`, `super` or a module below this one.
fn names(source: &Source, file: &Path, files: &BTreeMap<Path, &str>) -> Vec<Name> {
    let tokens = tokens(source);
    let word = |at: usize| tokens.get(at).map_or("", |(_, token)| token.as_str());
    let mut found = Vec::new();
    // The inline modules, and the depth of braces at which each ends.
    let mut here = file.clone();
    let mut opened: Vec<i32> = Vec::new();
    let mut depth = 0;
    let mut public_use = false;
    let mut at = 0;
    while at < tokens.len() {
        let (line, token) = (tokens[at].0, word(at));
        match token {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if opened.last() == Some(&depth) {
                    opened.pop();
                    here.pop();
                }
            }
            ";" => public_use = false,
            "mod" if word(at + 2) == "{" => {
                here.push(word(at + 1).to_owned());
                opened.push(depth);
            }
            "use" => public_use = at > 0 && (word(at - 1) == "pub" || word(at - 1) == ")"),
            _ => {}
        }
        let begins = word(at + 1) == "::" && (at == 0 || !matches!(word(at - 1), "::" | "in"));
        let child = || files.contains_key(&[here.as_slice(), &[token.to_owned()]].concat());
        let start = match token {
            _ if !begins => None,
            "crate" => Some((Vec::new(), at + 2)),
            "self" => Some((here.clone(), at + 2)),
            "super" => Some((here.clone(), at)),
            _ if child() => Some((here.clone(), at)),
            _ => None,
        };
        let Some((prefix, first)) = start else {
            at += 1;
            continue;
        };
        let mut tree = Vec::new();
        at = expand(&tokens, first, prefix, &mut tree);
        for (path, alias) in tree {
            let mut public_as = Path::new();
            if public_use {
                public_as = here.clone();
                public_as.extend(alias);
            }
            found.push(Name { line, path, public_as });
        }
    }
    found
}

/// Expands a path, or a tree of paths in braces; returns where it ended.
fn expand(
    tokens: &[(usize, String)],
    mut at: usize,
    mut path: Path,
    tree: &mut Vec<(Path, Option<String>)>,
) -> usize {
    let word = |at: usize| tokens.get(at).map_or("", |(_, token)| token.as_str());
    loop {
        match word(at) {
            "{" => {
                at += 1;
                while at < tokens.len() && word(at) != "}" {
                    at = match word(at) {
                        "," => at + 1,
                        _ => expand(tokens, at, path.clone(), tree),
                    };
                }
                return at + 1;
            }
            "super" => drop(path.pop()),
            "self" => {}
            "*" => {
                tree.push((path, None));
                return at + 1;
            }
            name => path.push(name.to_owned()),
        }
        at += 1;
        if word(at) == "::" && word(at + 1) != "<" {
            at += 1;
            continue;
        }
        let mut alias = path.last().cloned();
        if word(at) == "as" {
            alias = Some(word(at + 1).to_owned());
            at += 2;
        }
        tree.push((path, alias));
        return at;
    }
}

/// The shipped code as words, `::` and single characters, each with its line.
fn tokens(source: &Source) -> Vec<(usize, String)> {
    let mut tokens: Vec<(usize, String)> = Vec::new();
    for (number, line) in source.shipped() {
        let mut rest = line.code.trim_start();
        while let Some(first) = rest.chars().next() {
            let in_word = |c: char| c.is_alphanumeric() || c == '_';
            let length = if in_word(first) {
                rest.find(|c| !in_word(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push((number, rest[..length].to_owned()));
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// Sorts the files so that each is above all that it needs, or returns the arrows in cycles.
fn layers(arrows: &Arrows) -> Result<Vec<Vec<String>>, Vec<String>> {
    let mut placed: BTreeSet<&String> = BTreeSet::new();
    let mut layers = Vec::new();
    while placed.len() < arrows.len() {
        let layer: Vec<&String> = arrows
            .iter()
            .filter(|(file, to)| !placed.contains(file) && to.keys().all(|to| placed.contains(to)))
            .map(|(file, _)| file)
            .collect();
        if layer.is_empty() {
            return Err(cycles(arrows));
        }
        layers.push(layer.iter().map(|file| (*file).clone()).collect());
        placed.extend(layer);
    }
    Ok(layers)
}

/// Every arrow from whose end a path leads back to its start.
fn cycles(arrows: &Arrows) -> Vec<String> {
    let mut found = Vec::new();
    for (from, to) in arrows {
        for (to, line) in to {
            let mut reached = BTreeSet::from([to]);
            let mut ahead = vec![to];
            while let Some(at) = ahead.pop() {
                ahead.extend(arrows[at].keys().filter(|next| reached.insert(next)));
            }
            if reached.contains(from) {
                found.push(format!("  {from}:{line} needs {to}"));
            }
        }
    }
    found
}

#[test]
fn the_test_of_cycles_can_fail() {
    let files = |texts: &[(&str, &str)]| -> Vec<Source> {
        texts.iter().map(|(path, text)| Source::new(path, (*text).to_owned())).collect()
    };
    // b reaches c through the root, which re-exports it, and c reaches back with `super`.
    let cycle = files(&[
        ("x/src/lib.rs", "mod a;\nmod b;\npub use b::c::{C, D as E};"),
        ("x/src/a.rs", "use crate::b::B;"),
        ("x/src/b/mod.rs", "mod c;\nfn f(_: crate::E) {}"),
        ("x/src/b/c.rs", "use super::{B, self as b};"),
    ]);
    let found = layers(&arrows("x/src", &cycle)).unwrap_err();
    let found = found.join("\n");
    assert!(found.contains("x/src/b/mod.rs:2 needs x/src/b/c.rs"), "{found}");
    assert!(found.contains("x/src/b/c.rs:1 needs x/src/b/mod.rs"), "{found}");
    // A file that only re-exports names is not part of a cycle.
    let face = files(&[
        ("x/src/lib.rs", "pub mod b;\npub mod face { pub use crate::b::f; }"),
        ("x/src/b/mod.rs", "mod c;\npub use c::C;\npub fn f() {}"),
        ("x/src/b/c.rs", "use super::f;\nmod tests { use super::C; }\nstruct C;"),
    ]);
    let layers = layers(&arrows("x/src", &face)).unwrap();
    assert_eq!(layers.len(), 2, "{layers:?}");
}
