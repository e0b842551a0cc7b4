//! The models, and the seeded faults that each says it finds.
//!
//! A model's comment says which faults it finds: ``Finds `name`.`` Called by the programs `seeded-faults` and
//! `counterexample`. Next: `counterexample`.

use std::collections::BTreeSet;

use crate::source::{Source, rust_files, words};

/// The call in the source that a seeded fault is.
const CALL: &str = "fault";

/// A model, and the faults that its comment says it finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its function's name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Its comment, without the faults.
    pub about: String,
    /// The faults.
    pub finds: Vec<String>,
}

/// The source files that have models or faults.
#[must_use]
pub fn sources() -> Vec<Source> {
    let folders = ["reactor/src", "executor/src", "executor/tests", "chat/src"];
    folders.iter().flat_map(|folder| rust_files(folder)).map(|path| Source::read(&path)).collect()
}

/// Returns the models of these files.
#[must_use]
pub fn models(sources: &[Source]) -> Vec<Model> {
    sources.iter().filter(|source| has_models(&source.path)).flat_map(models_of).collect()
}

/// Whether a file has models, or exhaustive searches, which are models without threads.
fn has_models(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // The dump has a model of another kind, of a recording.
    let checks = name.starts_with("model") || path.contains("/model/") && !path.contains("/dump/");
    checks || name.starts_with("loom_") || name == "search.rs"
}

/// The tests of a file, with the faults that the comments above them name.
#[must_use]
pub fn models_of(source: &Source) -> Vec<Model> {
    let (mut models, mut comment, mut is_test) = (Vec::new(), String::new(), false);
    for line in &source.lines {
        let code = line.code.trim();
        if code.is_empty() && !line.comment.is_empty() {
            comment.push_str(line.comment.trim_start_matches(['/', '!']));
        } else if code == "#[test]" {
            is_test = true;
        } else {
            if let Some((_, name)) = code.split_once("fn ").filter(|_| is_test) {
                let name = words(name).next().unwrap_or_default().to_owned();
                let about = comment.rsplit_once("Finds").map_or(&*comment, |(about, _)| about);
                let about = about.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "");
                models.push(Model { name, file: source.path.clone(), about, finds: finds(&comment) });
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

/// The names of the seeded faults in these files.
#[must_use]
pub fn faults(sources: &[Source]) -> BTreeSet<String> {
    sources.iter().flat_map(|source| faults_of(&source.text)).collect()
}

/// The names of the seeded faults in a source text.
#[must_use]
pub fn faults_of(text: &str) -> Vec<String> {
    let call = format!("{CALL}(\"");
    text.split(&call).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

/// The file and line where a fault is.
#[must_use]
pub fn site(sources: &[Source], fault: &str) -> Option<(String, usize)> {
    let call = format!("{CALL}(\"{fault}\")");
    sources.iter().find_map(|source| {
        let line = source.text.lines().position(|line| line.contains(&call))?;
        Some((source.path.clone(), line + 1))
    })
}
