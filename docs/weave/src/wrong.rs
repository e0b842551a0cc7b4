//! The wrong solutions of the exercises: each must fail the exercise's tests.
//!
//! An exercise is only as good as its tests: if a solution that misses the point passes, the reader goes on without
//! having learned it. So `exercises/wrong/NAME.txt` lists the mistakes that a reader would make in
//! `exercises/stubs/NAME.rs`, each as a change of the solution.
//!
//! ```text
//! exercise 2: a waiter that is woken does not look again
//! -            while tasks.is_empty() {
//! +            if tasks.is_empty() {
//! ```
//!
//! A blank line ends an entry. It may change several places, one after the other; `changes` has the form of
//! the lines.
//!
//! Called by the program `wrong-solutions`. Next: `main`.

use std::collections::BTreeSet;

use crate::changes::Changes;

/// A wrong solution of an exercise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The number of the entry's first line in its file.
    pub line: usize,
    /// The number of the exercise.
    pub exercise: u32,
    /// What is wrong with it.
    pub what: String,
    /// What it changes in the solution.
    changes: Changes,
}

impl Wrong {
    /// Returns the text of the solution with this mistake in it.
    ///
    /// # Errors
    ///
    /// The first line that is to be replaced, if the lines do not occur exactly once.
    pub fn apply(&self, solution: &str) -> Result<String, String> {
        self.changes.apply(solution)
    }
}

/// Parses a file of wrong solutions.
///
/// # Errors
///
/// The number of the first line that is not of the form, and what was expected.
pub fn parse(text: &str) -> Result<Vec<Wrong>, (usize, String)> {
    let mut found: Vec<Wrong> = Vec::new();
    let mut inside = false;
    for (line, text) in (1..).zip(text.lines()) {
        if text.is_empty() {
            inside = false;
        } else if !inside {
            let head = text.strip_prefix("exercise ").and_then(|head| head.split_once(": "));
            let head = head.and_then(|(number, what)| Some((number.parse().ok()?, what)));
            let (exercise, what) = head.ok_or((line, "expected `exercise N: what is wrong`".to_owned()))?;
            found.push(Wrong { line, exercise, what: what.to_owned(), changes: Changes::default() });
            inside = true;
        } else {
            let entry = found.last_mut().expect("an entry has begun");
            entry.changes.add(text).map_err(|what| (line, what))?;
        }
    }
    if let Some(wrong) = found.iter().find(|wrong| wrong.changes.is_empty()) {
        return Err((wrong.line, "the entry changes nothing".to_owned()));
    }
    Ok(found)
}

/// Returns the numbers of the exercises that a test file tests.
#[must_use]
pub fn exercises(test: &str) -> BTreeSet<u32> {
    let names = test.split("fn exercise_").skip(1);
    names.filter_map(|name| name.split_once('_')?.0.parse().ok()).collect()
}

/// Returns the text of a test file with the solution taken from the file at `solution`, if it takes one.
#[must_use]
pub fn with_solution(test: &str, solution: &str) -> Option<String> {
    let (mut lines, mut found) = (Vec::new(), false);
    for line in test.lines() {
        if line.starts_with("#[cfg_attr(feature = \"solutions\", path") {
            found = true;
            lines.push(format!("#[path = \"{solution}\"]"));
        } else if !line.starts_with("#[cfg_attr(not(feature = \"solutions\"), path") {
            lines.push(line.to_owned());
        }
    }
    found.then(|| lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOLUTION: &str = "fn two() {\n    lock();\n    look();\n}\n\nfn one() {\n    lock();\n}\n";

    #[test]
    fn an_entry_changes_the_solution() {
        let text = "exercise 1: one: no lock\n-fn one() {\n-    lock();\n+fn one() {\n\n\
                    exercise 2: in both\n-    look();\n+    lock();\n+    look();\n-fn one() {\n+pub fn one() {\n";
        let found = parse(text).expect("it has the form");
        let heads: Vec<_> =
            found.iter().map(|wrong| (wrong.line, wrong.exercise, wrong.what.as_str())).collect();
        assert_eq!(heads, [(1, 1, "one: no lock"), (6, 2, "in both")]);
        assert_eq!(
            found[0].apply(SOLUTION).as_deref(),
            Ok("fn two() {\n    lock();\n    look();\n}\n\nfn one() {\n}\n")
        );
        assert_eq!(
            found[1].apply(SOLUTION).as_deref(),
            Ok("fn two() {\n    lock();\n    lock();\n    look();\n}\n\npub fn one() {\n    lock();\n}\n")
        );
    }

    #[test]
    fn lines_that_occur_never_or_twice_are_refused() {
        for old in ["    lock();", "    unlock();", "lock();"] {
            let found = parse(&format!("exercise 1: it\n-{old}\n")).expect("it has the form");
            assert!(found[0].apply(SOLUTION).is_err(), "{old}");
        }
    }

    #[test]
    fn another_form_is_refused() {
        for (text, line) in [
            ("task 1: it\n", 1),
            ("exercise one: it\n-x\n", 1),
            ("exercise 1: it\n", 1),
            ("exercise 1: it\n+x\n", 2),
            ("exercise 1: it\n-x\n y\n", 3),
            ("exercise 1: it\n-x\n\n-y\n", 4),
        ] {
            assert_eq!(parse(text).expect_err(text).0, line, "{text}");
        }
    }

    #[test]
    fn a_test_says_which_exercises_it_has_and_takes_any_solution() {
        let test = "#[cfg_attr(feature = \"solutions\", path = \"../solutions/x.rs\")]\n\
                    #[cfg_attr(not(feature = \"solutions\"), path = \"../stubs/x.rs\")]\n\
                    mod x;\nfn exercise_1_a() {}\nfn exercise_1_b() {}\nfn exercise_12_a() {}\n\
                    fn exercises_1_and_12_together() {}\n";
        assert_eq!(exercises(test), BTreeSet::from([1, 12]));
        let with = with_solution(test, "y.rs").expect("it takes a solution");
        assert!(with.starts_with("#[path = \"y.rs\"]\nmod x;\nfn exercise_1_a"), "{with}");
        assert_eq!(with_solution("fn exercise_1_a() {}\n", "y.rs"), None);
    }
}
