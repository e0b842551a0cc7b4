//! Checks the models over the shipped source: `bash .ci/models [PREEMPTIONS] [NAME]`.
//!
//! `cargo test` would run them too. But it passes if a name matches no model, and it does not add up the
//! executions, by which a reader sees that the models still cover what they did. PREEMPTIONS is two by default.
//! NAME picks the models whose names contain it. With `ATLEAST=N` in the environment, fewer than N executions
//! are a failure.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use weave::models::Models;
use weave::source::root;

fn main() -> ExitCode {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    let has_number = names.first().is_some_and(|first| first.parse::<usize>().is_ok());
    let preemptions = if has_number { names.remove(0) } else { "2".to_owned() };
    let least = std::env::var("ATLEAST").map_or(0, |least| least.parse().expect("ATLEAST is a number"));
    let built = match Models::build(root(), &root().join("target/loom")) {
        Ok(built) => built,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::FAILURE;
        }
    };
    let (mut models, mut sum, mut passed) = (BTreeSet::new(), 0, true);
    for program in built.programs() {
        let mut running = Command::new(program)
            .arg("--nocapture")
            .args(&names)
            .env("LOOM_MAX_PREEMPTIONS", &preemptions)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        for line in BufReader::new(running.stderr.take().expect("it is piped")).lines() {
            let line = line.expect("the models write text");
            println!("{line}");
            if let Some((model, count)) = executions(&line) {
                models.insert(model.to_owned());
                sum += count;
            }
        }
        passed &= running.wait().expect("it was started").success();
    }
    println!("{} models, {sum} executions", models.len());
    if passed && !models.is_empty() && sum >= least { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A model's name and its executions, from the line that it prints at its end.
fn executions(line: &str) -> Option<(&str, usize)> {
    let (model, rest) = line.split_once(": ")?;
    let (count, _) = rest.split_once(" executions")?;
    Some((model, count.parse().ok()?))
}

#[test]
fn executions_are_read_from_a_models_last_line() {
    assert_eq!(executions("a::b: 12 executions, preemptions 2"), Some(("a::b", 12)));
    assert_eq!(executions("a::b: no executions"), None);
    assert_eq!(executions("thread 'a' panicked at src/lib.rs:1:2:"), None);
}
