//! A signal that arrives while the server starts has its effect. If the server caught the signals only when
//! it listens, an earlier SIGUSR1 would kill it, and as the first process of a container it would ignore an
//! earlier SIGTERM.
#![cfg(target_os = "linux")]

mod common;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use rustix::process::{Pid, Signal, kill_process};

/// A library for `LD_PRELOAD` whose `getaddrinfo` reports that it was called, and never returns.
const ENDLESS_LOOKUP: &str = r#"
    #[unsafe(no_mangle)]
    pub extern "C" fn getaddrinfo() -> i32 {
        std::fs::write(std::env::var_os("LOOKUP_BEGAN").unwrap(), "").unwrap();
        loop {
            std::thread::park();
        }
    }
"#;

fn endless_lookup() -> OsString {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let library = LIBRARY.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let source = directory.join(format!("endless_lookup_{}.rs", std::process::id()));
        let library = source.with_extension("so");
        std::fs::write(&source, ENDLESS_LOOKUP).unwrap();
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(rustc);
        command.args(["--edition=2024", "--crate-type=cdylib", "-o"]).arg(&library).arg(&source);
        assert!(command.status().expect("rustc is installed").success());
        library
    });
    // A sanitizer has a library of its own to be loaded first.
    let mut preload = library.clone().into_os_string();
    if let Some(more) = std::env::var_os("LD_PRELOAD") {
        preload.push(":");
        preload.push(more);
    }
    preload
}

/// A server that looks up its address for ever. Killed when it is dropped.
struct Starting {
    child: Child,
    began: PathBuf,
}

impl Starting {
    fn new(name: &str) -> Self {
        let file = format!("lookup_began_{name}_{}", std::process::id());
        let began = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
        let _ = std::fs::remove_file(&began);
        let child = Command::new(env!("CARGO_BIN_EXE_server"))
            .arg("chat.example:0")
            .env("LD_PRELOAD", endless_lookup())
            .env("LOOKUP_BEGAN", &began)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        common::eventually("it looks its address up", || began.exists());
        Self { child, began }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    #[track_caller]
    fn wait(&mut self) -> ExitStatus {
        common::exit_of(&mut self.child)
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.began);
    }
}

#[test]
fn a_stop_during_the_lookup_exits_with_0() {
    for (name, signal) in [("int", Signal::INT), ("term", Signal::TERM)] {
        let mut server = Starting::new(name);
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0), "{name}");
    }
}

#[test]
fn sigusr1_during_the_lookup_reports_that_it_starts() {
    use std::io::{BufRead, BufReader};
    let mut server = Starting::new("usr1");
    server.signal(Signal::USR1);
    let mut said = String::new();
    BufReader::new(server.child.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "server: starting\n");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}

/// The system ignores a signal to the first process of a container if the process has not installed a handler.
#[test]
fn the_first_process_of_a_container_stops_too() {
    let may = Command::new("unshare").args(["-rfp", "--mount-proc", "true"]).stderr(Stdio::null()).status();
    if !may.is_ok_and(|status| status.success()) {
        println!("skipped: no process namespace can be made here");
        return;
    }
    let began =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lookup_began_first_{}", std::process::id()));
    let _ = std::fs::remove_file(&began);
    let mut unshare = Command::new("unshare")
        .args(["-rfp", "--mount-proc", "--kill-child", env!("CARGO_BIN_EXE_server"), "chat.example:0"])
        .env("LD_PRELOAD", endless_lookup())
        .env("LOOKUP_BEGAN", &began)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    common::eventually("it looks its address up", || began.exists());
    let children = format!("/proc/{0}/task/{0}/children", unshare.id());
    let children = std::fs::read_to_string(children).unwrap();
    let first = children.trim().parse().ok().and_then(Pid::from_raw).expect("one child");
    kill_process(first, Signal::USR1).unwrap();
    kill_process(first, Signal::TERM).unwrap();
    let mut status = None;
    let start = std::time::Instant::now();
    while status.is_none() && start.elapsed() < common::DEADLINE {
        std::thread::sleep(std::time::Duration::from_millis(5));
        status = unshare.try_wait().unwrap();
    }
    let _ = unshare.kill();
    let _ = unshare.wait();
    let _ = std::fs::remove_file(&began);
    assert_eq!(status.and_then(|status| status.code()), Some(0));
}
