//! Where the system starts no more threads: the caller gets an error that says so, and a later call tries again.
//!
//! In a process of its own, in which the stack of each thread is larger than the memory.

use std::env;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::mpsc;

use executor::pool::Pool;
use executor::task::{self, JoinError, TaskId};
use futures_lite::AsyncReadExt;
use reactor::net::{TcpListener, TcpStream};

const STACK: &str = "RUST_MIN_STACK";

/// Reports when it is dropped: the current task, and whether `block_on` panics there.
struct ReportsOnDrop(mpsc::Sender<(Option<TaskId>, bool)>);

impl Drop for ReportsOnDrop {
    fn drop(&mut self) {
        let panics = catch_unwind(AssertUnwindSafe(|| task::block_on(async {}))).is_err();
        self.0.send((task::current(), panics)).unwrap();
    }
}

#[test]
fn it_is_an_error_and_never_a_panic() {
    if env::var_os(STACK).is_none() {
        let mut child = Command::new(env::current_exe().unwrap());
        let output = child.env(STACK, (1_u64 << 50).to_string()).arg("--nocapture").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let error = Pool::new(2).unwrap_err();
    assert!(error.to_string().starts_with("start a worker thread: "), "{error}");
    let source = std::error::Error::source(&error).expect("what the system said").to_string();
    assert_eq!(error.to_string(), format!("start a worker thread: {source}"));
    task::block_on(async {
        // Twice, because the next call tries again.
        for _ in 0..2 {
            let spawned = task::spawn(async {});
            assert!(matches!(spawned.try_join().await, Err(JoinError::Cancelled)));
            let call = task::spawn_blocking(|| unreachable!("on which thread?"));
            assert!(matches!(call.try_join().await, Err(JoinError::Cancelled)));
            // What is dropped here, inside a poll, may not block.
            let (report, reported) = mpsc::channel();
            let (probe, another) = (ReportsOnDrop(report.clone()), ReportsOnDrop(report));
            let refused = [task::spawn_blocking(move || drop(probe)), task::spawn(async { drop(another) })];
            assert!(refused.iter().all(|task| reported.recv() == Ok((Some(task.id()), true))));
            let error = TcpStream::connect("localhost:1").await.unwrap_err();
            assert_eq!(
                error.to_string(),
                "lookup localhost:1: no thread could be started for a blocking call"
            );
            let error = reactor::io::stdin().read(&mut [0]).await.unwrap_err();
            assert_eq!(error.to_string(), "no thread could be started to read standard input");
        }
    });
    let awaited = catch_unwind(AssertUnwindSafe(|| task::block_on(task::spawn_blocking(|| {}))));
    let message = awaited.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("was cancelled"), "{message}");
    // Operations that need no thread work.
    task::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        TcpStream::connect(listener.local_addr()?).await?;
        assert_eq!(task::spawn_local(async { 1 }).await, 1);
        io::Result::Ok(())
    })
    .unwrap();
}
