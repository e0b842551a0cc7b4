//! Changes of a program: runs of its lines, each with the lines that replace it.
//!
//! ```text
//!   -    task::spawn_local(async {             whole lines of the program: a run that is there once
//!   +    task::spawn_local(async move {        what is there instead; perhaps nothing
//!   -    …                                     a `-` after a `+` begins the next change
//! ```
//!
//! Called by `refused`, whose cures are changes, and by `wrong`, whose mistakes are.

/// Changes, made one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Changes(Vec<Change>);

/// A run of lines, and the lines that replace it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) old: Vec<String>,
    pub(crate) new: Vec<String>,
}

impl Changes {
    /// Adds a line that begins with `-` or `+`.
    ///
    /// # Errors
    ///
    /// What was expected instead.
    pub(crate) fn add(&mut self, line: &str) -> Result<(), String> {
        let Changes(changes) = self;
        if let Some(old) = line.strip_prefix('-') {
            if changes.last().is_none_or(|change| !change.new.is_empty()) {
                changes.push(Change::default());
            }
            changes.last_mut().expect("there is one now").old.push(old.to_owned());
            return Ok(());
        }
        let new = line.strip_prefix('+').ok_or("expected `-`, `+` or a blank line")?;
        changes.last_mut().ok_or("expected `-` before `+`")?.new.push(new.to_owned());
        Ok(())
    }

    /// Returns the program with these changes.
    ///
    /// # Errors
    ///
    /// The first line that is to be replaced, if the lines do not occur exactly once.
    pub(crate) fn apply(&self, program: &str) -> Result<String, String> {
        let mut lines: Vec<&str> = program.lines().collect();
        for Change { old, new } in &self.0 {
            let is_at = |at: &usize| lines.get(*at..*at + old.len()).is_some_and(|run| run == old.as_slice());
            let mut places = (0..lines.len()).filter(is_at);
            let (Some(at), None) = (places.next(), places.next()) else {
                return Err(format!("these lines are not there once: {}", old[0].trim()));
            };
            lines.splice(at..at + old.len(), new.iter().map(String::as_str));
        }
        Ok(lines.join("\n") + "\n")
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }
}
