//! A stdout or stderr that is not read, or a server that does not read, does not stop the rest of the client.
//! If the client wrote to them on its own thread, it would neither send what is typed nor see the end of its
//! input.

mod common;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;

use common::{DEADLINE, KillOnDrop, eventually};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Starts a client. Returns it, its stdin, and the server's end of its connection.
fn start(
    arguments: &[&str],
    stdout: impl Into<Stdio>,
    stderr: impl Into<Stdio>,
) -> (KillOnDrop, ChildStdin, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // A small buffer, so that the client soon cannot send what the server does not read.
    rustix::net::sockopt::set_socket_recv_buffer_size(&listener, 4096).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_client"))
        .arg(listener.local_addr().unwrap().to_string())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(stdout)
        .stderr(stderr)
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    (KillOnDrop(child), stdin, stream)
}

/// Returns a pipe that takes no more bytes until its reader is read.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    while writer.write(&[b'x'; 4096]).is_ok() {}
    while writer.write(b"x").is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).unwrap();
    (reader, writer)
}

/// Expects this line as the next that the client sends.
#[track_caller]
fn expect(server: &mut BufReader<TcpStream>, line: &str) {
    let mut sent = String::new();
    server.read_line(&mut sent).expect("the client sends");
    assert_eq!(sent, format!("{line}\n"));
}

/// Expects that the client sends no more, and exits when its grace period has elapsed.
#[track_caller]
fn expect_end(server: &mut BufReader<TcpStream>, child: &mut Child) -> ExitStatus {
    let mut rest = String::new();
    server.read_to_string(&mut rest).expect("the client closes its half");
    assert_eq!(rest, "");
    let mut status = None;
    eventually("the client exits", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap()
}

const JOIN: &str = r#"{"Join":{"group_name":"tea"}}"#;

#[test]
fn a_full_stderr_stops_neither_the_commands_nor_the_replies() {
    let (_unread, stderr) = full_pipe();
    let (mut child, mut stdin, stream) = start(&["--grace", "0.1"], Stdio::piped(), stderr);
    stdin.write_all("no command\njoin\n".repeat(200).as_bytes()).unwrap();
    stdin.write_all(b"join tea\n").unwrap();
    let mut server = BufReader::new(stream);
    expect(&mut server, JOIN);
    server.get_mut().write_all("nonsense\n".repeat(200).as_bytes()).unwrap();
    server.get_mut().write_all(b"{\"Error\":\"late\"}\n").unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap());
    eventually("the reply is printed", || {
        let mut line = String::new();
        printed.read_line(&mut line).unwrap();
        line == "error from server: late\n"
    });
    drop(stdin);
    assert_eq!(expect_end(&mut server, &mut child).code(), Some(0));
}

