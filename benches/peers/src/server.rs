//! Servers in processes of their own, on a core of their own. Next: `load`.
//!
//! In one process the server's CPU time could not be separated from the load's. `peers serve KIND RUNTIME` prints its
//! address and serves until its standard input ends. The process of the load starts it, reads its CPU time and
//! memory from /proc, and ends it by closing that input.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use chat::server::{History, Options, Retention};

use crate::runtimes::{self, Runtime};
use crate::{bare, long_polls, machine, textbook, threads};

/// A server under measurement. Dropping it ends it.
pub struct Server {
    pub address: SocketAddr,
    child: Child,
}

impl Server {
    /// Starts this program again as a server; `under` is a command to run it under, such as strace.
    pub fn start(kind: &str, runtime: &str, under: &[&str]) -> Self {
        let this = std::env::current_exe().expect("this program has a path");
        let mut words = under.iter().map(|&word| word.into()).chain([this.into_os_string()]);
        let mut command = Command::new(words.next().expect("at least this program"));
        command.args(words).args(["serve", kind, runtime]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("it prints");
        let address = line.trim().parse().expect("its address");
        Self { address, child }
    }

    /// Returns its CPU time so far, in nanoseconds.
    pub fn cpu(&self) -> u64 {
        machine::cpu_of(self.child.id())
    }

    /// Returns its resident memory, in bytes.
    pub fn resident(&self) -> usize {
        machine::resident(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The server's side of [`Server::start`]. Returns `None` if there is no such server; otherwise it does not return.
pub fn serve(kind: &str, runtime: &str) -> Option<()> {
    machine::raise_descriptor_limit();
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    if let Some(tasks) = kind.strip_prefix("echo_beside:") {
        return echo_beside(runtime, tasks.parse().ok()?); // On all cores.
    }
    let _pinned = machine::pin(machine::SERVER_CORE);
    if let Some(url) = kind.strip_prefix("chat_redis:") {
        let url = url.parse().expect("the URL of a Redis");
        our_chat(History::Redis {
            url,
            messages: Retention::default().messages,
            timeout: Duration::from_secs(10),
        });
        return Some(());
    }
    let listen = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        println!("{}", listener.local_addr().expect("it listens"));
        listener
    };
    match (kind, runtime) {
        ("echo", "ours") => echo::<runtimes::Ours>(),
        ("echo", "tokio") => echo::<runtimes::Tokio>(),
        ("echo", "smol") => echo::<runtimes::Smol>(),
        ("echo", "async-std") => echo::<runtimes::AsyncStd>(),
        ("echo", "threads") => threads::serve_echo(&listen()),
        ("echo_local", "ours") => echo::<runtimes::OursLocal>(),
        ("echo_local", "tokio") => echo::<runtimes::TokioLocal>(),
        ("echo_local" | "echo", "tokio-ct") => echo::<runtimes::TokioCt>(),
        ("echo_local", "smol") => echo::<runtimes::SmolLocal>(),
        ("echo_local", "async-std") => echo::<runtimes::AsyncStdLocal>(),
        ("echo_local", "bare") => bare::serve_echo(&listen()).expect("epoll works"),
        ("chat", "ours") => our_chat(History::None),
        ("chat_history", "ours") => our_chat(kept()),
        ("chat", "tokio") => runtimes::Tokio::block_on(textbook::serve()),
        ("chat", "tokio-ct") => runtimes::TokioCt::block_on(textbook::serve()),
        _ => return None,
    }
    Some(())
}

/// An echo server beside this many tasks that poll for long.
fn echo_beside(runtime: &str, tasks: usize) -> Option<()> {
    match runtime {
        "ours" => long_polls::serve_echo::<runtimes::Ours>(tasks),
        "tokio" => long_polls::serve_echo::<runtimes::Tokio>(tasks),
        "smol" => long_polls::serve_echo::<runtimes::Smol>(tasks),
        "async-std" => long_polls::serve_echo::<runtimes::AsyncStd>(tasks),
        "tokio-ct" => long_polls::serve_echo::<runtimes::TokioCt>(tasks),
        _ => return None,
    }
    Some(())
}

/// An echo server, a task for each connection.
fn echo<R: Runtime>() {
    R::block_on(async {
        R::spawn(async {
            let (listener, address) = R::listen().await.expect("a free port");
            println!("{address}");
            loop {
                let mut stream = R::accept(&listener).await.expect("a client");
                R::detach(R::spawn(async move {
                    let mut buffer = [0; 1024];
                    while let Ok(length @ 1..) = R::read(&mut stream, &mut buffer).await {
                        if R::write_all(&mut stream, &buffer[..length]).await.is_err() {
                            break;
                        }
                    }
                }));
            }
        })
        .await;
    });
}

/// A history in a new directory beside this program: where programs are built there is a disk, and /tmp may be
/// in memory.
fn kept() -> History {
    let directory = std::env::current_exe().expect("this program has a path").with_file_name("peers-history");
    let _ = std::fs::remove_dir_all(&directory);
    History::Disk { directory, retention: Retention::default() }
}

/// The real chat server, as the program `server` runs it.
fn our_chat(history: History) {
    executor::task::block_on(async {
        let options = Options { history, ..Options::default() };
        let server = chat::server::Server::bind("127.0.0.1:0", options).await;
        let server = server.expect("a free port, and a history");
        println!("{}", server.local_addr().expect("it listens"));
        executor::task::spawn(server.run()).await.expect("it serves");
    });
}
