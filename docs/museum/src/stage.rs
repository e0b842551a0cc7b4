//! The stage: builds what the exhibits need, and runs them in processes of their own.
//!
//! The programs are this program, built once more under `--cfg museum` into `target/museum`. The models are those
//! of the crates, built under `--cfg loom` into `target/loom`, as for the other checks.
//!
//! A run ends in one of four ways, and the last two are results too: a fault may end the process or hang it.
//!
//! Called by `main`. Next: `show`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use weave::exhibit::{Exhibit, Shown};
use weave::models::{Models, Run, run};
use weave::source::root;

use crate::exhibits::WRONG;

/// A run that takes longer has hung. The programs end by themselves after a second or two.
const DEADLINE: Duration = Duration::from_secs(30);

/// The same for a model, in seconds.
const MODEL_DEADLINE: u32 = 300;

/// A build that takes longer is announced.
const NOTICE: Duration = Duration::from_millis(1500);

/// What the exhibits run on.
#[derive(Debug)]
pub(crate) struct Stage {
    program: PathBuf,
    models: Option<Models>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What happened.
    pub(crate) end: End,
    /// How long it took.
    pub(crate) time: Duration,
}

/// The end of a run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// All was well, and this was seen.
    Well(String),
    /// This was wrong.
    Wrong(String),
    /// The process ended before it could say anything: how, and its last words.
    Crashed(String),
    /// The process did not end.
    Hung,
}

impl Outcome {
    /// Whether the run shows a failure.
    pub(crate) fn fails(&self) -> bool {
        !matches!(self.end, End::Well(_))
    }

    /// How long the run took.
    pub(crate) fn took(&self) -> Duration {
        self.time
    }
}

impl Stage {
    /// Builds what these exhibits need.
    pub(crate) fn build(exhibits: &[Exhibit]) -> Result<Self, String> {
        let is_program = |exhibit: &Exhibit| exhibit.shown == Shown::Program;
        let program = root().join("target/museum/debug/museum");
        if exhibits.iter().any(is_program) {
            announced("The exhibits are being built", build_programs)?;
        }
        let models = if exhibits.iter().all(is_program) {
            None
        } else {
            let build = || Models::build(root(), &root().join("target/loom"));
            Some(announced("The models are being built", build)?)
        };
        Ok(Stage { program, models })
    }

    /// Runs an exhibit, with its fault or without.
    pub(crate) fn run(&self, exhibit: &Exhibit, with_fault: bool) -> Outcome {
        self.run_recorded(exhibit, with_fault, None)
    }

    /// The same. A program also records itself, and saves its timeline to that file.
    pub(crate) fn run_recorded(&self, exhibit: &Exhibit, with_fault: bool, page: Option<&Path>) -> Outcome {
        let begin = Instant::now();
        let fault = if with_fault { exhibit.fault.as_str() } else { "" };
        let end = match &exhibit.shown {
            Shown::Program => run_program(&self.program, &exhibit.name, fault, page),
            Shown::Model { name, with, without } => {
                let models = self.models.as_ref().expect("they are built if an exhibit needs one");
                match run_model(models, name, fault) {
                    Ok(Run::Passed) => End::Well(without.clone()),
                    Ok(Run::Failed) => End::Wrong(with.clone()),
                    Ok(Run::Endless) => End::Hung,
                    Err(missing) => End::Crashed(missing),
                }
            }
        };
        Outcome { end, time: begin.elapsed() }
    }
}

/// Builds something, and says so if it takes a while.
fn announced<T>(what: &str, build: impl FnOnce() -> T) -> T {
    let (built, is_built) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if is_built.recv_timeout(NOTICE) == Err(RecvTimeoutError::Timeout) {
                eprintln!("({what}, after a change or for the first time. That takes a minute or two.)");
            }
        });
        let result = build();
        drop(built);
        result
    })
}

/// Builds this program under `--cfg museum`.
fn build_programs() -> Result<(), String> {
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    let output = Command::new("cargo")
        .args(["build", "--package", "museum", "--bin", "museum"])
        .current_dir(root())
        .env("RUSTFLAGS", format!("{flags} --cfg museum"))
        .env("CARGO_TARGET_DIR", root().join("target/museum"))
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Runs a model. An error says that there is none of that name.
fn run_model(models: &Models, name: &str, fault: &str) -> Result<Run, String> {
    let (program, test) = models.find(name).ok_or_else(|| format!("there is no model {name}"))?;
    let log = root().join("target/museum-model.log");
    let env = [("FAULT", fault), ("LOOM_MAX_PREEMPTIONS", "2")];
    Ok(run(program, &["--exact", &test], &env, MODEL_DEADLINE, &log))
}

/// Runs an exhibit's program in a process of its own.
fn run_program(program: &Path, name: &str, fault: &str, page: Option<&Path>) -> End {
    let child = Command::new(program)
        .args(["--run", name])
        .env("FAULT", fault)
        .envs(page.map(|page| ("UNROLLED_TRACE", page)))
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return End::Crashed(format!("{}: {error}", program.display())),
    };
    // Both are read while the process runs, so that it never waits for room in a pipe.
    let said = child.stdout.take().map(reader);
    let last_words = child.stderr.take().map(reader);
    let status = ended(&mut child);
    let text = |reader: Option<thread::JoinHandle<String>>| {
        reader.and_then(|reader| reader.join().ok()).unwrap_or_default().trim().to_owned()
    };
    match status {
        None => End::Hung,
        Some(status) => match status.code() {
            Some(0) => End::Well(text(said)),
            Some(code) if code == i32::from(WRONG) => End::Wrong(text(said)),
            _ => End::Crashed(format!("{status}\n{}", text(last_words)).trim().to_owned()),
        },
    }
}

/// Reads a pipe to its end, on a thread.
fn reader(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = Vec::new();
        // What was read before an error is still worth showing.
        let _ = pipe.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    })
}

/// Waits for the end of a process, and kills it at the deadline.
fn ended(child: &mut Child) -> Option<ExitStatus> {
    let begin = Instant::now();
    while begin.elapsed() < DEADLINE {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(5));
    }
    // It may have ended by itself just now; then it is gone, which is as well.
    let _ = child.kill();
    let _ = child.wait();
    None
}

#[test]
fn a_process_that_crashes_or_cannot_start_is_an_outcome() {
    let outcome = run_program(Path::new("/nowhere"), "it", "", None);
    assert!(matches!(&outcome, End::Crashed(said) if said.contains("/nowhere")), "{outcome:?}");
    let outcome = run_program(Path::new("/bin/false"), "it", "", None);
    assert!(matches!(&outcome, End::Crashed(said) if said.contains("exit status: 1")), "{outcome:?}");
    let outcome = run_program(Path::new("/bin/echo"), "it", "", None);
    assert_eq!(outcome, End::Well("--run it".to_owned()));
}
