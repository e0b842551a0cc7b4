//! A Redis to test against, and a proxy in front of it that misbehaves.
#![allow(dead_code, unreachable_pub, reason = "each test uses only some of it")]

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use chat::server::{History, Options};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::{DEADLINE, eventually, unused_address};

/// A `redis-server` of its own. Dropping it kills it, and removes its directory.
pub struct RedisServer {
    pub address: SocketAddr,
    directory: PathBuf,
    arguments: Vec<String>,
    child: Child,
}

impl RedisServer {
    /// Starts one with these arguments. Returns `None`, and says so where it is seen, if none is installed.
    pub fn start(arguments: &[&str]) -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            let name = thread::current().name().unwrap_or_default().to_owned();
            // Not by a macro, whose output a test that passes does not show.
            let _ = io::stdout()
                .write_all(format!("skipped: {name}: redis-server is not installed\n").as_bytes());
            assert!(std::env::var_os("CI").is_none(), "where CI is set, redis-server must be installed");
            return None;
        }
        let address = unused_address();
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("redis-{}", address.ip()));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let child = spawn(address, &directory, &arguments);
        let server = Self { address, directory, arguments, child };
        server.is_ready();
        Some(server)
    }

    /// One that has every message on the disk before it replies.
    pub fn safe() -> Option<Self> {
        Self::start(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    fn is_ready(&self) {
        eventually("redis-server replies", || {
            let reply = self.try_commands(&[&["PING"]]).unwrap_or_default();
            reply.starts_with("+PONG") || reply.starts_with("-NOAUTH")
        });
    }

    /// Kills it, as the end of its machine would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, with the data that it has on the disk.
    pub fn start_again(&mut self) {
        self.child = spawn(self.address, &self.directory, &self.arguments);
        self.is_ready();
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub fn options(&self) -> Options {
        options(&self.url())
    }

    /// Returns the beginning of the reply to a command.
    pub fn command(&self, command: &[&str]) -> String {
        self.try_commands(&[command]).unwrap()
    }

    /// The same, for commands on one connection.
    pub fn commands(&self, commands: &[&[&str]]) -> String {
        self.try_commands(commands).unwrap()
    }

    fn try_commands(&self, commands: &[&[&str]]) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        let mut replies = String::new();
        for command in commands {
            let parts: String = command.iter().map(|part| format!("${}\r\n{part}\r\n", part.len())).collect();
            stream.write_all(format!("*{}\r\n{parts}", command.len()).as_bytes())?;
            let mut reply = [0; 4096];
            let length = stream.read(&mut reply)?;
            replies += &String::from_utf8_lossy(&reply[..length]);
        }
        Ok(replies)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn spawn(address: SocketAddr, directory: &Path, arguments: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--save", "", "--port", &address.port().to_string(), "--dir"]).arg(directory);
    command.args(["--bind", &address.ip().to_string()]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
}

/// The options of a server that uses this Redis.
pub fn options(url: &str) -> Options {
    let url = url.parse().unwrap();
    let history = History::Redis { url, messages: 100_000, timeout: Duration::from_secs(10) };
    Options { history, ..Options::default() }
}

/// What a proxy does.
#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    Forward,
    /// It accepts connections and passes nothing on.
    Stall,
    /// It ends all connections.
    Cut,
    /// It passes commands on, but ends the connection instead of passing a reply on.
    LoseReplies,
    /// It says this instead of each reply.
    Say(&'static [u8]),
}

/// A proxy between servers and a Redis.
pub struct Proxy {
    pub address: SocketAddr,
    mode: Arc<Mutex<Mode>>,
}

impl Proxy {
    pub fn start(redis: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mode = Arc::new(Mutex::new(Mode::Forward));
        let shared = mode.clone();
        // The thread ends with the test's process.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(redis) = TcpStream::connect(redis) else { continue };
                for (from, to, replies) in [(&client, &redis, false), (&redis, &client, true)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let mode = shared.clone();
                    thread::spawn(move || {
                        let _ = forward(&from, &to, replies, &mode);
                        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                    });
                }
            }
        });
        Self { address, mode }
    }

    pub fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }
}

fn forward(mut from: &TcpStream, mut to: &TcpStream, replies: bool, mode: &Mutex<Mode>) -> io::Result<()> {
    from.set_read_timeout(Some(Duration::from_millis(10)))?;
    let mut bytes = [0; 65536];
    loop {
        let now = *mode.lock().unwrap();
        if now == Mode::Cut {
            return Ok(());
        }
        if now == Mode::Stall {
            thread::sleep(Duration::from_millis(5));
            continue;
        }
        let length = match from.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        // It may have changed while nothing came.
        loop {
            match *mode.lock().unwrap() {
                Mode::Cut => return Ok(()),
                Mode::Stall => {}
                Mode::LoseReplies if replies => return Ok(()),
                Mode::Say(instead) if replies => break to.write_all(instead)?,
                _ => break to.write_all(&bytes[..length])?,
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}
