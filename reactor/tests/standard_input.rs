//! Standard input from a pipe, a file and a terminal. Its handles share it, and the end of the process does
//! not wait for its end.
//!
//! Each test runs this program again with an input of its choice. That process runs one of the `child_…`
//! tests, which do nothing without [`ROLE`].

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use futures_lite::future::{block_on, or, poll_once, yield_now};
use futures_lite::io::BufReader;
use futures_lite::{AsyncBufReadExt, AsyncReadExt, StreamExt};
use reactor::io::stdin;
use rustix::fs::OFlags;

const ROLE: &str = "STANDARD_INPUT_ROLE";
const SOON: Duration = Duration::from_secs(30);

/// Starts the child test of that name.
fn child(name: &str, input: impl Into<Stdio>) -> Child {
    command(name, input).spawn().unwrap()
}

fn command(name: &str, input: impl Into<Stdio>) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--quiet", "--test-threads=1"]);
    command.env(ROLE, name).stdin(input).stdout(Stdio::piped());
    command
}

/// Waits for the child's end, and returns the lines that it printed, without those of the test harness.
fn said(mut child: Child) -> Vec<String> {
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > SOON {
            child.kill().unwrap();
            panic!("the child does not end");
        }
        thread::sleep(Duration::from_millis(2));
    };
    let mut output = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut output).unwrap();
    assert!(status.success(), "{status}: {output}");
    output.lines().filter_map(|line| line.split_once("say:")).map(|(_, text)| text.to_owned()).collect()
}

fn say(text: &str) {
    println!("say:{text}");
}

fn is_child(name: &str) -> bool {
    std::env::var(ROLE).is_ok_and(|role| role == name)
}

fn feed(child: &mut Child) -> ChildStdin {
    child.stdin.take().unwrap()
}

#[test]
fn child_lines() {
    if is_child("child_lines") {
        block_on(async {
            let mut lines = BufReader::new(stdin()).lines();
            while let Some(line) = lines.next().await {
                say(&line.unwrap());
            }
            // A file and a pipe report the end again.
            say(&format!("end {}", stdin().read(&mut [0; 8]).await.unwrap()));
        });
        let flags = rustix::fs::fcntl_getfl(rustix::stdio::stdin()).unwrap();
        assert!(!flags.contains(OFlags::NONBLOCK), "O_NONBLOCK was set");
    }
}

#[test]
fn a_pipe_gives_its_lines_and_its_end() {
    let mut child = child("child_lines", Stdio::piped());
    let mut input = feed(&mut child);
    input.write_all(b"one\ntw").unwrap();
    input.write_all(b"o\nthree").unwrap();
    drop(input);
    assert_eq!(said(child), ["one", "two", "three", "end 0"]);
}

#[test]
fn a_regular_file_can_be_read() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let text = std::fs::read_to_string(source).unwrap();
    let mut expected: Vec<&str> = text.lines().collect();
    expected.push("end 0");
    assert_eq!(said(child("child_lines", File::open(source).unwrap())), expected);
}

#[test]
fn no_input_at_all_is_an_end() {
    assert_eq!(said(child("child_lines", Stdio::null())), ["end 0"]);
}

#[test]
fn child_filling() {
    if is_child("child_filling") {
        block_on(async {
            let mut input = reactor::io::BufReader::new(stdin());
            loop {
                let piece = input.fill_buf().await.unwrap().to_vec();
                say(&format!("{:?}", str::from_utf8(&piece).unwrap()));
                input.consume(piece.len());
                if piece.is_empty() {
                    return;
                }
            }
        });
    }
}

