//! Tests of the programs that use the real runtime, in the README's order.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::{env, fs, process, thread};

use crate::run::{PATIENCE, command, is_misused, refuses, run, run_with};

#[test]
fn tour() {
    let printed = run("tour");
    printed.says(&[
        "1. The chat server is running",
        "Cleo: I brought biscuits.    received by Ada, Ben, Cleo",
        "receives an error: Group 'coffee' does not exist",
        "45,000",
        "45,000",
        "messages from tea.",
        "together the 15,000 that were posted.",
        "still alive           0",
        "The end",
    ]);
}

#[test]
fn lazy_future() {
    run("lazy_future").says(&[
        "Called, and polled by hand:",
        "the call has returned a future of ",
        "first poll",
        "one cup: the kettle is on",
        "second poll",
        "one cup: the water boils",
        "Called, and dropped:",
        "nothing has happened",
        "second: the kettle is on",
        "first: the kettle is on",
        "spawn_local has returned",
        "a task's: the kettle is on",
    ]);
}

#[test]
fn async_blocks() {
    run("async_blocks").says(&[
        r#"it borrowed: ["bread", "butter", "salt"]"#,
        "Two blocks made 4 trips of 30ms",
        "Twice \"12\" is 24.",
        "The block has failed, the function continues.",
        "brought a parcel, delivered",
    ]);
}

#[test]
fn async_block_functions() {
    run("async_block_functions").says(&[
        "Hello, task 1!",
        "Hello, task 3!",
        "The call returned an error: invalid socket address syntax",
        "then awaited: connected",
        "Eggs [1, 2, 3, 4]",
        "\"a word\", \"Hello, box!\", 5",
    ]);
}

#[test]
fn cheapo_request() {
    run("cheapo_request").says(&[
        "client: GET /hello from port ",
        "server: a connection from 127.0.0.1:",
        "    HTTP/1.1 200 OK",
        "    You asked for /hello.",
    ]);
}

/// A server with several names and ports tells them apart by this header.
#[test]
fn cheapo_request_names_the_host_and_the_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_names_the_host("127.0.0.1", "127.0.0.1", listener);
}

/// Without brackets the port would be one more part of the address.
#[test]
fn cheapo_request_writes_an_ipv6_address_in_brackets() {
    match TcpListener::bind("[::1]:0") {
        Ok(listener) => assert_names_the_host("::1", "[::1]", listener),
        Err(error) => println!("skipped: no IPv6 here: {error}"),
    }
}

fn assert_names_the_host(host: &str, named: &str, listener: TcpListener) {
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nHere I am.").unwrap();
        head
    });
    run_with("cheapo_request", &[host, &port.to_string(), "/page"], b"").says(&["Here I am."]);
    let head = server.join().unwrap();
    assert_eq!(head[0], "GET /page HTTP/1.1");
    assert!(head.contains(&format!("Host: {named}:{port}")), "{head:?}");
}

#[test]
fn spawn_local() {
    run("spawn_local").says(&[
        "    row, row, row your boat",
        "    merrily, merrily         row, row, row your boat",
        "                             merrily, merrily         row, row, row your boat",
        "Sung to the end: a lullaby, a hymn.",
        "The drummer beat ",
    ]);
}

#[test]
fn spawn_send() {
    run("spawn_send").says(&[
        "The compiler rejects this:",
        "    use std::rc::Rc;",
        "It says:",
        "    error: future cannot be sent between threads safely",
        "---- has type `Rc<&str>` which is not `Send`",
        "^^^^^ await occurs here, with `name` maybe used later",
        "The Rc ends before the await       Hello, Ada!",
        "An Arc instead                     Hello, Ada!",
        "The same Rc, in a local task       Hello, Ada!",
        "Of 100000 awaits of 100 tasks, ",
    ]);
}

#[test]
fn many_requests() {
    let printed = run("many_requests");
    printed.says(&["one after another", "all at once, on this thread", "all at once, on the pool"]);
}

#[test]
fn join_set() {
    let printed = run("join_set");
    printed.says(&[
        "a mirror failed: the task panicked",
        "copies from ",
        "0 connections are open",
        "100 tasks ran",
    ]);
    assert_eq!(printed.number_before(" downloads are left"), 4);
}

#[test]
fn echo() {
    let printed = run("echo");
    printed.says(&["100 clients: each sends 100 messages", "is cancelled, and its port is closed."]);
    assert_eq!(printed.number_before(" messages came back, unchanged"), 10_000);
}

