//! The server under system calls that fail, and under a wall clock that jumps. These tests need strace and
//! libfaketime, so they run only on request: `cargo test -p chat --features strace --test injected_faults`.

mod common;

use std::fs;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{Client, Program};
use rustix::process::{Pid, Signal, kill_process};

/// strace attached to a server, so that some of its calls fail.
struct Injection {
    server: Pid,
    strace: Child,
    log: PathBuf,
}

impl Injection {
    /// Attaches strace. `what` is its option `inject`, for example `accept4:error=EMFILE:when=1+2`.
    fn start(server: &Program, what: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        // ORDERING: Relaxed; the numbers only have to differ.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("injected-{}-{number}.log", std::process::id());
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let call = what.split(':').next().unwrap();
        let strace = Command::new("strace")
            .args(["-qq", "-f", "-e", "signal=STOP"])
            .args(["-e", &format!("trace={call}"), "-e", &format!("inject={what}")])
            .args(["-p", &server.child.id().to_string()])
            .arg("-o")
            .arg(&log)
            .spawn()
            .expect("strace is installed");
        let injection = Self { server: Pid::from_child(&server.child), strace, log };
        common::eventually("strace is attached to all threads", || traced(injection.server));
        injection
    }

    /// Returns how many calls it has made fail so far.
    fn failed(&self) -> usize {
        self.log().matches("(INJECTED)").count()
    }

    /// Detaches strace. Returns how many calls it has made fail.
    ///
    /// strace makes a call fail in two steps. At the call's entry it replaces the number of the call by -1,
    /// and at its exit the ENOSYS that -1 yields by the error. If strace detached between the two, the server
    /// would see the ENOSYS, which no system returns for these calls. So the server is stopped first: a
    /// thread stops only after the exit of its call.
    fn end(mut self) -> usize {
        kill_process(self.server, Signal::STOP).unwrap();
        common::eventually("all threads of the server have stopped", || self.stopped());
        kill_process(Pid::from_child(&self.strace), Signal::INT).unwrap();
        self.strace.wait().unwrap();
        kill_process(self.server, Signal::CONT).unwrap();
        self.failed()
    }

