//! Files: why they are read on threads, and what that costs.
//!
//!     cargo run --release --example files
//!
//! A regular file is always "ready": epoll refuses to watch it, and a read takes as long as the disk does. So a
//! read in a task stops all tasks of its thread. The cure is a thread for the calls that block, `spawn_blocking`.
//! Handing a job to it and back takes longer than a read from the system's cache, so the job should be a large one.
//! This program measures both.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, process};

use executor::sync::mpsc;
use executor::task;
use reactor::Async;
use reactor::time::interval;

const PIECE: usize = 4096;
const PIECES: usize = 2_000;
const PERIOD: Duration = Duration::from_millis(1);

fn main() -> io::Result<()> {
    let file = TemporaryFile(env::temp_dir().join(format!("unrolled-files-{}", process::id())));
    task::block_on(async {
        let contents: Vec<u8> = (0..PIECE * PIECES).map(|at| (at / 7) as u8).collect();
        write_beside_a_ticker(&file.0, contents).await?;
        what_epoll_says(&file.0)?;
        three_ways_to_read(&file.0).await
    })
}

/// A file is no source of events.
fn what_epoll_says(path: &Path) -> io::Result<()> {
    match Async::new(File::open(path)?) {
        Err(error) => println!("\nAsync::new(file): {error}"),
        Ok(_) => println!("\nAsync::new(file): this system watches files, and calls them ready at all times"),
    }
    Ok(())
}

/// Writes a file, down to the disk, beside a task that ticks: in the task itself, and on a thread.
async fn write_beside_a_ticker(path: &Path, contents: Vec<u8>) -> io::Result<()> {
    println!(
        "{} bytes, written down to the disk, beside a task that ticks every {PERIOD:?}:",
        contents.len()
    );
    let contents = Arc::new(contents);
    let write = {
        let (path, contents) = (path.to_owned(), Arc::clone(&contents));
        move || {
            let mut file = File::create(&path)?;
            file.write_all(&contents)?;
            file.sync_all()
        }
    };
    let direct = beside_a_ticker("called directly", async { write.clone()() }).await?;
    assert_eq!(direct, 0, "the task never ran");
    beside_a_ticker("in spawn_blocking", task::spawn_blocking(write)).await?;
    Ok(())
}

/// Awaits `work` while a local task ticks. Prints how long it took, and returns the number of ticks.
async fn beside_a_ticker(way: &str, work: impl Future<Output = io::Result<()>>) -> io::Result<u32> {
    let ticks = Rc::new(Cell::new(0));
    let ticker = task::spawn_local({
        let ticks = ticks.clone();
        async move {
            let mut interval = interval(PERIOD);
            loop {
                interval.tick().await;
                ticks.set(ticks.get() + 1);
            }
        }
    });
    task::yield_now().await; // The ticker starts first.
    ticks.set(0);
    let begun = Instant::now();
    let outcome = work.await;
    println!("    {way:<34} {:>8.2} ms {:>5} ticks", begun.elapsed().as_secs_f64() * 1e3, ticks.get());
    ticker.cancel().await;
    outcome.map(|()| ticks.get())
}

/// Reads the file in three ways, from the system's cache.
async fn three_ways_to_read(path: &Path) -> io::Result<()> {
    println!("\n{PIECES} pieces of {PIECE} bytes, from the system's cache, for each piece:");
    let file = Arc::new(File::open(path)?);
    let direct = timed("read in the task", async { in_the_task(&file) }).await?;
    let each = timed("a job for each piece", a_job_for_each(&file)).await?;
    let ahead = timed("one job, 64 KiB at a time", one_job(file)).await?;
    assert!(direct == each && direct == ahead);
    println!("The same sum each time: {direct}.");
    Ok(())
}

/// Adds up the bytes. It never awaits, so no other task runs meanwhile.
fn in_the_task(file: &File) -> io::Result<u64> {
    let (mut total, mut piece) = (0, vec![0; PIECE]);
    for at in 0..PIECES {
        file.read_exact_at(&mut piece, (at * PIECE) as u64)?;
        total += sum(&piece);
    }
    Ok(total)
}

// ANCHOR: files_each
/// A job for each piece of 4 KiB: the buffer goes along, and comes back.
async fn a_job_for_each(file: &Arc<File>) -> io::Result<u64> {
    let (mut total, mut piece) = (0, vec![0; PIECE]);
    for at in 0..PIECES {
        let file = Arc::clone(file);
        let read = task::spawn_blocking(move || {
            file.read_exact_at(&mut piece, (at * PIECE) as u64)?;
            io::Result::Ok(piece)
        });
        piece = read.await?;
        total += sum(&piece);
    }
    Ok(total)
}
// ANCHOR_END: files_each

// ANCHOR: files_one
/// One job for the whole file, which reads ahead as far as the channel has room.
async fn one_job(file: Arc<File>) -> io::Result<u64> {
    let (pieces, mut ready) = mpsc::channel(4);
    let reader = task::spawn_blocking(move || read_ahead(&file, &pieces));
    let mut total = 0;
    while let Some(piece) = ready.recv().await {
        total += sum(&piece);
    }
    reader.await?;
    Ok(total)
}

/// Runs on a thread for blocking calls, so it may block: in the read, and while the channel is full.
fn read_ahead(file: &File, pieces: &mpsc::Sender<Vec<u8>>) -> io::Result<()> {
    loop {
        let mut piece = Vec::with_capacity(16 * PIECE);
        if file.take(16 * PIECE as u64).read_to_end(&mut piece)? == 0 {
            return Ok(());
        }
        if task::block_on(pieces.send(piece)).is_err() {
            return Ok(()); // Nobody wants the rest.
        }
    }
}
// ANCHOR_END: files_one

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte)).sum()
}

/// Awaits `work`, and prints how long it took for each piece.
async fn timed(way: &str, work: impl Future<Output = io::Result<u64>>) -> io::Result<u64> {
    let begun = Instant::now();
    let total = work.await;
    println!("    {way:<34} {:>8.2} us", begun.elapsed().as_secs_f64() * 1e6 / PIECES as f64);
    total
}

/// A file that is removed at the end, so also if the program fails.
struct TemporaryFile(PathBuf);

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
