//! An execution as a reader sees it: its objects have the names that the source gives them.
//!
//! A run in loom's terms is about object 4 and slot 2, and nobody finds these in the source.
//!
//! `names` finds what the source calls an object at the place of its first step. Operations of loom's own, and the
//! models' own bookkeeping outside the project, are left out.
//!
//! Called by `stored` and `page`. Next: `names`.

use std::collections::{BTreeMap, HashMap};

use super::names::name_before;
use super::run::{Execution, Step};
use crate::source::read;

/// An execution with names.
#[derive(Debug, Default)]
pub struct Told {
    /// Name and kind of each object.
    pub objects: Vec<(String, &'static str)>,
    /// What each thread is called.
    pub threads: Vec<String>,
    /// The operations.
    pub steps: Vec<ToldStep>,
    /// How the execution ended, in words; empty if it passed.
    pub end: String,
    /// Of which kind that was: `deadlock`, `race`, `leak`, `panic`; empty if it passed.
    pub kind: &'static str,
}

/// An operation with names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToldStep {
    /// How many choices came before it.
    pub choices: usize,
    /// Its thread.
    pub thread: usize,
    /// What it did.
    pub operation: String,
    /// Index in `objects`.
    pub object: Option<usize>,
    /// File and line.
    pub place: Option<(String, usize)>,
    /// The memory ordering.
    pub order: String,
    /// The value read.
    pub read: Option<String>,
    /// The value written.
    pub written: Option<String>,
    /// The step that wrote a newer value than a load has returned.
    pub missed: Option<usize>,
    /// The values that a load could have returned.
    pub could: Vec<String>,
    /// The number of the store that a load has read.
    pub store: Option<usize>,
    /// Of a search's step: what it is.
    pub text: Option<String>,
}

/// Tells an execution.
#[must_use]
pub fn tell(execution: &Execution) -> Told {
    let mut teller = Teller::default();
    execution.steps.iter().for_each(|step| teller.step(step));
    let waiting = teller.waiting;
    let mut told = teller.told;
    let last = told.steps.iter().map(|step| step.thread).max().unwrap_or(0);
    let is_search = told.steps.iter().any(|step| step.operation == "note");
    told.threads = (usize::from(is_search)..=last + usize::from(is_search)).map(thread_name).collect();
    if let Some(message) = &execution.failure {
        (told.kind, told.end) = end(message, &told, &waiting);
    }
    if told.kind == "livelock" {
        told.steps.truncate(LIVELOCK);
    }
    told
}

/// How many steps are told of a run that goes on for ever.
const LIVELOCK: usize = 120;

#[derive(Default)]
struct Teller {
    told: Told,
    files: HashMap<String, Vec<String>>,
    /// loom's numbers of the objects, and ours.
    numbers: BTreeMap<(usize, bool), usize>,
    named: Vec<Named>,
    /// The steps that wrote to an object, in order, the first one being its creation.
    writes: HashMap<usize, Vec<Option<usize>>>,
    pointers: Vec<u64>,
    /// What each thread waits for, while it does.
    waiting: HashMap<usize, Waiting>,
}

/// An object's name, as the source has it.
struct Named {
    name: String,
    kind: &'static str,
    file: String,
}

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// This condition variable. loom then unlocks, parks, and locks again: steps that belong to the wait.
    Condvar(usize),
    /// This lock. loom tells that it is taken later.
    Lock(usize),
}

