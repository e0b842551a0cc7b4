//! Healthy programs get no verdict, whenever they are looked at: all that a program may do, much of it at once, while
//! another thread takes one dump after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use executor::pool::Pool;
use executor::sync::{Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
use executor::{task, trace};
use futures_lite::{StreamExt, future};
use reactor::io::prelude::*;
use reactor::net::{TcpListener, TcpStream};
use reactor::time::{sleep, timeout};

use crate::support::{eventually, in_child, planted, spawn};

/// How long the programs run, for each of the recordings.
const TIME: Duration = Duration::from_secs(4);

#[test]
fn no_verdict_in_healthy_programs() {
    planted(look_all_the_time);
}

/// With rings so small that most events are lost before they are read.
#[test]
fn no_verdict_where_events_are_lost() {
    in_child(&[], || {
        trace::start(1024).unwrap();
        look_all_the_time();
    });
}

#[test]
fn no_verdict_without_a_recording() {
    in_child(&[], look_all_the_time);
}

/// A recording that is begun and ended while the programs run.
#[test]
fn no_verdict_in_recordings_that_come_and_go() {
    in_child(&[], || {
        let over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&over);
        let recorder = thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let _ = trace::start(1 << 14);
                thread::sleep(Duration::from_millis(30));
                drop(trace::stop());
            }
        });
        look_all_the_time();
        over.store(true, Ordering::Relaxed);
        recorder.join().unwrap();
    });
}

/// No verdict, for as long as a dump takes and longer.
#[track_caller]
fn is_healthy(dumps: usize) {
    for _ in 0..dumps {
        let dump = executor::dump();
        assert!(dump.verdicts().is_empty(), "\n{dump}");
    }
}

/// Waits until this task waits.
#[track_caller]
fn waits(name: &str) {
    let named = |task: &&trace::TaskReport| task.name.as_deref() == Some(name);
    eventually("it waits", || {
        executor::dump().tasks().iter().find(named).is_some_and(|task| !task.waits_for.is_empty())
    });
}

/// The thread has the guard in a variable.
#[test]
fn a_guard_that_block_on_returns() {
    planted(|| {
        static LOCK: Mutex<()> = Mutex::new(());
        let guard = task::block_on(LOCK.lock());
        let waiter = spawn("waiter", async { drop(LOCK.lock().await) });
        waits("waiter");
        is_healthy(20);
        drop(guard);
        task::block_on(waiter);
    });
}

/// The guard is the outcome of a task whose handle nobody has awaited yet.
#[test]
fn a_guard_that_is_an_outcome() {
    planted(|| {
        static LOCK: Mutex<()> = Mutex::new(());
        let holder = spawn("holder", async { LOCK.lock().await });
        eventually("the outcome is there", || holder.is_finished());
        let waiter = spawn("waiter", async { drop(LOCK.lock().await) });
        waits("waiter");
        is_healthy(20);
        drop(task::block_on(holder));
        task::block_on(waiter);
    });
}

/// A thread of the program's own has the guard.
#[test]
fn a_guard_that_a_thread_has() {
    planted(|| {
        static LOCK: Mutex<()> = Mutex::new(());
        let (over, is_over) = std::sync::mpsc::channel::<()>();
        let starter = spawn("starter", async move {
            let guard = LOCK.lock().await;
            thread::spawn(move || {
                let _ = is_over.recv();
                drop(guard);
            });
        });
        eventually("the thread has the guard", || starter.is_finished());
        drop(starter);
        let waiter = spawn("waiter", async { drop(LOCK.lock().await) });
        waits("waiter");
        is_healthy(20);
        drop(over);
        task::block_on(waiter);
    });
}

