//! Recording: what an event costs, with no recording on and with one.
//!
//! Measured: one event of a kind that is counted, and one that is only noted; a yield, which is three events; and
//! turning a recording into its page. Left out: what a recording costs a whole program (see the rows `echo` and
//! `chat` of benches/peers with UNROLLED_TRACE set).

mod common;

use std::hint::black_box;

use common::on_one_thread;
use criterion::{Criterion, Throughput};
use executor::{task, trace};
use reactor::record::{Kind, note, record};

/// The size of the rings: 8 megabytes, so that they do not stay in the nearest cache.
const EVENTS: usize = 1 << 19;

fn events(c: &mut Criterion) {
    let mut group = c.benchmark_group("record");
    // 0x7000 stands for the address of a task.
    for on in [false, true] {
        if on {
            trace::start(EVENTS).expect("no recording is on");
        }
        let name = |what: &str| format!("{what}, {}", if on { "on" } else { "off" });
        group.bench_function(name("a counted event"), |b| b.iter(|| record(Kind::Wake, black_box(0x7000))));
        group.bench_function(name("an event"), |b| b.iter(|| note(Kind::GaveWay, 0, black_box(0x7000))));
        group.bench_function(name("a yield"), |b| on_one_thread(b, task::yield_now));
    }
    drop(trace::stop());

    const YIELDS: usize = 10_000;
    trace::start(EVENTS).expect("no recording is on");
    task::block_on(async {
        for _ in 0..YIELDS {
            task::yield_now().await;
        }
    });
    let recording = trace::stop().expect("a recording is on");
    group.throughput(Throughput::Elements(recording.events() as u64));
    group.bench_function("the page", |b| b.iter(|| recording.to_html().len()));
    group.finish();
}

fn main() {
    common::run("what an event costs, if it is recorded and if it is not", "watching.md", events);
}
