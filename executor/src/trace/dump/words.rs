//! A dump in words: what it knows, and why tasks are stuck.
//!
//! What `verdicts` has found are ids and indices, which tell a reader nothing. And if a dump did not say what it lacks,
//! such as events that were lost, a reader would take it for complete.
//!
//! Called by `dump`. Next: `dump`.

use super::live::Live;
use super::phrases::{UNRECORDED, Words, list, of_live, time};
use super::report::{Dump, Verdict, VerdictKind};
use super::seen::Seen;
use super::verdicts::{Found, Subject};
use crate::task_id::TaskId;

/// Puts everything into words.
pub(super) fn dump(live: Live, seen: Option<Seen>, found: &[Found]) -> Dump {
    let words = (!found.is_empty()).then(|| seen.as_ref().map(|seen| Words::new(&live, seen))).flatten();
    let verdicts = found.iter().map(|found| verdict(words.as_ref(), &live, found)).collect();
    let notes = seen.as_ref().map_or_else(|| without_recording(&live), of_recording);
    // The words for each task cost more than all else, and are made when somebody wants them.
    Dump::new(notes, verdicts, move || match &seen {
        Some(seen) => Words::new(&live, seen).tasks(),
        None => live.tasks().map(|task| of_live(&live, task, UNRECORDED)).collect(),
    })
}

fn of_recording(seen: &Seen) -> Vec<String> {
    let mut notes = vec![format!("recorded for {}", time(seen.now))];
    if seen.lost > 0 {
        let horizon = if seen.horizon == u64::MAX {
            "all that some threads did".to_owned()
        } else {
            format!("some of what happened more than {} ago", time(seen.now.saturating_sub(seen.horizon)))
        };
        notes.push(format!("{} entries were lost: {horizon}. No verdict relies on that.", seen.lost));
    }
    notes
}

fn without_recording(live: &Live) -> Vec<String> {
    let listed: u64 = live.pools.iter().map(|pool| pool.tasks.len() as u64).sum();
    let others = crate::metrics().alive.saturating_sub(listed);
    let others =
        (others > 0).then(|| format!("{others} more are local, or blocking calls, or have never waited"));
    let hint = "no recording is on: with `executor::trace::start`, or UNROLLED_TRACE, a dump knows what waits for what";
    others.into_iter().chain([hint.to_owned()]).collect()
}

fn verdict(words: Option<&Words<'_>>, live: &Live, found: &Found) -> Verdict {
    let listed = |id: TaskId| live.tasks().find(|task| task.id == id);
    let name = |subject: &Subject| {
        let known = words.and_then(|words| Some((words, words.model.tasks.get(subject.index?)?)));
        let recorded = known.and_then(|(_, task)| task.name.as_deref().map(str::to_owned));
        let name = listed(subject.id).and_then(|task| task.name.clone()).or(recorded);
        name.unwrap_or_else(|| {
            let root = known.is_some_and(|(_, task)| task.is_root());
            if root { "block_on".to_owned() } else { subject.id.to_string() }
        })
    };
    let names: Vec<String> = found.tasks.iter().map(name).collect();
    let all = list(&names);
    let each = |words: &Words<'_>| -> Vec<String> {
        let wait = |(subject, name): (&Subject, &String)| {
            let task = words.model.tasks.get(subject.index?)?;
            let waits: Vec<String> = task.waits.iter().map(|wait| words.wait(*wait)).collect();
            (!waits.is_empty()).then(|| format!("{name} waits for {}", waits.join(", and for ")))
        };
        found.tasks.iter().zip(&names).take(8).filter_map(wait).collect()
    };
    let waits = words.map(each).unwrap_or_default().join("; ");
    let long = time(found.time);
    let text = match found.kind {
        VerdictKind::NoWaker => format!("{all} waits, and has no waker left: only a cancel can end it"),
        VerdictKind::BehindLongPoll => {
            format!(
                "{all} was woken, and is queued: all that could run it have been in a poll for {long} or longer"
            )
        }
        VerdictKind::ClosedPool => format!(
            "{all}: queued, to be dropped with the pool, whose workers have been in a poll for {long} or longer"
        ),
        VerdictKind::NotInBlockOn => {
            format!(
                "{all} is a local task, and its thread has been in no block_on for {long}: nobody polls it"
            )
        }
        VerdictKind::ThreadsBusy => {
            let threads = found.load.map_or(0, |load| load.threads);
            format!("{all}: waiting for a thread for {long}, and all {threads} are busy")
        }
        VerdictKind::OwnChannel => {
            format!(
                "{waits}; no other task has had the other end, but a thread of the program's own may have it"
            )
        }
        _ => waits,
    };
    Verdict { kind: found.kind, tasks: found.tasks.iter().map(|subject| subject.id).collect(), names, text }
}
