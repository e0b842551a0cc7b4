//! Child processes: three pipes and an exit. On Linux no thread waits for any of them.
//!
//!     cargo run --release --example child_process
//!
//! std starts a process, and gives three pipes and a `wait` that block. The pipes are descriptors, so `Async`
//! makes them asynchronous. On Linux the exit is a descriptor too, a pidfd, which becomes readable when the process
//! ends. Elsewhere a thread waits for it. A child that is dropped is killed: so a timeout ends it, and so does the
//! end of the task that owns it.

use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{io, process};

use executor::future::{join, try_join};
use executor::task;
use reactor::Async;
use reactor::io::{AsyncReadExt, AsyncWriteExt};
use reactor::time::{sleep, timeout};
use rustix::process::Pid;

/// More than the pipes hold: a program that serves them one after the other hangs.
const INPUT: usize = 500_000;
const CHILDREN: u32 = 50;

fn main() -> io::Result<()> {
    task::block_on(async {
        three_pipes_at_once().await?;
        many_at_once().await?;
        a_timeout_kills().await
    })
}

/// A running process. Dropping it kills it.
struct Child {
    /// `None` only during the drop.
    child: Option<process::Child>,
}

impl Child {
    fn start(command: &mut Command) -> io::Result<Self> {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        Ok(Self { child: Some(child) })
    }

    fn child(&mut self) -> &mut process::Child {
        self.child.as_mut().expect("it is taken out only by the drop")
    }

    // ANCHOR: child_process_wait
    /// Waits for the end of the process. Cancel-safe: if the future is dropped, the next call waits again.
    async fn wait(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.child().try_wait()? {
            // It has ended. If it was waited for before, its process id may belong to another process now, so it
            // must not be used.
            return Ok(status);
        }
        // As std's `wait` does: a child that reads its input to the end must see that end.
        drop(self.child().stdin.take());
        exited(Pid::from_child(self.child())).await?;
        // It has ended, so this returns at once. Only now may another process get its number.
        self.child().wait()
    }
    // ANCHOR_END: child_process_wait
}

// ANCHOR: child_process_drop
impl Drop for Child {
    fn drop(&mut self) {
        let mut child = self.child.take().expect("this is the only drop");
        if matches!(child.try_wait(), Ok(None)) {
            // An error means that it ended meanwhile.
            let _ = child.kill();
            // Even a killed process may take a while to end, and a drop must not wait.
            drop(task::spawn_blocking(move || child.wait()));
        }
    }
}
// ANCHOR_END: child_process_drop

// ANCHOR: child_process_exited
/// Waits until the process has ended, and leaves its status for `wait`.
#[cfg(target_os = "linux")]
async fn exited(process: Pid) -> io::Result<()> {
    use rustix::process::{PidfdFlags, pidfd_open};
    Async::new(pidfd_open(process, PidfdFlags::empty())?)?.readable().await
}

#[cfg(not(target_os = "linux"))]
async fn exited(process: Pid) -> io::Result<()> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let ended = task::spawn_blocking(move || waitid(WaitId::Pid(process), options).map(drop));
    Ok(ended.await?)
}
// ANCHOR_END: child_process_exited

// ANCHOR: child_process_pipes
/// Writes to a child and reads both of its outputs, all at the same time. One after the other would hang: the child
/// stops reading while nobody reads what it writes.
async fn three_pipes_at_once() -> io::Result<()> {
    let mut child =
        Child::start(Command::new("sh").args(["-c", "tr a-z A-Z; echo that was all >&2; exit 3"]))?;
    let pipes = child.child();
    let mut input = Async::new(pipes.stdin.take().expect("it is piped"))?;
    let mut output = Async::new(pipes.stdout.take().expect("it is piped"))?;
    let mut errors = Async::new(pipes.stderr.take().expect("it is piped"))?;

    let text = "tea for two, ".repeat(INPUT / 13);
    let write = async {
        input.write_all(text.as_bytes()).await?;
        drop(input); // Our end of the pipe: the child reads the end of its input.
        io::Result::Ok(())
    };
    let (mut shouted, mut said) = (String::new(), String::new());
    try_join((write, output.read_to_string(&mut shouted), errors.read_to_string(&mut said))).await?;
    let status = child.wait().await?;

    assert!(shouted == text.to_uppercase());
    println!("{} bytes in, {} bytes out: {} ..", text.len(), shouted.len(), &shouted[..24]);
    println!("on its stderr: {}; {status}", said.trim_end());
    assert_eq!(status.code(), Some(3));
    Ok(())
}
// ANCHOR_END: child_process_pipes

// ANCHOR: child_process_timeout
/// A child that takes too long. The drop kills it, and that ends its pipes.
async fn a_timeout_kills() -> io::Result<()> {
    let mut child = Child::start(Command::new("sleep").arg("3600"))?;
    let mut output = Async::new(child.child().stdout.take().expect("it is piped"))?;
    let patience = Duration::from_millis(50);
    let Err(elapsed) = timeout(patience, child.wait()).await else { panic!("an hour has passed") };
    println!("sleep 3600, for at most {patience:?}: {elapsed}");
    drop(child);
    let length = output.read(&mut [0; 8]).await?;
    assert_eq!(length, 0, "the process is gone, and with it the other end of the pipe");
    println!("it was killed: its output has ended");
    Ok(())
}
// ANCHOR_END: child_process_timeout

/// Many children, all waited for by one thread; where there is no pidfd, by a thread each.
async fn many_at_once() -> io::Result<()> {
    let begun = Instant::now();
    let mut children = Vec::new();
    for _ in 0..CHILDREN {
        children.push(Child::start(Command::new("sleep").arg("0.2"))?);
    }
    let tasks: Vec<_> =
        children.into_iter().map(|mut child| task::spawn_local(async move { child.wait().await })).collect();
    let all = async {
        for task in tasks {
            assert!(task.await?.success());
        }
        io::Result::Ok(begun.elapsed())
    };
    let count = async {
        sleep(Duration::from_millis(20)).await; // All of them wait now.
        threads()
    };
    let (took, threads) = join((all, count)).await;
    let took = took?.as_secs_f64();
    let threads = threads.map_or_else(|| "?".to_owned(), |threads| threads.to_string());
    println!("{CHILDREN} children, 0.2 s each: all ended after {took:.2} s; threads that waited: {threads}");
    if cfg!(target_os = "linux") {
        assert_eq!(threads, "1");
    }
    Ok(())
}

/// How many threads this process has, if the system reports it.
fn threads() -> Option<usize> {
    std::fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}
