//! `UNROLLED_TRACE` makes a program record itself. Each case is a process of its own.

use std::env;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use executor::task::{self, Builder};

const DEADLINE: Duration = Duration::from_secs(60);

/// How the child ends.
const CHILD: &str = "UNROLLED_TEST_CHILD";

#[test]
fn child() {
    let Some(end) = env::var_os(CHILD) else { return };
    task::block_on(Builder::new().name("</script><b>").spawn(async { task::yield_now().await }));
    match end.to_str().unwrap() {
        "returns" => {}
        "exits" => task::block_on(task::spawn(async { std::process::exit(3) })),
        "panics" => panic!("the child gives up"),
        "panics and goes on" => {
            let _ = task::block_on(task::spawn(async { panic!("only a task") }).try_join());
            task::block_on(Builder::new().name("afterwards").spawn(async {}));
        }
        "waits" => kill_and_look(),
        "forks" => fork_a_child_that_exits(),
        "returns while it saves" => signal_and_return(),
        other => unreachable!("{other}"),
    }
}

#[allow(unsafe_code, reason = "to fork without exec is unsafe")]
fn fork_a_child_that_exits() {
    let mut command = Command::new("/bin/true");
    // SAFETY: `exit` runs what was registered with `atexit`. This is what the test is about: our function there
    // returns at once in a child.
    unsafe { command.pre_exec(|| std::process::exit(0)) };
    command.spawn().unwrap().wait().unwrap();
    // Whatever the child wrote is overwritten with this at the end; the test looks before that.
    let path = PathBuf::from(env::var_os("UNROLLED_TRACE").unwrap());
    assert_eq!(fs::read(path).unwrap(), b"", "the child of a fork saves nothing");
}

/// The child sends itself the signal, and waits until the file is there.
fn kill_and_look() {
    Command::new("kill").args(["-USR2", &std::process::id().to_string()]).status().unwrap();
    let path = PathBuf::from(env::var_os("UNROLLED_TRACE").unwrap());
    let begun = Instant::now();
    while !fs::read_to_string(&path).is_ok_and(|page| page.contains("</html>")) {
        assert!(begun.elapsed() < DEADLINE, "the signal has saved nothing");
        thread::sleep(Duration::from_millis(1));
    }
    fs::write(path, "saved by the signal").unwrap();
    std::process::abort();
}

/// The child sends itself the signal, and returns while the signal's thread is saving.
fn signal_and_return() {
    task::block_on(task::spawn(async {
        for _ in 0..100_000 {
            task::yield_now().await;
        }
    }));
    let path = PathBuf::from(env::var_os("UNROLLED_TRACE").unwrap());
    Command::new("kill").args(["-USR2", &std::process::id().to_string()]).status().unwrap();
    let begun = Instant::now();
    while fs::metadata(&path).unwrap().len() == 0 && unfinished(&path).is_empty() {
        assert!(begun.elapsed() < DEADLINE, "the signal saves nothing");
    }
    task::block_on(Builder::new().name("afterwards").spawn(async {}));
}

/// What was written of recordings that are to be moved to this path, and was not moved.
fn unfinished(path: &Path) -> Vec<PathBuf> {
    let begin = format!("{}.", path.file_name().unwrap().to_str().unwrap());
    let files = fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.file_name().unwrap().to_str().unwrap().starts_with(&begin)).collect()
}

fn run(end: &str, path: &Path) -> Output {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["child", "--exact", "--nocapture", "--test-threads=1"]);
    child.env(
        "UNROLLED_TRACE_SIGNAL",
        if ["waits", "returns while it saves"].contains(&end) { "USR2" } else { "TEA" },
    );
    child.env("UNROLLED_TRACE_EVENTS", if end == "waits" { "1024" } else { "many" });
    child.env(CHILD, end).env("UNROLLED_TRACE", path).env("RUST_BACKTRACE", "0").output().unwrap()
}