#[test]
fn timers() {
    run("timers").says(&[
        "[4, 8, 15, 31, 35, 65, 92, 97] after",
        "the deadline has elapsed",
        "tick 5 was due at 100 ms",
        "10000 tasks, each sleeping",
        "all woke within",
    ]);
}

#[test]
fn blocking() {
    run("blocking").says(&[
        "the whole time",
        "with yield_now in between",
        "in spawn_blocking",
        "The same hash each time",
    ]);
}

#[test]
fn files() {
    let printed = run("files");
    printed.says(&["called directly", "in spawn_blocking", "Async::new(file): "]);
    printed.says(&["read in the task", "a job for each piece", "one job, 64 KiB", "The same sum each time"]);
}

#[test]
fn child_process() {
    run("child_process").says(&[
        "bytes out: TEA FOR TWO, TEA FOR TWO ..",
        "on its stderr: that was all; exit status: 3",
        "50 children, 0.2 s each: ",
        "sleep 3600, for at most 50ms: the deadline has elapsed",
        "it was killed: its output has ended",
    ]);
}

#[test]
fn yielding() {
    run("yielding").says(&[
        "Two Collatz searches, A and B, without an await: AB",
        "With an await after every 1000 numbers: ABABABABAB",
        "Below 1000000, 837799 has the longest Collatz sequence: 524 steps.",
        "the timeout cannot act",
        "the search is dropped halfway",
        "the thread continues",
    ]);
}

#[test]
fn stdin_lines() {
    run("stdin_lines").says(&[
        "  1  first",
        "... no line for 40ms; a partial line is kept",
        "  2  second",
        "  5  the fifth, with no newline",
        "the end, after 5 lines",
    ]);
}

/// Runs it as `ls | stdin_lines -` would.
#[test]
fn stdin_lines_of_a_pipe() {
    run_with("stdin_lines", &["-"], b"one\ntwo").says(&["  1  one", "  2  two", "the end, after 2 lines"]);
    run_with("stdin_lines", &["-"], b"").says(&["the end, after 0 lines"]);
}

#[test]
fn http_client() {
    let printed = run("http_client");
    printed.says(&[
        "Two servers of our own: http://localhost:",
        "/hello",
        "    200 OK: Hello, client!",
        "/chunked",
        "    200 OK: Hello, chunks!",
        "/until-close",
        "    200 OK: Hello, till the end!",
        "GET https://localhost:",
        "    200 OK: Hello, client!",
        "/steps?3",
        "    redirected to http://localhost:",
        "    redirected to https://localhost:",
        "    404 Not Found: There is no such page.",
        "100 requests over TLS at once",
        "Refused:",
        "invalid peer certificate: UnknownIssuer",
        "certificate not valid for name \"localhost\"",
        "certificate expired",
        "404 Not Found",
        "a loop, back to ",
        "which is not encrypted",
        "the connection was closed before its end",
        "longer than 1048576 bytes",
        "not done within 100ms",
        "unknown scheme \"ftp\"",
        "http://localhost:1/hello: connecting: connect ",
    ]);
}

/// Runs it as a user does: one URL prints the page, several print a line each.
#[test]
fn http_client_of_urls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/page", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            assert!(lines.map_while(Result::ok).any(|line| line.is_empty()), "a request ends");
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nHere I am.\n").unwrap();
        }
    });
    run_with("http_client", &[&url], b"").says(&["Here I am."]);
    let printed = run_with("http_client", &[&url, &url], b"");
    printed.says(&[&format!("{url}: 11 bytes"), &format!("{url}: 11 bytes"), "2 URLs in "]);
    server.join().unwrap();
    assert_eq!(refuses("http_client", &["ftp://x/"]), "ftp://x/: the URL: unknown scheme \"ftp\"\n");
}

#[test]
fn cancelled() {
    run("cancelled").says(&[
        "the tea is made",
        "the pot is empty",
        "a future for each turn       2 ticks, received nothing",
        "state outside of the future  2 ticks, received \"tea\", \"milk\", \"rye\"",
        "one future for all turns     2 ticks, received \"tea\", \"milk\", \"rye\"",
        "a task that reads            2 ticks, received \"tea\", \"milk\", \"rye\"",
        "write_all: cut off",
        "and the peer has received 4194304",
    ]);
}

