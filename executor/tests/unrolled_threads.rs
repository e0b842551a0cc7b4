//! `UNROLLED_THREADS` sets the number of workers of the global pool. Each value is tested in a process of its
//! own, whose threads are counted in /proc.
#![cfg(target_os = "linux")]

use std::env;
use std::process::{Command, Output, Stdio};
use std::thread::available_parallelism;
use std::time::Duration;

use executor::task;

const CHILD: &str = "UNROLLED_TEST_CHILD";

#[test]
fn child() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    // The thread that reports nonsense is not a worker. Once it has reported, it has its name; it may end after that.
    let name = |task: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(task?.path().join("comm"));
    let threads = || {
        let names = std::fs::read_dir("/proc/self/task").unwrap().filter_map(|task| name(task).ok());
        names.filter(|name| name != "reactor-notes\n").count()
    };
    let before = threads();
    task::block_on(task::spawn(async {}));
    reactor::notes::stderr().flush(Duration::from_secs(30));
    println!("\n{} workers", threads() - before);
}

fn started_with(value: Option<&str>, stderr: Stdio) -> Output {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["child", "--exact", "--nocapture"]).env(CHILD, "").env_remove("UNROLLED_THREADS");
    child.envs(value.map(|value| ("UNROLLED_THREADS", value)));
    child.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap().wait_with_output().unwrap()
}

fn workers(output: &Output) -> usize {
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find_map(|line| line.strip_suffix(" workers"));
    line.unwrap_or_else(|| panic!("{said}")).parse().unwrap()
}

#[test]
fn a_number_is_obeyed_and_nonsense_is_reported() {
    let parallelism = available_parallelism().unwrap().get();
    for (value, expected) in [("1", 1), ("3", 3), (" 2\n", 2)] {
        let output = started_with(Some(value), Stdio::piped());
        assert_eq!((workers(&output), output.stderr.as_slice()), (expected, &b""[..]));
    }
    assert_eq!(workers(&started_with(None, Stdio::piped())), parallelism);
    for nonsense in ["", "0", "-1", "many", "1.5", "99999999999999999999"] {
        let output = started_with(Some(nonsense), Stdio::piped());
        assert_eq!(workers(&output), parallelism);
        let reported = String::from_utf8_lossy(&output.stderr);
        assert!(reported.starts_with(&format!("UNROLLED_THREADS is {nonsense:?}, not a number from 1 to")));
        assert_eq!(reported.lines().count(), 1, "{reported}");
    }
}

#[test]
fn where_stderr_is_closed_nothing_breaks() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert!(workers(&started_with(Some("none"), writer.into())) > 0);
}
