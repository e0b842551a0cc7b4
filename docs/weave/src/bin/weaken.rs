//! Shows that each memory ordering is needed: `bash .ci/weaken [SITE]`.
//!
//! An ordering that is stronger than needed costs time on some machines, and its comment claims a need that does not
//! exist. A tool that edits the source and compiles it for each ordering would take hours.
//! So this program makes one copy of the source, in which every ordering under an ORDERING label can be weakened
//! by the environment, and builds the models of that copy once.
//!
//! A weakening is one step: Acquire and Release to Relaxed, AcqRel to each of its halves, a SeqCst fence to
//! nothing. Each is tried alone, and the models of its part must fail, at two preemptions. If they do not, the
//! ORDERING comment must say why:
//!
//! ```text
//! // … Survives without Acquire: the lock that the caller holds orders it.   (or: without Release, it)
//! ```
//!
//! An argument for a weakening that a model does notice is out of date, and is a failure too. With a SITE, such
//! as `state.rs:150`, it tries only that one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use weave::models::{Models, Run, run};
use weave::source::{Source, crate_sources, root};

/// Seconds that the models of one part may take.
const TIME_LIMIT: u32 = 600;

/// The code that is added to the copy's shim.
const HOOKS: &str = r#"
fn asked(site: &str) -> Option<&'static str> {
    static ASKED: std::sync::LazyLock<Option<String>> = std::sync::LazyLock::new(|| std::env::var("WEAKEN").ok());
    ASKED.as_deref()?.split_once(' ').filter(|asked| asked.0 == site).map(|asked| asked.1)
}

#[allow(missing_docs)]
pub fn weakened(site: &str, ordering: atomic::Ordering) -> atomic::Ordering {
    match asked(site) {
        Some("Acquire") => atomic::Ordering::Acquire,
        Some("Release") => atomic::Ordering::Release,
        Some(_) => atomic::Ordering::Relaxed,
        None => ordering,
    }
}

#[allow(missing_docs)]
pub fn fence_at(site: &str) {
    if asked(site).is_none() {
        fence(atomic::Ordering::SeqCst);
    }
}
"#;

/// An ordering that can be weakened.
#[derive(Debug, PartialEq)]
struct Site {
    /// `executor/src/raw_task/state.rs:150`.
    place: String,
    ordering: &'static str,
    label: String,
    /// What the ordering does not need, according to its comment.
    argued: Vec<String>,
}

impl Site {
    /// The weaker orderings, and what each lacks.
    fn steps(&self) -> &'static [(&'static str, &'static str)] {
        match self.ordering {
            "AcqRel" => &[("Acquire", "Release"), ("Release", "Acquire")],
            "SeqCst" => &[("nothing", "it")],
            _ => &[("Relaxed", "it")],
        }
    }
}

