//! Servers to test against, and plain blocking clients that talk to them.
#![allow(dead_code, unreachable_pub, reason = "each test uses only some of it")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::ops::{Deref, DerefMut};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use chat::server::{Handle, Options, Server};
pub mod history;
#[path = "../../../tests/shared/random.rs"]
pub mod random;

use rustix::process::{Pid, Resource, Signal, getrlimit, kill_process, setrlimit};

/// Longer than any operation of the tests takes, unless it hangs.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// A program that is killed when it is dropped.
pub struct KillOnDrop(pub Child);

impl Deref for KillOnDrop {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for KillOnDrop {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until a program has exited. Returns its status.
#[track_caller]
pub fn exit_of(child: &mut Child) -> ExitStatus {
    let mut status = None;
    eventually("the program exits", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap()
}

/// Returns an address that nothing else uses, for a server whose output is not read: it cannot report its port. Each call
/// has a host of its own, since every `127.x.y.z` is the loopback interface. The port is none that the system gives to
/// clients: a client that tries it before the server listens could be connected to itself.
pub fn unused_address() -> SocketAddr {
    static CALLS: AtomicU8 = AtomicU8::new(128);
    let [_, _, y, z] = std::process::id().to_be_bytes();
    // ORDERING: Relaxed; each call gets another number.
    SocketAddr::from(([127, CALLS.fetch_add(1, Ordering::Relaxed), y, z], 4000))
}

/// Waits until a condition holds.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "never: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A server in this process, on the pool. Dropping it stops the server, and checks that it ends without an
/// error.
pub struct InProcess {
    pub address: SocketAddr,
    /// The address for browsers.
    pub web: Option<SocketAddr>,
    pub handle: Handle,
    thread: Option<thread::JoinHandle<io::Result<()>>>,
}

impl InProcess {
    pub fn start(options: Options) -> Self {
        Self::start_with(options, None)
    }

    /// The same, with a listener for browsers, which may ask for it by these names.
    pub fn start_web(options: Options, hosts: &[&str]) -> Self {
        Self::start_with(options, Some(hosts.iter().map(|host| String::from(*host)).collect()))
    }

    fn start_with(options: Options, web_hosts: Option<Vec<String>>) -> Self {
        let (started, starts) = mpsc::channel();
        let thread = thread::spawn(move || {
            executor::task::block_on(async move {
                let mut server = Server::bind("127.0.0.1:0", options).await?;
                if let Some(hosts) = web_hosts {
                    server.open_web("127.0.0.1:0", hosts).await?;
                }
                started.send((server.local_addr()?, server.web_addr(), server.handle())).unwrap();
                server.run().await
            })
        });
        let (address, web, handle) = starts.recv().expect("the server listens");
        Self { address, web, handle, thread: Some(thread) }
    }

    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// Waits until the numbers of connections, groups and memberships are these.
    #[track_caller]
    pub fn settles_at(&self, connections: usize, groups: usize, memberships: usize) {
        let start = Instant::now();
        loop {
            let count = self.handle.count();
            let now = (count.connections, count.groups, count.memberships);
            if now == (connections, groups, memberships) {
                return;
            }
            assert!(start.elapsed() < DEADLINE, "stays at {count:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn wait(&mut self) -> io::Result<()> {
        let thread = self.thread.take().expect("waited once");
        thread.join().expect("no panic")
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.handle.stop();
        if self.thread.is_some() && !thread::panicking() {
            self.wait().expect("the server ends well");
        }
    }
}

/// The program `server` in a process of its own. Dropping it kills the server, and checks that it never
/// panicked.
pub struct Program {
    pub address: SocketAddr,
    pub child: Child,
    stderr: Option<thread::JoinHandle<Vec<String>>>,
    reports: mpsc::Receiver<Held>,
}

/// What a server holds. When all clients have gone, it holds as much as before they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub connections: usize,
    pub groups: usize,
    pub memberships: usize,
    pub tasks: usize,
    pub descriptors: usize,
    /// Resident memory in bytes. It need not return exactly to what it was.
    pub memory: u64,
}

impl Held {
    /// Parses the server's report on SIGUSR1, which contains neither the descriptors nor the memory.
    fn parse(line: &str) -> Option<Self> {
        let names = ["connections", "groups", "memberships", "tasks"];
        let words = line.strip_prefix("server: ")?.split(", ").collect::<Vec<_>>();
        let number =
            |at: usize| -> Option<usize> { words.get(at)?.strip_suffix(names[at])?.trim_end().parse().ok() };
        let (connections, groups) = (number(0)?, number(1)?);
        let (memberships, tasks) = (number(2)?, number(3)?);
        Some(Self { connections, groups, memberships, tasks, descriptors: 0, memory: 0 })
    }
}

impl Program {
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        command.args(["127.0.0.1:0"]).args(arguments);
        Self::start_command(command)
    }

    /// The same, under a limit that the shell sets, such as `ulimit -n 64`.
    pub fn start_limited(limit: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new("sh");
        let script = format!("{limit}; exec \"$0\" 127.0.0.1:0 \"$@\"");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_server")]);
        command.args(arguments);
        Self::start_command(command)
    }

    pub fn start_command(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ");
        let address = address.expect(&line).parse().expect("an address");

        let (report, reports) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let stderr = thread::spawn(move || {
            let mut said = Vec::new();
            for line in stderr.lines().map_while(Result::ok) {
                match Held::parse(&line) {
                    Some(held) => drop(report.send(held)),
                    None if line.starts_with("  ") => {} // What each task waits for.
                    None => {
                        eprintln!("{line}");
                        said.push(line);
                    }
                }
            }
            said
        });
        Self { address, child, stderr: Some(stderr), reports }
    }

    /// Asks the server what it holds.
    #[track_caller]
    pub fn held(&self) -> Held {
        self.signal(Signal::USR1);
        let reported = self.reports.recv_timeout(DEADLINE).expect("the server reports on SIGUSR1");
        // Without pipes: it makes none, but ThreadSanitizer keeps two to its symbolizer after a suppressed report.
        let descriptors = self.descriptors_without(&["/proc", "/sys", "pipe:"]);
        Held { descriptors, memory: self.memory(), ..reported }
    }

    /// Returns what it holds without clients, after a first client has come and gone, so that everything has
    /// started.
    #[track_caller]
    pub fn held_at_rest(&self) -> Held {
        let mut first = self.client();
        first.join_and_wait("first");
        first.reset();
        let mut last = self.held();
        eventually("it is at rest", || {
            let before = std::mem::replace(&mut last, self.held());
            last.connections == 0 && last == Held { memory: last.memory, ..before }
        });
        last
    }

    /// Waits until it holds what it held before.
    #[track_caller]
    pub fn comes_back_to(&self, before: Held) {
        self.comes_back_within(before, 2 << 20);
    }

    /// The same, but the allocator may keep this much of the freed memory, in bytes. Each thread has an arena
    /// of its own, and each arena may keep as much as was allocated at one time.
    #[track_caller]
    pub fn comes_back_within(&self, before: Held, kept: u64) {
        let start = Instant::now();
        loop {
            let now = self.held();
            let counts = Held { memory: before.memory, tasks: before.tasks, ..now };
            // There may be fewer tasks: `before` may count one that was about to end.
            if counts == before && now.tasks <= before.tasks && now.memory <= before.memory + kept {
                return;
            }
            assert!(start.elapsed() < DEADLINE, "held {before:?}, and stays at {now:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until it has exited. Returns its status.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        exit_of(&mut self.child)
    }

    /// Returns the number of its descriptors, without those that std opens for a moment to count the cores.
    pub fn descriptors(&self) -> usize {
        self.descriptors_without(&["/proc", "/sys"])
    }

    fn descriptors_without(&self, others: &[&str]) -> usize {
        let path = format!("/proc/{}/fd", self.child.id());
        let links =
            std::fs::read_dir(path).unwrap().filter_map(|entry| entry.unwrap().path().read_link().ok());
        let names = links.map(|link| link.to_string_lossy().into_owned());
        names.filter(|name| !others.iter().any(|other| name.starts_with(other))).count()
    }

    /// Returns the CPU time used so far, in ticks of a hundredth of a second.
    pub fn cpu_ticks(&self) -> u64 {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = std::fs::read_to_string(path).unwrap();
        let after_name = stat.rsplit_once(')').unwrap().1;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// Runs `round` until one leaves less than `most` bytes behind, and fails after ten rounds. A leak
    /// appears in every round. What the allocator keeps for each thread does not: after a few rounds it keeps
    /// it for all threads.
    #[track_caller]
    pub fn comes_to_leave_nothing(&self, most: u64, mut round: impl FnMut()) {
        let mut left = Vec::new();
        while left.last().is_none_or(|left| *left >= most) {
            assert!(left.len() < 10, "each round leaves something, in bytes: {left:?}");
            let before = self.memory();
            round();
            left.push(self.memory().saturating_sub(before));
        }
        println!("growth of each round, in bytes: {left:?}");
    }

    /// Returns the resident memory in bytes, or 0 under a sanitizer, since most of it would be the
    /// sanitizer's own.
    pub fn memory(&self) -> u64 {
        if std::env::var_os("UNROLLED_SANITIZED").is_some() {
            return 0;
        }
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.unwrap().split_whitespace().nth(1).unwrap();
        kib.parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let said = self.stderr.take().map(thread::JoinHandle::join);
        if !thread::panicking() {
            let said = said.expect("joined once").unwrap().join("\n");
            assert!(!said.contains("panicked"), "the server panicked:\n{said}");
        }
    }
}

/// Returns whether to run the long form of the tests, as `.ci/nightly` does: `UNROLLED_DEEP=1`.
pub fn deep() -> bool {
    std::env::var_os("UNROLLED_DEEP").is_some()
}

/// Returns one of two numbers: that of the short form of the tests, or of the long form.
pub fn size(short: usize, long: usize) -> usize {
    if deep() { long } else { short }
}

/// A client with blocking sockets, which uses nothing of the library.
pub struct Client {
    pub stream: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub fn socket(&self) -> &TcpStream {
        self.stream.get_ref()
    }

    #[track_caller]
    pub fn send(&self, bytes: impl AsRef<[u8]>) {
        self.socket().write_all(bytes.as_ref()).unwrap();
    }

    #[track_caller]
    pub fn join(&self, group: &str) {
        self.send(format!("{{\"Join\":{{\"group_name\":\"{group}\"}}}}\n"));
    }

    #[track_caller]
    pub fn post(&self, group: &str, message: &str) {
        self.send(posted(group, message));
    }

    /// Joins, and returns when the server has carried it out. It waits for the reply to a later request,
    /// since replies come in the order of the requests.
    #[track_caller]
    pub fn join_and_wait(&mut self, group: &str) {
        self.join(group);
        self.post("no such group", "");
        self.expect("{\"Error\":\"Group 'no such group' does not exist\"}");
    }

    /// Returns the next line including its newline; empty at the end.
    #[track_caller]
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line
    }

    #[track_caller]
    pub fn expect(&mut self, line: &str) {
        assert_eq!(self.line(), format!("{line}\n"));
    }

    #[track_caller]
    pub fn expect_message(&mut self, group: &str, message: &str) {
        self.expect(&message_line(group, message));
    }

    #[track_caller]
    pub fn expect_error_with(&mut self, part: &str) {
        let line = self.line();
        let is_error = line.starts_with("{\"Error\":\"") && line.ends_with("\"}\n");
        assert!(is_error && line.contains(part), "got {line:?}");
    }

    /// Expects the end of the connection, without further bytes.
    #[track_caller]
    pub fn expect_end(&mut self) {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).unwrap();
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }

    pub fn half_close(&self) {
        self.socket().shutdown(Shutdown::Write).unwrap();
    }

    /// Ends the connection by a reset.
    pub fn reset(self) {
        rustix::net::sockopt::set_socket_linger(self.socket(), Some(Duration::ZERO)).unwrap();
    }
}

/// Returns the line that a client sends to post.
pub fn posted(group: &str, message: &str) -> String {
    format!("{{\"Post\":{{\"group_name\":\"{group}\",\"message\":\"{message}\"}}}}\n")
}

/// Returns the line that a member receives, without its newline.
pub fn message_line(group: &str, message: &str) -> String {
    format!("{{\"Message\":{{\"group_name\":\"{group}\",\"message\":\"{message}\"}}}}")
}

/// Raises the descriptor limit of this process, and of the servers that it starts, to the maximum. Returns
/// the limit.
pub fn raise_descriptor_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    limit.maximum.map_or(usize::MAX, |most| most as usize)
}
