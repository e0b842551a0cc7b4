//! Each kind of fault, put into a book of a few lines, is reported; the book without them has none.

use weave::{Kind, Tree, Woven, weave};

const MAP: &str = "# A

## The core path

1. `reactor/src/a.rs`: what a is

## The rest of the source

Reactor:

- `reactor/src/b.rs`: b
";

const A: &str = "//! Head of a.
//!
//! - A1  Always.

/// Wakes.
pub fn wake() {
    // ORDERING[x]: why.
    go();
}

fn go() {}
";

const B: &str = "//! Head of b.

fn twice() {}
";

const EXAMPLE: &str = "//! Shows it. And more.

// ANCHOR: main
fn main() {}
// ANCHOR_END: main
";

const SUMMARY: &str = "# Summary

- [One](one.md)

{{#sources}}
";

const ONE: &str = "# One

{{#item reactor/src/a.rs wake}}

{{#anchor examples/e.rs main}}

{{#lines reactor/src/a.rs wake | pub fn | go}}

See [go](reactor/src/a.rs#go) in `reactor/src/a.rs`, and [above](#one).

```console
$ cargo test
```

";

/// The book with `more` at the end of its chapter, and one file changed or added.
fn book(more: &str, file: &str, text: &str) -> Woven {
    let one = ONE.to_owned() + more;
    let mut files = vec![
        ("docs/map.md", MAP),
        ("docs/examples.md", "# The examples\n"),
        ("reactor/src/a.rs", A),
        ("reactor/src/b.rs", B),
        ("examples/e.rs", EXAMPLE),
        ("docs/book/src/SUMMARY.md", SUMMARY),
        ("docs/book/src/one.md", one.as_str()),
    ];
    files.retain(|(path, _)| *path != file);
    files.push((file, text));
    weave(&Tree::of(&files))
}

#[test]
fn a_book_without_faults_has_none() {
    let woven = book("", "nothing.txt", "");
    assert!(woven.problems.is_empty(), "{:#?}", woven.problems);
    let one = &woven.pages["one.md"];
    assert!(one.contains("```rust,ignore\n/// Wakes.\npub fn wake() {"), "{one}");
    assert!(one.contains("[reactor/src/a.rs, lines 5 to 9](source/reactor/a.md#L5)"), "{one}");
    assert!(
        one.contains("See [go](source/reactor/a.md#L11) in [`reactor/src/a.rs`](source/reactor/a.md)"),
        "{one}"
    );
    assert!(one.contains("```rust,ignore\nfn main() {}\n```"), "{one}");
    let a = &woven.pages["source/reactor/a.md"];
    assert!(a.contains("Quoted in [One](../../one.md)"), "{a}");
    assert!(a.contains("[\\[x\\]](../../source/orderings.md#x): why."), "{a}");
    assert!(a.contains("Next: [reactor/src/b.rs](../../source/reactor/b.md)."), "{a}");
    let example = &woven.pages["source/examples/e.md"];
    assert!(example.contains("*Shows it*") && !example.contains("ANCHOR"), "{example}");
    assert!(woven.pages["SUMMARY.md"].contains("  - [reactor/a.rs](source/reactor/a.md)"));
}

#[test]
fn a_difference_shows_both_items() {
    let more = "{{#diff examples/f.rs wake | reactor/src/a.rs wake}}\n";
    let woven = book(
        more,
        "examples/f.rs",
        "fn more() {\n    go();\n}\n\npub fn wake() {\n    go();\n    go();\n}\n",
    );
    assert!(woven.problems.is_empty(), "{:#?}", woven.problems);
    let expected = "```diff\n pub fn wake() {\n-    // ORDERING[x]: why.\n+    go();\n     go();\n }\n```\n\nFrom `wake` in ";
    let (book, repository) = (&woven.pages["one.md"], &woven.chapters["docs/chapters/one.md"]);
    assert!(
        book.contains(&format!("{expected}[reactor/src/a.rs, lines 6 to 9](source/reactor/a.md#")),
        "{book}"
    );
    let from = "[reactor/src/a.rs](../../reactor/src/a.rs) to `wake` in [examples/f.rs](../../examples/f.rs)";
    assert!(repository.contains(&format!("{expected}{from}")), "{repository}");
    let page = &woven.pages["source/examples/f.md"];
    assert!(page.contains("Quoted in [One]"), "{page}");
}

#[test]
fn a_chapter_for_the_repository_leads_to_its_files() {
    let more = "{{#book In the book.}}\n{{#repository Not in the book: [a](docs/a.txt).}}\n";
    let woven = book(more, "docs/a.txt", "a");
    let one = &woven.chapters["docs/chapters/one.md"];
    assert!(one.contains("```rust\n/// Wakes.\npub fn wake() {"), "{one}");
    assert!(one.contains("```\n\nFrom [reactor/src/a.rs](../../reactor/src/a.rs), `wake`\n"), "{one}");
    assert!(one.contains("```\n\nFrom [examples/e.rs](../../examples/e.rs)\n"), "{one}");
    assert!(
        one.contains("See [go](../../reactor/src/a.rs) in [`reactor/src/a.rs`](../../reactor/src/a.rs)"),
        "{one}"
    );
    assert!(one.contains("Not in the book: [a](../a.txt).") && !one.contains("In the book."), "{one}");
    assert!(one.ends_with("\n---\n\n[Contents](README.md)\n"), "{one}");
    assert!(woven.pages["one.md"].contains("In the book.") && !woven.pages["one.md"].contains("Not in"));
    let contents = &woven.chapters["docs/chapters/README.md"];
    assert!(contents.contains("- [The core path](../map.md#the-core-path)"), "{contents}");
}

#[test]
fn each_fault_is_reported() {
    let long = format!("fn long() {{\n{}}}\n", "    a();\n".repeat(39));
    let longer = format!("pub fn long() {{\n    go();\n{}}}\n", "    a();\n".repeat(40));
    let main = "// ANCHOR: main\nfn main() {}\n// ANCHOR_END: main\n";
    let twice = format!("{main}{main}");
    let cases = [
        (Kind::MissingFile, "{{#item reactor/src/c.rs wake}}", "", ""),
        (Kind::MissingFile, "{{#picture none}}", "", ""),
        (Kind::MissingFile, "", "docs/map.md", "# A\n\n## The core path\n\n1. `reactor/src/c.rs`: c\n"),
        (Kind::MissingFile, "{{#refused none}}", "", ""),
        (Kind::MissingFile, "{{#refused a}}", "tests/ui/a.rs", "fn main() { a }\n"),
        (Kind::MissingFile, "{{#cures a}}", "tests/ui/a.rs", "fn main() { a }\n"),
        (Kind::MissingItem, "{{#item reactor/src/a.rs sleep}}", "", ""),
        (Kind::MissingItem, "{{#lines reactor/src/a.rs wake | go | sleep}}", "", ""),
        (Kind::MissingItem, "See [it](reactor/src/a.rs#sleep).", "", ""),
        (Kind::MissingItem, "{{#head reactor/src/a.rs | A2}}", "", ""),
        (Kind::MissingItem, "It takes {{wall spawn | ours}}.", "docs/benchmarks.md", "# B\n"),
        (Kind::BadAnchor, "{{#anchor examples/e.rs park}}", "", ""),
        (Kind::BadAnchor, "", "examples/e.rs", twice.as_str()),
        (Kind::BadAnchor, "", "examples/e.rs", "// ANCHOR: main\n// ANCHOR_END: main\n"),
        (Kind::UnusedAnchor, "", "examples/f.rs", main),
        (Kind::TooLong, "{{#item examples/f.rs long}}", "examples/f.rs", long.as_str()),
        (Kind::MissingFile, "{{#diff reactor/src/a.rs wake | reactor/src/c.rs wake}}", "", ""),
        (Kind::MissingItem, "{{#diff reactor/src/a.rs sleep | reactor/src/a.rs wake}}", "", ""),
        (Kind::MissingItem, "{{#diff reactor/src/a.rs wake | reactor/src/a.rs}}", "", ""),
        (Kind::Directive, "{{#diff reactor/src/a.rs wake}}", "", ""),
        (Kind::NoDifference, "{{#diff reactor/src/a.rs wake | reactor/src/a.rs wake}}", "", ""),
        (Kind::NoDifference, "{{#diff reactor/src/a.rs wake | reactor/src/b.rs twice}}", "", ""),
        (
            Kind::TooLong,
            "{{#diff examples/f.rs long | reactor/src/a.rs wake}}",
            "examples/f.rs",
            longer.as_str(),
        ),
        (Kind::Pasted, "```rust\nfn main() {}\n```", "", ""),
        (Kind::Pasted, "```\nfn main() {}\n```", "", ""),
        (Kind::Pasted, "Thus:\n\n    fn main() {}", "", ""),
        (Kind::DeadLink, "[two](two.md)", "", ""),
        (Kind::DeadLink, "[one](one.md#two)", "", ""),
        (Kind::DeadLink, "In `reactor/src/c.rs` is more.", "", ""),
        (Kind::DeadLink, "See [it](counterexamples/none.html).", "", ""),
        (Kind::DeadLink, "{{#repository See [it](docs/none.png).}}", "", ""),
        (Kind::NotInOrder, "", "reactor/src/c.rs", "fn c() {}\n"),
        (Kind::NotInOrder, "", "docs/book/src/two.md", "# Two\n"),
        (Kind::Directive, "{{#quote reactor/src/a.rs}}", "", ""),
    ];
    for (kind, more, file, text) in cases {
        let woven = book(more, if file.is_empty() { "nothing.txt" } else { file }, text);
        let report = woven.report(&[kind]);
        assert!(!report.is_empty(), "{kind:?} is not reported for {more} {file}: {:#?}", woven.problems);
    }
}

#[test]
fn a_refused_program_is_shown_with_its_message_and_its_cures() {
    let files = |cures| {
        weave(&Tree::of(&[
            ("docs/map.md", MAP),
            ("docs/examples.md", "# The examples\n"),
            ("reactor/src/a.rs", A),
            ("reactor/src/b.rs", B),
            ("tests/ui/a.rs", "fn main() {\n    a\n}\n"),
            ("tests/ui/a.stderr", "error: no a\n"),
            ("tests/ui/a.cures", cures),
            ("docs/book/src/SUMMARY.md", SUMMARY),
            ("docs/book/src/one.md", "# One\n\n{{#refused a}}\n\n{{#cures a}}\n"),
        ]))
    };
    let woven = files("A call.\n-    a\n+    a()\n\nTwo places.\n-    a\n+    b\n-}\n+} // The end.\n");
    assert!(woven.problems.is_empty(), "{:#?}", woven.problems);
    let one = &woven.pages["one.md"];
    assert!(one.contains("```rust,ignore\nfn main() {\n    a\n}\n```\n\ntests/ui/a.rs"), "{one}");
    assert!(one.contains("```text\nerror: no a\n```"), "{one}");
    assert!(one.contains("1. A call.\n\n   ```diff\n   -    a\n   +    a()\n   ```"), "{one}");
    assert!(
        one.contains(
            "2. Two places.\n\n   ```diff\n   -    a\n   +    b\n   ...\n   -}\n   +} // The end.\n   ```"
        ),
        "{one}"
    );
    for wrong in ["", "A call.\n", "A call.\n-    b\n+    a()\n", "A call.\n    a\n", "A call.\n-}\n"] {
        let woven = files(wrong);
        let complains = !woven.report(&[Kind::MissingFile]).is_empty();
        assert_eq!(complains, wrong != "A call.\n-}\n", "{wrong:?}: {:#?}", woven.problems);
    }
}
