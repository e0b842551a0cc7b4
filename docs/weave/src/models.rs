//! The models as programs: built once, run one at a time, each run in a process of its own.
//!
//! A model that fails takes its whole process with it, and a seeded fault is on for a whole process.
//! Called by the programs `seeded-faults` and `weaken`. Next: `main`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// The test programs that hold models.
#[derive(Debug)]
pub struct Models {
    programs: Vec<PathBuf>,
}

/// How a run of models ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// Every model held.
    Passed,
    /// One did not, or the process was aborted.
    Failed,
    /// It did not end in time.
    Endless,
}

impl Models {
    /// Builds the models of the tree at `tree`, in `target`.
    ///
    /// # Errors
    ///
    /// What the compiler said.
    pub fn build(tree: &Path, target: &Path) -> Result<Self, String> {
        let output = Command::new("cargo")
            .args(["test", "--profile", "models", "-p", "reactor", "-p", "executor"])
            .args(["--lib", "--test", "loom_sync", "--no-run"])
            .current_dir(tree)
            .env("RUSTFLAGS", "--cfg loom")
            .env("CARGO_TARGET_DIR", target)
            .output()
            .map_err(|error| format!("cargo: {error}"))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            return Err(said);
        }
        // Executable unittests src/lib.rs (target/loom/models/deps/reactor-0123456789abcdef)
        let programs = said
            .lines()
            .filter(|line| line.trim_start().starts_with("Executable"))
            .filter_map(|line| Some(line.rsplit_once('(')?.1.trim_end_matches(')')))
            .map(|path| tree.join(path))
            .collect();
        Ok(Self { programs })
    }

    /// The program whose name begins with `name`.
    pub fn program(&self, name: &str) -> Option<&Path> {
        let begins = |path: &&PathBuf| {
            path.file_name().and_then(|file| file.to_str()).is_some_and(|file| file.starts_with(name))
        };
        self.programs.iter().find(begins).map(PathBuf::as_path)
    }

    /// Where the model `name` is: its program, and its whole name there.
    pub fn find(&self, name: &str) -> Option<(&Path, String)> {
        self.programs.iter().find_map(|program| {
            let listed = Command::new(program).arg("--list").output().ok()?;
            let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
            let mut tests = listed.lines().filter_map(|line| line.strip_suffix(": test"));
            let test = tests.find(|test| test.rsplit("::").next() == Some(name))?;
            Some((program.as_path(), test.to_owned()))
        })
    }
}

/// Runs a test program for `seconds` at most. Its output goes to `log`.
///
/// # Panics
///
/// If the program or `timeout` cannot be started, or the log cannot be written.
pub fn run(program: &Path, args: &[&str], env: &[(&str, &str)], seconds: u32, log: &Path) -> Run {
    let file = File::create(log).unwrap_or_else(|error| panic!("{}: {error}", log.display()));
    let other = file.try_clone().expect("a file can be had twice");
    let status: ExitStatus = Command::new("timeout")
        .arg(seconds.to_string())
        .arg(program)
        .args(args)
        .envs(env.iter().copied())
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(other)
        .status()
        .unwrap_or_else(|error| panic!("timeout {}: {error}", program.display()));
    match status.code() {
        Some(0) => Run::Passed,
        Some(124) => Run::Endless,
        _ => Run::Failed,
    }
}
