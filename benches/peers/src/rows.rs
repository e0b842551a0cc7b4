//! The rows of the table: the workload, the runtimes, the figure that is compared, and the goal. Next: `all`.

use crate::runtimes::{
    AsyncStd, AsyncStdLocal, Ours, OursLocal, Smol, SmolLocal, Tokio, TokioCt, TokioLocal,
};
use crate::sample::Sample;
use crate::server::Server;
use crate::{bare, beside, collections, history, load, locks, threads, workloads};

/// The figure that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Wall time, and no more CPU than the best peer.
    Wall,
    /// CPU time.
    Cpu,
    /// Memory.
    Bytes,
    /// The 99th percentile of lateness.
    Late,
    /// CPU time in an idle second.
    Idle,
}

impl Metric {
    pub fn key(self) -> &'static str {
        match self {
            Metric::Wall => "wall_ns",
            Metric::Cpu => "cpu_ns",
            Metric::Bytes => "bytes",
            Metric::Late => "late_p99_us",
            Metric::Idle => "cpu_us",
        }
    }
}

/// A row: `name` is the workload and, after a colon, its size.
pub struct Row {
    pub name: &'static str,
    pub picture: &'static str,
    pub what: &'static str,
    pub on: &'static [&'static str],
    pub metric: Metric,
    /// This runtime's figure, divided by the best of `against`, must be at most this.
    pub goal: Option<f64>,
    pub against: &'static [&'static str],
}

/// In the order of the columns.
pub const RUNTIMES: &[&str] = &["ours", "tokio", "smol", "async-std", "tokio-ct", "threads", "bare"];

const POOLS: &[&str] = &["tokio", "smol", "async-std"];
const LOCALS: &[&str] = &["tokio", "smol", "async-std", "tokio-ct"];
const ALL: &[&str] = RUNTIMES;
const ASYNC: &[&str] = &["ours", "tokio", "smol", "async-std", "tokio-ct"];
const ASYNC_BARE: &[&str] = &["ours", "tokio", "smol", "async-std", "tokio-ct", "bare"];
const ASYNC_THREADS: &[&str] = &["ours", "tokio", "smol", "async-std", "tokio-ct", "threads"];
const TWO_THREADS: &[&str] = &["ours", "tokio", "smol", "async-std", "threads"];
const TWO_LIBRARIES: &[&str] = &["ours", "tokio"];
const CHAT: &[&str] = &["ours", "tokio", "tokio-ct"];
const WITH_SEMAPHORES: &[&str] = &["ours", "tokio", "smol", "tokio-ct"];
const WITH_NOTICES: &[&str] = &["ours", "tokio", "tokio-ct"];

macro_rules! rows {
    ($([$picture:literal] $($name:literal, $on:ident, $metric:ident, $goal:expr, $against:expr, $what:literal;)*)*) => {
        &[$($(Row {
            name: $name, picture: $picture, what: $what, on: $on,
            metric: Metric::$metric, goal: $goal, against: $against,
        },)*)*]
    };
}

