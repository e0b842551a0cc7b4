//! `UNROLLED_TRACE=out.html`: any program on the runtime records itself, and saves the recording when it ends.
//!
//! The first `block_on`, pool or local task looks at the variable. The C library's `atexit` saves the recording
//! when `main` returns, or when `exit` is called. A program that a signal kills saves nothing. The first panic
//! saves too, since it may be what ends the program. If the program goes on, the recording is saved again at
//! the end. If another thread is saving then, the end waits for it.
//!
//! `UNROLLED_TRACE_EVENTS=1000000` makes each thread keep that many events, and not about 65,000. With
//! `UNROLLED_TRACE_SIGNAL=USR2` the recording is also saved whenever the process gets that signal.
//!
//! Called by `driver`, the pools and `local`. Next: `driver`.
#![allow(unsafe_code, reason = "the C library's `atexit` has no safe wrapper")]

use std::cell::Cell;
use std::ffi::c_int;
use std::fs::OpenOptions;
use std::io;
use std::panic;
use std::path::PathBuf;
use std::process;
use std::sync::{Mutex, MutexGuard, Once, OnceLock};
use std::thread;
use std::time::Duration;

use reactor::explain::explain;
use reactor::shim::lock_static;
use reactor::{notes, signal};

use super::{snapshot, start};

/// The slots of each thread's ring, if the environment does not say: a megabyte. A much larger ring does not stay in
/// the processor's cache, and each page of its memory costs a fault when it is first written to.
const EVENTS: usize = 1 << 16;

/// How long the program waits, at most, until a problem is written to stderr.
const REPORT_TIME: Duration = Duration::from_millis(100);

/// Where the recording is saved, and the process that saves it. A forked child does not.
static TARGET: OnceLock<(PathBuf, u32)> = OnceLock::new();

/// Held while the recording is saved.
static SAVING: Mutex<()> = Mutex::new(());

thread_local! {
    /// This thread is saving, or a panic has ended that.
    static SAVES: Cell<bool> = const { Cell::new(false) };
}

/// The first panic, which may be what ends the program.
static PANIC: OnceLock<String> = OnceLock::new();

/// Starts to record, if the environment asks for it, and this is the first call.
pub(crate) fn record_if_asked() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Some(path) = std::env::var_os("UNROLLED_TRACE").filter(|path| !path.is_empty()) {
            begin(PathBuf::from(path));
        }
    });
}

fn begin(path: PathBuf) {
    let path = std::path::absolute(&path).unwrap_or(path); // The program may change its working directory.
    // Better to find out now than at the program's end that the file cannot be written.
    if let Err(error) = OpenOptions::new().append(true).create(true).open(&path) {
        let error = explain(format!("write UNROLLED_TRACE's file {}", path.display()), error);
        return report(&format!("{error}: nothing is recorded"));
    }
    if start(events()).is_err() {
        return report("UNROLLED_TRACE: the program records itself already, so nothing is saved");
    }
    let _ = TARGET.set((path, process::id()));
    // The hook cannot be changed by a thread that panics.
    if !thread::panicking() {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            save_first(info.to_string());
            others(info);
        }));
    }
    if let Some(name) = std::env::var_os("UNROLLED_TRACE_SIGNAL") {
        save_on_signal(&name.to_string_lossy());
    }
    // SAFETY: `at_exit` has the type that `atexit` expects, and does not unwind.
    if unsafe { atexit(at_exit) } != 0 {
        report(
            "UNROLLED_TRACE: the recording is not saved at the end, since the C library has no room for it",
        );
    }
}

/// How many events each thread keeps.
fn events() -> usize {
    let Some(asked) = std::env::var_os("UNROLLED_TRACE_EVENTS").filter(|asked| !asked.is_empty()) else {
        return EVENTS;
    };
    let asked = asked.to_string_lossy();
    asked.parse().unwrap_or_else(|error| {
        report(&format!("UNROLLED_TRACE_EVENTS is {asked:?}: {error}; each thread keeps {EVENTS} events"));
        EVENTS
    })
}

unsafe extern "C" {
    /// Registers a function that the C library calls when the program ends. Returns 0 if it did.
    fn atexit(function: extern "C" fn()) -> c_int;
}

extern "C" fn at_exit() {
    // What another thread saves at this moment lacks the end. It may be this thread, if a panic's hook calls `exit`.
    if !SAVES.try_with(Cell::get).unwrap_or(false) {
        reactor::contain_panic(|| save_under(|| Some(lock_static(&SAVING))));
    }
}

fn save_on_signal(name: &str) {
    let listening = match signal::number(name) {
        Some(number) => signal::on_signal(number, save),
        None => Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no such signal")),
    };
    if let Err(error) = listening {
        report(&format!("UNROLLED_TRACE_SIGNAL is {name:?}: {error}"));
    }
}

/// Saves at the first panic only: a program that goes on may panic often, and saving takes its time.
fn save_first(panic: String) {
    if PANIC.set(panic).is_ok() {
        save();
    }
}

/// Saves, unless that is under way: if it panics itself, the hook comes here on the same thread.
fn save() {
    save_under(|| SAVING.try_lock().ok());
}

fn save_under(lock: impl FnOnce() -> Option<MutexGuard<'static, ()>>) {
    let Some((path, process)) = TARGET.get() else { return };
    if *process != process::id() {
        return;
    }
    let Some(_one_at_a_time) = lock() else { return };
    let _ = SAVES.try_with(|saves| saves.set(true));
    if let Some(mut trace) = snapshot() {
        trace.panic = PANIC.get().cloned();
        if let Err(error) = trace.save(path) {
            report(&error.to_string());
        }
    }
    let _ = SAVES.try_with(|saves| saves.set(false));
}

fn report(problem: &str) {
    notes::stderr().tell(problem);
    notes::stderr().flush(REPORT_TIME);
}
