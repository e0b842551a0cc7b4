//! The shortest counterexample, and the step from which on it cannot be saved.
//!
//! The shortest one has the fewest preemptions, and among those the fewest operations: a reader has to follow each
//! thread, and each change of the thread costs the most. So the bound on preemptions grows from none, and at the
//! first bound at which the model fails the failing executions are tried one after the other, for as long as
//! [`PATIENCE`] allows. loom leaves out orders that make no difference, and an execution that fails early tells it
//! less about them: the result is the shortest that was found.
//!
//! The point of no return is the first step after which every continuation fails. The same choices up to there are
//! followed again, and what can follow is explored, at three preemptions; a continuation that passes moves the point
//! down.
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
    /// The call of `check`.
    pub check: usize,
    /// The bound on preemptions at which it was found.
    pub preemptions: usize,
    /// How many choices lead to the point of no return; `None` if some continuation passes at every step.
    pub no_return: Option<usize>,
    /// How many failing executions were tried.
    pub tried: usize,
}

/// The most calls of `check` in a test.
const CHECKS: usize = 4;

/// Searches a model's shortest counterexample, in the first call of `check` that fails.
///
/// # Errors
///
/// If the model cannot be run, or if it passes.
pub fn shortest(model: &Model) -> Result<Found, String> {
    for preemptions in 0..=MOST {
        for check in 0..CHECKS {
            let model = Model { check, ..model.clone() };
            let Some(first) = model.run(None, preemptions, Until::Failure)? else { continue };
            let Some((execution, tried)) = shorter(&model, first, preemptions)? else { continue };
            let no_return = no_return(&model, &execution)?;
            return Ok(Found { execution, check, preemptions, no_return, tried });
        }
    }
    Err(format!("{} passes at {MOST} preemptions", model.test))
}

/// Tries the other failing executions. Returns the shortest, and how many there were; `None` if only loom itself has
/// failed.
fn shorter(
    model: &Model,
    first: Execution,
    preemptions: usize,
) -> Result<Option<(Execution, usize)>, String> {
    let begin = Instant::now();
    let (mut best, mut tried): (Option<Execution>, usize) = (None, 0);
    let mut next = Some(first);
    while let Some(execution) = next {
        if !execution.is_looms_failure() {
            tried += 1;
            if best.as_ref().is_none_or(|best| execution.steps.len() < best.steps.len()) {
                best = Some(execution.clone());
            }
        }
        let mut path = execution.path;
        let goes_on = begin.elapsed() < PATIENCE && path.step();
        next = if goes_on { model.run(Some(&path), preemptions, Until::Failure)? } else { None };
    }
    Ok(best.map(|best| (best, tried)))
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
        if next.failure.is_none() || next.is_looms_failure() {
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
