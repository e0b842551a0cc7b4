//! A process for each hang, and waiting until the dump has seen it.

use std::future::Future;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use executor::task::{self, JoinHandle};
use executor::trace::{self, Verdict, VerdictKind};

/// Long enough for a machine under load.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Set in the process that hangs.
const CHILD: &str = "UNROLLED_PLANTED";

/// Runs the test's body in a process of its own, with a recording on. The hang may stay: the process ends.
pub(crate) fn planted(body: impl FnOnce()) {
    in_child(&[], || {
        trace::start(1 << 16).expect("no recording is on");
        body();
    });
}

/// The same, with these variables set, and no recording.
pub(crate) fn in_child(variables: &[(&str, &str)], body: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        // What the program's threads do counts only if they are older than the hang, and Linux says their age in
        // hundredths of a second.
        thread::sleep(Duration::from_millis(60));
        return body();
    }
    let name = thread::current().name().expect("a test's thread has its name").to_owned();
    let mut child = Command::new(std::env::current_exe().expect("the test is a file"));
    child.args([&name, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, "1").stdin(Stdio::null());
    child.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = child.spawn().expect("the test can be run");
    // A child that hangs where it should not is killed: its output says how far it came.
    let (done, is_done) = mpsc::channel::<()>();
    let id = child.id().to_string();
    thread::spawn(move || {
        if is_done.recv_timeout(4 * DEADLINE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", &id]).status();
        }
    });
    let output = child.wait_with_output().expect("the test can be waited for");
    drop(done);
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// Waits until `holds`.
#[track_caller]
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < DEADLINE, "never happened: {what}\n{}", executor::dump());
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits for the verdict. It must be the only one, and about the tasks of these names, in any order.
#[track_caller]
pub(crate) fn verdict(kind: VerdictKind, names: &[&str]) -> Verdict {
    let begin = Instant::now();
    loop {
        let dump = executor::dump();
        if let [verdict] = dump.verdicts() {
            let mut found: Vec<&str> = verdict.names.iter().map(String::as_str).collect();
            let mut expected = names.to_vec();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!((verdict.kind, found), (kind, expected), "\n{dump}");
            assert!(dump.to_string().contains(&kind.to_string()), "\n{dump}");
            assert!(dump.to_json().contains(&kind.to_string()), "\n{dump}");
            let certain = !matches!(
                kind,
                VerdictKind::OwnChannel | VerdictKind::ChannelCycle | VerdictKind::LeakedLock
            );
            assert_eq!(verdict.is_certain(), certain, "\n{dump}");
            assert_eq!(dump.to_string().contains("STUCK: "), certain, "\n{dump}");
            assert!(dump.to_json().contains(&format!("\"certain\":{certain}")), "\n{dump}");
            println!("{dump}");
            return verdict.clone();
        }
        assert!(dump.verdicts().is_empty(), "more than one verdict:\n{dump}");
        assert!(begin.elapsed() < DEADLINE, "no verdict:\n{dump}");
    }
}

/// Spawns a task with this name on the global pool.
#[track_caller]
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    future: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    task::Builder::new().name(name).spawn(future)
}

/// Waits until the slot is filled, and takes what is there. It does not fill the recording with yields.
pub(crate) async fn filled<T>(slot: &std::sync::Mutex<Option<T>>) -> T {
    loop {
        if let Some(found) = slot.lock().unwrap().take() {
            return found;
        }
        reactor::time::sleep(Duration::from_millis(1)).await;
    }
}
