//! Programs that the compiler must refuse, what it says about them, and what cures them.
//!
//! Each `tests/ui/NAME.rs` is a program with one mistake. `NAME.stderr` is the part of the compiler's message that
//! helps, with `...` for lines that are left out. `NAME.cures` says how to correct the mistake, the best cure first:
//!
//! ```text
//!   Own what it uses.                          what the cure is, in a line
//!   -    task::spawn_local(async {             what it changes: see `changes`
//!   +    task::spawn_local(async move {
//!                                              an empty line, and the next cure
//! ```
//!
//! `tests/what_must_not_compile.rs` compiles each program, and each program with each of its cures. So a chapter that
//! quotes the files says what the compiler says. Called by `chapter`, for `{{#refused NAME}}` and `{{#cures NAME}}`.

use std::fmt::Write as _;

use crate::Tree;
use crate::changes::{Change, Changes};

/// A correction of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cure {
    /// What it is.
    pub title: String,
    /// What it changes in the program.
    changes: Changes,
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
        let mut changes = Changes::default();
        lines.lines().try_for_each(|line| changes.add(line)).map_err(|what| format!("{title}: {what}"))?;
        Ok(Cure { title: title.to_owned(), changes })
    }

    /// Returns the program with the cure.
    ///
    /// # Errors
    ///
    /// If the lines to replace are not in the program, or more than once.
    pub fn apply(&self, program: &str) -> Result<String, String> {
        self.changes.apply(program).map_err(|what| format!("{}: {what}", self.title))
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
        for (place, Change { old, new }) in cure.changes.iter().enumerate() {
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