/// The recording has the wake, which was on this thread, but not the poll after it: the worker's ring is full of what
/// came later.
#[test]
fn a_task_whose_last_poll_is_not_in_the_recording_waits() {
    in_child(&[("UNROLLED_THREADS", "1")], || {
        trace::start(1024).unwrap();
        let (first, is_first) = oneshot::channel();
        let (second, is_second) = oneshot::channel();
        let waiter = spawn("waiter", async { (is_first.await, is_second.await) });
        waits("waiter");
        // The join is recorded in the new thread's own ring, which does not overflow.
        let joiner = thread::spawn(|| task::block_on(waiter));
        let is_joined = |task: &trace::TaskReport| {
            task.awaited_by.as_ref().is_some_and(|by| by.starts_with("awaited by block_on "))
        };
        eventually("it is awaited", || executor::dump().tasks().iter().any(is_joined));
        first.send(()).unwrap();
        let yields = async {
            for _ in 0..20_000 {
                task::yield_now().await;
            }
        };
        task::block_on(spawn("yields", yields));
        let dump = executor::dump();
        let waiter_seen = dump.tasks().iter().find(|task| task.name.as_deref() == Some("waiter"));
        let waiter_seen = waiter_seen.expect("it has not ended");
        assert!(waiter_seen.state.starts_with("waiting"), "\n{dump}");
        let waits_for = waiter_seen.waits_for.concat();
        assert!(waits_for.starts_with("1 thing more: ") && waits_for.contains("was lost"), "\n{dump}");
        assert!(is_joined(waiter_seen), "\n{dump}");
        second.send(()).unwrap();
        assert_eq!(joiner.join().expect("it has not panicked"), (Ok(()), Ok(())));
    });
}

fn look_all_the_time() {
    trace::assert_never_stuck(|| {
        let programs: [fn(); 3] = [on_the_pool, in_block_on, pools_that_come_and_go];
        let runners = programs.map(|program| {
            thread::spawn(move || {
                let begin = Instant::now();
                while begin.elapsed() < TIME {
                    program();
                }
            })
        });
        for runner in runners {
            runner.join().expect("the program is healthy");
        }
    });
}

fn on_the_pool() {
    task::block_on(async {
        let all = [
            task::spawn(locks()),
            task::spawn(joins()),
            task::spawn(requests()),
            task::spawn(pipeline()),
            task::spawn(subscribers()),
            task::spawn(sockets()),
            task::spawn(calls()),
            task::spawn(cancels()),
            task::spawn(from_threads()),
            task::spawn(unordered()),
            task::spawn(replies()),
            task::spawn(second_thoughts()),
            task::spawn(closings()),
            task::spawn(sets()),
            task::spawn(shared()),
        ];
        for one in all {
            one.await;
        }
    });
}

fn in_block_on() {
    task::block_on(async {
        let all = [
            task::spawn_local(locks()),
            task::spawn_local(joins()),
            task::spawn_local(requests()),
            task::spawn_local(pipeline()),
            task::spawn_local(subscribers()),
            task::spawn_local(calls()),
            task::spawn_local(unordered()),
            task::spawn_local(closings()),
            task::spawn_local(sets()),
            task::spawn_local(shared()),
        ];
        for one in all {
            one.await;
        }
    });
}

fn pools_that_come_and_go() {
    let pool = Pool::new(2).unwrap();
    let ended = pool.spawn(locks());
    let left = pool.spawn(async { sleep(Duration::from_secs(600)).await });
    task::block_on(ended);
    drop(pool);
    assert!(left.is_finished());
}

/// Tasks that take two locks, in one order, and hold them across waits. Some give up.
async fn locks() {
    let both = Arc::new((Mutex::new(0), Mutex::new(0)));
    let tasks = (0..6).map(|index| {
        let both = Arc::clone(&both);
        task::spawn(async move {
            for round in 0..10 {
                let mut first = both.0.lock().await;
                if round % 3 == 0 {
                    task::yield_now().await;
                }
                let second = timeout(Duration::from_micros(50 * index), both.1.lock()).await;
                if let Ok(mut second) = second {
                    sleep(Duration::from_micros(10)).await;
                    *second += 1;
                }
                *first += 1;
            }
        })
    });
    for one in tasks.collect::<Vec<_>>() {
        one.await;
    }
}

