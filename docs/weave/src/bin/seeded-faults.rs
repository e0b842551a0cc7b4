//! Shows that the models notice faults: `bash .ci/seeded-faults [NAME]`.
//!
//! A model that always passes proves nothing: it may not reach the code that it is about. So the source contains
//! seeded faults, `fault("name")`. They are compiled in with the models only, and are off unless the environment
//! has `FAULT=name`. A model's comment says which of them it finds: ``Finds `name`.`` This program runs each such
//! model with the fault on, and the model must fail. Every fault must be found by a model, and every model must
//! find one. With a NAME it runs only the pairs of model and fault that contain it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use weave::models::{Models, Run, run};
use weave::source::{Source, root, rust_files, words};

/// The call in the source, and the variable in the environment that turns a fault on.
const CALL: &str = "fault";
const VARIABLE: &str = "FAULT";

/// The preemptions to try, one after the other: a few faults show only at three.
const PREEMPTIONS: [&str; 2] = ["2", "3"];

/// Seconds that a model may take with a fault on.
const TIME_LIMIT: u32 = 300;

/// A model, and the faults that its comment says it finds.
struct Model {
    name: String,
    finds: Vec<String>,
}

fn main() -> ExitCode {
    let only = std::env::args().nth(1).unwrap_or_default();
    let sources: Vec<Source> = ["reactor/src", "executor/src", "executor/tests"]
        .iter()
        .flat_map(|folder| rust_files(folder))
        .map(|path| Source::read(&path))
        .collect();
    let models: Vec<Model> =
        sources.iter().filter(|source| has_models(&source.path)).flat_map(models_of).collect();
    let faults: BTreeSet<String> = sources.iter().flat_map(|source| faults_of(&source.text)).collect();
    let mut complaints = complaints(&models, &faults);

    let target = root().join("target/loom");
    let built = match Models::build(root(), &target) {
        Ok(built) => built,
        Err(messages) => {
            eprintln!("{messages}");
            return ExitCode::FAILURE;
        }
    };
    let pairs: Vec<(&str, &str)> = models
        .iter()
        .flat_map(|model| model.finds.iter().map(|fault| (model.name.as_str(), fault.as_str())))
        .filter(|(model, fault)| format!("{model} {fault}").contains(&only))
        .collect();
    let survivors = run_all(&built, &pairs, &target);
    let caught = pairs.len() - survivors.len();
    complaints.extend(survivors);
    complaints.iter().for_each(|complaint| println!("{complaint}"));
    println!("{} seeded faults, {} models, {caught} pairs", faults.len(), models.len());
    if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs every pair, as many at a time as there are cores. Returns the complaints.
fn run_all(built: &Models, pairs: &[(&str, &str)], target: &Path) -> Vec<String> {
    let (next, complaints) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let worker = |log: PathBuf| {
        // ORDERING: Relaxed; it only gives each number to one thread.
        while let Some((model, fault)) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
            match run_pair(built, model, fault, &log) {
                Ok(()) => println!("caught: {fault} by {model}"),
                Err(complaint) => complaints.lock().unwrap().push(complaint),
            }
        }
    };
    let worker = &worker;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for core in 0..cores {
            scope.spawn(move || worker(target.join(format!("seeded-{core}.log"))));
        }
    });
    complaints.into_inner().unwrap()
}

/// Runs a model with a fault on, which must make it fail.
fn run_pair(built: &Models, model: &str, fault: &str, log: &Path) -> Result<(), String> {
    let (program, test) = built.find(model).ok_or_else(|| format!("the model {model} is in no program"))?;
    for preemptions in PREEMPTIONS {
        let env = [(VARIABLE, fault), ("LOOM_MAX_PREEMPTIONS", preemptions)];
        match run(program, &["--exact", &test], &env, TIME_LIMIT, log) {
            Run::Passed => {}
            Run::Failed => return Ok(()),
            Run::Endless => return Err(format!("{fault} makes {model} run for ever")),
        }
    }
    Err(format!("{fault} survives {model}"))
}

/// The complaints that are known without running a model.
fn complaints(models: &[Model], faults: &BTreeSet<String>) -> Vec<String> {
    let found: BTreeSet<&String> = models.iter().flat_map(|model| &model.finds).collect();
    let unfound = faults.iter().filter(|fault| !found.contains(fault));
    let idle = models.iter().filter(|model| model.finds.is_empty());
    let unknown = models
        .iter()
        .flat_map(|model| model.finds.iter().map(move |fault| (&model.name, fault)))
        .filter(|(_, fault)| !faults.contains(*fault));
    unfound
        .map(|fault| format!("no model finds the fault {fault}"))
        .chain(idle.map(|model| format!("the model {} finds no fault", model.name)))
        .chain(unknown.map(|(model, fault)| format!("{model} finds {fault}, which is nowhere")))
        .collect()
}

/// Whether a file has models, or exhaustive searches, which are models without threads.
fn has_models(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // The dump has a model of another kind, of a recording.
    let checks = name.starts_with("model") || path.contains("/model/") && !path.contains("/dump/");
    checks || name.starts_with("loom_") || name == "search.rs"
}

/// The tests of a file, with the faults that the comments above them name.
fn models_of(source: &Source) -> Vec<Model> {
    let (mut models, mut comment, mut is_test) = (Vec::new(), String::new(), false);
    for line in &source.lines {
        let code = line.code.trim();
        if code.is_empty() && !line.comment.is_empty() {
            comment.push_str(&line.comment);
        } else if code == "#[test]" {
            is_test = true;
        } else {
            if let Some((_, name)) = code.split_once("fn ").filter(|_| is_test) {
                let name = words(name).next().unwrap_or_default().to_owned();
                models.push(Model { name, finds: finds(&comment) });
            }
            (comment, is_test) = (String::new(), false);
        }
    }
    models
}

/// The names in backticks after the word Finds.
fn finds(comment: &str) -> Vec<String> {
    let Some((_, named)) = comment.rsplit_once("Finds") else { return Vec::new() };
    named.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The names of the seeded faults in a source text.
fn faults_of(text: &str) -> Vec<String> {
    let call = format!("{CALL}(\"");
    text.split(&call).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

#[test]
fn a_models_comment_names_its_faults() {
    let text = "
/// It holds.
/// Finds `one`,
/// `two_three`.
#[test]
fn it_holds() {
    if fault(\"one\") || fault(\"two_three\") {}
}

#[test]
fn it_finds_nothing() {}
fn no_test() {}
";
    let models = models_of(&Source::new("model.rs", text.to_owned()));
    assert_eq!(models.len(), 2);
    assert_eq!(
        (models[0].name.as_str(), &models[0].finds[..]),
        ("it_holds", &["one".to_owned(), "two_three".to_owned()][..])
    );
    assert!(models[1].finds.is_empty());
    let faults: BTreeSet<String> = faults_of(text).into_iter().collect();
    assert_eq!(complaints(&models, &faults), ["the model it_finds_nothing finds no fault"]);
    let fewer = faults.iter().skip(1).cloned().chain(["three".to_owned()]).collect();
    let found = complaints(&models, &fewer);
    assert!(found.contains(&"no model finds the fault three".to_owned()), "{found:?}");
    assert!(found.contains(&"it_holds finds one, which is nowhere".to_owned()), "{found:?}");
}