/// `fill_buf` asks for the end twice, and panics if the end is not returned twice.
#[test]
fn a_buffer_is_filled_up_to_the_end() {
    let mut child = child("child_filling", Stdio::piped());
    feed(&mut child).write_all(b"all of it").unwrap();
    assert_eq!(said(child), [r#""all of it""#, r#""""#]);
}

#[test]
fn child_large() {
    if is_child("child_large") {
        let mut bytes = Vec::new();
        block_on(stdin().read_to_end(&mut bytes)).unwrap();
        let sum: u64 = bytes.iter().map(|&byte| u64::from(byte)).sum();
        say(&format!("{} {sum}", bytes.len()));
    }
}

#[test]
fn many_read_aheads_arrive_whole() {
    let mut child = child("child_large", Stdio::piped());
    let mut input = feed(&mut child);
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let sum: u64 = bytes.iter().map(|&byte| u64::from(byte)).sum();
    input.write_all(&bytes).unwrap();
    drop(input);
    assert_eq!(said(child), [format!("{} {sum}", bytes.len())]);
}

#[test]
fn child_pending() {
    if is_child("child_pending") {
        let mut input = stdin();
        let mut buffer = [0; 8];
        let outcome = block_on(poll_once(input.read(&mut buffer)));
        assert!(outcome.is_none());
        say("leaving");
    }
}

#[test]
fn a_pending_read_does_not_keep_the_process_from_ending() {
    let mut child = child("child_pending", Stdio::piped());
    // Held open until the child has ended.
    let _input = feed(&mut child);
    assert_eq!(said(child), ["leaving"]);
}

/// Where another process has made the input non-blocking, the thread waits in another call, which a signal
/// interrupts.
#[test]
#[cfg(target_os = "linux")]
fn child_interrupted() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    const SIGUSR1: i32 = 10;
    if is_child("child_interrupted") {
        let (reader, writer) = std::io::pipe().unwrap();
        rustix::stdio::dup2_stdin(&reader).unwrap();
        rustix::fs::fcntl_setfl(std::io::stdin(), OFlags::NONBLOCK).unwrap();
        let came = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGUSR1, Arc::clone(&came)).unwrap();
        let mut input = stdin();
        let mut buffer = [0; 8];
        let mut read = Box::pin(input.read(&mut buffer));
        assert!(block_on(poll_once(&mut read)).is_none());
        // A signal to the thread's id goes to that thread first.
        let thread = asleep("reactor-stdin");
        rustix::process::kill_process(thread, rustix::process::Signal::USR1).unwrap();
        while !came.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        (&writer).write_all(b"x").unwrap();
        assert_eq!(block_on(read).unwrap(), 1);
        say("read");
    }
}

