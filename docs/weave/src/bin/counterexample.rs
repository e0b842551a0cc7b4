//! Counterexamples: the shortest failing run of a model with a seeded fault on, and a page that steps through it.
//!
//!     cargo counterexample             lists the pairs of a fault and a model
//!     cargo counterexample NAME        searches the pairs whose names contain NAME, stores them, writes their pages
//!     cargo counterexample --check     repeats each stored one: it must fail as it did, step by step
//!     cargo counterexample --all       searches those that are not repeated as they are stored
//!     cargo counterexample --pages DIR writes all pages
//!
//! Stored ones are in `docs/counterexamples`. When the source has changed so that one is not repeated, search it
//! again. cargo calls this program as the compiler's wrapper too: see `weave::counterexample::loom`.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use weave::counterexample::game::{self, Game};
use weave::counterexample::run::{Execution, Model as Run, Until};
use weave::counterexample::stored::{self, Stored};
use weave::counterexample::words::{Words, words};
use weave::counterexample::{COPY, build, loom, page, path, search, told};
use weave::models::Models;
use weave::pairs::{self, Model};
use weave::source::{Source, root};

fn main() -> ExitCode {
    if let Some(copy) = env::var_os(COPY) {
        return loom::compile(copy.as_ref());
    }
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = Pairs::read().and_then(|pairs| match arguments[..] {
        [] => pairs.list(),
        ["--check"] => pairs.check(""),
        ["--check", name] => pairs.check(name),
        ["--pages", folder] => pairs.pages(folder.as_ref()),
        ["--all"] => pairs.search("", true),
        [name] if !name.starts_with('-') => pairs.search(name, false),
        _ => Err("usage: cargo counterexample [NAME | --check [NAME] | --pages DIR | --all]".to_owned()),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The pairs of a model and a fault that it finds.
struct Pairs {
    sources: Vec<Source>,
    pairs: Vec<(Model, String)>,
    words: Vec<Words>,
}

impl Pairs {
    fn read() -> Result<Self, String> {
        let sources = pairs::sources();
        let of = |model: Model| {
            let faults = model.finds.clone();
            faults.into_iter().map(move |fault| (model.clone(), fault))
        };
        let pairs = pairs::models(&sources).into_iter().flat_map(of).collect();
        Ok(Self { pairs, sources, words: words()? })
    }

    fn list(&self) -> Result<(), String> {
        for (model, fault) in &self.pairs {
            let known = stored(fault, model).map_or_else(
                |message| message,
                |stored| format!("{} preemptions, {} steps", stored.preemptions, stored.steps.len()),
            );
            println!("{fault:32}{:56}{known}", model.name);
        }
        println!("{} pairs of a fault and a model", self.pairs.len());
        Ok(())
    }

    /// The pairs whose fault or model contains `name`.
    fn chosen<'a>(&'a self, name: &'a str) -> Result<Vec<&'a (Model, String)>, String> {
        let contains = |(model, fault): &&(Model, String)| format!("{fault}--{}", model.name).contains(name);
        let chosen: Vec<_> = self.pairs.iter().filter(contains).collect();
        if chosen.is_empty() {
            return Err(format!(
                "no fault and no model has {name:?} in its name: `cargo counterexample` lists all"
            ));
        }
        Ok(chosen)
    }

    /// Searches the shortest counterexample of each chosen pair, stores it, and writes its page.
    fn search(&self, name: &str, only_changed: bool) -> Result<(), String> {
        let built = build()?;
        let mut failed = Vec::new();
        for (model, fault) in self.chosen(name)? {
            if let Err(message) = self.search_one(&built, model, fault, only_changed) {
                failed.push(format!("{fault} {}: {message}", model.name));
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
    }

    /// Searches a pair, unless only those are wanted that are not repeated as they are stored.
    fn search_one(
        &self,
        built: &Models,
        model: &Model,
        fault: &str,
        only_changed: bool,
    ) -> Result<(), String> {
        let run = run(built, model, fault)?;
        if only_changed && stored(fault, model).is_ok_and(|stored| repeat(&run, &stored).is_ok()) {
            return Ok(());
        }
        let folder = root().join("target/counterexamples/pages");
        let found = search::shortest(&run)?;
        let told = told::tell(&found.execution);
        let stored = Stored {
            fault: fault.to_owned(),
            model: model.name.clone(),
            check: found.check,
            preemptions: found.preemptions,
            choices: found.execution.path.choices(),
            no_return: found.no_return,
            end: told.end.clone(),
            steps: stored::steps(&told),
        };
        let file = file(fault, model);
        fs::write(&file, stored.to_text()).map_err(|error| format!("{}: {error}", file.display()))?;
        let (preemptions, steps, tried) = (stored.preemptions, stored.steps.len(), found.tried);
        println!("{fault} {}: {preemptions} preemptions, {steps} steps, the shortest of {tried}", model.name);
        if !only_changed {
            let (page, _) = self.page(&run, model, &stored, &found.execution, &folder, true)?;
            println!("{}", page.display());
        }
        Ok(())
    }

    /// Repeats the stored counterexamples. They must fail, step by step, as they did.
    fn check(&self, name: &str) -> Result<(), String> {
        let built = build()?;
        let chosen = self.chosen(name)?;
        let mut wrong: Vec<String> = Vec::new();
        for (model, fault) in &chosen {
            let repeated =
                stored(fault, model).and_then(|stored| repeat(&run(&built, model, fault)?, &stored));
            if let Err(message) = repeated {
                wrong.push(format!(
                    "{fault} {}: {message}; search it again: cargo counterexample {fault}--{}",
                    model.name, model.name
                ));
            }
        }
        wrong.extend(self.strays()?);
        if wrong.is_empty() {
            println!("{} counterexamples fail as they are stored", chosen.len());
            return Ok(());
        }
        Err(wrong.join("\n"))
    }

    /// Returns a complaint for each stored counterexample whose fault or model is gone.
    fn strays(&self) -> Result<Vec<String>, String> {
        let known: BTreeSet<PathBuf> = self.pairs.iter().map(|(model, fault)| file(fault, model)).collect();
        let stored = fs::read_dir(folder()).map_err(|error| error.to_string())?.flatten();
        let strays = stored.map(|entry| entry.path()).filter(|path| {
            let is_pair = path.file_name().is_some_and(|name| name.to_string_lossy().contains("--"));
            is_pair && !known.contains(path)
        });
        Ok(strays.map(|path| format!("{}: there is no such pair", path.display())).collect())
    }

    /// Writes the pages of all stored counterexamples, which are repeated for that, and an index.
    fn pages(&self, folder: &Path) -> Result<(), String> {
        let built = build()?;
        let games =
            fs::read_to_string(self::folder().join("games.txt")).map_err(|error| error.to_string())?;
        let games: BTreeSet<&str> = games.lines().collect();
        let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let worker = || {
            // ORDERING: Relaxed; it only gives each number to one thread.
            while let Some((model, fault)) = self.pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let wants_game = games.contains(format!("{fault}--{}", model.name).as_str());
                let page = stored(fault, model).and_then(|stored| {
                    let run = run(&built, model, fault)?;
                    let execution = repeat(&run, &stored)?;
                    self.page(&run, model, &stored, &execution, folder, wants_game)
                });
                let message = match page {
                    Ok((_, has_game)) if wants_game && !has_game => "its game has too many states".to_owned(),
                    Ok(_) => continue,
                    Err(message) => message,
                };
                failed.lock().unwrap().push(format!("{fault} {}: {message}", model.name));
            }
        };
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(worker);
            }
        });
        let mut failed = failed.into_inner().unwrap();
        failed.extend(self.strays()?);
        if !failed.is_empty() {
            return Err(failed.join("\n"));
        }
        println!("{} pages, {} of them with a game, in {}", self.pairs.len(), games.len(), folder.display());
        Ok(())
    }

    /// Writes a page, with a game if one is wanted and fits. Returns the page's path, and whether it has a game.
    fn page(
        &self,
        run: &Run,
        model: &Model,
        stored: &Stored,
        execution: &Execution,
        folder: &Path,
        wants_game: bool,
    ) -> Result<(PathBuf, bool), String> {
        let run = &Run { check: stored.check, ..run.clone() };
        let fault = &stored.fault;
        let words = self.words.iter().find(|words| words.fault == *fault);
        let words = words.ok_or_else(|| format!("docs/counterexamples/faults.txt has no entry {fault}"))?;
        let site = pairs::site(&self.sources, fault).ok_or_else(|| format!("{fault} is nowhere"))?;
        let failing = told::tell(execution);
        let is_search = stored.choices.is_empty();
        let cured = if is_search {
            told::Told { threads: failing.threads.clone(), ..told::Told::default() }
        } else {
            told::tell(&search::cured(run, &stored.choices)?)
        };
        let lost = stored.no_return.and_then(|at| failing.steps.iter().position(|step| step.choices >= at));
        let games = if wants_game && !is_search { games(run)? } else { None };
        let shown = page::Shown {
            model,
            words,
            site: &site,
            failing: &failing,
            cured: &cured,
            lost,
            games: games.as_ref(),
        };
        let (text, has_game) = match page::page(shown) {
            Ok(text) => (text, games.is_some()),
            Err(_) => (page::page(page::Shown { games: None, ..shown })?, false),
        };
        let path = folder.join(format!("{fault}--{}.html", model.name));
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        fs::create_dir_all(folder).map_err(failed)?;
        fs::write(&path, text).map_err(failed)?;
        Ok((path, has_game))
    }
}

/// All states of a model with its fault and without it, if there are few.
fn games(run: &Run) -> Result<Option<[Game; 2]>, String> {
    let Some(faulty) = game::explore(run)? else { return Ok(None) };
    let Some(cured) = game::explore(&Run { fault: None, ..run.clone() })? else { return Ok(None) };
    Ok(Some([faulty, cured]))
}

/// Repeats a stored counterexample. Returns the execution if it fails as it did.
fn repeat(run: &Run, stored: &Stored) -> Result<Execution, String> {
    let run = Run { check: stored.check, ..run.clone() };
    let path = path::Path::of(&stored.choices, stored.preemptions);
    let execution = run.run(Some(&path), stored.preemptions, Until::First)?;
    let execution = execution.ok_or("it passes")?;
    let told = told::tell(&execution);
    if execution.failure.is_none() || execution.is_looms_failure() {
        return Err("it passes, or goes another way".to_owned());
    }
    let steps = stored::steps(&told);
    if let Some(at) =
        (0..steps.len().max(stored.steps.len())).find(|&at| steps.get(at) != stored.steps.get(at))
    {
        let line = |steps: &[String]| steps.get(at).cloned().unwrap_or_else(|| "the end".to_owned());
        return Err(format!("step {at} is now `{}`, and was `{}`", line(&steps), line(&stored.steps)));
    }
    if told.end != stored.end {
        return Err(format!("it ends with `{}`, and ended with `{}`", told.end, stored.end));
    }
    Ok(execution)
}

fn run(built: &Models, model: &Model, fault: &str) -> Result<Run, String> {
    let (program, test) =
        built.find(&model.name).ok_or_else(|| format!("the model {} is in no program", model.name))?;
    let folder = root().join(format!(
        "target/counterexamples/run-{}-{:?}",
        std::process::id(),
        thread::current().id()
    ));
    Ok(Run { program: program.to_owned(), test, check: 0, fault: Some(fault.to_owned()), folder })
}

/// The stored counterexample of a pair.
fn stored(fault: &str, model: &Model) -> Result<Stored, String> {
    let text = fs::read_to_string(file(fault, model)).map_err(|_| "nothing is stored".to_owned())?;
    let stored = Stored::parse(&text)?;
    let is_its = stored.fault == fault && stored.model == model.name;
    if is_its { Ok(stored) } else { Err("the file belongs to another pair".to_owned()) }
}

fn folder() -> PathBuf {
    root().join("docs/counterexamples")
}

fn file(fault: &str, model: &Model) -> PathBuf {
    folder().join(format!("{fault}--{}.txt", model.name))
}
