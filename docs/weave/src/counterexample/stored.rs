//! A counterexample as a file: `docs/counterexamples/FAULT--MODEL.txt`.
//!
//! The choices are enough to repeat the execution. The steps are stored beside them, so that a change of the source
//! that makes the execution another one is noticed, and so that the file can be read. They hold the text of the
//! source's lines and not their numbers: a line that moves changes nothing.
//!
//! Called by the tool. Next: `page`.

use std::collections::HashMap;
use std::fmt::Write;

use super::path::{Choice, MAX_STORES, MAX_THREADS};
use super::told::{Told, ToldStep};
use crate::source::read;

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The seeded fault.
    pub fault: String,
    /// The model's name.
    pub model: String,
    /// The call of `check` in the model's test, from 0.
    pub check: usize,
    /// The bound on preemptions at which it was found.
    pub preemptions: usize,
    /// The choices.
    pub choices: Vec<Choice>,
    /// How many choices lead to the point of no return.
    pub no_return: Option<usize>,
    /// How it ends.
    pub end: String,
    /// The steps, a line each.
    pub steps: Vec<String>,
}

impl Stored {
    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let no_return = self.no_return.map_or("-".to_owned(), |at| at.to_string());
        let mut text = format!(
            "fault: {}\nmodel: {}\ncheck: {}\npreemptions: {}\nchoices: {}\nno return after: {no_return}\nend: {}\n",
            self.fault,
            self.model,
            self.check,
            self.preemptions,
            write_choices(&self.choices),
            self.end,
        );
        for step in &self.steps {
            let _ = writeln!(text, "step: {step}");
        }
        text
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Which line is wrong, or missing.
    pub fn parse(text: &str) -> Result<Self, String> {
        let field = |name: &str| {
            let prefix = format!("{name}: ");
            let found = text.lines().find_map(|line| line.strip_prefix(&prefix));
            found.ok_or_else(|| format!("there is no line `{name}: …`"))
        };
        let number = |name: &str| field(name)?.parse().map_err(|error| format!("{name}: {error}"));
        Ok(Self {
            fault: field("fault")?.to_owned(),
            model: field("model")?.to_owned(),
            check: number("check")?,
            preemptions: number("preemptions")?,
            choices: read_choices(field("choices")?)?,
            no_return: if field("no return after")? == "-" { None } else { Some(number("no return after")?) },
            end: field("end")?.to_owned(),
            steps: text.lines().filter_map(|line| line.strip_prefix("step: ")).map(str::to_owned).collect(),
        })
    }
}

/// The steps of an execution, a line each.
#[must_use]
pub fn steps<'a>(told: &'a Told) -> Vec<String> {
    let mut files: HashMap<&'a str, String> = HashMap::new();
    let line = |step: &'a ToldStep| {
        let mut line = format!("{} {}", step.thread, step.operation);
        if let Some(text) = &step.text {
            let _ = write!(line, " {text}");
        }
        if let Some(object) = step.object {
            let _ = write!(line, " {}", told.objects[object].0);
        }
        if !step.order.is_empty() {
            let _ = write!(line, " {}", step.order);
        }
        match (&step.read, &step.written) {
            (Some(read), Some(written)) => _ = write!(line, " {read} → {written}"),
            (Some(read), None) => _ = write!(line, " = {read}"),
            (None, Some(written)) => _ = write!(line, " := {written}"),
            (None, None) => {}
        }
        if let Some(missed) = step.missed {
            let _ = write!(line, " (step {missed} missed)");
        }
        if let Some((file, number)) = &step.place {
            let text = files.entry(file).or_insert_with(|| read(file));
            let code = text.lines().nth(number - 1).unwrap_or("").trim();
            let _ = write!(line, " | {file} | {code}");
        }
        line
    };
    told.steps.iter().map(line).collect()
}

/// `t0*3 r2 t1`: thread 0 three times, the store in slot 2, thread 1.
fn write_choices(choices: &[Choice]) -> String {
    let words = choices.chunk_by(|one, next| one == next).map(|run| {
        let word = match run[0] {
            Choice::Thread(thread) => format!("t{thread}"),
            Choice::Load(slot) => format!("r{slot}"),
            Choice::Spurious(spur) => format!("s{}", u8::from(spur)),
        };
        if run.len() > 1 { format!("{word}*{}", run.len()) } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The most choices in a row.
const MOST_CHOICES: usize = 20_000;

fn read_choices(text: &str) -> Result<Vec<Choice>, String> {
    let mut choices = Vec::new();
    for word in text.split_whitespace() {
        let wrong = || format!("{word:?} is no choice");
        let (choice, count) = word.split_once('*').unwrap_or((word, "1"));
        let number: usize = choice.get(1..).and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
        let count: usize = count.parse().ok().filter(|count| *count <= MOST_CHOICES).ok_or_else(wrong)?;
        let choice = match choice.as_bytes()[0] {
            b't' if number < MAX_THREADS => Choice::Thread(number),
            b'r' if number < MAX_STORES => Choice::Load(number),
            b's' => Choice::Spurious(number == 1),
            _ => return Err(wrong()),
        };
        choices.extend(std::iter::repeat_n(choice, count));
    }
    Ok(choices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let stored = Stored {
            fault: "f".to_owned(),
            model: "m".to_owned(),
            check: 1,
            preemptions: 1,
            choices: vec![Choice::Thread(0), Choice::Thread(0), Choice::Load(3), Choice::Spurious(true)],
            no_return: Some(2),
            end: "A deadlock: x".to_owned(),
            steps: vec!["0 load counts".to_owned()],
        };
        assert_eq!(Stored::parse(&stored.to_text()), Ok(stored.clone()));
        let without = stored.to_text().replace("model: m\n", "");
        assert_eq!(Stored::parse(&without), Err("there is no line `model: …`".to_owned()));
        let wrong = stored.to_text().replace("t0*2", "x");
        assert_eq!(Stored::parse(&wrong), Err("\"x\" is no choice".to_owned()));
    }
}