    /// Whether strace has seen every thread of the server stop.
    fn stopped(&self) -> bool {
        let log = self.log();
        let stopped: Vec<&str> =
            log.lines().filter(|line| line.ends_with("--- stopped by SIGSTOP ---")).collect();
        threads(self.server).all(|thread| {
            let id = thread.file_name().unwrap().to_str().unwrap();
            stopped.iter().any(|line| line.split_whitespace().next() == Some(id))
        })
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Injection {
    fn drop(&mut self) {
        let _ = self.strace.kill();
        let _ = self.strace.wait();
        let _ = fs::remove_file(&self.log);
    }
}

/// The directories of a process's threads.
fn threads(process: Pid) -> impl Iterator<Item = PathBuf> {
    let threads = fs::read_dir(format!("/proc/{}/task", process.as_raw_nonzero())).unwrap();
    threads.map(|thread| thread.unwrap().path())
}

fn traced(server: Pid) -> bool {
    threads(server).all(|thread| {
        let status = fs::read_to_string(thread.join("status")).unwrap_or_default();
        status.lines().any(|line| line.strip_prefix("TracerPid:").is_some_and(|pid| pid.trim() != "0"))
    })
}

fn start() -> (Program, Client) {
    let server = Program::start(&["--grace", "0.5"]);
    let mut witness = server.client();
    witness.join_and_wait("g");
    (server, witness)
}

/// Ten members join a group, post to it, and reset their connections.
fn a_talk(server: &Program) {
    let mut members: Vec<Client> = (0..10).map(|_| server.client()).collect();
    for member in &mut members {
        member.join_and_wait("talk");
    }
    for number in 0..20 {
        let text = number.to_string();
        members[number % 10].post("talk", &text);
        for member in &mut members {
            member.expect_message("talk", &text);
        }
    }
    members.into_iter().for_each(Client::reset);
}

#[test]
fn interrupted_calls_are_made_again() {
    // Not `futex`: its waits may be interrupted, but strace would make its wakes fail too, which no system does.
    // `stopped_processes_go_on` interrupts the waits.
    let calls = ["epoll_pwait", "recvfrom", "sendto", "accept4"];
    let (server, mut witness) = start();
    let before = server.held();
    for call in calls {
        // Every second call fails, so a program that repeats the call succeeds.
        let injection = Injection::start(&server, &format!("{call}:error=EINTR:when=1+2"));
        let mut talks = 0;
        while injection.failed() < 10 {
            a_talk(&server);
            // The signal's handler sends a byte too, without waiting. No system interrupts such a call.
            if call != "sendto" {
                server.held();
            }
            talks += 1;
            assert!(talks < 100, "{call} is hardly called");
        }
        println!("{call}: {} interrupted in {talks} talks", injection.end());
        witness.post("g", call);
        witness.expect_message("g", call);
        server.comes_back_to(before);
    }
}

/// The server asks the system whether the connection of a client that has closed its half is over.
#[test]
fn an_interrupted_look_at_a_connection_does_not_end_it() {
    let server = Program::start(&["--grace", "600"]);
    let mut witness = server.client();
    witness.join_and_wait("g");
    let before = server.held();
    for round in 0..5 {
        let mut client = server.client();
        client.join_and_wait("g");
        // The next call fails, and then every second one.
        let injection = Injection::start(&server, "ppoll:error=EINTR:when=1+2");
        client.half_close();
        common::eventually("the server has asked", || injection.failed() > 0);
        injection.end();
        let text = round.to_string();
        witness.post("g", &text);
        witness.expect_message("g", &text);
        client.expect_message("g", &text);
        client.reset();
        server.comes_back_to(before);
    }
}

#[test]
fn an_accept_out_of_resources_is_tried_again_later() {
    let (server, mut witness) = start();
    let before = server.held();
    for error in ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"] {
        let injection = Injection::start(&server, &format!("accept4:error={error}"));
        let mut waiting = server.client();
        waiting.join("h");
        common::eventually("it has failed", || injection.failed() > 0);
        thread::sleep(Duration::from_secs(2));
        witness.post("g", "the others are served");
        witness.expect_message("g", "the others are served");
        let failed = injection.end();
        // 10 ms, 20 ms and so on up to 500 ms: no spin.
        println!("{error}: {failed} calls in two seconds");
        assert!((2..=20).contains(&failed), "{failed} calls in two seconds");
        waiting.join_and_wait("h");
        waiting.reset();
        server.comes_back_to(before);
    }
}

#[test]
fn an_accept_that_fails_for_one_client_goes_on_with_the_next() {
    let (server, mut witness) = start();
    let before = server.held();
    for error in ["ECONNABORTED", "EPROTO", "ENETDOWN", "EHOSTUNREACH", "EPERM"] {
        let injection = Injection::start(&server, &format!("accept4:error={error}:when=1+3"));
        for _ in 0..5 {
            a_talk(&server);
        }
        let failed = injection.end();
        println!("{error}: {failed} calls");
        assert!(failed >= 5);
        server.comes_back_to(before);
    }
    witness.post("g", "still here");
    witness.expect_message("g", "still here");
}

#[test]
fn an_accept_that_fails_for_everyone_is_tried_again_later() {
    let (server, mut witness) = start();
    let before = server.held();
    // A policy of the system refuses every accept. The error looks like a client's, but is not.
    let injection = Injection::start(&server, "accept4:error=EPERM");
    let mut waiting = server.client();
    waiting.join("h");
    let begun = Instant::now();
    common::eventually("it has failed again and again", || injection.failed() >= 10);
    thread::sleep(Duration::from_secs(2));
    witness.post("g", "the others are served");
    witness.expect_message("g", "the others are served");
    let failed = injection.end();
    // Fifteen times without a pause, then after 10 ms, 20 ms and so on up to 500 ms.
    let seconds = begun.elapsed().as_secs() as usize;
    println!("{failed} calls in {seconds} seconds");
    assert!(failed <= 30 + 2 * seconds, "{failed} calls in {seconds} seconds");
    waiting.join_and_wait("h");
    waiting.reset();
    server.comes_back_to(before);
}

#[test]
fn a_connection_that_the_reactor_can_not_take_ends_alone() {
    let (server, mut witness) = start();
    let before = server.held();
    for error in ["ENOSPC", "ENOMEM"] {
        let injection = Injection::start(&server, &format!("epoll_ctl:error={error}:when=1+3"));
        let (mut served, mut closed) = (0, 0);
        while served < 3 || closed < 3 {
            assert!(served + closed < 200, "{served} served, {closed} closed");
            let mut client = server.client();
            // The write may fail: the server closes the connection at once, with a reset if it has unread
            // requests.
            let _ = client.socket().write_all(b"{\"Join\":[\"h\"]}\n{\"Post\":[\"h\",\"in\"]}\n");
            let mut line = String::new();
            match client.stream.read_line(&mut line) {
                Ok(0) | Err(_) => closed += 1,
                Ok(_) => served += 1,
            }
            client.reset();
        }
        println!("{error}: {served} served, {closed} closed, {} calls failed", injection.end());
        witness.post("g", "still here");
        witness.expect_message("g", "still here");
        server.comes_back_to(before);
    }
}

#[test]
fn a_connection_that_breaks_ends_alone() {
    let (server, mut witness) = start();
    let before = server.held();
    let faults = [
        "recvfrom:error=ECONNRESET",
        "recvfrom:error=ETIMEDOUT",
        "sendto:error=ECONNRESET",
        "sendto:error=EPIPE",
        "sendto:error=ENOBUFS",
    ];
    for fault in faults {
        let injection = Injection::start(&server, &format!("{fault}:when=1+7"));
        let (mut whole, mut broken) = (0, 0);
        while broken < 20 {
            let mut client = server.client();
            let talk = |client: &mut Client| {
                client.socket().write_all(b"{\"Join\":[\"h\"]}\n").ok()?;
                for _ in 0..3 {
                    client.socket().write_all(common::posted("h", "x").as_bytes()).ok()?;
                    let mut line = String::new();
                    (client.stream.read_line(&mut line).ok()? > 0).then_some(())?;
                }
                Some(())
            };
            match talk(&mut client) {
                Some(()) => whole += 1,
                None => broken += 1,
            }
            client.reset();
        }
        println!("{fault}: {whole} talks ended well, {broken} broke off, {} calls failed", injection.end());
        assert!(whole > 0);
        // The failing call may have been on the connection of the witness: then only that one has ended.
        witness.reset();
        witness = server.client();
        witness.join_and_wait("g");
        server.comes_back_to(before);
    }
}

/// A server whose clocks are offset, through libfaketime, by the contents of a file.
struct Faked {
    server: Program,
    offset: PathBuf,
}

impl Faked {
    fn start(name: &str, monotonic_too: bool, arguments: &[&str]) -> Self {
        let offset = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&offset, "+0").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        command.args(["127.0.0.1:0"]).args(arguments);
        let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
        assert!(Path::new(library).exists(), "libfaketime is installed");
        fake(&mut command, library, &offset);
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", if monotonic_too { "0" } else { "1" });
        let faked = Self { server: Program::start_command(command), offset };
        let maps = fs::read_to_string(format!("/proc/{}/maps", faked.server.child.id())).unwrap();
        assert!(maps.contains("libfaketime"), "libfaketime is loaded in the server");
        faked
    }

