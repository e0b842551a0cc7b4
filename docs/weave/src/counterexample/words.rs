//! What each seeded fault does and breaks: `docs/counterexamples/faults.txt`.
//!
//! The run shows what happens, the source which line is wrong. Which promise is broken by it, and why, has to be
//! said in words. Each entry names the rule in the head of the file that makes the promise, and the rule's text
//! is read there.
//!
//! Called by the tool. Next: `page`.

use crate::source::{read, root};

/// What is said of a fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The fault.
    pub fault: String,
    /// The rule that it breaks: `[idle-then-look]`, or `R4`.
    pub rule: String,
    /// The file whose head has the rule.
    pub file: String,
    /// The rule's text there.
    pub promise: String,
    /// What the wrong code does.
    pub wrong: String,
    /// What follows.
    pub follows: String,
}

/// Reads the words of all faults.
///
/// # Errors
///
/// The fault of which something is missing.
pub fn words() -> Result<Vec<Words>, String> {
    let path = root().join("docs/counterexamples/faults.txt");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let with_promise = |words: Result<Words, String>| {
        let mut words = words?;
        words.promise = promise(&read(&words.file), &words.rule).ok_or_else(|| {
            format!("{}: the head of {} has no rule {}", words.fault, words.file, words.rule)
        })?;
        Ok(words)
    };
    entries(&text).map(with_promise).collect()
}

/// Reads the entries of `faults.txt`, without the promises, which are in other files.
pub fn entries(text: &str) -> impl Iterator<Item = Result<Words, String>> {
    text.split("\n\n").filter(|entry| !entry.trim().is_empty()).map(entry)
}

fn entry(text: &str) -> Result<Words, String> {
    let mut lines = text.trim().lines();
    let fault = lines.next().unwrap_or_default().to_owned();
    let mut words = Words { fault, ..Words::default() };
    for line in lines {
        match line.trim().split_once(": ") {
            Some(("breaks", breaks)) => {
                let (rule, file) =
                    breaks.split_once(' ').ok_or(format!("{}: no file in {line:?}", words.fault))?;
                (words.rule, words.file) = (rule.to_owned(), file.to_owned());
            }
            Some(("wrong", wrong)) => words.wrong = wrong.replace('`', ""),
            Some(("follows", follows)) => words.follows = follows.replace('`', ""),
            _ => return Err(format!("{}: what is {line:?}?", words.fault)),
        }
    }
    let missing = |name: &str| format!("{}: nothing is said after `{name}:`", words.fault);
    for (name, said) in [("breaks", &words.rule), ("wrong", &words.wrong), ("follows", &words.follows)] {
        if said.is_empty() {
            return Err(missing(name));
        }
    }
    Ok(words)
}

/// The text of a rule in a file's head: from its name to the next rule, or to an empty line.
fn promise(text: &str, rule: &str) -> Option<String> {
    let named = |line: &'_ str| -> Option<String> {
        let line = line.strip_prefix("//! ")?;
        let said = line.strip_prefix("- ").unwrap_or(line).strip_prefix(rule)?;
        said.starts_with("  ").then(|| said.trim().to_owned())
    };
    let mut lines = text.lines().skip_while(|line| named(line).is_none());
    let first = named(lines.next()?)?;
    let more = lines.map_while(|line| line.strip_prefix("//!  ").map(str::trim));
    Some(more.fold(first, |text, line| text + " " + line).replace('`', ""))
}

#[test]
fn a_rule_goes_on_over_indented_lines() {
    let head = "//! What.\n//!\n//! - [a-b]  One\n//!   two.\n//! - C1  Three.\n//!\n//! Next.\n";
    assert_eq!(promise(head, "[a-b]").as_deref(), Some("One two."));
    assert_eq!(promise(head, "C1").as_deref(), Some("Three."));
    assert_eq!(promise(head, "C2"), None);
}