impl Teller {
    fn step(&mut self, step: &Step) {
        let writes = matches!(step.operation.as_str(), "store" | "rmw");
        let at = self.told.steps.len();
        let names_thread = matches!(step.operation.as_str(), "spawn" | "join" | "joined" | "unpark");
        let is_shown = self.is_shown(step);
        let object = step.object.filter(|_| is_shown).map(|number| self.object(number, names_thread, step));
        let waiting = self.waiting.get(&step.thread).copied();
        let (is_shown, object, operation) = match (step.operation.as_str(), waiting) {
            _ if !is_shown => (false, object, String::new()),
            ("unlock" | "park" | "blocked", Some(Waiting::Condvar(_))) => (false, object, String::new()),
            ("lock", Some(Waiting::Condvar(condvar))) => (true, Some(condvar), "woken".to_owned()),
            _ => (true, object, self.operation(step)),
        };
        match (step.operation.as_str(), object) {
            ("wait", Some(object)) => _ = self.waiting.insert(step.thread, Waiting::Condvar(object)),
            ("blocked", Some(object)) => _ = self.waiting.entry(step.thread).or_insert(Waiting::Lock(object)),
            ("unlock" | "park", _) => {}
            _ => _ = self.waiting.remove(&step.thread),
        }
        if let (true, Some(object)) = (writes, step.object) {
            self.writes.entry(object).or_insert_with(|| vec![None]).push(is_shown.then_some(at));
        }
        if !is_shown {
            return;
        }
        let missed = step.load.as_ref().and_then(|(read, newest, _)| {
            let writes = self.writes.get(&step.object?)?;
            if read < newest { writes.get(*newest).copied().flatten() } else { None }
        });
        let could = step.load.iter().flat_map(|load| &load.2).map(|&value| self.value(value)).collect();
        let told = ToldStep {
            choices: step.choices,
            thread: step.thread,
            operation,
            object,
            place: step.place.as_ref().map(|(file, line, _)| (file.clone(), *line)),
            order: step.order.clone(),
            read: step.read.map(|value| self.value(value)),
            written: step.written.map(|value| self.value(value)),
            missed,
            could,
            store: step.load.as_ref().map(|load| load.0),
            text: step.text.clone(),
        };
        self.told.steps.push(told);
    }

    /// Whether a step is in the project.
    fn is_shown(&self, step: &Step) -> bool {
        let is_ours = |file: &str| file.starts_with("executor/") || file.starts_with("reactor/");
        match (&step.place, step.operation.as_str()) {
            (Some((file, ..)), _) => is_ours(file),
            (None, "unlock") => step.object.is_some_and(|number| self.numbers.contains_key(&(number, false))),
            (None, _) => true,
        }
    }

    /// The index of an object, which is new at its first step.
    fn object(&mut self, number: usize, is_thread: bool, step: &Step) -> usize {
        if let Some(&known) = self.numbers.get(&(number, is_thread)) {
            return known;
        }
        let kind = match step.operation.as_str() {
            _ if is_thread => "thread",
            "lock" | "unlock" | "blocked" | "lock-failed" => "lock",
            "wait" | "notify" | "notify-all" => "condvar",
            "read" | "write" => "cell",
            _ => "atomic",
        };
        let name = if is_thread { thread_name(number) } else { self.name(step, kind) };
        self.told.objects.push((name, kind));
        self.numbers.insert((number, is_thread), self.told.objects.len() - 1);
        self.told.objects.len() - 1
    }

