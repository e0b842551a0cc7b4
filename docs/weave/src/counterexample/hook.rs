//! Records what an execution does. The tool `counterexample` compiles this file into a copy of loom.
//!
//! Each operation is a line: how many choices came before it, thread, operation, object, place, ordering, value
//! read, value written, and more. When an execution fails, its lines, what the panic said, and the choices that led
//! there are written to the file that `COUNTEREXAMPLE_OUT` names. With `COUNTEREXAMPLE_PASS` an execution that
//! passes is written too, and ends the process.

use std::cell::{Cell, RefCell};
use std::fmt::{Debug, Display, Write};
use std::panic::PanicHookInfo;
use std::sync::Once;
use std::sync::atomic::Ordering;

use crate::rt::{Path, Scheduler};

thread_local! {
    static STEPS: RefCell<String> = const { RefCell::new(String::new()) };
    static PATH: Cell<*const Path> = const { Cell::new(std::ptr::null()) };
    static PANICKED: Cell<bool> = const { Cell::new(false) };
}

/// What an operation did, as far as it applies.
#[derive(Default)]
pub(crate) struct Did {
    pub(crate) order: Option<Ordering>,
    pub(crate) read: Option<u64>,
    pub(crate) written: Option<u64>,
    pub(crate) more: String,
}

/// Records an operation of a thread.
pub(crate) fn step(
    path: &Path,
    thread: impl Into<usize>,
    operation: &str,
    object: &dyn Debug,
    place: &dyn Display,
    did: Did,
) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            panicked(info);
            others(info);
        }));
    });
    PATH.set(path);
    let (thread, digits) = (thread.into(), |c: &char| c.is_ascii_digit());
    let object: String =
        format!("{object:?}").chars().skip_while(|c| !c.is_ascii_digit()).take_while(digits).collect();
    let order = did.order.map_or(String::new(), |order| format!("{order:?}"));
    let number = |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
    let (read, written, more) = (number(did.read), number(did.written), did.more);
    STEPS.with(|steps| {
        let _ = writeln!(
            steps.borrow_mut(),
            "{}\t{thread}\t{operation}\t{object}\t{place}\t{order}\t{read}\t{written}\t{more}",
            path.pos(),
        );
    });
}

/// A thread panics. That need not be the end: a model may contain panics. But if it is, what follows may abort the
/// process, so the execution is written now. A panic without a text is how loom's threads end.
fn panicked(info: &PanicHookInfo<'_>) {
    let (Some(message), path) = (info.payload_as_str(), PATH.get()) else { return };
    if !path.is_null() {
        // SAFETY: the path lives until `passed`, which resets the pointer, or until the process ends. Nothing changes
        // it while this thread panics: all of loom's threads are run by the one thread of the operating system.
        let path = unsafe { &*path };
        if let (Some(thread), Some(place)) = (Scheduler::running(), info.location()) {
            step(path, thread, "panic", &"", place, Did::default());
        }
        write(path, Some(&message.replace('\n', " ")));
    }
}

/// An execution has passed. Writes it, if that is wanted, and forgets it.
pub(crate) fn passed(path: &Path) {
    if std::env::var_os("COUNTEREXAMPLE_PASS").is_some() {
        write(path, None);
        std::process::exit(0);
    }
    let (panicked, file) = (PANICKED.take(), std::env::var_os("COUNTEREXAMPLE_OUT"));
    if let Some(file) = file.filter(|_| panicked) {
        let _ = std::fs::remove_file(file); // The panic was contained.
    }
    PATH.set(std::ptr::null());
    STEPS.take();
}

fn write(path: &Path, failure: Option<&str>) {
    let Some(file) = std::env::var_os("COUNTEREXAMPLE_OUT") else { return };
    if failure.is_some() && PANICKED.replace(true) {
        return; // The first panic tells more than those that it causes.
    }
    let path = serde_json::to_string(path).expect("a path has a form in JSON");
    let steps = STEPS.with_borrow(Clone::clone);
    std::fs::write(file, format!("{steps}{}\n{path}\n", failure.unwrap_or("")))
        .expect("the file can be written");
}
