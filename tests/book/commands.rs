//! Runs the commands that the book shows, and compares their output with what the book shows.
//!
//! A command is `cargo run --example NAME`, perhaps with `--release`, `-p unrolled` and arguments. The test runs the example
//! that `cargo test` has built; the book writes `…` for what varies from run to run. `cargo test -p exercises
//! --test NAME` is not run, because it fails until the reader has done the exercise; but its name must exist.

use std::collections::BTreeMap;
use std::env;
use std::process::{Command, Stdio};

use weave::Tree;
use weave::console::{Session, agrees, sessions};
use weave::source::root;

/// The commands that the chapters show, with their chapters. The output of a rung comes from a file that the
/// tests of the ladder compare with the rung.
fn shown(tree: &Tree) -> Vec<(String, Session)> {
    let chapters = tree.under("docs/book/src/");
    chapters
        .flat_map(|(path, text)| sessions(text).into_iter().map(|session| (path.to_owned(), session)))
        .collect()
}

/// The example of `cargo run --example NAME -- ARGUMENTS`, and its arguments. It may record itself.
fn example(command: &str) -> Option<(String, Vec<String>)> {
    let command = command.strip_prefix("UNROLLED_TRACE=tour.html ").unwrap_or(command);
    let which = |word: &&str| ["--release", "-p", "unrolled"].contains(word);
    let mut words = command.strip_prefix("cargo run ")?.split_whitespace().skip_while(which);
    (words.next()? == "--example").then_some(())?;
    let name = words.next()?.to_owned();
    Some((name, words.skip_while(|word| *word == "--").map(str::to_owned).collect()))
}

/// Runs an example to its end, and returns what it prints. `cargo test` has built it beside this test.
fn run(name: &str, arguments: &[String]) -> String {
    let test = env::current_exe().expect("the test's path is known");
    let folder = test.ancestors().nth(2).expect("the test is in deps/").join("examples");
    let program = folder.join(name).with_extension(env::consts::EXE_EXTENSION);
    assert!(
        program.exists(),
        "{name} is not built: `cargo build --examples` does it, and so does `cargo test`"
    );
    let output = Command::new(program).args(arguments).current_dir(root()).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{name} cannot be run: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} ends with {}:\n{errors}", output.status);
    String::from_utf8(output.stdout).expect("an example prints UTF-8")
}

#[test]
fn what_it_shows_is_what_is_printed() {
    let mut printed: BTreeMap<String, String> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (page, session) in shown(&Tree::load(root())) {
        let Some((name, arguments)) = example(&session.command) else { continue };
        if session.output.is_empty() {
            continue;
        }
        let output = printed.entry(session.command.clone()).or_insert_with(|| run(&name, &arguments));
        if !agrees(&session.output, &output.lines().collect::<Vec<_>>()) {
            let shown = session.output.join("\n");
            wrong.push(format!("{page}: `{}` prints\n{output}\nand not\n{shown}\n", session.command));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Whether a command names an exhibit or a counterexample that exists, or lists them, or names a benchmark.
fn names_one(tree: &Tree, command: &str) -> bool {
    let words: Vec<&str> = command.split(' ').collect();
    match words[..] {
        ["cargo", "bench", "--bench", name] => {
            tree.has(&format!("benches/{name}.rs")) || tree.has(&format!("benches/{name}/main.rs"))
        }
        ["cargo", "bench", "--bench", name, "--", option, ..] => {
            let program = tree.text(&format!("benches/{name}/main.rs"));
            program.is_some_and(|program| program.contains(&format!("\"{option}\"")))
        }
        ["cargo", "museum" | "counterexample"] => true,
        ["cargo", "museum", number] => {
            let all = weave::exhibit::read_all(root()).expect("the exhibits can be read");
            all.iter().any(|exhibit| exhibit.number.to_string() == number)
        }
        ["cargo", "counterexample", name] => tree.has(&format!("docs/counterexamples/{name}.txt")),
        _ => false,
    }
}

#[test]
fn it_shows_no_unchecked_command() {
    let tree = Tree::load(root());
    let scripts = ["bash docs/build", "cargo test", "cargo bench", "cargo bench --bench ledger -- --check"];
    for (page, session) in shown(&tree) {
        let command = session.command.as_str();
        let is_there = match example(command) {
            Some((name, _)) => {
                tree.has(&format!("examples/{name}.rs")) || tree.has(&format!("examples/{name}"))
            }
            None => match command.strip_prefix("cargo test -p exercises --test ") {
                Some(name) => tree.has(&format!("exercises/tests/{name}.rs")) && session.output.is_empty(),
                None => {
                    session.output.is_empty() && (scripts.contains(&command) || names_one(&tree, command))
                }
            },
        };
        assert!(is_there, "{page}: this test does not know the command `{command}`");
    }
}
