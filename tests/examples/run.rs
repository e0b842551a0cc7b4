//! Runs one example, as `cargo run --example` does.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use weave::source::root;

/// Far longer than any example needs, even in a debug build on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The name of an example, and what it printed.
pub(crate) struct Printed {
    name: &'static str,
    text: String,
}

/// Runs `examples/NAME.rs` or `examples/NAME/main.rs` without arguments or input, and demands that it
/// succeeds.
pub(crate) fn run(name: &'static str) -> Printed {
    run_with(name, &[], b"")
}

/// The same with arguments, and input of a few words.
pub(crate) fn run_with(name: &'static str, arguments: &[&str], input: &[u8]) -> Printed {
    let mut child = command(name)
        .args(arguments)
        .current_dir(root())
        .env_remove("UNROLLED_THREADS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
    // A pipe holds a few words; an example that reads nothing may have ended already.
    let _ = child.stdin.take().expect("the stream is piped").write_all(input);
    let mut stdout = child.stdout.take().expect("the stream is piped");
    let reader = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().expect("a child can be waited for") {
            Some(status) => break status,
            None if begun.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(10)),
            None => {
                let _ = child.kill();
                panic!("{name} has not ended by itself after {PATIENCE:?}");
            }
        }
    };
    let text = reader.join().expect("the reader does not panic").expect("an example prints UTF-8");
    assert!(status.success(), "{name} ended with {status}, after it had printed:\n{text}");
    Printed { name, text }
}

/// Runs an example with arguments that it must refuse, and returns its error.
pub(crate) fn refuses(name: &str, arguments: &[&str]) -> String {
    refuses_with(name, arguments, 1)
}

/// The same with arguments that no program of this usage has.
pub(crate) fn is_misused(name: &str, arguments: &[&str]) -> String {
    refuses_with(name, arguments, 2)
}

fn refuses_with(name: &str, arguments: &[&str], status: i32) -> String {
    let output = command(name).args(arguments).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{name} does not start: {error}"));
    let said = String::from_utf8(output.stderr).expect("an example prints UTF-8");
    assert_eq!(output.status.code(), Some(status), "{name} must refuse {arguments:?}; it said:\n{said}");
    said
}

/// For what the functions above cannot do.
pub(crate) fn command(name: &str) -> Command {
    Command::new(built(name))
}

impl Printed {
    /// Demands that these parts of lines are in the output, in this order.
    #[track_caller]
    pub(crate) fn says(&self, parts: &[&str]) -> &Self {
        let mut lines = self.text.lines();
        for part in parts {
            assert!(
                lines.any(|line| line.contains(part)),
                "{} does not print {part:?}, or not in this order:\n{}",
                self.name,
                self.text
            );
        }
        self
    }

    /// The number directly before the first `unit` in the output.
    #[track_caller]
    pub(crate) fn number_before(&self, unit: &str) -> u64 {
        let (before, _) = self
            .text
            .split_once(unit)
            .unwrap_or_else(|| panic!("{} prints no {unit:?}:\n{}", self.name, self.text));
        let digits = before.rsplit(|c: char| !c.is_ascii_digit() && c != ',').next().expect("a first part");
        let digits = digits.replace(',', "");
        digits.parse().unwrap_or_else(|_| panic!("{}: no number before {unit:?}:\n{}", self.name, self.text))
    }
}

/// The path of the built example, beside the folder of this program.
fn built(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("the program's path is known");
    let profile = this.parent().and_then(Path::parent).expect("the program is in target/PROFILE/deps");
    let built = profile.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let folder = root().join("examples").join(name);
    let sources: Vec<PathBuf> = match fs::read_dir(&folder) {
        Ok(files) => files.flatten().map(|file| file.path()).collect(),
        Err(_) => vec![folder.with_extension("rs")],
    };
    let changed = |path: &Path| fs::metadata(path).and_then(|it| it.modified()).ok();
    for source in sources {
        assert!(
            changed(&built).is_some_and(|built| changed(&source).is_some_and(|source| built >= source)),
            "{} is missing or older than {}: `cargo test --test examples` alone does not build it; \
             `cargo build --examples` does",
            built.display(),
            source.display()
        );
    }
    built
}
