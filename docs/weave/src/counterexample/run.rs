//! One run of a model: what its execution did, and how it ended.
//!
//! A panic of loom's own, at choices that do not fit the run, looks like a failure of the model: see
//! [`Execution::is_looms_failure`].
//!
//! Called by `search`. Next: `search`.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::path::Path;

/// A model in its program, and the fault that is on.
#[derive(Clone, Debug)]
pub struct Model {
    /// The test program.
    pub program: PathBuf,
    /// The test's full name there.
    pub test: String,
    /// Which of the test's calls of `check` is meant, from 0.
    pub check: usize,
    /// The seeded fault; none for the model as it is.
    pub fault: Option<String>,
    /// Where files of the runs are put.
    pub folder: PathBuf,
}

/// An execution.
#[derive(Clone, Debug)]
pub struct Execution {
    /// Its operations, in order.
    pub steps: Vec<Step>,
    /// Its choices.
    pub path: Path,
    /// What the model's panic said; none if the execution passed.
    pub failure: Option<String>,
}

impl Execution {
    /// Whether loom itself has failed, and not the model.
    #[must_use]
    pub fn is_looms_failure(&self) -> bool {
        self.failure.as_ref().is_some_and(|says| LOOMS_OWN.iter().any(|own| says.contains(own)))
    }
}

/// An operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// How many choices came before it.
    pub choices: usize,
    /// The thread, 0 for the model's own.
    pub thread: usize,
    /// What it did: see `loom`.
    pub operation: String,
    /// The number of the object, or of the other thread.
    pub object: Option<usize>,
    /// File, line and column.
    pub place: Option<(String, usize, usize)>,
    /// The memory ordering.
    pub order: String,
    /// The value read.
    pub read: Option<u64>,
    /// The value written.
    pub written: Option<u64>,
    /// Of a load: the number of the store that it read, the number of the newest one, and the values that it
    /// could have returned. Stores to an object are counted from 0.
    pub load: Option<(usize, usize, Vec<u64>)>,
    /// Of a search's step: what it is.
    pub text: Option<String>,
}

/// What a run of a model is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Explore until an execution fails.
    Failure,
    /// Explore until an execution fails or passes.
    First,
}

/// Seconds that exploring a model may take, and that one execution may take.
const LIMITS: [&str; 2] = ["300", "5"];

/// The status of `timeout` if it has stopped the program.
const TIMED_OUT: i32 = 124;

/// The most choices of an execution. One that makes more goes round in a circle.
const BRANCHES: &str = "1500";

/// What loom's panics say that are no failures of the model.
const LOOMS_OWN: [&str; 3] = ["unexpected exploration state", "[loom internal bug]", "VersionVec {"];

impl Model {
    /// Runs the model from this path on. Returns the execution at which it has stopped, or `None` if all that it
    /// has explored passed.
    ///
    /// # Errors
    ///
    /// If the model cannot be run, or it fails and leaves nothing.
    pub fn run(
        &self,
        from: Option<&Path>,
        preemptions: usize,
        until: Until,
    ) -> Result<Option<Execution>, String> {
        let (start, out) = (self.folder.join("path"), self.folder.join("execution"));
        let failed = |error: std::io::Error| format!("{}: {error}", self.folder.display());
        fs::create_dir_all(&self.folder).map_err(failed)?;
        let _ = (fs::remove_file(&start), fs::remove_file(&out)); // They need not be there.
        if let Some(path) = from {
            fs::write(&start, path.to_json()).map_err(failed)?;
        }
        // A choice that does not fit the run makes loom panic, and a model may contain that and go on for ever.
        let mut command = Command::new("timeout");
        command
            .arg(LIMITS[usize::from(until == Until::First)])
            .arg(&self.program)
            .args(["--exact", &self.test])
            .stdin(Stdio::null());
        command.env("COUNTEREXAMPLE_CHECK", self.check.to_string()).env("LOOM_MAX_BRANCHES", BRANCHES);
        command.env("LOOM_LOCATION", "1").env("LOOM_MAX_PREEMPTIONS", preemptions.to_string());
        command.env("LOOM_CHECKPOINT_FILE", &start).env("COUNTEREXAMPLE_OUT", &out);
        command.env("RUST_BACKTRACE", "0").env_remove("FAULT").env_remove("COUNTEREXAMPLE_PASS");
        command.envs(self.fault.iter().map(|fault| ("FAULT", fault)));
        if until == Until::First {
            command.env("COUNTEREXAMPLE_PASS", "1");
        }
        let output = command.output().map_err(|error| format!("{}: {error}", self.program.display()))?;
        let Ok(text) = fs::read_to_string(&out) else {
            let says = String::from_utf8_lossy(&output.stdout).into_owned();
            return if output.status.success() {
                Ok(None)
            } else {
                Err(format!("{} left nothing: {says}", self.test))
            };
        };
        if output.status.code() == Some(TIMED_OUT) {
            return Err(format!("{} goes on for ever", self.test));
        }
        let lines: Vec<&str> = text.lines().collect();
        let [steps @ .., failure, path] = &lines[..] else {
            return Err(format!("{} wrote {text:?}", self.test));
        };
        let steps = steps.iter().map(|line| parse(line).ok_or_else(|| format!("no step: {line:?}")));
        let failure = (!failure.is_empty()).then(|| failure.split_whitespace().collect::<Vec<_>>().join(" "));
        Ok(Some(Execution { steps: steps.collect::<Result<_, _>>()?, path: Path::parse(path)?, failure }))
    }
}

/// Reads a line of `hook.rs`.
fn parse(line: &str) -> Option<Step> {
    let mut fields = line.split('\t');
    let mut next = || fields.next();
    let mut step = Step {
        choices: next()?.parse().ok()?,
        thread: next()?.parse().ok()?,
        operation: next()?.to_owned(),
        object: next()?.parse().ok(),
        place: place(next()?),
        order: next()?.to_owned(),
        read: next()?.parse().ok(),
        written: next()?.parse().ok(),
        ..Step::default()
    };
    let more = next()?;
    if step.operation == "note" {
        step.text = Some(more.to_owned());
    } else {
        step.load = load(more);
    }
    Some(step)
}

/// `executor/src/pool/sleep.rs:49:29`.
fn place(text: &str) -> Option<(String, usize, usize)> {
    let (rest, column) = text.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some((file.to_owned(), line.parse().ok()?, column.parse().ok()?))
}

/// `0 2 0,1`: it read store 0, store 2 was the newest, and it could have returned 0 and 1.
fn load(text: &str) -> Option<(usize, usize, Vec<u64>)> {
    let mut words = text.split(' ');
    let (read, newest) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((read, newest, words.next()?.split(',').filter_map(|value| value.parse().ok()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_read_from_its_line() {
        let step = parse("7\t1\tload\t0\texecutor/src/a.rs:41:20\tAcquire\t0\t\t0 2 0,1").unwrap();
        assert_eq!(step.place, Some(("executor/src/a.rs".to_owned(), 41, 20)));
        assert_eq!(
            (step.choices, step.thread, step.object, step.read, step.written),
            (7, 1, Some(0), Some(0), None)
        );
        assert_eq!(step.load, Some((0, 2, vec![0, 1])));
        assert_eq!(parse("0\t0\tspawn\t1\t\t\t\t\t").unwrap().operation, "spawn");
        assert_eq!(parse("x"), None);
    }
}