/// A tree of tasks, each of which awaits its children, some while it holds a lock.
async fn joins() {
    fn tree(depth: u32, lock: Arc<Mutex<u32>>) -> future::Boxed<u32> {
        Box::pin(async move {
            if depth == 0 {
                task::yield_now().await;
                *lock.lock().await += 1;
                return 1;
            }
            let children = [0, 1, 2].map(|_| task::spawn(tree(depth - 1, Arc::clone(&lock))));
            let mut sum = 0;
            for child in children {
                sum += child.await;
            }
            sum
        })
    }
    let lock = Arc::new(Mutex::new(0));
    assert_eq!(tree(4, lock).await, 81);
}

/// A server that replies by oneshots, some of them late, and by other tasks.
async fn requests() {
    let (requests, mut inbox) = mpsc::channel::<(u32, oneshot::Sender<u32>)>(2);
    let server = task::spawn(async move {
        while let Some((number, reply)) = inbox.recv().await {
            if number % 2 == 0 {
                let _ = reply.send(number);
            } else {
                task::spawn(async move {
                    sleep(Duration::from_micros(200)).await;
                    let _ = reply.send(number);
                });
            }
        }
    });
    let clients = (0..4).map(|client| {
        let requests = requests.clone();
        task::spawn(async move {
            for number in 0..10 {
                let (reply, received) = oneshot::channel();
                requests.send((client + number, reply)).await.unwrap();
                assert_eq!(received.await, Ok(client + number));
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    drop(requests);
    for client in clients {
        client.await;
    }
    server.await;
}

/// A ring of channels, through which a token goes round.
async fn pipeline() {
    let (first, mut from) = mpsc::channel(1);
    let mut stages = Vec::new();
    for _ in 0..5 {
        let (to, next) = mpsc::channel(1);
        let mut source = std::mem::replace(&mut from, next);
        stages.push(task::spawn(async move {
            while let Some(token) = source.recv().await {
                if to.send(token).await.is_err() {
                    break;
                }
            }
        }));
    }
    for token in 0..20 {
        first.send(token).await.unwrap();
        assert_eq!(from.recv().await, Some(token));
    }
    drop(first);
    for stage in stages {
        stage.await;
    }
}

async fn subscribers() {
    let (sender, receiver) = broadcast::channel::<u32>(8);
    let all: Vec<_> = (0..4)
        .map(|_| {
            let mut receiver = sender.subscribe();
            task::spawn(async move {
                while !matches!(receiver.recv().await, Err(broadcast::RecvError::Closed)) {}
            })
        })
        .collect();
    drop(receiver);
    for number in 0..40 {
        let _ = sender.send(number);
        if number % 5 == 0 {
            sleep(Duration::from_micros(100)).await;
        }
    }
    drop(sender);
    for one in all {
        one.await;
    }
}

async fn sockets() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = task::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 16];
        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
            stream.write_all(&bytes[..count]).await.unwrap();
        }
    });
    let mut client = TcpStream::connect(address).await.unwrap();
    for _ in 0..20 {
        client.write_all(b"tea").await.unwrap();
        client.read_exact(&mut [0; 3]).await.unwrap();
    }
    drop(client);
    server.await;
}

async fn calls() {
    let slow = task::spawn_blocking(|| thread::sleep(Duration::from_millis(2)));
    let nested = task::spawn_blocking(|| task::block_on(task::spawn(async { task::yield_now().await })));
    let unblocked = reactor::blocking::unblock(|| Ok(7)).await;
    assert_eq!(unblocked.unwrap(), 7);
    slow.await;
    nested.await;
}

async fn cancels() {
    let (sender, mut receiver) = mpsc::channel::<u32>(1);
    let lock = Arc::new(Mutex::new(()));
    let held = lock.lock().await;
    let waiting = {
        let lock = Arc::clone(&lock);
        task::spawn(async move { drop(lock.lock().await) })
    };
    let receiving = task::spawn(async move { receiver.recv().await });
    let napping = task::spawn(sleep(Duration::from_secs(600)));
    task::yield_now().await;
    assert!(napping.cancel().await.is_none());
    assert!(receiving.cancel().await.is_none());
    waiting.abort();
    drop((held, sender));
    let _ = waiting.try_join().await;
}