#[test]
fn a_full_stderr_does_not_keep_it_from_ending_with_the_server() {
    let (_unread, stderr) = full_pipe();
    let (mut child, _stdin, stream) = start(&[], Stdio::null(), stderr);
    drop(stream);
    eventually("the client exits", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn what_could_not_be_reported_is_counted() {
    let (mut unread, stderr) = full_pipe();
    let (mut child, mut stdin, stream) = start(&["--grace", "0.1"], Stdio::null(), stderr);
    stdin.write_all("join\n".repeat(200).as_bytes()).unwrap();
    stdin.write_all(b"join tea\n").unwrap();
    let mut server = BufReader::new(stream);
    expect(&mut server, JOIN);
    let said = thread::spawn(move || {
        let mut said = String::new();
        unread.read_to_string(&mut said).unwrap();
        said
    });
    drop(stdin);
    assert_eq!(expect_end(&mut server, &mut child).code(), Some(0));
    drop(child);
    let said = said.join().unwrap();
    assert!(said.contains("Usage: join GROUP") && said.contains(" notes were dropped"), "{said:?}");
}

#[test]
fn a_stdout_that_is_full_from_the_start_does_not_stop_the_commands() {
    let (_unread, stdout) = full_pipe();
    let (mut child, mut stdin, stream) = start(&["--grace", "0.1"], stdout, Stdio::null());
    stdin.write_all(b"join tea\n").unwrap();
    let mut server = BufReader::new(stream);
    expect(&mut server, JOIN);
    drop(stdin);
    assert_eq!(expect_end(&mut server, &mut child).code(), Some(0));
}

#[test]
fn a_stalled_stdout_does_not_stop_the_commands_and_stops_the_replies() {
    let (_unread, stdout) = std::io::pipe().unwrap();
    let there = stdout.try_clone().unwrap();
    let (mut child, mut stdin, stream) = start(&["--grace", "0.1"], stdout, Stdio::null());
    let flood = thread::spawn({
        let mut stream = stream.try_clone().unwrap();
        let replies = format!("{{\"Error\":\"{}\"}}\n", "x".repeat(1024)).repeat(300);
        move || {
            let mut pieces = 0;
            while stream.write_all(replies.as_bytes()).is_ok() {
                pieces += 1;
            }
            pieces * replies.len()
        }
    });
    eventually("the pipe is full", || {
        let mut polled = [PollFd::new(&there, PollFlags::OUT)];
        poll(&mut polled, Some(&Timespec::default())).unwrap() == 0
    });
    let mut server = BufReader::new(stream);
    for _ in 0..10 {
        stdin.write_all(b"join tea\n").unwrap();
        expect(&mut server, JOIN);
    }
    drop(stdin);
    assert_eq!(expect_end(&mut server, &mut child).code(), Some(0));
    let written = flood.join().unwrap();
    assert!(written < 64 << 20, "the client has read {written} bytes that it could not print");
}

#[test]
fn a_stdout_that_is_read_again_has_lost_nothing() {
    let (unread, stdout) = full_pipe();
    let (mut child, mut stdin, mut stream) = start(&["--grace", "30"], stdout, Stdio::null());
    let replies: String = (0..3000).map(|number| format!("{{\"Error\":\"{number}\"}}\n")).collect();
    stdin.write_all(b"join tea\n").unwrap();
    let mut server = BufReader::new(stream.try_clone().unwrap());
    expect(&mut server, JOIN);
    stream.write_all(replies.as_bytes()).unwrap();
    drop((stdin, stream));
    let printed = thread::spawn(move || BufReader::new(unread).lines().map_while(Result::ok).collect());
    let mut rest = String::new();
    server.read_to_string(&mut rest).unwrap();
    drop(server);
    eventually("the client exits", || child.try_wait().unwrap().is_some());
    let printed: Vec<String> = printed.join().unwrap();
    let expected: Vec<String> = (0..3000).map(|number| format!("error from server: {number}")).collect();
    let first = printed.len() - expected.len();
    assert_eq!(printed[first..], expected);
}

#[test]
fn a_server_that_never_reads_is_left_when_the_grace_is_over() {
    let (mut child, mut stdin, stream) = start(&["--grace", "0.1"], Stdio::null(), Stdio::piped());
    // More than the system's buffers hold.
    let lines = format!("post tea {}\n", "x".repeat(10_000)).repeat(1000);
    let typed = thread::spawn(move || stdin.write_all(lines.as_bytes()));
    eventually("the client exits", || child.try_wait().unwrap().is_some());
    typed.join().unwrap().expect("the client reads its input to the end");
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.starts_with("client: the server does not read: "), "{said:?}");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    drop(stream);
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_that_never_reads_is_given_up_in_the_middle_of_the_input_too() {
    let (mut child, mut stdin, _stream) = start(&["--keepalive", "1"], Stdio::null(), Stdio::piped());
    let lines = format!("post tea {}\n", "x".repeat(10_000)).repeat(100);
    let typed = thread::spawn(move || while stdin.write_all(lines.as_bytes()).is_ok() {});
    eventually("the client exits", || child.try_wait().unwrap().is_some());
    typed.join().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "client: the server has vanished, or does not read: connection timed out\n");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn an_input_without_end_is_not_kept() {
    let (child, mut stdin, stream) = start(&[], Stdio::null(), Stdio::null());
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        stdin.write_all(&piece).unwrap();
    }
    stdin.write_all(b"\njoin tea\n").unwrap();
    // Kept to the end: without the connection the client would exit, and its memory could not be read.
    let mut server = BufReader::new(stream);
    expect(&mut server, JOIN);
    if std::env::var_os("UNROLLED_SANITIZED").is_none() {
        let mut status = String::new();
        File::open(format!("/proc/{}/status", child.id())).unwrap().read_to_string(&mut status).unwrap();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let most: u64 = most.trim().strip_suffix(" kB").unwrap().parse().unwrap();
        assert!(most < 32 << 10, "it took {most} KiB");
    }
}
