//! What the server holds and what its tasks wait for, for the page's panel.
//!
//! The panel asks each second, and each open panel asks for itself. A look at all tasks takes time, and more so the
//! more there are: fifty open panels must not cost fifty looks a second.
//!
//! - D1  However many ask, there is at most one look at the tasks at a time, and one in `FRESH`. It runs on a thread
//!   for blocking calls.
//! - D2  At most `SHOWN` tasks are sent, with the number of all.
//!
//! Used by `web/mod`. Next: `web/recording`.

use std::panic::RefUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use executor::sync::Mutex;
use executor::task;
use executor::trace::TaskReport;
use serde::Serialize;

use crate::server::common::{Common, Count};

/// How long a look is good for.
const FRESH: Duration = Duration::from_millis(900);

/// How many tasks are sent.
const SHOWN: usize = 300;

/// What the server holds.
#[derive(Serialize)]
pub(super) struct Counts {
    connections: usize,
    groups: usize,
    memberships: usize,
    tasks: usize,
}

impl Counts {
    pub(super) fn of(common: &Common) -> Self {
        let Count { connections, groups, memberships } = common.count();
        Self { connections, groups, memberships, tasks: executor::metrics().alive as usize }
    }

    /// Returns them as JSON.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() // Numbers always have a form in JSON.
    }
}

/// The counts, and the tasks.
#[derive(Serialize)]
struct View<'a> {
    #[serde(flatten)]
    counts: Counts,
    /// What is stuck, in sentences.
    stuck: Vec<&'a str>,
    tasks_seen: usize,
    task_list: Vec<Task<'a>>,
}

#[derive(Serialize)]
struct Task<'a> {
    id: String,
    name: &'a Option<String>,
    kind: &'a str,
    state: &'a str,
    waits_for: &'a [String],
    spawned: &'a Option<String>,
}

impl<'a> From<&'a TaskReport> for Task<'a> {
    fn from(task: &'a TaskReport) -> Self {
        Self {
            id: task.id.to_string(),
            name: &task.name,
            kind: task.kind,
            state: &task.state,
            waits_for: &task.waits_for,
            spawned: &task.spawned,
        }
    }
}

/// The last look at the tasks.
#[derive(Debug, Default)]
pub(super) struct Looks(Mutex<Option<(Instant, Arc<str>)>>);

// A panic leaves the last look behind, which is as good as before.
impl RefUnwindSafe for Looks {}

impl Looks {
    /// Returns the counts and the tasks as JSON; `None` if there is no thread to look.
    pub(super) async fn look(&self, common: &Arc<Common>) -> Option<Arc<str>> {
        let mut last = self.0.lock().await; // D1: the others wait for this look, and share it.
        if let Some((at, seen)) = &*last
            && at.elapsed() < FRESH
        {
            return Some(seen.clone());
        }
        let counts = Counts::of(common);
        let seen: Arc<str> = task::spawn_blocking(move || look(counts)).try_join().await.ok()?.into();
        *last = Some((Instant::now(), seen.clone()));
        Some(seen)
    }
}

/// Looks at all tasks. This blocks.
fn look(counts: Counts) -> String {
    let dump = executor::dump();
    let view = View {
        counts,
        stuck: dump.verdicts().iter().map(|verdict| verdict.text.as_str()).collect(),
        tasks_seen: dump.tasks().len(),
        task_list: dump.tasks().iter().take(SHOWN).map(Task::from).collect(), // D2
    };
    serde_json::to_string(&view).unwrap_or_default() // Texts and numbers always have a form in JSON.
}
