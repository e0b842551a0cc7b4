//! The commands that the book shows are run, and what it shows of their output is what they print.
//!
//! A command is `cargo run --example NAME`, with `--release` and arguments if need be: it is run as this
//! test was built, and what varies from run to run stands as `…` in the book. `cargo test -p exercises
//! --test NAME` is not run, for it fails until the reader has done the exercise; its name must be right.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use weave::Tree;
use weave::console::{Session, agrees, sessions};
use weave::source::root;

/// What the chapters show, with the chapter that does. What a rung prints they take from a file that is
/// compared with the rung by the tests of the ladder.
fn shown(tree: &Tree) -> Vec<(String, Session)> {
    let chapters = tree.under("docs/book/src/");
    chapters
        .flat_map(|(path, text)| sessions(text).into_iter().map(|session| (path.to_owned(), session)))
        .collect()
}

/// The program of `cargo run --example NAME -- ARGUMENTS`, or of `--bin NAME`, and its arguments.
fn program(command: &str) -> Option<(String, String, Vec<String>)> {
    let mut words = command.split_whitespace();
    if words.next() != Some("cargo") || words.next() != Some("run") {
        return None;
    }
    let mut kind = words.next()?;
    if kind == "--release" {
        kind = words.next()?;
    }
    let name = words.next()?;
    let arguments = words.skip_while(|word| *word == "--").map(str::to_owned).collect();
    matches!(kind, "--example" | "--bin").then(|| (kind.to_owned(), name.to_owned(), arguments))
}

/// Runs a program of the workspace to its end and gives what it prints.
fn run(kind: &str, name: &str, arguments: &[String]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", kind, name, "--"]).args(arguments);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.current_dir(root()).stdin(Stdio::null()).output().expect("cargo can be run");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} ends with {}:\n{told}", output.status);
    String::from_utf8(output.stdout).expect("it prints text")
}

#[test]
fn what_it_shows_is_what_is_printed() {
    let mut printed: BTreeMap<String, String> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (page, session) in shown(&Tree::load(root())) {
        let Some((kind, name, arguments)) = program(&session.command) else { continue };
        if session.output.is_empty() {
            continue;
        }
        let output = printed.entry(session.command.clone()).or_insert_with(|| run(&kind, &name, &arguments));
        if !agrees(&session.output, &output.lines().collect::<Vec<_>>()) {
            wrong.push(format!(
                "{page}: `{}` prints\n{output}\nand not\n{}\n",
                session.command,
                session.output.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn it_shows_no_command_that_nobody_checks() {
    let tree = Tree::load(root());
    let scripts = ["bash docs/build", "cargo test", "cargo bench"];
    for (page, session) in shown(&tree) {
        let command = session.command.as_str();
        let is_there = match program(command) {
            Some((kind, name, _)) if kind == "--example" => tree.has(&format!("examples/{name}.rs")),
            Some((_, name, _)) => tree.has(&format!("chat/src/bin/{name}.rs")),
            None => match command.strip_prefix("cargo test -p exercises --test ") {
                Some(name) => tree.has(&format!("exercises/tests/{name}.rs")) && session.output.is_empty(),
                None => scripts.contains(&command) && session.output.is_empty(),
            },
        };
        assert!(is_there, "{page}: `{command}` is no command that this test knows");
    }
}
