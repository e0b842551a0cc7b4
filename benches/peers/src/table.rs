//! The figures as Markdown: medians, ratios, goals. Next: `picture`.

use std::fmt::Write;
use std::fs;

use crate::rows::{Metric, RUNTIMES, Row};
use crate::sample::{Sample, Samples, is_quick, median};

/// A sleep may end this many microseconds late.
const LATE: f64 = 1000.0;

/// The median over the rounds.
pub fn figure(samples: &Samples, row: &str, runtime: &str, key: &str) -> Option<f64> {
    let (_, rounds) = samples.iter().find(|(at, _)| **at == (row, runtime))?;
    let mut values: Vec<f64> = rounds.iter().filter_map(|sample| sample.get(key)).collect();
    (!values.is_empty()).then(|| median(&mut values))
}

/// The result of a row.
pub struct Verdict {
    /// This runtime's figure divided by the best peer's in the same round: the median over the rounds.
    pub ratio: f64,
    /// `None` without a goal; else what misses the goal, which is empty if it is met.
    pub amiss: Option<Vec<String>>,
}

/// Compares this runtime with the best of the row's peers.
pub fn verdict(row: &Row, samples: &Samples) -> Option<Verdict> {
    let best = |key: &str| {
        let peers =
            row.against.iter().filter_map(|&peer| Some((figure(samples, row.name, peer, key)?, peer)));
        peers.min_by(|a, b| a.0.total_cmp(&b.0))
    };
    let rounds = |runtime: &'static str| samples.get(&(row.name, runtime));
    let key = row.metric.key();
    let (_, peer) = best(key)?;
    let pair = |(ours, theirs): (&Sample, &Sample)| Some(ours.get(key)? / theirs.get(key)?);
    let mut ratios: Vec<f64> = rounds("ours")?.iter().zip(rounds(peer)?).filter_map(pair).collect();
    let ratio = median(&mut ratios);
    let amiss = row.goal.map(|goal| {
        let mut amiss = Vec::new();
        let ours = |key| figure(samples, row.name, "ours", key);
        if ratio > goal {
            amiss.push("ratio".to_string());
        }
        if row.metric == Metric::Wall
            && let (Some(ours), Some((peers, _))) = (ours("cpu_ns"), best("cpu_ns"))
            && ours > peers
        {
            amiss.push(format!("CPU {:.2}", ours / peers));
        }
        if let Some(late) = ours("late_us").filter(|&late| late > LATE) {
            amiss.push(format!("{:.1} ms late", late / 1e3));
        }
        if row.name == "chat:10"
            && let (Some(ours), Some((peers, _))) = (ours("p99_us"), best("p99_us"))
            && ours > peers
        {
            amiss.push(format!("p99 {:.2}", ours / peers));
        }
        amiss
    });
    Some(Verdict { ratio, amiss })
}

/// A figure of nanoseconds as a text for readers: at least three digits, the thousands apart. A second unit in the same
/// column would be read as the first one.
pub fn time(ns: f64) -> String {
    if ns < 100.0 {
        return format!("{ns:.1}");
    }
    let last = 10_f64.powf((ns.log10().floor() - 3.0).max(0.0));
    let digits = format!("{:.0}", (ns / last).round() * last);
    let (first, rest) = digits.split_at((digits.len() - 1) % 3 + 1);
    rest.as_bytes()
        .chunks(3)
        .fold(first.to_owned(), |text, three| text + "," + &String::from_utf8_lossy(three))
}

fn cell(row: &Row, samples: &Samples, runtime: &str) -> String {
    let get = |key| figure(samples, row.name, runtime, key);
    let Some(value) = get(row.metric.key()) else {
        return "–".into();
    };
    let mut text = match row.metric {
        Metric::Wall => format!("{} ({})", time(value), get("cpu_ns").map_or("–".into(), time)),
        Metric::Cpu => time(value),
        Metric::Bytes | Metric::Late | Metric::Idle => format!("{value:.0}"),
    };
    if let Some(late) = get("late_us").filter(|_| row.metric == Metric::Cpu) {
        write!(text, ", {:.2} ms late", late / 1e3).expect("a string");
    }
    if let Some(p99) = get("p99_us") {
        write!(text, ", p99 {:.2} ms", p99 / 1e3).expect("a string");
    }
    text
}