#[test]
fn cancelled_tasks() {
    run("cancelled_tasks").says(&[
        "the handle is dropped:  its future is still there",
        "abort has returned:     its future is still there",
        "cancel was awaited:     its future is dropped",
        "a blocking call was aborted: the call has run to its end",
        "2 after the drop",
        "has received \"bye\\n\"",
        "careless: [0, 1, 1, 1, 1, 0]",
        "careful:  [0, 0, 0, 0, 0, 0]",
    ]);
}

#[test]
fn async_mutex() {
    run("async_mutex").says(&[
        "without a lock: 1",
        "with a lock:    10",
        "served in turn: ABCABCABCABC",
        "in one map: 6 of n, 6 of i",
        "each got its own response: 1 4 9 16 25 ",
    ]);
}

#[test]
fn broadcast_lag() {
    run("broadcast_lag").says(&[
        "30 readings; the channel kept at most 5 at a time:",
        "    quick  1 2 3 4 5 6 7 8 9 10 11 ",
        " missed] ",
        "    late   21 22 23 24 25 26 27 28 29 30",
    ]);
}

#[test]
fn udp() {
    let printed = run("udp");
    printed.says(&[
        "received \"a datagram\"",
        "received \"another\"",
        "client 0 has all its responses",
        "client 3 has all its responses",
        "24 responses to ",
    ]);
    assert!(printed.number_before(" datagrams lost") > 0);
}

#[test]
fn unix_sockets() {
    run("unix_sockets").says(&[
        "A pair of sockets: IS ANYBODY THERE?",
        "tea = in the pot     noted",
        "tea                  in the pot",
        "milk                 never heard of it",
        "to another process that asks for tea: in the pot",
        "A second service: bind ",
        "its file is still there: connect ",
        "Now the second service can listen at the path.",
    ]);
}

#[test]
fn graceful_shutdown() {
    let printed = run("graceful_shutdown");
    printed.says(&["server: signal 15; no new clients", "all connections have ended; 1 had to be cancelled"]);
    printed.says(&["idle     < bye", "idle     < (the end)"]);
    printed.says(&["busy     < begun", "busy     < done", "busy     < bye", "busy     < (the end)"]);
    printed.says(&["endless  < begun", "endless  < (the end)", "a new client: connect 127.0.0.1:"]);
}

/// With a port it serves until a signal comes. 0 takes a free one.
#[test]
fn graceful_shutdown_of_a_port() {
    let mut child = command("graceful_shutdown").arg("0").stdout(Stdio::piped()).spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (sender, heard) = mpsc::channel();
    thread::spawn(move || {
        let Some(Ok(said)) = stdout.lines().next() else { return };
        let address = said.strip_prefix("server: listening on ").expect(&said);
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"work 0\n").unwrap();
        let lines: Vec<String> = BufReader::new(stream).lines().take(2).map(Result::unwrap).collect();
        sender.send(lines).unwrap();
    });
    let lines = heard.recv_timeout(PATIENCE);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(lines.expect("it says where it listens"), ["begun", "done"]);
}

#[test]
fn select_and_join() {
    run("select_and_join").says(&[
        "Two awaits: A A A B B B -",
        "A join:     AB AB AB -",
        "0 of the others are still open",
        "In one task: the one that blocks has no reply",
        "In two tasks, on two threads: it has a reply",
        "501500",
        "1000 and 0 wins",
        "each wins more than 400",
        "begun 100 times, returned None",
        "begun 1 time,  returned \"the page\"",
        "about 80 polls, and so do two",
    ]);
}

#[test]
fn held() {
    let printed = run("held");
    printed.says(&["a futurelock", "ben waits for a lock, which was handed to task \"clerk\""]);
    printed.says(&["a lock that its own holder waits for", "no verdict", "no verdict", "no verdict"]);
    printed.says(&["Fixed:", "an order, the order is slow", "a task for each page", "std's mutex"]);
    printed.says(&["Mutex                   hangs", "grabbed, wakes all      ends               ends"]);
}

#[test]
fn why_stuck() {
    run("why_stuck").says(&[
        "1. Two tasks take two locks in opposite order.",
        "a cycle of locks: ",
        "2. A task waits for a lock or for a timer",
        "a futurelock: waiter waits for a lock, which was handed to task \"waiter\" ",
        "3. A future that was written by hand forgets its waker.",
        "forgetful",
        "A whole dump also says",
    ]);
}

#[test]
fn from_tokio() {
    run("from_tokio").says(&[
        "Branches: with a condition, with a pattern, and in a fixed order.",
        "Bytes: copied in both directions.",
        "Tasks: told to stop, and giving way in a long computation.",
    ]);
}