fn main() -> ExitCode {
    let only = std::env::args().nth(1).unwrap_or_default();
    let copy = root().join("target/weaken");
    if let Err(error) = copy_tree(&copy) {
        eprintln!("cannot copy the source to {}: {error}", copy.display());
        return ExitCode::FAILURE;
    }
    let mut sites = Vec::new();
    for source in ["reactor", "executor"].iter().flat_map(|name| crate_sources(name)) {
        let text = wrap(&source, &mut sites);
        fs::write(copy.join(&source.path), text).expect("the copy can be written");
    }
    let shim = copy.join("reactor/src/shim.rs");
    let text = fs::read_to_string(&shim).expect("the shim was copied");
    fs::write(&shim, text + HOOKS).expect("the copy can be written");

    let target = root().join("target/loom");
    let models = match Models::build(&copy, &target) {
        Ok(models) => models,
        Err(messages) => {
            eprintln!("{messages}");
            return ExitCode::FAILURE;
        }
    };
    let (mut tally, mut fine) = (BTreeMap::<&str, usize>::new(), true);
    for site in sites.iter().filter(|site| site.place.ends_with(&only)) {
        for (step, lost) in site.steps() {
            let (verdict, line) = weaken(&models, site, step, lost, &target.join("weaken.log"));
            println!("{line}");
            *tally.entry(verdict).or_default() += 1;
            fine &= matches!(verdict, "caught" | "argued");
        }
    }
    let of = |verdict| tally.get(verdict).copied().unwrap_or_default();
    let (caught, argued) = (of("caught"), of("argued"));
    println!("{} orderings, {} weakenings: {caught} caught, {argued} argued", sites.len(), caught + argued);
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the models of a site's part with its ordering weakened. Returns the verdict, and a line that reports it.
fn weaken(models: &Models, site: &Site, step: &str, lost: &str, log: &Path) -> (&'static str, String) {
    let part = match site.place.as_str() {
        place if place.starts_with("executor/src/sync/") => "loom_sync",
        place => place.split('/').next().unwrap_or(place),
    };
    let program = models.program(&format!("{part}-")).unwrap_or_else(|| panic!("no models of {part}"));
    let asked = format!("{} {step}", site.place);
    let env = [("WEAKEN", asked.as_str()), ("LOOM_MAX_PREEMPTIONS", "2")];
    let result = run(program, &["--test-threads=1"], &env, TIME_LIMIT, log);
    let argued = site.argued.iter().any(|argued| argued == lost);
    let line = format!("{} [{}] {} without {lost}", site.place, site.label, site.ordering);
    match (result, argued) {
        (Run::Passed, true) => ("argued", format!("argued:   {line}")),
        (Run::Passed, false) => ("survives", format!("SURVIVES: {line}")),
        (_, true) => ("outdated", format!("ARGUED, BUT CAUGHT: {line}, by {}", failed(log))),
        (_, false) => ("caught", format!("caught:   {line}, by {}", failed(log))),
    }
}

/// The model that failed first, or was running when the program was aborted.
fn failed(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let mut model = "";
    for line in text.lines().filter_map(|line| line.strip_prefix("test ")) {
        let Some((name, outcome)) = line.split_once(" ...") else { continue };
        model = name;
        if outcome.ends_with("FAILED") {
            break;
        }
    }
    model.to_owned()
}

/// Makes a fresh copy of the files that git tracks, and of new ones that it does not ignore.
fn copy_tree(copy: &Path) -> std::io::Result<()> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()?;
    for path in String::from_utf8_lossy(&listed.stdout).split_terminator('\0') {
        let (from, to): (PathBuf, PathBuf) = (root().join(path), copy.join(path));
        fs::create_dir_all(to.parent().expect("every file is in a folder"))?;
        if from.exists() {
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

/// Returns the file's text, changed so that each labelled ordering can be weakened.
///
/// A comment is about the code below it, up to an empty line or the next ORDERING, as in the test of the
/// orderings in `tests/tidy`.
fn wrap(source: &Source, sites: &mut Vec<Site>) -> String {
    let shim = if source.path.starts_with("reactor/") { "crate::shim" } else { "reactor::shim" };
    let (mut wrapped, mut comment, mut above) = (String::new(), String::new(), false);
    for ((number, line), text) in (1..).zip(&source.lines).zip(source.text.lines()) {
        let code = line.code.trim();
        if code.is_empty() && line.comment.is_empty() {
            comment.clear();
        }
        if line.comment.contains("ORDERING") && !above {
            comment.clear();
        }
        above = code.is_empty() && !line.comment.is_empty();
        comment.push_str(&line.comment);
        let label = label(&comment).filter(|label| *label != "outside");
        let mut rest = text;
        if let Some(label) = label.filter(|_| !line.test && !code.starts_with("use ")) {
            while let Some((start, end, ordering)) = ordering(&rest[..code_end(rest, line.code.trim_end())]) {
                let place = format!("{}:{number}", source.path);
                wrapped.push_str(&rest[..start]);
                wrapped.push_str(&format!(
                    "{shim}::weakened(\"{place}\", std::sync::atomic::Ordering::{ordering})"
                ));
                let argued = arguments(&comment);
                sites.push(Site { place, ordering, label: label.to_owned(), argued });
                rest = &rest[end..];
            }
        }
        wrapped.push_str(rest);
        wrapped.push('\n');
    }
    leave_out_fences(&wrapped, shim)
}

/// Where a line's code ends and its comment begins.
fn code_end(rest: &str, code: &str) -> usize {
    if code.is_empty() { 0 } else { rest.find("//").unwrap_or(rest.len()) }
}

/// The last label of a comment: `a, b` of `ORDERING[a, b]`.
fn label(comment: &str) -> Option<&str> {
    Some(comment.rsplit_once("ORDERING[")?.1.split_once(']')?.0)
}

/// What the ordering does not need, according to a comment.
fn arguments(comment: &str) -> Vec<String> {
    let arguments = comment.split("urvives without ").skip(1);
    arguments.map(|rest| rest.chars().take_while(char::is_ascii_alphabetic).collect()).collect()
}

/// The first ordering in a piece of code: where it begins and ends, and which it is.
fn ordering(code: &str) -> Option<(usize, usize, &'static str)> {
    let part_of_a_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let found = ["Acquire", "Release", "AcqRel", "SeqCst"].into_iter().flat_map(|ordering| {
        code.match_indices(ordering).filter_map(move |(at, _)| {
            let end = at + ordering.len();
            let start = if code[..at].ends_with("Ordering::") { at - "Ordering::".len() } else { at };
            let alone = !code[..start].ends_with(part_of_a_word) && !code[end..].starts_with(part_of_a_word);
            alone.then_some((start, end, ordering))
        })
    });
    found.min()
}

/// Changes the fences, which are not weakened but left out.
fn leave_out_fences(text: &str, shim: &str) -> String {
    let mut pieces = text.split("fence(");
    let mut done = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let site = piece
            .strip_prefix(&format!("{shim}::weakened("))
            .and_then(|rest| Some((rest.split_once(',')?.0, rest.split_once("))")?.1)));
        match site {
            Some((site, rest)) => done.push_str(&format!("{shim}::fence_at({site}){rest}")),
            None => done.push_str(&format!("fence({piece}")),
        }
    }
    done
}

#[test]
fn orderings_are_wrapped_and_fences_left_out() {
    let text = "
// ORDERING[a]: Release; pairs with b. Survives without Release: a lock.
x.swap(1, Ordering::AcqRel);
// ORDERING: Relaxed; says no label.
y.store(Ordering::Release);

// ORDERING[b]: SeqCst fence.
fence(Ordering::SeqCst);
";
    let mut sites = Vec::new();
    let wrapped = wrap(&Source::new("executor/x.rs", text.to_owned()), &mut sites);
    let lines: Vec<&str> = wrapped.lines().collect();
    assert_eq!(
        lines[2],
        "x.swap(1, reactor::shim::weakened(\"executor/x.rs:3\", std::sync::atomic::Ordering::AcqRel));"
    );
    assert_eq!(lines[4], "y.store(Ordering::Release);");
    assert_eq!(lines[7], "reactor::shim::fence_at(\"executor/x.rs:8\");");
    assert_eq!(sites.len(), 2);
    assert_eq!((sites[0].label.as_str(), &sites[0].argued[..]), ("a", &["Release".to_owned()][..]));
    assert_eq!(sites[1].steps(), [("nothing", "it")]);
}

/// Those that survive are counted as their comments argue: `.ci/weaken` fails if a model disagrees.
#[test]
fn the_page_gives_these_numbers() {
    let mut sites = Vec::new();
    for source in ["reactor", "executor"].iter().flat_map(|name| crate_sources(name)) {
        wrap(&source, &mut sites);
    }
    let steps: Vec<_> =
        sites.iter().flat_map(|site| site.steps().iter().map(move |step| (site, step.1))).collect();
    let argued = steps.iter().filter(|(site, lost)| site.argued.iter().any(|argued| argued == lost)).count();
    let row = format!(
        "{} orderings, {} weakenings: {} caught by a model, {argued} argued in the source",
        sites.len(),
        steps.len(),
        steps.len() - argued
    );
    let page = fs::read_to_string(root().join("docs/reliability.md")).expect("the page");
    assert!(page.contains(&row), "docs/reliability.md should say: {row}");
}