/// The page.
pub fn benchmarks(rows: &[&Row], samples: &Samples, rounds: usize, pictures: &str, command: &str) -> String {
    let mut page = format!(
        "# Benchmarks\n\n\
         Written by `cargo run --release -- {command}` in `benches/peers`; do not edit.\n\n\
         {}. Each figure is the median of {rounds} rounds, each measured in a process of its own, the\n\
         runtimes in turns; pools have 2 workers. \"wall (CPU)\" is nanoseconds per operation. tokio ct is its\n\
         current-thread runtime; in local rows the others are their `LocalSet`, `LocalExecutor` or\n\
         `spawn_local`. The limit is no runtime at all: a queue of boxes, or an epoll loop.\n\n\
         The ratio is ours to the best peer of the same kind in the same round, the median over the rounds: pools\n\
         against pools, and for echo and chat what the goal names (tokio's pool; the bare loop; the textbook's\n\
         server on tokio). A goal in wall time is met only if ours takes no more CPU than the best peer either.\n",
        machine()
    );
    let mut picture = "";
    if is_quick() {
        page += "\n**Run with `--quick`: each once and small, to show that it works. The figures mean nothing.**\n";
    }
    for row in rows {
        if row.picture != picture {
            picture = row.picture;
            let judged = if is_quick() { ("", "") } else { (" ratio | goal | met |", "---|---|---|") };
            let head =
                format!("\n| | ours | tokio | smol | async-std | tokio ct | threads | limit |{}", judged.0);
            let line = format!("|---|---|---|---|---|---|---|---|{}", judged.1);
            write!(page, "\n## {picture}\n\n![{picture}]({pictures}/{picture}.svg)\n{head}\n{line}\n")
                .expect("a string");
        }
        let name = row.name.split(':').next().unwrap_or(row.name);
        write!(page, "| **{name}**: {} |", row.what).expect("a string");
        for runtime in RUNTIMES {
            write!(page, " {} |", cell(row, samples, runtime)).expect("a string");
        }
        if is_quick() {
            page += "\n";
            continue;
        }
        let (ratio, goal, met) = match (verdict(row, samples), row.goal) {
            (Some(Verdict { ratio, amiss: Some(amiss) }), Some(goal)) => {
                let met =
                    if amiss.is_empty() { "yes".into() } else { format!("**no**: {}", amiss.join(", ")) };
                (format!("{ratio:.2}"), format!("≤ {goal}"), met)
            }
            (Some(verdict), _) => (format!("{:.2}", verdict.ratio), "–".into(), "–".into()),
            (None, _) => ("–".into(), "–".into(), "–".into()),
        };
        writeln!(page, " {ratio} | {goal} | {met} |").expect("a string");
    }
    if is_quick() { page } else { page + &bounds(rows, samples) + &tasks_and_threads(samples) }
}