/// A path that no other test uses. Nothing is there yet.
fn path_for(name: &str) -> PathBuf {
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trace-{name}-{}.html", std::process::id()));
    let _ = fs::remove_file(&path);
    path
}

fn saved(end: &str, name: &str) -> (Output, String) {
    let path = path_for(name);
    let output = run(end, &path);
    let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    fs::remove_file(&path).unwrap();
    (output, page)
}

#[test]
fn a_program_that_returns_saves_its_recording() {
    let (output, page) = saved("returns", "returns");
    assert!(output.status.success(), "{output:?}");
    assert!(page.starts_with("<!doctype html>"));
    assert!(page.contains("\"panic\":null"));
    let (_, tasks) = page.split_once("\"tasks\":").unwrap();
    let (tasks, _) = tasks.split_once("\"sites\"").unwrap();
    assert!(
        tasks.contains(r"\u003c/script>\u003cb>"),
        "the task has its name, which ends no element: {tasks}"
    );
    assert_eq!(page.matches("</script>").count(), 3);
}

#[test]
fn one_that_exits_saves_too_and_keeps_its_status() {
    let (output, page) = saved("exits", "exits");
    assert_eq!(output.status.code(), Some(3));
    assert!(page.contains("\"tasks\":[{"));
}

#[test]
fn a_signal_saves_too_and_one_that_is_none_is_reported() {
    let (_, page) = saved("waits", "waits");
    assert_eq!(page, "saved by the signal");
    let (output, _) = saved("returns", "no-signal");
    let reported = String::from_utf8_lossy(&output.stderr);
    assert!(reported.contains(r#"UNROLLED_TRACE_SIGNAL is "TEA": there is no such signal"#), "{reported}");
    let kept =
        r#"UNROLLED_TRACE_EVENTS is "many": invalid digit found in string; each thread keeps 65536 events"#;
    assert!(reported.contains(kept), "{reported}");
}

/// In this case the end waits for that thread, and then saves all.
#[test]
fn a_program_that_returns_while_it_is_saved_saves_its_end_too() {
    for round in 0..10 {
        let name = format!("meanwhile-{round}");
        let (output, page) = saved("returns while it saves", &name);
        assert!(output.status.success(), "{output:?}");
        assert!(page.contains("\"afterwards\""), "round {round}");
        assert_eq!(unfinished(&path_for(&name)), [""; 0].map(PathBuf::from));
    }
}

#[test]
fn a_panic_is_in_the_recording() {
    let (output, page) = saved("panics", "panics");
    assert!(!output.status.success());
    assert!(page.contains("the child gives up"));
}

#[test]
fn what_happens_after_a_contained_panic_is_recorded_too() {
    let (output, page) = saved("panics and goes on", "goes-on");
    assert!(output.status.success(), "{output:?}");
    assert!(page.contains("\"afterwards\""));
}

#[test]
fn a_child_of_a_fork_saves_nothing() {
    if env::var_os("UNROLLED_SANITIZED").is_some() {
        println!(
            "skipped: LeakSanitizer reports memory of the threads that the fork has left behind as leaked"
        );
        return;
    }
    let (output, page) = saved("forks", "forks");
    assert!(output.status.success(), "{output:?}");
    assert!(page.starts_with("<!doctype html>"));
}

#[test]
fn a_folder_that_is_not_there_is_reported_and_the_program_goes_on() {
    let output = run("exits", Path::new("/there/is/no/folder/trace.html"));
    assert_eq!(output.status.code(), Some(3));
    let reported = String::from_utf8_lossy(&output.stderr);
    assert!(reported.contains("UNROLLED_TRACE"), "{reported}");
    assert!(reported.contains("/there/is/no/folder/trace.html"), "{reported}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_is_reported_and_the_program_ends_as_it_would() {
    let output = run("exits", Path::new("/dev/full"));
    assert_eq!(output.status.code(), Some(3));
    let reported = String::from_utf8_lossy(&output.stderr);
    assert!(reported.contains("save the recording to /dev/full"), "{reported}");
}
