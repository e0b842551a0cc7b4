//! Shows that the models notice faults: `bash .ci/seeded-faults [NAME]`.
//!
//! A model that always passes proves nothing: it may not reach the code that it is about. So the source contains
//! seeded faults, `fault("name")`. They are compiled in with the models and the museum only, and are off unless the environment
//! has `FAULT=name`. A model's comment says which of them it finds: ``Finds `name`.`` This program runs each such
//! model with the fault on, and the model must fail. Every fault must be found by a model, and every model must
//! find one. With a NAME it runs only the pairs of model and fault that contain it.
//!
//! Some faults lose nothing and only delay it without end, or concern sockets, which no model has. Those are found
//! by an exhibit of the museum instead; `cargo museum --check` runs these.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use weave::exhibit::read_all;
use weave::models::{Models, Run, run};
use weave::pairs::{self, Model};
use weave::source::root;

/// The variable in the environment that turns a fault on.
const VARIABLE: &str = "FAULT";

/// The preemptions to try, one after the other: a few faults show only at three.
const PREEMPTIONS: [&str; 2] = ["2", "3"];

/// Seconds that a model may take with a fault on.
const TIME_LIMIT: u32 = 300;

fn main() -> ExitCode {
    let only = std::env::args().nth(1).unwrap_or_default();
    let sources = pairs::sources();
    let (models, faults) = (pairs::models(&sources), pairs::faults(&sources));
    let exhibited: BTreeSet<String> = match read_all(root()) {
        Ok(exhibits) => exhibits.into_iter().map(|exhibit| exhibit.fault).collect(),
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::FAILURE;
        }
    };
    let mut complaints = complaints(&models, &exhibited, &faults);

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
    let by_exhibit = faults.intersection(&exhibited).count();
    println!(
        "{} seeded faults, {} models, {caught} pairs; exhibits show {by_exhibit} of the faults",
        faults.len(),
        models.len()
    );
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
fn complaints(models: &[Model], exhibited: &BTreeSet<String>, faults: &BTreeSet<String>) -> Vec<String> {
    let found: BTreeSet<&String> = models.iter().flat_map(|model| &model.finds).collect();
    let unfound = faults.iter().filter(|fault| !found.contains(fault) && !exhibited.contains(*fault));
    let idle = models.iter().filter(|model| model.finds.is_empty());
    let unknown = models
        .iter()
        .flat_map(|model| model.finds.iter().map(move |fault| (&model.name, fault)))
        .filter(|(_, fault)| !faults.contains(*fault));
    unfound
        .map(|fault| format!("no model and no exhibit finds the fault {fault}"))
        .chain(idle.map(|model| format!("the model {} finds no fault", model.name)))
        .chain(
            exhibited.difference(faults).map(|fault| format!("an exhibit shows {fault}, which is nowhere")),
        )
        .chain(unknown.map(|(model, fault)| format!("{model} finds {fault}, which is nowhere")))
        .collect()
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
    let models = pairs::models_of(&weave::source::Source::new("model.rs", text.to_owned()));
    assert_eq!(models.len(), 2);
    assert_eq!(
        (models[0].name.as_str(), &models[0].finds[..]),
        ("it_holds", &["one".to_owned(), "two_three".to_owned()][..])
    );
    assert!(models[1].finds.is_empty());
    let faults: BTreeSet<String> = pairs::faults_of(text).into_iter().collect();
    let exhibited = BTreeSet::new();
    assert_eq!(complaints(&models, &exhibited, &faults), ["the model it_finds_nothing finds no fault"]);
    let fewer = faults.iter().skip(1).cloned().chain(["three".to_owned()]).collect();
    let found = complaints(&models, &exhibited, &fewer);
    assert!(found.contains(&"no model and no exhibit finds the fault three".to_owned()), "{found:?}");
    assert!(found.contains(&"it_holds finds one, which is nowhere".to_owned()), "{found:?}");
    let exhibited = ["three".to_owned(), "four".to_owned()].into_iter().collect();
    let found = complaints(&models, &exhibited, &fewer);
    assert!(!found.iter().any(|complaint| complaint.contains("three")), "{found:?}");
    assert!(found.contains(&"an exhibit shows four, which is nowhere".to_owned()), "{found:?}");
}