/// What limits a row, according to a profile. Printed where the goal is not met.
const BOUNDS: &[(&str, &str)] = &[
    (
        "yield_many",
        "Three atomic changes of the task's word, for the wake, the start of the poll and its end, are what a yield \
         cannot do without here. Of its CPU, 40 of 100 are in the function with two of them, 22 in the wake, 15 in \
         putting the task into the queue, and 15 in the worker's loop (`perf record`). The ratio was 0.50 to 0.63 in \
         four series.",
    ),
    (
        "join",
        "The best peer polls its branches in the order in which they are written. Here chance decides which is first, \
         so that none wins or starves another. So half of the joins poll the receive first. It has to wait, the send \
         wakes it, and the task is polled once more. With the first branch always first a join takes 44 ns of CPU here, \
         and 56 at the peer.",
    ),
    (
        "barrier",
        "On one worker a wait takes 82 ns of CPU, and 203 in tokio. On two, the nine tasks that the last one \
         wakes are shared out between the workers, and each takes the barrier's lock twice. Of the CPU, 30 of \
         100 are in the poll that takes it, and 15 in waiting for it (`perf record`). With 100 tasks the \
         ratio is 1.2.",
    ),
    (
        "once_cell",
        "A value that is there at once is charged to the budget of the poll, so that a loop over it yields to \
         other tasks. That is the difference; the peers do not charge it.",
    ),
    (
        "timers",
        "Of a sleep's CPU the timers themselves take an eighth (`perf record`): the bucket, the heap, the \
         lock. A fifth is cold memory, since the tasks wake in another order than that of their creation: the \
         wake, the last poll and the end of a task miss the cache in its header, its future and its list. A \
         tenth is the clock, which is read four times per sleep, twice by the workload. The rest is \
         the task: allocation, page faults, the queues, and 900 turns of the reactor. The ratio was 0.48 to \
         0.59 in six series.",
    ),
    (
        "echo",
        "A request is one recv, one send and a share of an epoll_wait here, in the bare loop, and in tokio \
         (see the system calls below), and nine tenths of the time is the kernel's. The rest varies more \
         from run to run than the goal allows: on one thread with 1000 connections, a round of ours \
         took 1.03 to 1.22 times the bare loop's CPU, and one of tokio's 1.03 to 1.27.",
    ),
    (
        "mem",
        "An allocation of 56 bytes: a vtable, the state, the join waker (two words), the place in the \
         pool's list, the scheduler, and the outcome. With the allocator's header that is 64, with the \
         list's and the queue's entry 80.",
    ),
];

/// The rows whose goal is not met, and why.
fn bounds(rows: &[&Row], samples: &Samples) -> String {
    let missed = rows.iter().filter(|row| {
        verdict(row, samples).is_some_and(|verdict| verdict.amiss.is_some_and(|amiss| !amiss.is_empty()))
    });
    let mut lines = String::new();
    for row in missed {
        let name = row.name.split(':').next().unwrap_or(row.name);
        let known = BOUNDS.iter().find(|(bounded, _)| name.starts_with(bounded));
        let text = known.map_or("Not explained yet.", |(_, text)| text);
        writeln!(lines, "- **{name}** ({}): {text}", row.what).expect("a string");
    }
    if lines.is_empty() {
        return "\nEvery goal is met.\n".into();
    }
    format!("\n## what bounds the rest\n\n{lines}")
}

/// A table of what is said of tasks compared with threads, measured on this runtime.
fn tasks_and_threads(samples: &Samples) -> String {
    let statements = [
        ("create one, and wait for it", "spawn_one", "spawn_one", "wall_ns"),
        ("create 1000, and wait for them", "spawn_pool:1000", "spawn_pool:1000", "wall_ns"),
        ("switch: a hop between two, channels", "pingpong", "pingpong", "wall_ns"),
        ("switch: a hop along 500, channels", "brigade:500", "brigade:500", "wall_ns"),
        ("the same, tasks on one thread", "brigade_local:500", "brigade:500", "wall_ns"),
        ("switch: a hop along 500, TCP", "brigade_tcp:500", "brigade_tcp:500", "wall_ns"),
        ("the same, tasks on one thread", "brigade_tcp_local:500", "brigade_tcp:500", "wall_ns"),
        ("memory, bytes each", "mem:1000000", "mem:1000000", "bytes"),
    ];
    let mut lines = String::new();
    for (statement, tasks, threads, key) in statements {
        let figures = (figure(samples, tasks, "ours", key), figure(samples, threads, "threads", key));
        if let (Some(task), Some(thread)) = figures {
            let [task_text, thread_text] = [task, thread].map(|value| match key {
                "bytes" => format!("{value:.0}"),
                _ => time(value),
            });
            let times = thread / task;
            writeln!(lines, "| {statement} | {task_text} | {thread_text} | {times:.1} |").expect("a string");
        }
    }
    if lines.is_empty() {
        return lines;
    }
    format!(
        "\n## tasks and threads\n\nWhat is said in favour of async in general, measured on this runtime: nanoseconds of \
         wall time unless the row says otherwise.\n\n\
         | | a task | a thread | times |\n|---|---|---|---|\n{lines}"
    )
}

/// A sentence that names the machine on which it was measured.
pub fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("Measured on {} ({cores} cores), Linux {}", model.map_or("?", |(_, name)| name), kernel.trim())
}
