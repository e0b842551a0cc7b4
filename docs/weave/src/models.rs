//! The models as programs: built once, and run as often as a check needs.
//!
//! A model that fails can abort its process, and a seeded fault is on for a whole process. So each check runs the
//! programs themselves. `cargo test` for each run would look again for changes, and hold a lock meanwhile.
//! Called by the programs `models`, `seeded-faults` and `weaken`. Next: `main`.

use std::ffi::OsStr;
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
    /// Every model passed.
    Passed,
    /// A model failed, or the process was aborted.
    Failed,
    /// The time limit elapsed first.
    Endless,
}

impl Models {
    /// Builds the models of the source tree at `tree`, with `target` as the target directory.
    ///
    /// # Errors
    ///
    /// The messages of cargo and the compiler.
    pub fn build(tree: &Path, target: &Path) -> Result<Self, String> {
        Self::build_with(tree, target, "--cfg loom", &[])
    }

    /// The same, with these flags of the compiler and these variables in its environment.
    ///
    /// # Errors
    ///
    /// The messages of cargo and the compiler.
    pub fn build_with(
        tree: &Path,
        target: &Path,
        flags: &str,
        env: &[(&str, &OsStr)],
    ) -> Result<Self, String> {
        let output = Command::new("cargo")
            .args(["test", "--profile", "models", "-p", "reactor", "-p", "executor"])
            .args(["--lib", "--test", "loom_sync", "--no-run"])
            .current_dir(tree)
            .env("RUSTFLAGS", flags)
            .envs(env.iter().copied())
            .env("CARGO_TARGET_DIR", target)
            .output()
            .map_err(|error| format!("cargo: {error}"))?;
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            return Err(messages);
        }
        // Executable unittests src/lib.rs (target/loom/models/deps/reactor-0123456789abcdef)
        let programs = messages
            .lines()
            .filter(|line| line.trim_start().starts_with("Executable"))
            .filter_map(|line| Some(line.rsplit_once('(')?.1.trim_end_matches(')')))
            .map(|path| tree.join(path))
            .collect();
        Ok(Self { programs })
    }

    /// Returns the programs, in the order in which they were built.
    pub fn programs(&self) -> impl Iterator<Item = &Path> {
        self.programs.iter().map(PathBuf::as_path)
    }

    /// Returns the program whose file name begins with `name`.
    pub fn program(&self, name: &str) -> Option<&Path> {
        let begins = |path: &&PathBuf| {
            path.file_name().and_then(|file| file.to_str()).is_some_and(|file| file.starts_with(name))
        };
        self.programs.iter().find(begins).map(PathBuf::as_path)
    }

    /// Finds the model `name`: returns its program, and its full name there.
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

/// Runs a test program for `seconds` at most, and writes its output to the file `log`.
///
/// # Panics
///
/// If `timeout` cannot be started, or the log cannot be created.
pub fn run(program: &Path, args: &[&str], env: &[(&str, &str)], seconds: u32, log: &Path) -> Run {
    let file = File::create(log).unwrap_or_else(|error| panic!("{}: {error}", log.display()));
    let other = file.try_clone().expect("a descriptor is free for the copy");
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