/// The book shows its whole output, with the sizes.
#[test]
fn future_size() {
    run("future_size").says(&[
        "A buffer of 64 KiB is",
        "It is an argument",
        "Futures of 64 KiB are awaited",
        "A function around a future of ",
        "In a box:",
        "adds up a hundred files: 5050",
        "polled on a stack of 256 KiB: 1048576",
    ]);
}

#[test]
fn bridging() {
    let printed = run("bridging");
    printed.says(&[
        "block_on in main: 42",
        "block_on on another thread: 42",
        "block_on in spawn_blocking: 42",
    ]);
    for place in ["another block_on", "a local task", "a task of the pool"] {
        printed.says(&[&format!("block_on in {place}: panic"), "move the call into spawn_blocking"]);
    }
    printed.says(&[
        "has made 3 calls that block: row 1, row 2, row 3",
        "has counted 3 lines",
        "called with Some(\"ADA\"). Another one was dropped: None.",
        "without a bound 10 arrive, with room for four 4, and 6 are counted.",
        "1 + 2 + 3 + 4 = 10",
        "row 1, row 2, row 3",
        "1 + 4 + 9 = 14",
    ]);
}

#[test]
fn compiler_cures() {
    run("compiler_cures").says(&[
        "an Rc                               no",
        "an Rc, in a block before the await  yes",
        "made: 0 visits",
        "joined: 2 visits",
        "100 files with boxes, 100 with a list",
        "the work is done, and was begun once",
        "dyn: 8 from the shelf, 8 from the cellar",
        "Hello, Ada! Hello, Ben!",
    ]);
}

#[test]
fn scopes() {
    run("scopes").says(&[
        "two threads have borrowed: 11 letters",
        "awaited to its end   4 while the variable exists, 0 after its end",
        "dropped at an await  0 while the variable exists, 1 after its end",
        "leaked at an await   0 while the variable exists, 4 after its end",
        "block_on has returned, and the local task is done: false",
        "asked of the task that owns it: 10 given, 0 left",
    ]);
}

#[test]
fn pin_in_practice() {
    run("pin_in_practice").says(&[
        "F, of an async function     no",
        "Pin<Box<F>>                 yes",
        "an async function   output 7, 3 polls",
        "pin-project-lite    output 7, 3 polls",
        "A timeout: Some(7) in time, None too late",
        "A stream around a stream: [10, 20, 30], 3! 2! 1!",
    ]);
}

/// A folder that is removed at the end, also if the test fails.
struct Removed<'a>(&'a Path);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0);
    }
}

/// Another user may have put a file, or a link to one, at a path that can be guessed.
#[test]
fn timeline() {
    let folder = env::temp_dir().join(format!("unrolled-timeline-test-{}", process::id()));
    let theirs = folder.join("unrolled-timeline.html");
    // A killed process of the same number may have left it.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let _removed = Removed(&folder);
    fs::write(&theirs, "theirs").unwrap();
    let output = command("timeline").env("TMPDIR", &folder).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let page = Path::new(said.trim_end().split_once(". Open ").expect(&said).1);
    let saved = fs::read_to_string(page).unwrap();
    let untouched = fs::read_to_string(&theirs).unwrap() == "theirs";
    assert!(page.starts_with(&folder) && saved.contains("<html"), "{said}");
    assert!(untouched, "it has written to a file that it has not made");
}

/// The error says which argument makes no sense, and how the program is used.
#[test]
fn arguments_without_sense() {
    let cases: [(&str, &[&str], &str); 9] = [
        ("cheapo_request", &["localhost", "x"], "PORT"),
        ("cheapo_request", &["localhost", "80", "/", "x"], "usage"),
        ("many_requests", &["localhost", "-1"], "PORT"),
        ("echo", &["localhost", "abc"], "PORT"),
        ("echo", &["localhost", "7", "8"], "usage"),
        ("graceful_shutdown", &["99999"], "PORT"),
        ("stdin_lines", &["foo"], "usage"),
        ("unix_sockets", &["path"], "usage"),
        ("timeline", &["one", "two"], "usage"),
    ];
    for (name, arguments, part) in cases {
        let said = is_misused(name, arguments);
        assert!(said.starts_with(&format!("{name}: ")) && said.contains(part), "{said}");
        assert!(said.lines().nth(1).unwrap().starts_with(&format!("usage: {name} ")), "{said}");
    }
}
