//! Which lock hangs in which program: three programs, each run with each lock.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::iter;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use executor::future::{Selected::*, poll_once, select};
use executor::sync::{self, RwLock, Semaphore, mpsc, oneshot};
use executor::task::yield_now;

/// What gives one task at a time a guard.
trait Lock {
    fn lock(&self) -> Locking<'_>;
}

type Locking<'a> = Pin<Box<dyn Future<Output = Box<dyn Guard + 'a>> + 'a>>;

trait Guard {}

impl<T> Guard for T {}

impl Lock for sync::Mutex<()> {
    fn lock(&self) -> Locking<'_> {
        Box::pin(async { Box::new(self.lock().await) as _ })
    }
}

impl Lock for Semaphore {
    fn lock(&self) -> Locking<'_> {
        Box::pin(async { Box::new(self.acquire().await.expect("it is open")) as _ })
    }
}

impl Lock for RwLock<()> {
    fn lock(&self) -> Locking<'_> {
        Box::pin(async { Box::new(self.write().await) as _ })
    }
}

/// A channel with room for one value. The room is reserved, and given back without a send.
impl Lock for (mpsc::Sender<()>, mpsc::Receiver<()>) {
    fn lock(&self) -> Locking<'_> {
        Box::pin(async { Box::new(self.0.reserve().await.expect("it is open")) as _ })
    }
}

// ANCHOR: held_grabbed
/// A lock that is grabbed: an unlock makes it free, and wakes the first waiter, or all of them. The first to be polled
/// takes it.
struct Grabbed {
    wakes_all: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: bool,
    waiters: VecDeque<Waker>,
}

struct Grab<'a>(&'a Grabbed);

impl Grabbed {
    async fn grab(&self) -> Grab<'_> {
        poll_fn(|cx| {
            let mut state = self.state.lock().expect("nobody panics with it");
            if !state.held {
                state.held = true;
                return Poll::Ready(Grab(self));
            }
            state.waiters.push_back(cx.waker().clone());
            Poll::Pending
        })
        .await
    }
}

impl Drop for Grab<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().expect("nobody panics with it");
        state.held = false;
        let most = if self.0.wakes_all { usize::MAX } else { 1 };
        let woken: Vec<Waker> = iter::from_fn(|| state.waiters.pop_front()).take(most).collect();
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }
}
// ANCHOR_END: held_grabbed

impl Grabbed {
    fn new(wakes_all: bool) -> Self {
        Grabbed { wakes_all, state: Mutex::default() }
    }
}

impl Lock for Grabbed {
    fn lock(&self) -> Locking<'_> {
        Box::pin(async { Box::new(self.grab().await) as _ })
    }
}

/// Whether the future was woken since its last poll.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        // ORDERING: Relaxed; there is one thread.
        self.0.store(true, Ordering::Relaxed);
    }
}

// ANCHOR: held_all_end
type Actor<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Polls the futures that are woken, each as a task of its own, until none is. Then nothing can wake one any more.
/// Returns whether all of them have ended.
fn all_end<const N: usize>(actors: [Actor<'_>; N]) -> bool {
    let mut actors = actors.map(|actor| (Some(actor), Arc::new(Flag(AtomicBool::new(true)))));
    loop {
        // ORDERING: Relaxed; there is one thread.
        let woken = actors.iter_mut().find(|(_, flag)| flag.0.swap(false, Ordering::Relaxed));
        let Some((actor, flag)) = woken else { break };
        let waker = Waker::from(Arc::clone(flag));
        if let Some(future) = actor
            && future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
        {
            *actor = None;
        }
    }
    actors.iter().all(|(actor, _)| actor.is_none())
}
// ANCHOR_END: held_all_end

/// Has the lock until it gets the message.
fn holder(lock: &dyn Lock, release: oneshot::Receiver<()>) -> Actor<'_> {
    Box::pin(async {
        let _guard = lock.lock().await;
        release.await.expect("the message is sent");
    })
}

// ANCHOR: held_programs
/// A task keeps a future that waits for the lock, and locks again.
fn locks_again(lock: &dyn Lock) -> bool {
    let (release, released) = oneshot::channel();
    let keeper = Box::pin(async move {
        let mut kept = lock.lock();
        assert!(matches!(select((kept.as_mut(), yield_now())).await, Second(())));
        release.send(()).expect("the holder waits for it");
        drop(lock.lock().await);
    });
    all_end([holder(lock, released), keeper])
}

/// A task keeps such a future, and waits for another task, which locks.
fn waits_for_another(lock: &dyn Lock) -> bool {
    let [(release, released), (start, started), (done, is_done)] = [(); 3].map(|()| oneshot::channel());
    let keeper = Box::pin(async move {
        let mut kept = lock.lock();
        assert!(matches!(select((kept.as_mut(), yield_now())).await, Second(())));
        start.send(()).expect("the other waits for it");
        is_done.await.expect("the other sends it");
    });
    let other = Box::pin(async move {
        started.await.expect("the keeper sends it");
        let mut locking = lock.lock();
        assert!(poll_once(locking.as_mut()).await.is_none(), "it is behind the keeper");
        release.send(()).expect("the holder waits for it");
        drop(locking.await);
        done.send(()).expect("the keeper waits for it");
    });
    all_end([holder(lock, released), keeper, other])
}
// ANCHOR_END: held_programs

// ANCHOR: held_guard
/// A task keeps a future that has the guard, and locks.
fn keeps_a_guard(lock: &dyn Lock) -> bool {
    all_end([Box::pin(async move {
        let mut kept = Box::pin(async {
            let _guard = lock.lock().await;
            for _ in 0..3 {
                yield_now().await;
            }
        });
        assert!(matches!(select((kept.as_mut(), yield_now())).await, Second(())));
        drop(lock.lock().await);
    })])
}
// ANCHOR_END: held_guard

pub(crate) fn print() {
    type New = fn() -> Box<dyn Lock>;
    let rows: [(&str, New, [bool; 3]); 6] = [
        ("Mutex", || Box::new(sync::Mutex::new(())), [false; 3]),
        ("Semaphore", || Box::new(Semaphore::new(1)), [false; 3]),
        ("RwLock", || Box::new(RwLock::new(())), [false; 3]),
        ("bounded channel", || Box::new(mpsc::channel(1)), [false; 3]),
        ("grabbed, wakes one", || Box::new(Grabbed::new(false)), [true, false, false]),
        ("grabbed, wakes all", || Box::new(Grabbed::new(true)), [true, true, false]),
    ];
    println!("The kept future …       waits, and its     waits, and its task   has the guard, and");
    println!("                        task locks again   awaits another one    its task locks again");
    for (name, new, expected) in rows {
        let ends = [locks_again, waits_for_another, keeps_a_guard].map(|program| program(&*new()));
        let [first, second, third] = ends.map(|ends| if ends { "ends" } else { "hangs" });
        println!("{name:<24}{first:<19}{second:<22}{third}");
        assert_eq!(ends, expected, "{name}");
    }
}
