//! Where the system gives no more threads: errors that say so, and another try when there are some again.
//!
//! In a process of its own, in which the stack that each thread asks for fits into no memory.

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

/// Tells, when it is dropped, which task that is in, and whether `block_on` panics there.
struct Asks(mpsc::Sender<(Option<TaskId>, bool)>);

impl Drop for Asks {
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
        // Twice, for the next call tries again.
        for _ in 0..2 {
            let spawned = task::spawn(async {});
            assert!(matches!(spawned.try_join().await, Err(JoinError::Cancelled)));
            let call = task::spawn_blocking(|| unreachable!("on which thread?"));
            assert!(matches!(call.try_join().await, Err(JoinError::Cancelled)));
            // What is dropped here, inside a poll, may not block.
            let (tell, told) = mpsc::channel();
            let (asks, asks_too) = (Asks(tell.clone()), Asks(tell));
            let refused = [task::spawn_blocking(move || drop(asks)), task::spawn(async { drop(asks_too) })];
            assert!(refused.iter().all(|task| told.recv() == Ok((Some(task.id()), true))));
            let error = TcpStream::connect("localhost:1").await.unwrap_err();
            assert_eq!(error.to_string(), "lookup localhost:1: no thread could be had for a blocking call");
            let error = reactor::io::stdin().read(&mut [0]).await.unwrap_err();
            assert_eq!(error.to_string(), "no thread could be had to read standard input");
        }
    });
    let awaited = catch_unwind(AssertUnwindSafe(|| task::block_on(task::spawn_blocking(|| {}))));
    let message = awaited.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("was cancelled"), "{message}");
    // What needs no thread works.
    task::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        TcpStream::connect(listener.local_addr()?).await?;
        assert_eq!(task::spawn_local(async { 1 }).await, 1);
        io::Result::Ok(())
    })
    .unwrap();
}