    /// Moves the clock, and checks that another program with the same file sees it moved.
    fn jump(&self, offset: &str, hours: i64) {
        let next = self.offset.with_extension("next");
        fs::write(&next, offset).unwrap();
        fs::rename(&next, &self.offset).unwrap();
        let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
        let mut date = Command::new("date");
        fake(date.arg("+%s"), library, &self.offset);
        let seconds = date.stdout(Stdio::piped()).output().unwrap().stdout;
        let seconds: i64 = String::from_utf8(seconds).unwrap().trim().parse().unwrap();
        let real = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let moved = seconds - real.as_secs() as i64;
        assert!((moved - hours * 3600).abs() < 60, "moved by {moved} s");
    }
}

fn fake(command: &mut Command, library: &str, offset: &Path) {
    command.env("LD_PRELOAD", library);
    command.env("FAKETIME_TIMESTAMP_FILE", offset).env("FAKETIME_NO_CACHE", "1");
}

#[test]
fn a_wall_clock_that_jumps_an_hour_moves_no_deadline() {
    let faked = Faked::start("wall-clock", false, &["--grace", "1"]);
    let server = &faked.server;
    let mut witness = server.client();
    witness.join_and_wait("g");
    let before = server.held();
    for (offset, hours) in [("+3600", 1), ("-3600", -1), ("+0", 0)] {
        let mut leaving = server.client();
        leaving.join_and_wait("g");
        let start = Instant::now();
        leaving.half_close();
        faked.jump(offset, hours);
        for number in 0..20 {
            witness.post("g", &number.to_string());
            witness.expect_message("g", &number.to_string());
            leaving.expect_message("g", &number.to_string());
        }
        leaving.expect_end();
        let took = start.elapsed();
        println!("a grace of 1 s over a jump to {offset} s: {took:?}");
        assert!(took >= Duration::from_secs(1), "{took:?}");
        drop(leaving);
        server.comes_back_to(before);
    }
}

/// Shows that the test above can fail: a server that used the clock that jumps would notice it.
#[test]
fn a_monotonic_clock_that_jumped_would_be_seen() {
    let faked = Faked::start("all-clocks", true, &["--grace", "600"]);
    let mut witness = faked.server.client();
    witness.join_and_wait("g");
    let before = faked.server.held();
    let mut leaving = faked.server.client();
    leaving.join_and_wait("g");
    leaving.half_close();
    // The grace period starts when the server reads the end, perhaps after the first jump. A later jump ends it.
    let mut hours = 0;
    common::eventually("the grace period has elapsed", || {
        hours += 1;
        faked.jump(&format!("+{}", 3600 * hours), hours);
        // The kernel's clock has not jumped: a post makes the server look at its own.
        witness.post("g", "a turn");
        witness.expect_message("g", "a turn");
        let now = faked.server.held();
        (now.connections, now.descriptors) == (before.connections, before.descriptors)
    });
}
