//! Programs that the compiler must refuse, what it says about them, and what cures them.
//!
//! Each `tests/ui/NAME.rs` is a program with one mistake. `NAME.stderr` is the part of the compiler's message that
//! helps, with `...` for lines that are left out. `NAME.cures` says how to correct the mistake, the best cure first:
//!
//! ```text
//!   Own what it uses.                          what the cure is, in a line
//!   -    task::spawn_local(async {             lines of the program: a run that is there once
//!   +    task::spawn_local(async move {        what is there instead
//!   -    …                                     perhaps more of these
//!                                              an empty line, and the next cure
//! ```
//!
//! `tests/what_must_not_compile.rs` compiles each program, and each program with each of its cures. So a chapter that
//! quotes the files says what the compiler says. Called by `chapter`, for `{{#refused NAME}}` and `{{#cures NAME}}`.

use std::fmt::Write as _;

use crate::Tree;

/// A correction of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cure {
    /// What it is.
    pub title: String,
    /// The lines to replace, each run with what replaces it.
    pub changes: Vec<(Vec<String>, Vec<String>)>,
}

impl Cure {
    /// Reads the cures of a file.
    ///
    /// # Errors
    ///
    /// If there is none, or one of them changes nothing.
    pub fn read(text: &str) -> Result<Vec<Cure>, String> {
        let blocks = text.split("\n\n").map(str::trim_end).filter(|block| !block.is_empty());
        let cures = blocks.map(Cure::of).collect::<Result<Vec<_>, _>>()?;
        if cures.is_empty() { Err("there is no cure".to_owned()) } else { Ok(cures) }
    }

    fn of(block: &str) -> Result<Cure, String> {
        let (title, lines) = block.split_once('\n').ok_or_else(|| format!("this is no cure: {block}"))?;
        let mut changes: Vec<(Vec<String>, Vec<String>)> = Vec::new();
        for line in lines.lines() {
            let between = changes.last().is_none_or(|(_, new)| !new.is_empty());
            if let Some(old) = line.strip_prefix('-') {
                if between {
                    changes.push((Vec::new(), Vec::new()));
                }
                changes.last_mut().expect("it was just made").0.push(old.to_owned());
            } else if let (Some(new), Some(change)) = (line.strip_prefix('+'), changes.last_mut()) {
                change.1.push(new.to_owned());
            } else {
                return Err(format!("{title}: neither an old line nor a new one: {line}"));
            }
        }
        Ok(Cure { title: title.to_owned(), changes })
    }

    /// Returns the program with the cure.
    ///
    /// # Errors
    ///
    /// If the lines to replace are not in the program, or more than once.
    pub fn apply(&self, program: &str) -> Result<String, String> {
        let mut lines: Vec<&str> = program.lines().collect();
        for (old, new) in &self.changes {
            let mut places = (0..lines.len())
                .filter(|&at| lines[at..].iter().zip(old).filter(|(a, b)| a == b).count() == old.len());
            let (Some(at), None) = (places.next(), places.next()) else {
                return Err(format!("{}: not there, or more than once:\n{}", self.title, old.join("\n")));
            };
            lines.splice(at..at + old.len(), new.iter().map(String::as_str));
        }
        Ok(lines.join("\n") + "\n")
    }
}

/// The cures of a program, for a chapter.
pub(crate) fn cures(tree: &Tree, name: &str) -> Result<String, String> {
    let (file, text) = text_of(tree, name, "cures")?;
    let (_, program) = text_of(tree, name, "rs")?;
    let mut woven = String::new();
    for (number, cure) in Cure::read(text).map_err(|what| format!("{file}: {what}"))?.iter().enumerate() {
        cure.apply(program).map_err(|what| format!("{file}: {what}"))?;
        write!(woven, "{}. {}\n\n   ```diff\n", number + 1, cure.title)
            .expect("writing to a String cannot fail");
        for (place, (old, new)) in cure.changes.iter().enumerate() {
            if place > 0 {
                woven.push_str("   ...\n");
            }
            for (mark, lines) in [('-', old), ('+', new)] {
                for line in lines {
                    writeln!(woven, "   {mark}{line}").expect("writing to a String cannot fail");
                }
            }
        }
        woven.push_str("   ```\n\n");
    }
    woven.truncate(woven.trim_end().len());
    Ok(woven)
}

/// The text of one of the program's files, after its path.
pub(crate) fn text_of<'a>(tree: &'a Tree, name: &str, kind: &str) -> Result<(String, &'a str), String> {
    let file = format!("tests/ui/{name}.{kind}");
    let text = tree.text(&file).ok_or_else(|| format!("there is no {file}"))?;
    Ok((file, text))
}