/// Tasks that have a part of something, and wait for more of it, some while they hold a lock. Then they meet.
async fn shared() {
    struct Shared {
        permits: Semaphore,
        lock: Mutex<u32>,
        table: RwLock<u32>,
        more: Notify,
        meeting: Barrier,
        made: OnceCell<u32>,
    }
    let shared = Arc::new(Shared {
        permits: Semaphore::new(3),
        lock: Mutex::new(0),
        table: RwLock::new(0),
        more: Notify::new(),
        meeting: Barrier::new(4),
        made: OnceCell::new(),
    });
    let (state, seen) = watch::channel(0);
    let tasks = (0..4_u32).map(|index| {
        let (shared, mut seen) = (Arc::clone(&shared), seen.clone());
        task::spawn(async move {
            for round in 0..5 {
                let _permits = shared.permits.acquire_many(1 + (index + round) % 3).await.unwrap();
                let mut count = shared.lock.lock().await;
                if (index + round) % 4 == 0 {
                    *shared.table.write().await += 1;
                } else {
                    task::yield_now().await;
                    let _ = timeout(Duration::from_micros(50), shared.table.read()).await;
                }
                let made = shared.made.get_or_init(async || {
                    task::yield_now().await;
                    1
                });
                *count += made.await;
                shared.more.notify_one();
            }
            shared.meeting.wait().await;
            while seen.changed().await.is_ok() {}
        })
    });
    let tasks: Vec<_> = tasks.collect();
    for number in 1..=5 {
        let _ = timeout(Duration::from_micros(100), shared.more.notified()).await;
        assert!(state.send(number).is_ok());
    }
    drop((state, seen));
    for one in tasks {
        one.await;
    }
    assert_eq!(*shared.lock.lock().await, 20);
}

/// Channels whose other end a thread of the program has, which uses it late.
async fn from_threads() {
    let (sender, receiver) = oneshot::channel();
    let runner = thread::spawn(move || {
        thread::sleep(Duration::from_millis(5));
        sender.send(42).unwrap();
    });
    assert_eq!(receiver.await, Ok(42));
    runner.join().unwrap();
    let (sender, mut receiver) = mpsc::channel(1);
    let runner = thread::spawn(move || {
        thread::sleep(Duration::from_millis(5));
        sender.try_send(42).unwrap();
    });
    assert_eq!(receiver.next().await, Some(42));
    runner.join().unwrap();
}

/// Replies that come by a map of senders, to which nothing that is recorded leads.
async fn replies() {
    type Waiting = std::sync::Mutex<Vec<oneshot::Sender<u32>>>;
    let waiting = Arc::new(Waiting::default());
    let all_replied = Arc::new(AtomicBool::new(false));
    let replier = {
        let (waiting, all_replied) = (Arc::clone(&waiting), Arc::clone(&all_replied));
        task::spawn(async move {
            while !all_replied.load(Ordering::SeqCst) {
                sleep(Duration::from_millis(4)).await;
                for sender in std::mem::take(&mut *waiting.lock().unwrap()) {
                    let _ = sender.send(7);
                }
            }
        })
    };
    let early = {
        let (sender, receiver) = oneshot::channel();
        waiting.lock().unwrap().push(sender);
        receiver.await
    };
    assert_eq!(early, Ok(7));
    let (sender, receiver) = oneshot::channel();
    task::yield_now().await;
    waiting.lock().unwrap().push(sender);
    assert_eq!(receiver.await, Ok(7));
    all_replied.store(true, Ordering::SeqCst);
    replier.await;
}

