//! The shortest counterexample, and the step from which on it cannot be saved.
//!
//! The shortest one has the fewest preemptions, and among those the fewest operations: a reader has to follow each
//! thread, and each change of the thread costs the most. So the bound on preemptions grows from none, and at the
//! first bound at which the model fails all failing executions are tried, for as long as [`PATIENCE`] allows.
//!
//! The point of no return is the first step after which every continuation fails. The same choices up to there are
//! followed again, and all that can follow is explored; a continuation that passes moves the point down.
//!
//! Called by the tool. Next: `stored`.

use std::time::{Duration, Instant};

use super::run::{Execution, Model, Until};

/// How long the search goes on for a shorter one.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// The most preemptions that are tried, and that a continuation may have.
const MOST: usize = 3;

/// A counterexample.
#[derive(Debug)]
pub struct Found {
    /// The failing execution.
    pub execution: Execution,
    /// The bound on preemptions at which it was found.
    pub preemptions: usize,
    /// How many choices lead to the point of no return; `None` if some continuation passes at every step.
    pub no_return: Option<usize>,
    /// How many failing executions were tried.
    pub tried: usize,
}

/// Searches a model's shortest counterexample.
///
/// # Errors
///
/// If the model cannot be run, or if it passes.
pub fn shortest(model: &Model) -> Result<Found, String> {
    for preemptions in 0..=MOST {
        let Some(first) = model.run(None, preemptions, Until::Failure)? else { continue };
        let (execution, tried) = shorter(model, first, preemptions)?;
        let no_return = no_return(model, &execution)?;
        return Ok(Found { execution, preemptions, no_return, tried });
    }
    Err(format!("{} passes at {MOST} preemptions", model.test))
}

/// Tries the other failing executions. Returns the shortest, and how many there were.
fn shorter(model: &Model, first: Execution, preemptions: usize) -> Result<(Execution, usize), String> {
    let begin = Instant::now();
    let (mut best, mut path, mut tried) = (first.clone(), first.path, 1);
    while begin.elapsed() < PATIENCE && path.step() {
        let Some(next) = model.run(Some(&path), preemptions, Until::Failure)? else { break };
        tried += 1;
        if next.steps.len() < best.steps.len() {
            best = next.clone();
        }
        path = next.path;
    }
    Ok((best, tried))
}

/// The number of choices after which every continuation fails, by bisection: if all fail after some choices, then
/// also after more of them.
fn no_return(model: &Model, execution: &Execution) -> Result<Option<usize>, String> {
    let (mut passes, mut fails) = (0, execution.path.len());
    if fails == 0 {
        return Ok(None); // A search of states, which has no choices of loom's.
    }
    if always_fails(model, execution, fails)? != Some(true) {
        return Ok(None);
    }
    while passes + 1 < fails {
        let middle = usize::midpoint(passes, fails);
        if always_fails(model, execution, middle)? == Some(true) { fails = middle } else { passes = middle }
    }
    Ok(Some(fails))
}

/// Whether every continuation of the first `len` choices fails; `None` if there are too many to try.
fn always_fails(model: &Model, execution: &Execution, len: usize) -> Result<Option<bool>, String> {
    let begin = Instant::now();
    let mut path = execution.path.prefix(len, MOST);
    loop {
        let Some(next) = model.run(Some(&path), MOST, Until::First)? else { return Ok(Some(true)) };
        if next.failure.is_none() {
            return Ok(Some(false));
        }
        path = next.path;
        if !path.step() {
            return Ok(Some(true));
        }
        if begin.elapsed() > PATIENCE {
            return Ok(None);
        }
    }
}

/// The run without the fault that follows the same choices as far as it can: from there on it goes on as loom likes.
///
/// # Errors
///
/// If the model cannot be run.
pub fn cured(model: &Model, choices: &[super::path::Choice]) -> Result<Execution, String> {
    let model = Model { fault: None, ..model.clone() };
    let follow = |len: usize| -> Result<Option<Execution>, String> {
        let path = super::path::Path::of(&choices[..len], MOST);
        let run = model.run(Some(&path), MOST, Until::First).unwrap_or(None);
        Ok(run.filter(|execution| execution.failure.is_none()))
    };
    // loom fails where a choice does not fit the run, so what passes is a prefix.
    let (mut passes, mut fails) = (0, choices.len() + 1);
    while passes + 1 < fails {
        let middle = usize::midpoint(passes, fails);
        if follow(middle)?.is_some() { passes = middle } else { fails = middle }
    }
    follow(passes)?.ok_or_else(|| format!("{} fails without a fault", model.test))
}
