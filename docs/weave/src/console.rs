//! The terminal sessions in a chapter: a command, and what it prints.
//!
//! Output that is pasted into a chapter goes stale, and an exact comparison would fail on each time that a program
//! prints. So a test runs the command and compares, and `…` stands for the parts that differ from run to run.
//!
//! ```text
//!   $ cargo run --example 01_poll_by_hand
//!   polled 3 times in … µs                     … in a line: any text
//!   …                                          … alone: any lines
//! ```

/// A command and the output shown for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The text after `$ `.
    pub command: String,
    /// The lines below it.
    pub output: Vec<String>,
}

/// Returns the sessions in the `console` blocks of a page.
pub fn sessions(text: &str) -> Vec<Session> {
    let mut found: Vec<Session> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(language) => inside = !inside && language == "console",
            None if !inside => {}
            None => match (line.strip_prefix("$ "), found.last_mut()) {
                (Some(command), _) => found.push(Session { command: command.to_owned(), output: Vec::new() }),
                (None, Some(session)) => session.output.push(line.to_owned()),
                (None, None) => {}
            },
        }
    }
    found
}

/// Returns whether `shown`, with its `…`, matches what was `printed`.
pub fn agrees(shown: &[String], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((any, rest)) if any.trim() == "…" => {
            (0..=printed.len()).any(|skipped| agrees(rest, &printed[skipped..]))
        }
        Some((line, rest)) => printed
            .split_first()
            .is_some_and(|(first, others)| line_agrees(line, first) && agrees(rest, others)),
    }
}

/// The same for a line. Several spaces count as one, since a text that varies in length shifts its column.
fn line_agrees(shown: &str, printed: &str) -> bool {
    let single = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let (shown, printed) = (single(shown), single(printed));
    let mut parts = shown.split('…');
    let first = parts.next().expect("a split has a first part");
    let Some(mut rest) = printed.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some(at) = rest.find(before) else { return false };
            rest = &rest[at + str::len(before)..];
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[test]
fn what_varies_may_vary_and_nothing_else() {
    let shown = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let cases = [
        ("a\nb", "a\nb", true),
        ("a\nb", "a\nc", false),
        ("a", "a\nb", false),
        ("took … ms, … times", "took 12 ms, 3 times", true),
        ("took … ms, … times", "took 12 s, 3 times", false),
        ("took … ms", "took  7 ms", true),
        ("a\n…\nd", "a\nb\nc\nd", true),
        ("a\n…\nd", "a\nd", true),
        ("a\n…\nd", "a\nb\nc", false),
        ("…", "", true),
    ];
    for (left, right, expected) in cases {
        assert_eq!(agrees(&shown(left), &right.lines().collect::<Vec<_>>()), expected, "{left} | {right}");
    }
    let page = "```console\n$ cargo a\nx\n$ cargo b\n```\n```text\n$ no\n```\n";
    let both = sessions(page);
    assert_eq!(both[0], Session { command: "cargo a".to_owned(), output: vec!["x".to_owned()] });
    assert_eq!((both.len(), both[1].output.len()), (2, 0));
}
