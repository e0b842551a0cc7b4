//! Each rung of the ladder runs, and prints what is expected.
//!
//! The expected output is beside this file, in `NN_name.txt`: all of it, line by line, with `…` for what
//! differs from run to run. The programs are those that `cargo test` has just built. `tests/tidy/ladder.rs`
//! checks the source of the rungs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use weave::source::root;

/// Far longer than any rung needs: one that has not ended after it will never end.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn each_rung_prints_what_it_promises() {
    let mut faults = Vec::new();
    for name in rungs() {
        let promised = root().join(format!("tests/ladder/{name}.txt"));
        let promised = fs::read_to_string(&promised)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", promised.display()));
        let printed = run(&name);
        if let Some(difference) = difference(&promised, &printed) {
            faults.push(format!("{name}: {difference}\n\nIt printed:\n{printed}"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The last rung names the file of each idea. Those files exist.
#[test]
fn the_files_that_a_rung_names_exist() {
    for name in rungs() {
        let promised = fs::read_to_string(root().join(format!("tests/ladder/{name}.txt")));
        let promised = promised.expect("the test above prints more");
        let words = promised.split([' ', '\n', ',', '`']);
        for path in words.filter(|word| word.contains('/') && word.ends_with(".rs")) {
            assert!(root().join(path).exists(), "{name} names {path}, which is not there");
        }
    }
}

/// The names of the rungs, from the first to the last.
fn rungs() -> Vec<String> {
    let files = fs::read_dir(root().join("examples")).expect("there are examples");
    let names = files.map(|file| file.expect("examples/ can be listed").file_name().into_string());
    let names = names.map(|name| name.expect("the names are ASCII"));
    let mut rungs: Vec<String> = names
        .filter(|name| name.starts_with(|first: char| first.is_ascii_digit()))
        .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
        .collect();
    rungs.sort();
    assert!(!rungs.is_empty(), "examples/ has no rung");
    rungs
}

/// Runs a rung to its end, and returns what it printed.
fn run(name: &str) -> String {
    let program = program(name);
    let mut child = Command::new(&program)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run {}: {error}", program.display()));
    let begun = Instant::now();
    while child.try_wait().expect("this process started it").is_none() && begun.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill(); // Does nothing to a process that has ended.
    let output = child.wait_with_output().expect("this process started it");
    let printed = String::from_utf8(output.stdout).expect("a rung prints text");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {}\n{printed}\n{complaints}", output.status);
    printed
}

/// The path of the program, beside this test in the folder of this build.
fn program(name: &str) -> PathBuf {
    let test = env::current_exe().expect("the test's path is known");
    let folder = test.ancestors().nth(2).expect("the test is in deps/");
    let program = folder.join("examples").join(name).with_extension(env::consts::EXE_EXTENSION);
    let changed = |file: &Path| fs::metadata(file).and_then(|data| data.modified()).ok();
    let source = root().join("examples").join(name).with_extension("rs");
    assert!(
        changed(&program) >= changed(&source),
        "{} is not there, or is older than its source: `cargo test` builds it, and so does \
         `cargo build --examples`",
        program.display()
    );
    program
}

/// The first line that is not as expected.
fn difference(promised: &str, printed: &str) -> Option<String> {
    let (mut promised, mut printed) = (promised.lines(), printed.lines());
    for number in 1.. {
        match (promised.next(), printed.next()) {
            (None, None) => return None,
            (Some(promised), Some(printed)) if is_like(promised, printed) => {}
            (promised, printed) => {
                let or_end = |line: Option<&str>| line.unwrap_or("(the end)").to_owned();
                let (promised, printed) = (or_end(promised), or_end(printed));
                return Some(format!("line {number}\npromised: {promised}\nprinted:  {printed}"));
            }
        }
    }
    unreachable!("the output is finite")
}

/// Whether a line is as expected, where each `…` stands for at least one character.
fn is_like(promised: &str, printed: &str) -> bool {
    let Some((before, after)) = promised.split_once('…') else {
        return promised == printed;
    };
    let Some(rest) = printed.strip_prefix(before) else { return false };
    let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
    ends.into_iter().any(|end| is_like(after, &rest[end..]))
}

#[test]
fn the_comparison_can_fail() {
    assert!(is_like("… polls, then … more", "12 polls, then 3 more"));
    assert!(!is_like("… polls", " polls"), "at least one character");
    assert!(!is_like("12 polls", "13 polls"));
    assert!(!is_like("… polls", "12 polls, and more"));
    assert_eq!(difference("a\n…\n", "a\nb\n"), None);
    assert!(difference("a\nb\n", "a\n").is_some_and(|line| line.contains("line 2")));
    assert!(difference("a\n", "a\nb\n").is_some_and(|line| line.contains("printed:  b")));
}