    /// The name in the source. If another object has it already, what tells them apart is added: the kind, or the
    /// file, or which one it is in the order in which the run comes to them.
    fn name(&mut self, step: &Step, kind: &'static str) -> String {
        let Some((file, line, column)) = &step.place else { return format!("a {kind}") };
        let stem = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".rs");
        let mut name =
            name_before(self.file(file), *line, *column).unwrap_or_else(|| format!("{kind} of {stem}"));
        let known = Named { name: name.clone(), kind, file: file.clone() };
        let same: Vec<&Named> = self.named.iter().filter(|other| other.name == name).collect();
        if same.first().is_some_and(|first| first.kind != kind) {
            name = format!("{kind} of {name}");
        }
        let same: Vec<&Named> = same.into_iter().filter(|other| other.kind == kind).collect();
        if same.first().is_some_and(|first| first.file != *file) {
            name = format!("{name} of {stem}");
        }
        let same = same.iter().filter(|other| other.file == *file).count();
        self.named.push(known);
        const NUMBERS: [&str; 6] = ["second", "third", "fourth", "fifth", "sixth", "seventh"];
        match same.checked_sub(1).map(|at| NUMBERS.get(at)) {
            None => name,
            Some(Some(number)) => format!("the {number} {name}"),
            Some(None) => format!("{name} no. {}", same + 1),
        }
    }

    fn file(&mut self, path: &str) -> &[String] {
        self.files.entry(path.to_owned()).or_insert_with(|| read(path).lines().map(str::to_owned).collect())
    }

    /// The operation; a compare-and-exchange is told by its method's name.
    fn operation(&mut self, step: &Step) -> String {
        let Some((file, line, column)) = &step.place else { return step.operation.clone() };
        let method = self.file(file).get(line - 1).and_then(|text| text.get(column - 1..)).unwrap_or("");
        match step.operation.as_str() {
            "rmw" if method.starts_with("compare_exchange") => "cas".to_owned(),
            "lock-failed" => "try-lock".to_owned(),
            other => other.to_owned(),
        }
    }

    /// A value; addresses differ from run to run, so they are numbered.
    fn value(&mut self, value: u64) -> String {
        const ADDRESSES: std::ops::Range<u64> = 1 << 40..1 << 47;
        if ADDRESSES.contains(&value) {
            let known = self.pointers.iter().position(|&other| other == value).unwrap_or_else(|| {
                self.pointers.push(value);
                self.pointers.len() - 1
            });
            return format!("&{}", known + 1);
        }
        if value < 1 << 16 { value.to_string() } else { format!("{value:#x}") }
    }
}

/// What a thread is called: loom's first one runs the model.
fn thread_name(number: usize) -> String {
    if number == 0 { "the model".to_owned() } else { format!("thread {number}") }
}

/// The kind of a failure, and what it says.
fn end(message: &str, told: &Told, waiting: &HashMap<usize, Waiting>) -> (&'static str, String) {
    if message.starts_with("deadlock") {
        return ("deadlock", format!("A deadlock: {}", waits(told, waiting).join("; ")));
    }
    if message.contains("exceeded maximum number of branches") {
        return ("livelock", "The run goes on for ever: its last steps repeat".to_owned());
    }
    if let Some(race) = message.strip_prefix("Causality violation: ") {
        let what = race.split([':', '.']).next().unwrap_or(race).trim().to_lowercase();
        let object = told.steps.last().and_then(|step| told.objects.get(step.object?));
        let object = object.map_or(String::new(), |(name, _)| format!(" of {name}"));
        return ("race", format!("A data race{object}: {what}"));
    }
    if message.starts_with('[') {
        return ("search", message.to_owned());
    }
    if message.contains("leaked") || message.contains("Leaked") {
        return ("leak", format!("Something is never freed: {message}"));
    }
    // What a model says of its end, when all its threads are over, is no step of a thread.
    let panicked = told.steps.last().filter(|step| step.operation == "panic");
    let thread = panicked.map_or(0, |step| step.thread);
    let says = format!("{} panics: {message}", thread_name(thread));
    ("panic", says.replacen('t', "T", 1))
}

/// What each thread that has not ended waits for.
fn waits(told: &Told, waiting: &HashMap<usize, Waiting>) -> Vec<String> {
    let name = |object: usize| &told.objects[object].0;
    let wait = |thread: usize| {
        let last = told.steps.iter().rfind(|step| step.thread == thread)?;
        let waits = match (waiting.get(&thread), last.operation.as_str()) {
            (_, "end") => return None,
            (Some(&Waiting::Condvar(object)), _) => format!("waits on {}", name(object)),
            (Some(&Waiting::Lock(object)), _) => format!("waits for the lock {}", name(object)),
            (None, "join") => {
                format!("waits for the end of {}", last.object.map_or("a thread", |object| name(object)))
            }
            (None, "park") => "is parked".to_owned(),
            (None, _) => "waits".to_owned(),
        };
        Some(format!("{} {waits}", thread_name(thread)))
    };
    (0..told.threads.len()).filter_map(wait).collect()
}