/// A parent holds a lock and joins its child, which asks for the lock once, and then waits for something that is
/// not recorded.
async fn second_thoughts() {
    let lock = Arc::new(Mutex::new(()));
    let _held = lock.lock().await;
    let child = {
        let lock = Arc::clone(&lock);
        task::spawn(async move {
            assert!(future::poll_once(lock.lock()).await.is_none());
            let (slept, mut sleeper) = (Arc::new(AtomicBool::new(false)), None);
            std::future::poll_fn(|cx| {
                let (waker, over) = (cx.waker().clone(), Arc::clone(&slept));
                sleeper.get_or_insert_with(|| {
                    thread::spawn(move || {
                        thread::sleep(Duration::from_millis(8));
                        over.store(true, Ordering::SeqCst);
                        waker.wake();
                    })
                });
                if slept.load(Ordering::SeqCst) {
                    std::task::Poll::Ready(())
                } else {
                    std::task::Poll::Pending
                }
            })
            .await;
        })
    };
    child.await;
}

/// Waits for the end of receivers that are elsewhere: in a list, with a thread, with a task that was spawned before; and
/// a receiver that waits for a permit.
async fn closings() {
    let (sender, receiver) = mpsc::channel::<u32>(1);
    let list = Arc::new(std::sync::Mutex::new(vec![receiver]));
    let ender = {
        let list = Arc::clone(&list);
        task::spawn(async move {
            sleep(Duration::from_millis(2)).await;
            drop(std::mem::take(&mut *list.lock().unwrap()));
        })
    };
    sender.closed().await;
    ender.await;

    let (mut sender, receiver) = oneshot::channel::<u32>();
    let runner = thread::spawn(move || {
        thread::sleep(Duration::from_millis(2));
        drop(receiver);
    });
    future::or(sender.closed(), future::pending()).await;
    runner.join().unwrap();

    let (sender, mut receiver) = mpsc::channel::<u32>(2);
    let closed = task::spawn({
        let sender = sender.clone();
        async move { sender.closed().await }
    });
    let sending = task::spawn(async move {
        let permit = sender.reserve().await.expect("it is open");
        sleep(Duration::from_micros(300)).await;
        permit.send(7);
        sender.closed().await;
    });
    assert_eq!(receiver.recv().await, Some(7));
    receiver.close();
    assert_eq!(receiver.recv().await, None);
    closed.await;
    sending.await;
}

/// Sets of tasks, whose members wait for each other, for a lock of the one that joins them, and for an abort.
async fn sets() {
    let lock = Arc::new(Mutex::new(0));
    let mut held = Some(lock.lock().await);
    let mut set = task::JoinSet::new();
    for number in 0..6 {
        let lock = Arc::clone(&lock);
        set.spawn(async move {
            match number {
                0 => sleep(Duration::from_micros(300)).await,
                1 => sleep(Duration::from_secs(600)).await,
                _ => *lock.lock().await += 1,
            }
        });
    }
    assert!(set.join_next().await.expect("the first to end sleeps").is_ok());
    held.take();
    for _ in 0..4 {
        assert!(set.join_next().await.expect("those that lock").is_ok());
    }
    let stops = set.insert(task::spawn(sleep(Duration::from_secs(600))));
    let stopper = task::spawn(async move {
        sleep(Duration::from_micros(300)).await;
        stops.abort();
    });
    assert!(set.join_next().await.expect("two are left").is_err());
    stopper.await;
    set.shutdown().await;
}

/// Futures with wakers of their own, in one task: one of them holds the lock that the task waits for.
async fn unordered() {
    let lock = Mutex::new(());
    let holds = own_waker(async {
        let _held = lock.lock().await;
        sleep(Duration::from_micros(300)).await;
    });
    let wants = own_waker(async { drop(lock.lock().await) });
    future::zip(holds, wants).await;
}

/// Polls a future with a waker that is not the task's, and only when that was called.
async fn own_waker(future: impl Future<Output = ()>) {
    struct Flag(AtomicBool, std::sync::Mutex<Option<std::task::Waker>>);
    impl std::task::Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
            let waker = self.1.lock().unwrap().clone();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
    let flag = Arc::new(Flag(AtomicBool::new(true), std::sync::Mutex::new(None)));
    let waker = std::task::Waker::from(Arc::clone(&flag));
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| {
        *flag.1.lock().unwrap() = Some(cx.waker().clone());
        if flag.0.swap(false, Ordering::SeqCst) {
            future.as_mut().poll(&mut std::task::Context::from_waker(&waker))
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}
