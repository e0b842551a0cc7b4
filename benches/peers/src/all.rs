//! Measures everything, in turns, each time in a new process. Next: `table`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::measure::{Error, Setting, measure};
use crate::rows::{ROWS, Row};
use crate::sample::{Sample, Samples};
use crate::server::Server;
use crate::{history, load, picture, recording, table, tail};

/// The first section that is not made of the rows.
const MESSAGES: &str = "\n## keeping messages";

/// Measures, and writes the table and the pictures. With `from`, it measures nothing, and reads what an earlier run has
/// printed. That is for a change of a goal or of a text, not of the code that was measured.
pub fn all(
    rounds: usize,
    only: Option<&str>,
    one_core: bool,
    from: Option<&str>,
    docs: &Path,
) -> Result<(), Error> {
    let names: Vec<&str> = only.into_iter().flat_map(|names| names.split(',')).collect();
    if let Some(unknown) = names.iter().find(|&&name| !ROWS.iter().any(|row| row.name.starts_with(name))) {
        return Err(format!("no workload is called {unknown:?}; `peers list` prints all").into());
    }
    let wanted = |row: &&Row| only.is_none() || names.iter().any(|name| row.name.starts_with(name));
    // With one core there is none for a separate server.
    let possible =
        |row: &&Row| !one_core || !["echo", "chat"].contains(&row.picture) && row.name != "chat_mem:2000";
    let rows: Vec<&Row> = ROWS.iter().filter(wanted).filter(possible).collect();
    let (samples, rounds) = match from {
        Some(printed) => read(&rows, &fs::read_to_string(printed)?),
        None => (measure_all(&rows, rounds, one_core), rounds),
    };
    let name = if one_core { "benchmarks-one-core" } else { "benchmarks" };
    let pictures = docs.join(name);
    fs::create_dir_all(&pictures)?;
    for (title, picture) in picture::bars(&rows, &samples) {
        fs::write(pictures.join(format!("{title}.svg")), picture)?;
    }
    let mut command = format!("all --rounds {rounds}");
    command += &only.map(|names| format!(" --only {names}")).unwrap_or_default();
    command += if one_core { " --one-core" } else { "" };
    let mut text = table::benchmarks(&rows, &samples, rounds, name, &command);
    let file = docs.join(format!("{name}.md"));
    if from.is_some() {
        // The sections of the other programs stay as they are.
        let before = fs::read_to_string(&file).unwrap_or_default();
        text += before.find(MESSAGES).map_or("", |at| &before[at..]);
    } else if only.is_none() && !one_core {
        text += &format!(
            "{MESSAGES}\n\n{}\n\n{}",
            history::ABOUT,
            history::table().unwrap_or_else(|error| format!("Not measured: {error}.\n"))
        );
        text += &format!(
            "\n## recording\n\n{}\n\n{}",
            recording::ABOUT,
            recording::table(rounds).unwrap_or_else(|error| format!("Not measured: {error}.\n"))
        );
        text += &format!(
            "\n## tail\n{}",
            tail::section(rounds, &pictures).unwrap_or_else(|error| format!("\nNot measured: {error}.\n"))
        );
        text += &format!(
            "\n## system calls\n\nCounted by `strace -c -f`, for echo servers with 32 connections: those with at least 0.005 per request.\n\n{}",
            syscalls(32).unwrap_or_else(|error| format!("Not counted: {error}.\n"))
        );
    }
    fs::write(file, text)?;
    match rows.iter().all(|row| row.on.iter().all(|&on| samples.contains_key(&(row.name, on)))) {
        true => Ok(()),
        false => Err("some measurements failed: see above".into()),
    }
}

/// Measures each row on each runtime, round by round.
fn measure_all(rows: &[&Row], rounds: usize, one_core: bool) -> Samples {
    let start = Instant::now();
    let setting = Setting { one_core, ..Setting::default() };
    let mut samples = Samples::new();
    for round in 1..=rounds {
        for row in rows {
            for &runtime in row.on {
                match measure(row.name, runtime, &setting) {
                    Ok(sample) => {
                        eprintln!("{round}/{rounds} {:22} {runtime:10} {sample}", row.name);
                        samples.entry((row.name, runtime)).or_default().push(sample);
                    }
                    // One failure leaves a gap in the table, and does not stop the rest.
                    Err(error) => eprintln!("{round}/{rounds} FAILED: {error}"),
                }
            }
        }
    }
    eprintln!("measured in {:.0} s", start.elapsed().as_secs_f64());
    samples
}

/// Reads what `measure_all` has printed, and returns the number of rounds too.
fn read(rows: &[&Row], printed: &str) -> (Samples, usize) {
    let mut samples = Samples::new();
    let mut rounds = 0;
    for line in printed.lines() {
        let mut words = line.split_whitespace();
        let (Some(round), Some(name), Some(runtime)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let row = rows.iter().find(|row| row.name == name);
        let on = row.and_then(|row| row.on.iter().find(|&&on| on == runtime));
        if let (Some(row), Some(&on), Some((_, of))) = (row, on, round.split_once('/')) {
            rounds = of.parse().unwrap_or(rounds);
            samples.entry((row.name, on)).or_default().push(Sample::parse(line));
        }
    }
    (samples, rounds)
}

/// Returns a table of the system calls per request of each echo server.
pub fn syscalls(connections: usize) -> Result<String, Error> {
    Command::new("strace").arg("-V").output()?;
    let report = std::env::temp_dir().join(format!("peers-strace-{}", std::process::id()));
    let servers = [
        ("echo_local", "bare"),
        ("echo_local", "ours"),
        ("echo_local", "tokio-ct"),
        ("echo_local", "smol"),
        ("echo", "ours"),
        ("echo", "tokio"),
        ("echo", "smol"),
        ("echo", "async-std"),
    ];
    let mut table = format!("| server, {connections} connections | system calls per request |\n|---|---|\n");
    for (kind, runtime) in servers {
        let strace = ["strace", "-c", "-f", "-o", report.to_str().ok_or("a plain path")?];
        let server = Server::start(kind, runtime, &strace);
        load::echo(&server, connections);
        drop(server);
        // The warm-up is a tenth more, and one request on each connection.
        let measured = load::echo_requests(connections);
        let requests = (measured + (measured / 10).max(connections) + connections) as f64;
        let mut calls = Vec::new();
        for line in fs::read_to_string(&report)?.lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            if let [_, _, _, count, .., name] = words[..]
                && let Ok(count) = count.parse::<f64>()
                && name != "total"
                && count / requests >= 0.005
            {
                calls.push(format!("{name} {:.2}", count / requests));
            }
        }
        table += &format!("| {kind} {runtime} | {} |\n", calls.join(", "));
    }
    fs::remove_file(report)?;
    Ok(table)
}
