//! Shows that the exercises' tests notice mistakes: `bash .ci/wrong-solutions [NAME]`.
//!
//! A test that passes on the solution and fails on the stub may still pass on a solution that misses the point. So
//! each exercise has at least three wrong solutions, in `exercises/wrong/NAME.txt`; [`weave::wrong`] has the form.
//! At least one of the exercise's tests must fail on each. An entry that does not compile is a complaint. So is a test
//! that never ends on a wrong solution: a reader would wait for it, and `exercises::ends` would end it.
//!
//! ```text
//!   wrong/NAME.txt ──▶ target/wrong/NAME/line_7/solution.rs ──┐
//!   tests/NAME.rs ───▶ target/wrong/NAME/line_7/test.rs ──────┴─▶ one test program for NAME, a module for each entry
//! ```
//!
//! Each entry runs in a process of its own, because some hang or abort. With a NAME it checks only the files whose
//! names contain it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use weave::models::{Run, run};
use weave::source::root;
use weave::wrong::{self, Wrong};

/// The fewest wrong solutions of an exercise.
const FEWEST: usize = 3;

/// The seconds after which `exercises::ends` takes a wrong solution for one that hangs.
const PATIENCE: &str = "2";

/// The seconds after which a test program is killed that does not end by itself.
const TIME_LIMIT: u32 = 30;

/// How many files each core works on: the programs mostly wait.
const PER_CORE: usize = 3;

fn main() -> ExitCode {
    let only = std::env::args().nth(1).unwrap_or_default();
    let names = names(&only);
    if names.is_empty() {
        eprintln!("no exercises have {only} in their name");
        return ExitCode::FAILURE;
    }
    let libraries = match Libraries::build() {
        Ok(libraries) => libraries,
        Err(messages) => {
            eprintln!("{messages}");
            return ExitCode::FAILURE;
        }
    };
    let (next, noticed, complaints) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
    let worker = || {
        // ORDERING: Relaxed; it only gives each number to one thread.
        while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(found) = check(name, &libraries, &noticed) {
                complaints.lock().unwrap().extend(found);
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..PER_CORE * cores).for_each(|_| _ = scope.spawn(worker)));
    let complaints = complaints.into_inner().unwrap();
    complaints.iter().for_each(|complaint| println!("{complaint}"));
    println!(
        "{} files of exercises, {} wrong solutions noticed, {} complaints",
        names.len(),
        noticed.into_inner(),
        complaints.len()
    );
    if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The names of the files of exercises that contain `only`, in order.
fn names(only: &str) -> Vec<String> {
    let files = ["exercises/tests", "exercises/wrong"].map(|folder| fs::read_dir(root().join(folder)));
    let files = files.into_iter().flatten().flatten().filter_map(Result::ok);
    let names = files.filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned()));
    let mut names: Vec<String> = names.filter(|name| name.contains(only)).collect();
    names.sort();
    names.dedup();
    names
}

/// Tries the wrong solutions of one file, and counts those that its tests notice. Returns the complaints.
fn check(name: &str, libraries: &Libraries, noticed: &AtomicUsize) -> Result<(), Vec<String>> {
    let path = format!("exercises/wrong/{name}.txt");
    let read =
        |path: &str| fs::read_to_string(root().join(path)).map_err(|error| vec![format!("{path}: {error}")]);
    let test = read(&format!("exercises/tests/{name}.rs"))?;
    let solution = read(&format!("exercises/solutions/{name}.rs"))?;
    let entries = wrong::parse(&read(&path).unwrap_or_default())
        .map_err(|(line, what)| vec![format!("{path}:{line}: {what}")])?;
    let mut complaints = missing(&path, &test, &entries);
    let test = wrong::with_solution(&test, "solution.rs")
        .ok_or_else(|| vec![format!("exercises/tests/{name}.rs takes no solution")])?;

    let folder = root().join("target/wrong").join(name);
    let (mut prepared, mut modules) = (Vec::new(), String::new());
    for entry in &entries {
        let (module, line) = (module(entry), entry.line);
        match entry.apply(&solution) {
            Ok(text) => {
                write(&folder.join(&module).join("solution.rs"), &text);
                write(&folder.join(&module).join("test.rs"), &test);
                modules += &format!("#[path = \"{module}/test.rs\"]\nmod {module};\n");
                prepared.push(entry);
            }
            Err(what) => complaints.push(format!("{path}:{line}: {what}")),
        }
    }
    write(&folder.join("main.rs"), &modules);
    match libraries.compile(&folder) {
        Ok(program) => {
            for entry in &prepared {
                let log = folder.join(format!("{}.log", module(entry)));
                match attempt(entry, &program, &log) {
                    Ok(by) => {
                        println!("noticed: {name} {}: {}, by {by}", entry.exercise, entry.what);
                        // ORDERING: Relaxed; it is read after the threads have ended.
                        noticed.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(what) => complaints.push(format!("{path}:{}: {what}: {}", entry.line, entry.what)),
                }
            }
        }
        Err(messages) => complaints.push(format!("{path} does not compile:\n{messages}")),
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints) }
}

