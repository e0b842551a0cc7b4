//! A copy of loom that tells what it did.
//!
//! loom explores a model's executions, and panics at the first one that fails. It does not tell which operations
//! that execution has made, nor which other choices it had, so no tool can look for a shorter one. So the tool
//! compiles a copy of loom, in which a few lines call `hook.rs`. The copy is made from the source that cargo has
//! downloaded: the edits below name the lines that they change, and an edit that finds no such line, after an
//! update of loom, is an error.
//!
//! cargo compiles the copy in place of loom, because `RUSTC_WRAPPER` names this tool. Next: `path`.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

/// The file that is added to the copy.
const HOOK: &str = include_str!("hook.rs");

/// File, the text that stands there, the text that replaces it.
const EDITS: &[(&str, &str, &str)] = &[
    ("rt/mod.rs", "mod access;", "pub(crate) mod hook;\nmod access;"),
    (
        "rt/path.rs",
        "pub(super) fn step(&mut self) -> bool {",
        "pub(super) fn step(&mut self) -> bool {\n        crate::rt::hook::passed(self);",
    ),
    (
        "rt/atomic.rs",
        "            T::from_u64(state.load(&mut execution.threads, index, location, ordering))",
        "            let more = state.describe(index, &candidates[..count]);
            let value = state.load(&mut execution.threads, index, location, ordering);
            let did = rt::hook::Did { order: Some(ordering), read: Some(value), more, ..Default::default() };
            rt::hook::step(&execution.path, execution.threads.active_id(), \"load\", &self.state, &location, did);
            T::from_u64(value)",
    ),
    (
        "rt/atomic.rs",
        "            // If necessary, generate the list of stores to permute through
            if execution.path.is_traversed() {
                let mut seed = [0; MAX_ATOMIC_HISTORY];

                let n = state.match_load_to_stores",
        "            let mut candidates = [0; MAX_ATOMIC_HISTORY];
            let count = state.match_load_to_stores(&execution.threads, &mut candidates[..], ordering);
            if execution.path.is_traversed() {
                let mut seed = [0; MAX_ATOMIC_HISTORY];

                let n = state.match_load_to_stores",
    ),
    (
        "rt/atomic.rs",
        "            trace!(state = ?self.state, ?ordering, \"Atomic::load\");\n",
        "            assert!(
                candidates[..count].iter().any(|&slot| usize::from(slot) == index),
                \"Reached unexpected exploration state: this load cannot return that value\"
            );\n",
    ),
    (
        "rt/atomic.rs",
        "            // Do the store\n",
        "            let written = Some(val.into_u64());
            let did = rt::hook::Did { order: Some(ordering), written, ..Default::default() };
            rt::hook::step(&execution.path, execution.threads.active_id(), \"store\", &self.state, &location, did);
            // Do the store\n",
    ),
    (
        "rt/atomic.rs",
        "            state
                .rmw(",
        "            let read = Some(state.stores[index].value);
            let result = state
                .rmw(",
    ),
    (
        "rt/atomic.rs",
        "                .map(T::from_u64)
        })
    }

    /// Access a mutable",
        "                .map(T::from_u64);
            let last = state.stores[crate::rt::atomic::index(state.cnt - 1)].value;
            let (operation, order) = if result.is_ok() { (\"rmw\", success) } else { (\"cas-failed\", failure) };
            let written = result.is_ok().then_some(last);
            let did = rt::hook::Did { order: Some(order), read, written, ..Default::default() };
            rt::hook::step(&execution.path, execution.threads.active_id(), operation, &self.state, &location, did);
            result
        })
    }

    /// Access a mutable",
    ),
    (
        "rt/atomic.rs",
        "impl State {\n",
        "impl State {
    /// The number of the store in slot `index`, that of the newest store, and the values that the load could
    /// have returned.
    fn describe(&self, index: usize, candidates: &[u8]) -> String {
        let newest = usize::from(self.cnt) - 1;
        let number = |slot: usize| (0..=newest).rev().find(|n| n % MAX_ATOMIC_HISTORY == slot).unwrap_or(0);
        let values: Vec<String> =
            candidates.iter().map(|&slot| self.stores[usize::from(slot)].value.to_string()).collect();
        format!(\"{} {newest} {}\", number(index), values.join(\",\"))
    }
\n",
    ),
    (
        "rt/atomic.rs",
        "pub(crate) fn fence(ordering: Ordering) {\n",
        "#[track_caller]
pub(crate) fn fence(ordering: Ordering) {
    let place = std::panic::Location::caller();
    rt::execution(|execution| {
        let did = rt::hook::Did { order: Some(ordering), ..Default::default() };
        rt::hook::step(&execution.path, execution.threads.active_id(), \"fence\", &\"\", place, did);
    });\n",
    ),
    ("sync/atomic/mod.rs", "pub fn fence(", "#[track_caller]\npub fn fence("),
    (
        "rt/mutex.rs",
        "        self.state.branch_acquire(self.is_locked(), location);
        assert!(self.post_acquire(), \"expected to be able to acquire lock\");",
        "        if self.is_locked() {
            self.note(\"blocked\", &location);
        }
        self.state.branch_acquire(self.is_locked(), location);
        assert!(self.post_acquire(), \"expected to be able to acquire lock\");
        self.note(\"lock\", &location);",
    ),
    (
        "rt/mutex.rs",
        "    pub(crate) fn release_lock(&self) {\n",
        "    fn note(&self, operation: &str, place: &dyn std::fmt::Display) {
        super::execution(|execution| {
            let thread = execution.threads.active_id();
            crate::rt::hook::step(&execution.path, thread, operation, &self.state, place, Default::default());
        });
    }

    pub(crate) fn release_lock(&self) {
        if super::execution(|execution| execution.threads.is_active()) {
            self.note(\"unlock\", &\"\");
        }\n",
    ),
    (
        "rt/mutex.rs",
        "        self.post_acquire()\n",
        "        let is_acquired = self.post_acquire();
        self.note(if is_acquired { \"lock\" } else { \"lock-failed\" }, &location);
        is_acquired\n",
    ),
    (
        "rt/condvar.rs",
        "            state.waiters.push_back(execution.threads.active_id());",
        "            state.waiters.push_back(execution.threads.active_id());
            let thread = execution.threads.active_id();
            rt::hook::step(&execution.path, thread, \"wait\", &self.state, &location, Default::default());",
    ),
    (
        "rt/condvar.rs",
        "            let thread = state.waiters.pop_front();\n",
        "            let thread = state.waiters.pop_front();
            let active = execution.threads.active_id();
            rt::hook::step(&execution.path, active, \"notify\", &self.state, &location, Default::default());\n",
    ),
    (
        "rt/condvar.rs",
        "            for thread in state.waiters.drain(..) {",
        "            let active = execution.threads.active_id();
            rt::hook::step(&execution.path, active, \"notify-all\", &self.state, &location, Default::default());
            for thread in state.waiters.drain(..) {",
    ),
    (
        "rt/mod.rs",
        "        trace!(?thread, ?active.state, \"park\");\n",
        "        trace!(?thread, ?active.state, \"park\");
        hook::step(&execution.path, thread, \"park\", &\"\", &location, Default::default());\n",
    ),
    (
        "rt/mod.rs",
        "    let id = execution(|execution| execution.new_thread());\n",
        "    let place = std::panic::Location::caller();
    let id = execution(|execution| {
        let active = execution.threads.active_id();
        let id = execution.new_thread();
        hook::step(&execution.path, active, \"spawn\", &id, place, Default::default());
        id
    });\n",
    ),
    ("rt/mod.rs", "pub(crate) fn spawn<F>(", "#[track_caller]\npub(crate) fn spawn<F>("),
    ("thread.rs", "fn spawn_internal<", "#[track_caller]\nfn spawn_internal<"),
    (
        "rt/scheduler.rs",
        "    /// Perform a context switch\n",
        "    /// The thread that runs; none while its execution is in use, as it is when loom itself panics.
    pub(crate) fn running() -> Option<usize> {
        let running =
            |state: &RefCell<State<'_>>| Some(state.try_borrow().ok()?.execution.threads.active_id().into());
        if STATE.is_set() { STATE.with(running) } else { None }
    }

    /// Perform a context switch\n",
    ),
    (
        "rt/mod.rs",
        "        execution.threads.active_mut().set_terminated();\n",
        "        hook::step(&execution.path, thread, \"end\", &\"\", &\"\", Default::default());
        execution.threads.active_mut().set_terminated();\n",
    ),
    (
        "rt/mod.rs",
        "        execution.threads.active_mut().set_yield();\n",
        "        hook::step(&execution.path, thread, \"yield\", &\"\", &\"\", Default::default());
        execution.threads.active_mut().set_yield();\n",
    ),
    (
        "rt/cell.rs",
        "            state.track_read(&execution.threads);

            Reading { state: self.state }",
        "            let thread = execution.threads.active_id();
            rt::hook::step(&execution.path, thread, \"read\", &self.state, &location, Default::default());
            state.track_read(&execution.threads);

            Reading { state: self.state }",
    ),
    (
        "rt/cell.rs",
        "            state.track_write(&execution.threads);

            Writing { state: self.state }",
        "            let thread = execution.threads.active_id();
            rt::hook::step(&execution.path, thread, \"write\", &self.state, &location, Default::default());
            state.track_write(&execution.threads);

            Writing { state: self.state }",
    ),
    (
        "thread.rs",
        "        self.notify.wait(location!());\n",
        "        let (place, id) = (std::panic::Location::caller(), self.thread.id.id);
        let note = |operation: &str| {
            rt::execution(|execution| {
                rt::hook::step(&execution.path, execution.threads.active_id(), operation, &id, place, Default::default());
            });
        };
        note(\"join\");
        self.notify.wait(location!());
        note(\"joined\");\n",
    ),
    (
        "thread.rs",
        "    pub fn unpark(&self) {\n",
        "    #[track_caller]
    pub fn unpark(&self) {
        let (place, id) = (std::panic::Location::caller(), self.id.id);
        rt::execution(|execution| {
            rt::hook::step(&execution.path, execution.threads.active_id(), \"unpark\", &id, place, Default::default());
        });\n",
    ),
];

/// A number that changes with the edits.
#[must_use]
pub fn version() -> u64 {
    let mut hasher = DefaultHasher::new();
    (HOOK, EDITS).hash(&mut hasher);
    hasher.finish()
}

/// Compiles a crate as cargo asks, but loom from its copy in the folder `copy`.
pub fn compile(copy: &Path) -> ExitCode {
    let mut words = env::args_os().skip(1);
    let rustc = words.next().expect("cargo names the compiler");
    let mut words: Vec<_> = words.collect();
    let is_loom = words.windows(2).any(|pair| pair[0] == "--crate-name" && pair[1] == "loom");
    if is_loom && let Some(root) = words.iter_mut().find(|word| Path::new(word).ends_with("src/lib.rs")) {
        let source = PathBuf::from(&*root);
        let source = source.parent().expect("it is in a folder");
        if let Err(error) = copy_with_edits(source, copy) {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
        *root = copy.join("lib.rs").into();
    }
    match Command::new(rustc).args(words).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn copy_with_edits(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(to).map_err(|error| failed(to, error))?;
    for entry in fs::read_dir(from).map_err(|error| failed(from, error))? {
        let path = entry.map_err(|error| failed(from, error))?.path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy_tree(&path, &target).map_err(|error| failed(&path, error))?;
        } else {
            fs::copy(&path, &target).map_err(|error| failed(&path, error))?;
        }
    }
    fs::write(to.join("rt/hook.rs"), HOOK).map_err(|error| failed(to, error))?;
    for (file, old, new) in EDITS {
        let path = to.join(file);
        let text = fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
        if !text.contains(old) {
            return Err(format!("loom's {file} has no line {old:?}: the edits are for another version"));
        }
        fs::write(&path, text.replacen(old, new, 1)).map_err(|error| failed(&path, error))?;
    }
    make_old(to).map_err(|error| failed(to, error))
}

/// Makes all files of a folder look old. cargo builds a crate again if a file of it is newer than the build's begin,
/// and the copy is made during the build.
fn make_old(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            make_old(&path)?;
        } else {
            fs::File::options().write(true).open(&path)?.set_modified(SystemTime::UNIX_EPOCH)?;
        }
    }
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() { copy_tree(&path, &target)? } else { _ = fs::copy(&path, &target)? }
    }
    Ok(())
}