#[rustfmt::skip]
pub const ROWS: &[Row] = rows! {
    ["spawn"]
        "spawn_pool:1000", ALL, Wall, Some(0.5), POOLS, "in a pool task: spawn 1000 ready tasks, await all";
        "spawn_outer:1000", ALL, Wall, Some(0.6), POOLS, "the same from block_on's thread";
        "spawn_one", ALL, Wall, Some(0.4), POOLS, "in a pool task: spawn one, await it";
        "chain:1000", ASYNC, Wall, Some(0.5), POOLS, "each task spawns the next, 1000 deep";
        "join_set:1000", TWO_LIBRARIES, Wall, Some(1.0), &["tokio"], "in a pool task: spawn 1000 ready tasks into a JoinSet, join all";
    ["switch"]
        "yield_one", ALL, Wall, Some(0.2), POOLS, "one pool task yields";
        "yield_many:1000", ALL, Wall, Some(0.6), POOLS, "1000 pool tasks yield";
        "pingpong", ASYNC_THREADS, Wall, Some(0.6), POOLS, "a hop between two pool tasks, channels of capacity 1";
        "cross", TWO_THREADS, Wall, Some(0.8), POOLS, "a hop between block_on's thread and a pool task";
        "unbounded:1000", TWO_LIBRARIES, Wall, Some(1.0), &["tokio"], "a value through a channel without a bound, of four tasks that send 1000 each";
        "brigade:500", ASYNC_THREADS, Wall, Some(0.6), POOLS, "500 pool tasks in a row pass on one token";
        "brigade_tcp:500", ASYNC_THREADS, Wall, None, POOLS, "the same over TCP connections";
        "join", ASYNC, Wall, Some(1.0), POOLS, "a join of a send and a receive";
        "select", ASYNC, Wall, Some(1.0), POOLS, "a send, and a select between two channels";
    ["locks"]
        "semaphore:100", WITH_SEMAPHORES, Wall, Some(1.0), &["tokio", "smol"], "100 pool tasks take a semaphore's one permit in turn";
        "rwlock_read", ASYNC, Wall, Some(1.0), POOLS, "one pool task reads under a lock for readers and writers, and nobody writes";
        "rwlock_write:100", ASYNC, Wall, Some(1.0), POOLS, "100 pool tasks write in turn";
        "barrier:10", WITH_SEMAPHORES, Wall, Some(1.0), &["tokio", "smol"], "10 pool tasks wait for each other, round after round";
        "once_cell", WITH_SEMAPHORES, Wall, Some(1.0), &["tokio", "smol"], "one pool task gets the value of a cell that is set";
        "notify", WITH_NOTICES, Wall, Some(1.0), &["tokio"], "a hop between two pool tasks that notify each other";
        "watch", WITH_NOTICES, Wall, Some(1.0), &["tokio"], "a hop between two pool tasks, each of which watches the other's value";
    ["local"]
        "spawn_local:1000", ASYNC_BARE, Cpu, Some(0.5), LOCALS, "1000 local tasks, await all";
        "yield_local:1000", ASYNC_BARE, Cpu, Some(0.35), LOCALS, "1000 local tasks yield";
        "brigade_local:500", ASYNC, Cpu, Some(0.7), LOCALS, "the brigade, local";
        "brigade_tcp_local:500", ASYNC, Cpu, None, LOCALS, "the brigade over TCP, local";
    ["blocking"]
        "blocking_one", TWO_THREADS, Wall, Some(0.8), POOLS, "one spawn_blocking, awaited (threads: spawn and join)";
        "blocking_many:1000", TWO_THREADS, Wall, Some(0.8), POOLS, "1000 spawn_blocking at a time";
        "timers:100000", ASYNC, Cpu, Some(0.5), POOLS, "100,000 sleeps of 0.1 to 1 s at once, on the pool";
        "timers_local:100000", ASYNC, Cpu, Some(0.5), LOCALS, "the same on one thread";
    ["memory"]
        "mem:1000000", ASYNC_THREADS, Bytes, Some(0.7), LOCALS, "bytes per pending task, of 1,000,000 (1,000 threads)";
        "chat_mem:2000", CHAT, Bytes, Some(0.6), &["tokio"], "chat: the server's bytes per joined connection, of 2,000";
    ["echo"]
        "echo:1", TWO_THREADS, Cpu, Some(1.0), &["tokio"], "TCP echo on the pool, 1 connection: the server's CPU per request";
        "echo:32", TWO_THREADS, Cpu, Some(1.0), &["tokio"], "32 connections";
        "echo:256", TWO_THREADS, Cpu, Some(1.0), &["tokio"], "256 connections";
        "echo:1000", TWO_THREADS, Cpu, Some(1.0), &["tokio"], "1000 connections";
        "echo_local:1", ASYNC_BARE, Cpu, None, &["bare"], "TCP echo on one thread, 1 connection";
        "echo_local:32", ASYNC_BARE, Cpu, Some(1.06), &["bare"], "32 connections";
        "echo_local:256", ASYNC_BARE, Cpu, Some(1.06), &["bare"], "256 connections";
        "echo_local:1000", ASYNC_BARE, Cpu, Some(1.06), &["bare"], "1000 connections";
    ["chat"]
        "chat:10", CHAT, Cpu, Some(0.4), &["tokio"], "100 members, 10 posts in flight: the server's CPU per delivery";
        "chat:1", CHAT, Cpu, Some(0.95), &["tokio"], "100 members, 1 post in flight";
    ["calm"]
        "idle", ASYNC, Idle, None, POOLS, "CPU in a second of idleness, in µs";
        "fairness:1000", ASYNC, Late, None, POOLS, "sleeps of 1 ms beside 1000 yielding tasks: the 99th percentile of lateness, in µs";
};

/// Measures once, in this process. Returns `None` if there is no such workload on that runtime.
pub fn run(name: &str, runtime: &str) -> Option<Sample> {
    let (workload, size) = match name.split_once(':') {
        Some((workload, size)) => (workload, size.parse().ok()?),
        None => (name, 1),
    };
    on_no_runtime(workload, runtime, size)
        .or_else(|| on_a_server(workload, runtime, size))
        .or_else(|| on_two_libraries(workload, runtime, size))
        .or_else(|| on_locks(workload, runtime, size))
        .or_else(|| on_a_runtime(workload, runtime, size))
}

fn on_no_runtime(workload: &str, runtime: &str, size: usize) -> Option<Sample> {
    let run = match (runtime, workload) {
        ("threads", "spawn_pool" | "spawn_outer" | "blocking_many") => threads::spawn_many,
        ("threads", "spawn_one" | "blocking_one") => threads::spawn_one,
        ("threads", "yield_one" | "yield_many") => threads::yields,
        ("threads", "pingpong" | "cross") => return Some(threads::brigade(2)),
        ("threads", "brigade") => threads::brigade,
        ("threads", "brigade_tcp") => threads::brigade_tcp,
        ("threads", "mem") => threads::mem,
        ("bare", "spawn_pool" | "spawn_outer" | "spawn_one" | "spawn_local") => bare::spawn,
        ("bare", "yield_one" | "yield_many" | "yield_local") => bare::yields,
        _ => return None,
    };
    Some(run(size))
}

