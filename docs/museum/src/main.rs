//! The museum: bugs of other runtimes, each shown in this one by a seeded fault.
//!
//! Bugs of runtimes are hard to find and easy to forget. Each exhibit takes one from its report, puts the same
//! mistake into our own source as a few lines that every shipped build leaves out, and runs a program twice: with
//! the mistake and without.
//!
//! ```text
//!   cargo museum ──▶ this program ──builds──▶ itself again, under --cfg museum: there FAULT=name enables a fault
//!                        │                         ▲
//!                        └──runs it twice: --run NAME, with FAULT and without
//! ```
//!
//! A process for each run, since a fault is enabled for a whole process, and since a program with a fault may hang
//! or crash. An exhibit that real threads show too rarely is shown by a model, which tries every order.
//!
//! Next: `stage`, which builds and runs; `show`, which prints; `exhibits`, which has the programs.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use weave::exhibit::{Exhibit, read_all};
use weave::source::root;

mod exhibits;
mod show;
mod stage;

use stage::Stage;

const USAGE: &str = "\
usage: cargo museum            lists the exhibits
       cargo museum NUMBER     shows one
       cargo museum --check    runs all: each must fail with its fault, within two seconds, and pass without
       cargo museum --record FOLDER    saves the timelines of all programs there";

/// The longest that a reader waits for a failure, once all is built.
const SOON: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // A run on the stage: it reads no exhibit, and its output is the result alone.
    if let ["--run", name] = arguments[..] {
        return exhibits::run(name);
    }
    let done = read_all(root()).and_then(|all| match arguments[..] {
        [] => {
            show::list(&all);
            Ok(true)
        }
        ["--check"] => check(&all),
        ["--record", folder] => record(&all, folder.as_ref()),
        ["--help" | "-h"] => {
            println!("{USAGE}");
            Ok(true)
        }
        [number] => show_one(find(&all, number)?),
        _ => Err(format!("too many arguments\n{USAGE}")),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("museum: {message}");
            ExitCode::from(2)
        }
    }
}

/// Returns the exhibit that an argument names.
fn find<'a>(all: &'a [Exhibit], argument: &str) -> Result<&'a Exhibit, String> {
    let number: usize =
        argument.parse().map_err(|_| format!("`{argument}` is not a number of an exhibit\n{USAGE}"))?;
    let found = all.iter().find(|exhibit| exhibit.number == number);
    found.ok_or_else(|| format!("there is no exhibit {number}: they have the numbers 1 to {}", all.len()))
}

/// Shows an exhibit. Returns whether it failed with its fault and passed without.
fn show_one(exhibit: &Exhibit) -> Result<bool, String> {
    show::label(exhibit);
    let stage = Stage::build(std::slice::from_ref(exhibit))?;
    let with = stage.run(exhibit, true);
    show::outcome("With the fault", &with);
    let without = stage.run(exhibit, false);
    show::outcome("Without it", &without);
    show::rest(exhibit);
    let shown = with.fails() && !without.fails();
    if !shown {
        println!("\nThis is not what the exhibit should show: it must fail with the fault and pass without.");
    }
    Ok(shown)
}

/// Runs all exhibits, with a line for each. Returns whether all failed with their faults, soon, and passed without.
fn check(all: &[Exhibit]) -> Result<bool, String> {
    let stage = Stage::build(all)?;
    let mut wrong = 0;
    for exhibit in all {
        let mut complaints = exhibit.complaints(root());
        let (mut with, without) = (stage.run(exhibit, true), stage.run(exhibit, false));
        // Something else may have run just then, so a late one is tried again.
        if with.took() > SOON {
            with = stage.run(exhibit, true);
        }
        if with.took() > SOON && !is_busy() {
            let took = with.took().as_secs_f64();
            complaints.push(format!("the failure comes after {took:.1} s, and a reader waits for two"));
        }
        let shown = complaints.is_empty() && with.fails() && !without.fails();
        show::checked(exhibit, shown, with.took(), without.took());
        if !shown {
            wrong += 1;
            complaints.iter().for_each(|complaint| println!("{complaint}"));
            show::outcome("With the fault", &with);
            show::outcome("Without it", &without);
        }
    }
    match wrong {
        0 => println!("{} exhibits: each fails with its fault and passes without", all.len()),
        _ => println!("{} exhibits: {wrong} of them do not show what they should", all.len()),
    }
    Ok(wrong == 0)
}

/// Whether so much else runs that a time says nothing: more than two threads for each processor.
fn is_busy() -> bool {
    let averages = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let last_minute = averages.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0);
    let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
    last_minute > 2.0 * processors as f64
}

/// Saves the timelines of the programs that run tasks, with their faults and without. Returns whether each is there.
fn record(all: &[Exhibit], folder: &Path) -> Result<bool, String> {
    let runs_tasks = |exhibit: &&Exhibit| {
        let program = std::fs::read_to_string(root().join(exhibit.program()));
        program.is_ok_and(|text| Exhibit::runs_tasks(&text))
    };
    let programs: Vec<Exhibit> = all.iter().filter(runs_tasks).cloned().collect();
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
    let stage = Stage::build(&programs)?;
    let mut missing = 0;
    for exhibit in &programs {
        for (end, with_fault) in [("with", true), ("without", false)] {
            let page = folder.join(format!("{}-{end}.html", exhibit.name));
            stage.run_recorded(exhibit, with_fault, Some(&page));
            if !std::fs::metadata(&page).is_ok_and(|file| file.len() > 0) {
                println!("{}: the run {end} its fault has left no timeline", exhibit.name);
                missing += 1;
            }
        }
    }
    println!("{} timelines in {}", 2 * programs.len() - missing, folder.display());
    Ok(missing == 0)
}

#[test]
fn an_argument_that_is_no_exhibit_is_refused_with_a_reason() {
    let all = read_all(root()).unwrap();
    assert_eq!(find(&all, "1").unwrap().number, 1);
    assert!(find(&all, "0").unwrap_err().contains("1 to"));
    assert!(find(&all, "999").unwrap_err().contains("no exhibit 999"));
    assert!(find(&all, "five").unwrap_err().contains("not a number"));
}

#[test]
fn every_exhibit_agrees_with_the_source() {
    let all = read_all(root()).unwrap();
    let complaints: Vec<String> = all.iter().flat_map(|exhibit| exhibit.complaints(root())).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_program_belongs_to_an_exhibit() {
    use weave::exhibit::Shown;

    let all = read_all(root()).unwrap();
    let shown = all.iter().filter(|exhibit| exhibit.shown == Shown::Program);
    let mut shown: Vec<&str> = shown.map(|exhibit| exhibit.name.as_str()).collect();
    let mut programs: Vec<&str> = exhibits::PROGRAMS.iter().map(|(name, _)| *name).collect();
    shown.sort_unstable();
    programs.sort_unstable();
    assert_eq!(shown, programs);
}
