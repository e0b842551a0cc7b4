//! Unrolled compared with other runtimes, each measurement in a process of its own.
//!
//! In one process the threads, the heap and the caches of one runtime would disturb the next. And if one runtime
//! were measured after the other, a change of the machine's speed would look like a difference between them. So
//! the measurements take turns, round by round.
//!
//! ```text
//!   all ── in turns, round by round ──▶ run WORKLOAD RUNTIME ──▶ one line of figures
//!    │                                    └─ echo, chat: serve KIND RUNTIME, on the other core
//!    └──▶ docs/benchmarks.md and its pictures
//! ```
//!
//! Reading order: `sample`, `runtimes` (what a workload needs of one), `workloads`, `locks`, `threads`, `bare`,
//! `collections`, `machine`, `delays`, `open_loop`, `long_polls`, `server`, `load`, `beside`, `textbook`, `measure`,
//! `history`, `recording`, `tail`, `rows` (the goals), `all`, `table`, `picture`, `growth`.

mod all;
mod bare;
mod beside;
mod collections;
mod delays;
mod growth;
mod history;
mod load;
mod locks;
mod long_polls;
mod machine;
mod measure;
mod open_loop;
mod picture;
mod recording;
mod rows;
mod runtimes;
mod sample;
mod server;
mod table;
mod tail;
mod textbook;
mod threads;
mod workloads;

use std::process::ExitCode;

const HELP: &str = "\
Usage:
  peers all [--rounds N] [--only WORKLOAD,...] [--one-core] [--out DIR]
                                measures all, in turns, and writes DIR/benchmarks.md and its pictures
  peers all --from FILE [--out DIR]
                                writes the table and the pictures anew, from what an earlier run has printed
  peers growth [--rounds N] [--out DIR]      how cost grows: writes DIR/growth.md
  peers run WORKLOAD RUNTIME [--trace FILE]
                                one measurement, one line of figures (a workload may have a :SIZE);
                                with --trace, ours records itself, and FILE is a page that shows it
  peers syscalls [CONNECTIONS]  system calls per request of each echo server (needs strace)
  peers history                 posts per second of the chat server without a history, with one on
                                disk, and with one in Redis (needs redis-server)
  peers recording [--rounds N]  what it costs to record: ours, without and with a recording
  peers tail [--rounds N] [--out DIR]        tail latencies of requests, beside tasks that poll for long:
                                writes the section of DIR/benchmarks.md and its picture
  peers list                    the workloads, what each does, and the runtimes on which it runs
Everywhere: --quick            each once and small, to check that it works

DIR is the project's docs/. Runtimes: ours tokio smol async-std tokio-ct threads bare.
";

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if take(&mut words, "--quick") || std::env::var_os("PEERS_QUICK").is_some() {
        sample::be_quick();
    }
    let one_core = take(&mut words, "--one-core");
    let rounds = take_value(&mut words, "--rounds");
    let only = take_value(&mut words, "--only");
    let trace = take_value(&mut words, "--trace");
    let from = take_value(&mut words, "--from");
    let out = take_value(&mut words, "--out");
    let out = out.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs").to_string());
    let Ok(rounds) = rounds.as_deref().unwrap_or("5").parse() else {
        eprintln!("--rounds: {:?} is not a number", rounds.unwrap_or_default());
        return ExitCode::FAILURE;
    };

    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["all"] => all::all(rounds, only.as_deref(), one_core, from.as_deref(), out.as_ref()),
        ["growth"] => growth::growth(rounds, out.as_ref()),
        ["run", workload, runtime] => run(workload, runtime, trace.as_deref()),
        ["serve", kind, runtime] => server::serve(kind, runtime).ok_or("no such server".into()),
        ["syscalls"] => all::syscalls(32).map(|table| print!("{table}")),
        ["syscalls", connections] => match connections.parse() {
            Ok(connections) => all::syscalls(connections).map(|table| print!("{table}")),
            Err(_) => Err(HELP.into()),
        },
        ["history"] => history::table().map(|table| print!("{table}")),
        ["recording"] => recording::table(rounds).map(|table| print!("{table}")),
        ["tail"] => tail::tail(rounds, out.as_ref()),
        ["list"] => {
            for row in rows::ROWS {
                println!("{:24}{}\n{:24}{}", row.name, row.what, "", row.on.join(" "));
            }
            Ok(())
        }
        _ => Err(HELP.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures in this process; without the settings in the environment, in a new process that has them.
fn run(workload: &str, runtime: &str, trace: Option<&str>) -> Result<(), measure::Error> {
    if std::env::var_os("UNROLLED_THREADS").is_none() {
        let setting = measure::Setting { trace: trace.map(str::to_owned), ..measure::Setting::default() };
        println!("{}", measure::measure(workload, runtime, &setting)?.without_buckets());
        return Ok(());
    }
    let _pinned = std::env::var_os("PEERS_ONE_CORE").map(|_| machine::pin(machine::LOAD_CORE));
    let sample = rows::run(workload, runtime).ok_or("no such workload on that runtime")?;
    println!("{sample}");
    Ok(())
}

fn take(words: &mut Vec<String>, option: &str) -> bool {
    let place = words.iter().position(|word| word == option);
    place.map(|place| words.remove(place)).is_some()
}

fn take_value(words: &mut Vec<String>, option: &str) -> Option<String> {
    let place = words.iter().position(|word| word == option)?;
    words.remove(place);
    (place < words.len()).then(|| words.remove(place))
}