/// The thread of this process with that name, once it sleeps.
#[cfg(target_os = "linux")]
fn asleep(name: &str) -> rustix::process::Pid {
    loop {
        for thread in std::fs::read_dir("/proc/self/task").unwrap() {
            let path = thread.unwrap().path();
            let stat = std::fs::read_to_string(path.join("stat")).unwrap();
            if stat.contains(&format!("({name}) S")) {
                let number = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
                return rustix::process::Pid::from_raw(number).unwrap();
            }
        }
        thread::yield_now();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_does_not_end_it() {
    assert_eq!(said(child("child_interrupted", Stdio::null())), ["read"]);
}

#[test]
fn child_two_handles() {
    if is_child("child_two_handles") {
        block_on(async {
            let (mut one, mut other) = (stdin(), stdin());
            let mut three = [0; 3];
            one.read_exact(&mut three).await.unwrap();
            say(str::from_utf8(&three).unwrap());
            drop(one);
            other.read_exact(&mut three).await.unwrap();
            say(str::from_utf8(&three).unwrap());
            assert_eq!(other.read(&mut three).await.unwrap(), 0);
        });
    }
}

#[test]
fn two_handles_share_the_read_ahead() {
    let mut child = child("child_two_handles", Stdio::piped());
    feed(&mut child).write_all(b"abcdef").unwrap();
    assert_eq!(said(child), ["abc", "def"]);
}

#[test]
fn child_both_wait() {
    if is_child("child_both_wait") {
        block_on(async {
            let (mut one, mut other) = (stdin(), stdin());
            let (mut a, mut b) = ([0; 1], [0; 1]);
            {
                let (one, other) = (one.read_exact(&mut a), other.read_exact(&mut b));
                say("waiting");
                futures_lite::future::zip(one, other).await.0.unwrap();
            }
            a[0] ^= b[0];
            say(&a[0].to_string());
        });
    }
}

#[test]
fn two_handles_that_wait_at_once_both_get_theirs() {
    let mut child = child("child_both_wait", Stdio::piped());
    let mut input = feed(&mut child);
    input.write_all(b"x").unwrap();
    thread::sleep(Duration::from_millis(20));
    input.write_all(b"y").unwrap();
    assert_eq!(said(child), ["waiting", &(b'x' ^ b'y').to_string()]);
}

#[test]
fn child_cancelled() {
    if is_child("child_cancelled") {
        block_on(async {
            let mut lines = BufReader::new(stdin()).lines();
            // The first attempts are dropped, whatever they have read.
            for _ in 0..20 {
                let given_up = async {
                    yield_now().await;
                    None
                };
                if let Some(line) = or(async { lines.next().await }, given_up).await {
                    say(&line.unwrap());
                }
                thread::sleep(Duration::from_millis(1));
            }
            while let Some(line) = lines.next().await {
                say(&line.unwrap());
            }
        });
    }
}

#[test]
fn a_cancelled_line_loses_nothing() {
    let mut child = child("child_cancelled", Stdio::piped());
    let mut input = feed(&mut child);
    for piece in ["on", "e\nt", "w", "o\nth", "ree", "\n"] {
        input.write_all(piece.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(4));
    }
    drop(input);
    assert_eq!(said(child), ["one", "two", "three"]);
}

#[test]
fn child_terminal() {
    if is_child("child_terminal") {
        block_on(async {
            let mut input = stdin();
            let mut buffer = [0; 64];
            for _ in 0..3 {
                let count = input.read(&mut buffer).await.unwrap();
                say(&format!("{:?}", str::from_utf8(&buffer[..count]).unwrap()));
            }
        });
    }
}

/// A terminal: the keyboard's end and the program's end.
fn terminal() -> (File, std::os::fd::OwnedFd) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let name = ptsname(&keyboard, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let terminal = rustix::fs::open(name.as_c_str(), flags, rustix::fs::Mode::empty()).unwrap();
    (File::from(keyboard), terminal)
}

#[test]
fn a_terminal_ends_at_control_d_and_may_go_on() {
    let (mut keyboard, terminal) = terminal();
    let child = child("child_terminal", terminal);
    // A line, ^D at a line's beginning, another line.
    keyboard.write_all(b"one\n\x04two\n").unwrap();
    assert_eq!(said(child), [r#""one\n""#, r#""""#, r#""two\n""#]);
}

/// Prints the pieces up to the end, and those that follow.
async fn say_pieces(mut pieces: impl futures_lite::Stream<Item = std::io::Result<String>> + Unpin) {
    for _ in 0..3 {
        while let Some(piece) = pieces.next().await {
            say(&format!("{:?}", piece.unwrap()));
        }
        say("end");
    }
}

#[test]
fn child_terminal_lines() {
    if is_child("child_terminal_lines") {
        block_on(say_pieces(reactor::io::BufReader::new(stdin()).lines()));
    }
}

#[test]
fn child_terminal_lines_of_futures_lite() {
    if is_child("child_terminal_lines_of_futures_lite") {
        block_on(say_pieces(BufReader::new(stdin()).lines()));
    }
}

#[test]
fn child_terminal_split() {
    if is_child("child_terminal_split") {
        let pieces = reactor::io::BufReader::new(stdin()).split(b'\n');
        block_on(say_pieces(pieces.map(|piece| Ok(String::from_utf8(piece?).unwrap()))));
    }
}

#[test]
fn child_terminal_read_line() {
    if is_child("child_terminal_read_line") {
        block_on(async {
            let mut input = reactor::io::BufReader::new(stdin());
            for _ in 0..3 {
                loop {
                    let mut line = String::new();
                    if input.read_line(&mut line).await.unwrap() == 0 {
                        break;
                    }
                    say(&format!("{:?}", line.trim_end()));
                }
                say("end");
            }
        });
    }
}

/// As `cat` does: the first ^D sends the unfinished line, the second is the end. The reader of lines has met
/// that end while it looked for the rest of the line, and gets it once more.
#[test]
fn an_unfinished_line_and_an_end_need_two_control_ds() {
    for name in [
        "child_terminal_lines",
        "child_terminal_lines_of_futures_lite",
        "child_terminal_split",
        "child_terminal_read_line",
    ] {
        let (mut keyboard, terminal) = terminal();
        let child = child(name, terminal);
        keyboard.write_all(b"one\ntwo\x04\x04three\n\x04\x04").unwrap();
        assert_eq!(said(child), [r#""one""#, r#""two""#, "end", r#""three""#, "end", "end"], "{name}");
    }
}

/// A process's state and its CPU time in ticks, from `/proc`.
#[cfg(target_os = "linux")]
fn state_and_ticks(process: u32) -> (String, u64) {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[0].to_owned(), fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap())
}

/// A shell with a terminal starts a job in the background, and brings it to the foreground when it is
/// `at_rest`. This depends on the job's state, and on whether it has used CPU since the last look.
#[cfg(target_os = "linux")]
fn shell(job: &str, mut at_rest: impl FnMut(&str, bool) -> bool) {
    use rustix::process::{Pid, Signal, ioctl_tiocsctty, kill_process, setsid};
    use std::os::unix::process::CommandExt;

    setsid().unwrap();
    ioctl_tiocsctty(std::io::stdin()).unwrap();
    let job = command(job, Stdio::inherit()).process_group(0).spawn().unwrap();
    let begun = Instant::now();
    let mut before = 0;
    loop {
        let (state, ticks) = state_and_ticks(job.id());
        if at_rest(&state, ticks > std::mem::replace(&mut before, ticks)) {
            break;
        }
        assert!(
            begun.elapsed() < SOON / 2,
            "in the background the job comes to no rest: {state}, {ticks} ticks"
        );
        thread::sleep(Duration::from_millis(20));
    }
    let group = Pid::from_child(&job);
    rustix::termios::tcsetpgrp(std::io::stdin(), group).unwrap();
    kill_process(group, Signal::CONT).unwrap();
    say(&said(job).join("; "));
}

#[cfg(target_os = "linux")]
fn job() {
    let mut line = String::new();
    block_on(BufReader::new(stdin()).read_line(&mut line)).unwrap();
    say(line.trim());
}

#[test]
#[cfg(target_os = "linux")]
fn child_job_that_stops() {
    if is_child("child_job_that_stops") {
        job();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn child_shell_of_a_job_that_stops() {
    if is_child("child_shell_of_a_job_that_stops") {
        shell("child_job_that_stops", |state, _| state == "T");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn in_the_background_it_stops_as_any_program_does() {
    let (mut keyboard, terminal) = terminal();
    let child = child("child_shell_of_a_job_that_stops", terminal);
    keyboard.write_all(b"typed\n").unwrap();
    assert_eq!(said(child), ["typed"]);
}

#[test]
#[cfg(target_os = "linux")]
fn child_job_that_cannot_stop() {
    const SIGTTIN: i32 = 21;
    if is_child("child_job_that_cannot_stop") {
        let came = std::sync::Arc::default();
        signal_hook::flag::register(SIGTTIN, std::sync::Arc::clone(&came)).unwrap();
        job();
        assert!(came.load(std::sync::atomic::Ordering::SeqCst), "the job has read in the background");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn child_shell_of_a_job_that_cannot_stop() {
    if is_child("child_shell_of_a_job_that_cannot_stop") {
        let mut looks = 0;
        shell("child_job_that_cannot_stop", |_, used| {
            looks = if used { 0 } else { looks + 1 };
            looks == 50
        });
    }
}

#[test]
#[cfg(target_os = "linux")]
fn in_the_background_it_burns_no_core_where_it_cannot_be_stopped() {
    let (mut keyboard, terminal) = terminal();
    let child = child("child_shell_of_a_job_that_cannot_stop", terminal);
    keyboard.write_all(b"typed\n").unwrap();
    assert_eq!(said(child), ["typed"]);
}
