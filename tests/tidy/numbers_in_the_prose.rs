//! Numbers that the prose gives are those of the source.
//!
//! Each claim is looked for in every page that a reader sees, wherever it stands. One that no page makes any more fails
//! too: else a claim in other words would go unchecked. A chapter's own figures are filled in when the book is woven
//! (`weave::figures`).

use std::fs;
use std::sync::LazyLock;

use crate::core_path_budget::BUDGET;
use crate::ladder::rungs;
use crate::pages_name_what_exists::{map_of, pages};
use crate::source::{Source, crate_sources, read, root, rust_files};

/// The pages, and their text in one line each: a claim may begin on one line and end on the next.
static PAGES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let paths = pages(&["docs", "docs/book/src"]);
    assert!(paths.len() > 40, "the pages have moved: {paths:?}");
    let text = |path: &str| read(path).split_whitespace().collect::<Vec<_>>().join(" ");
    paths.into_iter().map(|path| (path.clone(), text(&path))).collect()
});

/// The number that a word or some digits stand for.
fn number(text: &str) -> Option<usize> {
    const WORDS: [&str; 21] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    match text.to_lowercase().as_str() {
        "thirty" => Some(30),
        "forty" => Some(40),
        word => WORDS.iter().position(|known| *known == word).or_else(|| word.replace(',', "").parse().ok()),
    }
}

/// The numbers in a text that stand between two others: of `with them it is 3,000).` the 3000.
fn between(text: &str, before: &str, after: &str) -> Vec<usize> {
    let rests = text.split(before).skip(1);
    rests
        .filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != ',')?;
            rest[end..].starts_with(after).then(|| number(&rest[..end])).flatten()
        })
        .collect()
}

/// The numbers that the pages give there, each with its page.
fn given(before: &str, after: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (path, text) in PAGES.iter() {
        found.extend(between(text, before, after).into_iter().map(|number| (path.clone(), number)));
    }
    assert!(!found.is_empty(), "no page says “{before}…{after}”: how does it say it now?");
    found
}

/// Fails if a page gives another number there.
fn check(before: &str, after: &str, expected: usize) {
    for (path, number) in given(before, after) {
        assert_eq!(number, expected, "{path}: “{before}…{after}”");
    }
}

#[test]
fn the_ladder_is_as_long_as_they_say() {
    let lengths: Vec<usize> = rungs().iter().map(Source::code_lines).collect();
    let (shortest, longest) = (lengths.iter().min().unwrap(), lengths.iter().max().unwrap());
    check("**The ladder**, ", " small programs", lengths.len());
    check("a whole runtime in ", " rungs", lengths.len());
    check("to a whole runtime, in ", " programs", lengths.len());
    check("a file of ", &format!(" to {longest} lines of code"), *shortest);
    for (path, text) in PAGES.iter() {
        let vague = text.contains("about a hundred lines of code");
        assert!(!vague, "{path}: a rung has {shortest} to {longest} lines of code");
    }
}

#[test]
fn the_core_path_is_as_long_as_they_say() {
    let plain: usize = map_of("## The core path").iter().map(|path| Source::read(path).code_lines()).sum();
    let rounded = (plain + 50) / 100 * 100;
    check("stealing pool in ", " lines of code", BUDGET);
    check("with them it is ", ")", rounded);
}

#[test]
fn the_tasks_word_has_as_many_bits_as_they_say() {
    let state = read("executor/src/raw_task/state.rs");
    let bits = state.lines().filter(|line| line.starts_with("const ") && line.contains(": usize = 1"));
    let bits = bits.filter(|line| !line.starts_with("const REFERENCE")).count();
    check("The task's word has ", " bits and a count", bits);
    check("The bits above these ", " count the references", bits);
}

#[test]
fn the_parts_and_the_bugs_are_as_many_as_they_say() {
    let summary = read("docs/book/src/SUMMARY.md");
    let parts = summary.split("\n# ").skip(1).filter(|part| part.contains("]("));
    check("It has ", " parts, and you can start", parts.count());

    let exhibits = fs::read_dir(root().join("docs/museum/exhibits")).expect("the exhibits can be listed");
    let names = exhibits.map(|file| file.expect("a file").file_name().into_string().expect("an ASCII name"));
    let bugs = names.filter(|name| name.ends_with(".md") && name != "README.md").count();
    check("are noticed. | ", " exhibits, each a fault", bugs);
}

#[test]
fn the_policies_are_as_short_as_they_say() {
    let length = |path: &String| read(path).lines().count();
    let longest = rust_files("benches/schedulers/policies")
        .iter()
        .filter(|path| !path.ends_with("/mod.rs"))
        .map(length)
        .max()
        .expect("policies");
    for (path, most) in given("Each step is a policy, in a file of at most ", " lines") {
        assert!(longest <= most, "{path}: a policy has {longest} lines");
    }
}

/// The chapter on sleeping says that the executor has no other.
#[test]
fn the_executor_has_seqcst_in_fences_only() {
    for source in crate_sources("executor") {
        let lines: Vec<_> = source.shipped().collect();
        for (at, (number, line)) in
            lines.iter().enumerate().filter(|(_, (_, line))| line.code.contains("SeqCst"))
        {
            let seeded =
                lines[at.saturating_sub(4)..at].iter().any(|(_, above)| above.code.contains("if fault("));
            assert!(line.code.contains("fence(") || seeded, "{}:{number}: {}", source.path, line.code);
        }
    }
}

#[test]
fn a_claim_is_found_and_a_wrong_one_fails() {
    assert_eq!(between("in a file of 76 to 228 lines of code.", "a file of ", " to 228 lines of code"), [76]);
    assert_eq!(between("lines; with them it is 3,000). Read", "with them it is ", ")"), [3000]);
    assert_eq!(between("The task's word has nine bits and a count", "word has ", " bits and"), [9]);
    assert_eq!(between("The task's word has bits", "word has ", " bits"), [0; 0]);
}