fn on_a_server(workload: &str, runtime: &str, size: usize) -> Option<Sample> {
    let start = |kind: &str| Server::start(kind, runtime, &[]);
    Some(match workload {
        "echo" | "echo_local" => load::echo(&start(workload), size),
        "chat" => load::chat(&start("chat"), 100, size),
        "fanout" => load::chat(&start("chat"), size, 10),
        "chat_history" if runtime == "ours" => history::posts(&start("chat_history"), size, 1),
        "chat_posts" if runtime == "ours" => history::posts(&start("chat"), size, 1),
        "tail_echo" => beside::echo(&start(&format!("echo_beside:{size}"))),
        "chat_mem" => load::chat_memory(&start("chat"), size),
        _ => return None,
    })
}

fn on_two_libraries(workload: &str, runtime: &str, size: usize) -> Option<Sample> {
    Some(match (workload, runtime) {
        ("join_set", "ours") => collections::join_set::<Ours>(size),
        ("join_set", "tokio") => collections::join_set::<Tokio>(size),
        ("unbounded", "ours") => collections::unbounded::<Ours>(size),
        ("unbounded", "tokio") => collections::unbounded::<Tokio>(size),
        _ => return None,
    })
}

/// Calls a generic function for the runtime with this name.
macro_rules! call {
    ($runtime:ident, $module:ident::$workload:ident($size:ident), $($name:literal: $type:ty),*) => {
        match $runtime {
            $($name => $module::$workload::<$type>($size),)*
            _ => return None,
        }
    };
}

fn on_locks(workload: &str, runtime: &str, size: usize) -> Option<Sample> {
    Some(match workload {
        "semaphore" => {
            call!(runtime, locks::semaphore(size), "ours": Ours, "tokio": Tokio, "smol": Smol, "tokio-ct": TokioCt)
        }
        "rwlock_read" => {
            call!(runtime, locks::rwlock_read(size), "ours": Ours, "tokio": Tokio, "smol": Smol,
                  "async-std": AsyncStd, "tokio-ct": TokioCt)
        }
        "rwlock_write" => {
            call!(runtime, locks::rwlock_write(size), "ours": Ours, "tokio": Tokio, "smol": Smol,
                  "async-std": AsyncStd, "tokio-ct": TokioCt)
        }
        "barrier" => {
            call!(runtime, locks::barrier(size), "ours": Ours, "tokio": Tokio, "smol": Smol, "tokio-ct": TokioCt)
        }
        "once_cell" => {
            call!(runtime, locks::once_cell(size), "ours": Ours, "tokio": Tokio, "smol": Smol, "tokio-ct": TokioCt)
        }
        "notify" => call!(runtime, locks::notify(size), "ours": Ours, "tokio": Tokio, "tokio-ct": TokioCt),
        "watch" => call!(runtime, locks::watch(size), "ours": Ours, "tokio": Tokio, "tokio-ct": TokioCt),
        _ => return None,
    })
}

fn on_a_runtime(workload: &str, runtime: &str, size: usize) -> Option<Sample> {
    macro_rules! pool {
        ($function:ident) => {
            call!(runtime, workloads::$function(size), "ours": Ours, "tokio": Tokio, "smol": Smol,
                  "async-std": AsyncStd, "tokio-ct": TokioCt)
        };
    }
    macro_rules! local {
        ($function:ident) => {
            call!(runtime, workloads::$function(size), "ours": OursLocal, "tokio": TokioLocal, "smol": SmolLocal,
                  "async-std": AsyncStdLocal, "tokio-ct": TokioCt)
        };
    }
    Some(match workload {
        "spawn_pool" => pool!(spawn_pool),
        "spawn_outer" => pool!(spawn_outer),
        "spawn_one" => pool!(spawn_one),
        "chain" => pool!(chain),
        "yield_one" | "yield_many" => pool!(yields),
        "pingpong" => pool!(pingpong),
        "cross" => pool!(cross),
        "brigade" => pool!(brigade),
        "brigade_tcp" => pool!(brigade_tcp),
        "spawn_local" => local!(spawn_outer),
        "yield_local" => local!(yields),
        "brigade_local" => local!(brigade),
        "brigade_tcp_local" => local!(brigade_tcp),
        "join" => pool!(join),
        "select" => pool!(select),
        "blocking_one" => pool!(blocking_one),
        "blocking_many" => pool!(blocking_many),
        "timers" => pool!(timers),
        "timers_local" => local!(timers),
        "tail_wake" => {
            call!(runtime, beside::wake(size), "ours": Ours, "tokio": Tokio, "smol": Smol, "async-std": AsyncStd,
                  "tokio-ct": TokioCt)
        }
        "mem" => pool!(mem),
        "mem_local" => local!(mem),
        "idle" => pool!(idle),
        "fairness" => pool!(fairness),
        _ => return None,
    })
}