/// The module of an entry in the test program.
fn module(entry: &Wrong) -> String {
    format!("line_{}", entry.line)
}

/// Writes a file below target, and the folder that it is in.
fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("target can be written");
    fs::write(path, text).expect("target can be written");
}

/// The exercises of a test that have too few wrong solutions, and the entries of exercises that it lacks.
fn missing(path: &str, test: &str, entries: &[Wrong]) -> Vec<String> {
    let mut counts: BTreeMap<u32, usize> =
        wrong::exercises(test).into_iter().map(|number| (number, 0)).collect();
    let mut complaints = Vec::new();
    for entry in entries {
        match counts.get_mut(&entry.exercise) {
            Some(count) => *count += 1,
            None => complaints.push(format!("{path}:{}: no test of exercise {}", entry.line, entry.exercise)),
        }
    }
    let few = counts.into_iter().filter(|(_, count)| *count < FEWEST);
    complaints.extend(few.map(|(number, count)| {
        format!("{path}: exercise {number} has {count} wrong solutions, not {FEWEST}")
    }));
    complaints
}

/// Runs the exercise's tests on a wrong solution. Returns the tests that fail.
fn attempt(entry: &Wrong, program: &Path, log: &Path) -> Result<String, String> {
    let tests = format!("{}::exercise_{}_", module(entry), entry.exercise);
    match run(program, &[&tests], &[("UNROLLED_PATIENCE", PATIENCE)], TIME_LIMIT, log) {
        Run::Passed => Err("it passes".to_owned()),
        Run::Endless => Err(format!("it runs for more than {TIME_LIMIT} s; `ends` would end it")),
        Run::Failed => {
            let output = fs::read_to_string(log).unwrap_or_default();
            let failed =
                output.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
            let failed: Vec<_> = failed.filter_map(|test| test.rsplit("::").next()).collect();
            Ok(if failed.is_empty() { "an abort".to_owned() } else { failed.join(", ") })
        }
    }
}

/// The compiled crates that the tests of the exercises use, as arguments of rustc.
struct Libraries(Vec<String>);

impl Libraries {
    /// Builds the crate `exercises`, and lists what cargo has built for it.
    fn build() -> Result<Libraries, String> {
        let output = Command::new("cargo")
            .args(["build", "-p", "exercises", "--lib", "--message-format=json-render-diagnostics"])
            .current_dir(root())
            .output()
            .map_err(|error| format!("cargo: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let mut args = Vec::new();
        for message in String::from_utf8_lossy(&output.stdout).lines() {
            let message: serde_json::Value =
                serde_json::from_str(message).map_err(|error| format!("cargo's message: {error}"))?;
            let name = message["target"]["name"].as_str().unwrap_or_default().replace('-', "_");
            let files = message["filenames"].as_array().into_iter().flatten();
            for file in files.filter_map(|file| file.as_str()).filter(|file| file.ends_with(".rlib")) {
                let folder = Path::new(file).parent().expect("a file is in a folder");
                args.push(format!("-Ldependency={}", folder.display()));
                args.push(format!("--extern={name}={file}"));
            }
        }
        Ok(Libraries(args))
    }

    /// Compiles the file `main.rs` in a folder as a test program.
    fn compile(&self, folder: &Path) -> Result<PathBuf, String> {
        let program = folder.join("program");
        let output = Command::new("rustc")
            .args(["--test", "--edition=2024", "--cap-lints=allow", "-Cdebuginfo=0"])
            .args(&self.0)
            .arg(folder.join("main.rs"))
            .arg("-o")
            .arg(&program)
            .output()
            .map_err(|error| format!("rustc: {error}"))?;
        if output.status.success() {
            Ok(program)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

#[test]
fn each_exercise_needs_three() {
    let test = "fn exercise_1_a() {}\nfn exercise_1_b() {}\nfn exercise_2_a() {}\n";
    let entry = |number: u32| format!("exercise {number}: it\n-x\n\n");
    let text: String = [1, 2, 1, 1, 2, 3].map(entry).concat();
    let found = missing("w", test, &wrong::parse(&text).expect("it has the form"));
    assert_eq!(found, ["w:16: no test of exercise 3", "w: exercise 2 has 2 wrong solutions, not 3"]);
}
