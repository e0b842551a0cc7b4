//! Futures of 512 KiB fit on threads of 2 MiB, in each build profile: on its way into the task a future is
//! copied a few times at most.
//!
//! Each entry point runs in a process of its own, because a stack overflow ends its process.

use std::future::Future;
use std::io;
use std::process::Command;
use std::thread;
use std::time::Duration;

use executor::pool::Pool;
use executor::task::{self, Builder, block_on, spawn, spawn_blocking, spawn_local};
use reactor::time::timeout;

const LARGE: usize = 512 << 10;
const STACK: usize = 2 << 20;
const ROLE: &str = "LARGE_FUTURES_ROLE";
const LONG: Duration = Duration::from_secs(600);

const ENTRIES: [(&str, fn()); 14] = [
    ("block_on", || assert_eq!(block_on(large()), LARGE)),
    ("spawn", || assert_eq!(block_on(spawn(large())), LARGE)),
    ("spawn_local", || assert_eq!(block_on(spawn_local(large())), LARGE)),
    ("Pool::spawn", || assert_eq!(block_on(Pool::new(1).unwrap().spawn(large())), LARGE)),
    ("Builder::spawn", || assert_eq!(block_on(Builder::new().spawn(large())), LARGE)),
    ("Builder::spawn, named", || assert_eq!(block_on(Builder::new().name("n").spawn(large())), LARGE)),
    ("Builder::spawn_local", || assert_eq!(block_on(Builder::new().spawn_local(large())), LARGE)),
    ("Builder::spawn_local, named", || {
        assert_eq!(block_on(Builder::new().name("n").spawn_local(large())), LARGE);
    }),
    ("spawn_blocking", || assert_eq!(block_on(spawn_blocking(large_call())), LARGE)),
    ("Builder::spawn_blocking", || assert_eq!(block_on(Builder::new().spawn_blocking(large_call())), LARGE)),
    ("timeout", || assert_eq!(block_on(timeout(LONG, large())), Ok(LARGE))),
    ("cancel", || assert_eq!(block_on(spawn_local(never()).cancel()), None)),
    ("cancel of a call", || _ = block_on(spawn_blocking(large_call()).cancel())),
    ("unblock", || {
        let unblock = reactor::blocking::unblock(large_io());
        assert_eq!(block_on(unblock).unwrap(), LARGE);
    }),
];

fn large() -> impl Future<Output = usize> + Send {
    let bytes = [1_u8; LARGE];
    async move {
        task::yield_now().await;
        bytes.iter().map(|byte| usize::from(*byte)).sum()
    }
}

/// As large, and never ready.
fn never() -> impl Future<Output = u8> {
    let bytes = [1_u8; LARGE];
    async move {
        std::future::pending::<()>().await;
        bytes[0]
    }
}

fn large_call() -> impl FnOnce() -> usize + Send {
    let bytes = [1_u8; LARGE];
    move || bytes.iter().map(|byte| usize::from(*byte)).sum()
}

fn large_io() -> impl FnOnce() -> io::Result<usize> + Send {
    let bytes = [1_u8; LARGE];
    move || Ok(bytes.iter().map(|byte| usize::from(*byte)).sum())
}

#[test]
fn each_entry_point_takes_512_kib_on_a_stack_of_2_mib() {
    let mut failed = Vec::new();
    for (name, _) in ENTRIES {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", "one_entry_point"]).env(ROLE, name).output().unwrap();
        if !output.status.success() {
            failed.push(format!("{name}: {}", output.status));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// What the test above runs; without [`ROLE`] it does nothing.
#[test]
fn one_entry_point() {
    let Some(role) = std::env::var_os(ROLE) else { return };
    let (_, entry) = ENTRIES.into_iter().find(|(name, _)| role == *name).unwrap();
    thread::Builder::new().stack_size(STACK).spawn(entry).unwrap().join().unwrap();
}
