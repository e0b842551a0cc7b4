//! Rung 11: sleep and wake: the lost wakeup, shown, then fixed.
//!
//!     cargo run --example 11_lost_wakeup
//!
//! The workers of rung 10 never sleep. So let a worker that finds nothing sleep, and let a push wake it, but
//! only if it sleeps: a wake costs a system call, and most pushes find all workers awake. The obvious way to
//! write this hangs once in a while:
//!
//! ```text
//!   worker:  look: nothing                             announce: asleep    park, forever
//!   pusher:                  push, wake: none asleep
//! ```
//!
//! The fix is an order on both sides, so that one of them must see the other's write:
//!
//! - S1  The pusher pushes before it reads whether the worker sleeps.
//! - S2  The worker announces that it sleeps before its last look at the queue.
//!
//! Below is the fixed worker, as a pool would contain it. Then both sides are taken apart into steps. First
//! the push is forced between every two steps of the worker, on real threads. Then a model runs the steps of
//! both sides in every possible order.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

// ANCHOR: 11_shared
/// What a worker shares with the threads that push.
struct Shared {
    queue: Mutex<VecDeque<u64>>,
    asleep: AtomicBool,
    worker: Thread,
    /// For the experiment: whether a push woke the worker.
    woken: AtomicBool,
}

impl Shared {
    fn new() -> Shared {
        let (queue, worker) = (Mutex::default(), thread::current());
        Shared { queue, asleep: false.into(), worker, woken: false.into() }
    }

    fn look(&self) -> Option<u64> {
        self.queue.lock().unwrap().pop_front()
    }

    fn announce(&self, asleep: bool) {
        // ORDERING: Relaxed; the queue's lock orders it. If our last look comes before the push, then we
        // unlocked before the pusher locked, and it sees what we announced. A queue without a lock needs a
        // SeqCst fence here and in `push`. Otherwise each side may read before its own write is visible.
        self.asleep.store(asleep, Ordering::Relaxed);
    }

    fn push(&self, work: u64) {
        self.queue.lock().unwrap().push_back(work); // S1
        // ORDERING: Relaxed; see `announce`.
        if self.asleep.load(Ordering::Relaxed) {
            self.woken.store(true, Ordering::Relaxed); // ORDERING: Relaxed; read after a join.
            self.worker.unpark();
        }
    }
}
// ANCHOR_END: 11_shared

// ANCHOR: 11_next
/// Returns the next piece of work, and sleeps until there is one. This is the fixed worker.
fn next(shared: &Shared) -> u64 {
    loop {
        if let Some(work) = shared.look() {
            return work;
        }
        shared.announce(true); // S2
        let found = shared.look();
        if found.is_none() {
            thread::park(); // If the wake has already come, it left its token.
        }
        shared.announce(false);
        if let Some(work) = found {
            return work;
        }
    }
}
// ANCHOR_END: 11_next

const NAIVE: &[&str] = &["look", "announce", "park"];
const FIXED: &[&str] = &["look", "announce", "look", "park"];

// ANCHOR: 11_forced
/// A worker takes these steps. After step number `push_after` another thread pushes once. Returns what
/// becomes of the worker.
fn forced(steps: &[&str], push_after: usize) -> &'static str {
    let shared = Shared::new();
    for (at, step) in steps.iter().enumerate() {
        match *step {
            "look" if shared.look().is_some() => return "found",
            "announce" => shared.announce(true),
            "park" => thread::park_timeout(Duration::from_millis(50)), // Instead of forever.
            _ => {}
        }
        if at == push_after {
            thread::scope(|scope| _ = scope.spawn(|| shared.push(1)));
        }
    }
    let woken = shared.woken.into_inner();
    if woken { "woken" } else { "not woken: it sleeps forever, with work in the queue" }
}
// ANCHOR_END: 11_forced

// ANCHOR: 11_model
/// Takes the steps of both sides in every possible order. Returns how many orders hang, and how many there
/// are.
fn all_orders(worker: &[&str], pusher: &[&str]) -> (u32, u32) {
    let (mut hang, mut all) = (0, 0);
    let steps = worker.len() + pusher.len();
    // Bit n of `order` says which side takes step n: 1 is the pusher.
    for order in (0..1_u32 << steps).filter(|order| order.count_ones() as usize == pusher.len()) {
        let (mut worker, mut pusher) = (worker.iter(), pusher.iter());
        let (mut work, mut asleep, mut token, mut found) = (false, false, false, false);
        for at in 0..steps {
            let step = if order >> at & 1 == 1 { pusher.next() } else { worker.next() };
            match *step.expect("the order has as many steps for each side") {
                "look" => found |= work,
                "announce" => asleep = true,
                "push" => work = true,
                "wake" => token |= asleep,
                _ => {} // "park" ends with a token, whether that came before or comes later.
            }
        }
        all += 1;
        hang += u32::from(!found && !token);
    }
    (hang, all)
}
// ANCHOR_END: 11_model

fn main() {
    println!("The push is forced between two steps of the worker:");
    for steps in [NAIVE, FIXED] {
        for push_after in 0..steps.len() - 1 {
            let end = thread::spawn(move || forced(steps, push_after)).join().expect("it ends");
            let mut shown = steps.to_vec();
            shown.insert(push_after + 1, "PUSH");
            println!("    {:<34} {end}", shown.join(" "));
        }
    }

    println!("Every order of the steps of both sides:");
    let cases = [(NAIVE, ["push", "wake"]), (FIXED, ["wake", "push"]), (FIXED, ["push", "wake"])];
    for (worker, pusher) in cases {
        let (hang, all) = all_orders(worker, &pusher);
        println!("    {:<26} | {} {hang:>4} of {all} hang", worker.join(" "), pusher.join(" "));
    }

    let shared = Shared::new();
    let sum: u64 = thread::scope(|scope| {
        scope.spawn(|| (1..=10_000).for_each(|work| shared.push(work)));
        (0..10_000).map(|_| next(&shared)).sum()
    });
    assert_eq!(sum, 10_000 * 10_001 / 2);
    println!("The fixed worker received all of ten thousand pushes.");

    // Still wrong: nothing hangs any more. But since rung 02 we have pinned each future before its first poll
    // without knowing why. What breaks if a future moves? Rung 12.
    println!("Still wrong: we pin every future and have not seen why. Rung 12 shows what breaks otherwise.");
}
