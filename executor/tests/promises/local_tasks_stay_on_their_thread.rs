//! A local task's future is polled and dropped on its own thread only, wherever its handle and its wakers go.
//! Local tasks may be spawned before a `block_on`, go on after it, and are dropped at the thread's exit.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::task::Poll;
use std::thread::{self, ThreadId};

use executor::pool::Pool;
use executor::task::{self, JoinHandle, block_on, spawn, spawn_blocking, spawn_local};

use crate::support::{DEADLINE, Drops, Gate, OnDrop, ends, eventually};

/// A future that records the thread of each poll, and waits at a gate.
async fn noted(polls: Arc<Mutex<Vec<ThreadId>>>, gate: Gate) {
    let mut pass = gate.pass();
    std::future::poll_fn(move |cx| {
        polls.lock().unwrap().push(thread::current().id());
        std::pin::Pin::new(&mut pass).poll(cx)
    })
    .await;
}

#[test]
fn tasks_wait_for_a_block_on_that_comes_later() {
    ends(|| {
        let done = Rc::new(Cell::new(0));
        for _ in 0..10 {
            let done = Rc::clone(&done);
            drop(spawn_local(async move { done.set(done.get() + 1) }));
        }
        assert_eq!(done.get(), 0);
        block_on(async {
            while done.get() < 10 {
                task::yield_now().await;
            }
        });
    });
}

#[test]
fn unfinished_tasks_survive_one_block_on_and_go_on_in_the_next() {
    ends(|| {
        let gate = Gate::new();
        let handle = spawn_local(gate.pass());
        block_on(async {
            while gate.polls() == 0 {
                task::yield_now().await;
            }
        });
        gate.open();
        block_on(handle);
    });
}

#[test]
fn polled_on_its_thread_when_woken_and_awaited_elsewhere() {
    ends(|| {
        let owner = thread::current().id();
        let polls = Arc::new(Mutex::new(Vec::new()));
        let (drops, gate) = (Drops::new(), Gate::new());
        let handle = spawn_local({
            let (polls, gate, token) = (Arc::clone(&polls), gate.clone(), drops.token());
            async move {
                let _token = token;
                noted(polls, gate).await;
                7
            }
        });
        let finished = Gate::new();
        let elsewhere = thread::spawn({
            let (gate, finished) = (gate.clone(), finished.clone());
            move || {
                gate.await_polls(1);
                gate.open();
                let value = block_on(handle);
                finished.open();
                value
            }
        });
        block_on(finished.pass());
        assert_eq!(elsewhere.join().unwrap(), 7);
        assert_eq!(*polls.lock().unwrap(), [owner, owner]);
        assert_eq!(drops.threads(), [owner]);
    });
}

#[test]
fn dropped_on_its_thread_when_cancelled_elsewhere() {
    ends(|| {
        let owner = thread::current().id();
        let (drops, gate, finished) = (Drops::new(), Gate::new(), Gate::new());
        let handle = spawn_local({
            let (token, pass) = (drops.token(), gate.pass());
            async move {
                let _token = token;
                pass.await;
            }
        });
        let elsewhere = thread::spawn({
            let (gate, finished) = (gate.clone(), finished.clone());
            move || {
                gate.await_polls(1);
                assert_eq!(block_on(handle.cancel()), None);
                finished.open();
            }
        });
        block_on(finished.pass());
        elsewhere.join().unwrap();
        assert_eq!(drops.threads(), [owner]);
    });
}

/// The owner's thread is not in `block_on`: another thread's cancel ends when it exits.
#[test]
fn a_cancel_elsewhere_ends_when_the_owner_exits() {
    let (send, receive) = mpsc::channel();
    let (exit, may_exit) = mpsc::channel::<()>();
    let drops = Drops::new();
    let token = drops.token();
    let owner = thread::spawn(move || {
        let handle = spawn_local(async move {
            let _token = token;
            std::future::pending::<()>().await;
        });
        send.send(handle).unwrap();
        may_exit.recv_timeout(DEADLINE).unwrap();
    });
    let owner_id = owner.thread().id();
    let handle = receive.recv_timeout(DEADLINE).unwrap();
    let canceller = thread::spawn(move || block_on(handle.cancel()));
    assert_eq!(drops.count(), 0);
    exit.send(()).unwrap();
    assert_eq!(canceller.join().unwrap(), None);
    owner.join().unwrap();
    assert_eq!(drops.threads(), [owner_id]);
}

/// The same for a task that has been polled and waits.
#[test]
fn a_cancel_elsewhere_of_a_waiting_task_ends_when_the_owner_runs_again() {
    let (send, receive) = mpsc::channel();
    let (go, may_go) = mpsc::channel::<()>();
    let gate = Gate::new();
    let pass = gate.pass();
    let owner = thread::spawn(move || {
        send.send(spawn_local(pass)).unwrap();
        block_on(task::yield_now());
        may_go.recv_timeout(DEADLINE).unwrap();
        block_on(async {
            for _ in 0..10 {
                task::yield_now().await;
            }
        });
        may_go.recv_timeout(DEADLINE).unwrap();
    });
    let handle = receive.recv_timeout(DEADLINE).unwrap();
    gate.await_polls(1);
    let canceller = thread::spawn(move || block_on(handle.cancel()));
    // If the cancel comes after the ten turns, it ends at the exit.
    go.send(()).unwrap();
    go.send(()).unwrap();
    assert_eq!(canceller.join().unwrap(), None);
    owner.join().unwrap();
}

#[test]
fn at_thread_exit_the_rest_is_dropped_there() {
    let drops = Drops::new();
    // The gate is returned: it keeps the waker, so the task is not unreachable when its thread ends.
    let (owner, _gate) = ends({
        let drops = drops.clone();
        move || {
            let gate = Gate::new();
            for _ in 0..3 {
                let (token, pass) = (drops.token(), gate.pass());
                drop(spawn_local(async move {
                    let _token = token;
                    pass.await;
                    std::future::pending::<()>().await;
                }));
            }
            block_on(task::yield_now());
            let token = drops.token();
            // A task that is never polled.
            drop(spawn_local(async move {
                let _token = token;
                std::future::pending::<()>().await;
            }));
            (thread::current().id(), gate)
        }
    });
    assert_eq!(drops.threads(), [owner; 4]);
}

/// The exit goes on dropping tasks as long as their drops spawn more.
#[test]
fn at_thread_exit_what_the_drops_spawn_is_dropped_too() {
    fn nest(drops: &Drops, depth: usize) {
        let (token, more) = (drops.token(), drops.clone());
        let spawner = OnDrop(move || {
            if depth > 0 {
                nest(&more, depth - 1);
            }
        });
        drop(spawn_local(async move {
            let _held = (token, spawner);
            std::future::pending::<()>().await;
        }));
    }
    let drops = Drops::new();
    let owner = ends({
        let drops = drops.clone();
        move || {
            nest(&drops, 5);
            thread::current().id()
        }
    });
    assert_eq!(drops.threads(), [owner; 6]);
}

/// A wake from any thread is safe, even after the owner's thread has ended.
#[test]
fn wakers_outlive_the_owner_thread() {
    let gate = Gate::new();
    let drops = Drops::new();
    let handle = ends({
        let (pass, token) = (gate.pass(), drops.token());
        move || {
            let handle = spawn_local(async move {
                let _token = token;
                pass.await;
            });
            block_on(task::yield_now());
            block_on(task::yield_now());
            handle
        }
    });
    assert_eq!((gate.polls(), drops.count()), (1, 1));
    let waker = gate.take_waker().expect("the task waited");
    waker.wake_by_ref();
    // The next thread with local tasks takes over the ended thread's inbox.
    ends({
        let waker = waker.clone();
        move || {
            block_on(spawn_local(async move {
                waker.wake_by_ref();
                waker.clone().wake();
            }));
        }
    });
    assert!(waker.will_wake(&waker.clone()));
    waker.wake();
    assert!(handle.is_finished());
    assert_eq!(block_on(handle.cancel()), None);
}

#[test]
fn a_pool_tasks_local_tasks_run_on_its_worker() {
    let pool = Pool::new(2).unwrap();
    for _ in 0..20 {
        let owner = block_on(pool.spawn(async {
            let (send, receive) = executor::sync::oneshot::channel();
            let shared = Rc::new(RefCell::new(Vec::new()));
            {
                // The handle does not cross an await of this Send future.
                drop(spawn_local(async move {
                    shared.borrow_mut().push(thread::current().id());
                    task::yield_now().await;
                    shared.borrow_mut().push(thread::current().id());
                    let all_here = shared.borrow().iter().all(|id| *id == thread::current().id());
                    let _ = send.send((all_here, thread::current().id()));
                }));
            }
            let here = thread::current().id();
            let (all_here, there) = receive.await.unwrap();
            all_here && here == there
        }));
        assert!(owner, "the task runs where it was spawned");
    }
}

#[test]
fn a_workers_local_tasks_run_while_it_is_idle_and_are_dropped_with_it() {
    let pool = Pool::new(1).unwrap();
    let (drops, gate) = (Drops::new(), Gate::new());
    let (token, pass) = (drops.token(), gate.pass());
    let owner = block_on(pool.spawn(async move {
        drop(spawn_local(async move {
            let _token = token;
            pass.await;
            std::future::pending::<()>().await;
        }));
        // A handle keeps the second one from being unreachable.
        thread::current().id()
    }));
    gate.await_polls(1);
    let waker = gate.take_waker().expect("the task waits");
    drop(pool);
    assert_eq!(drops.threads(), [owner]);
    waker.wake();
}

/// Reports when its thread exits. The thread local that was initialized last is dropped first.
struct Exit(Cell<Option<Arc<AtomicBool>>>);

impl Drop for Exit {
    fn drop(&mut self) {
        if let Some(exits) = self.0.take() {
            exits.store(true, Ordering::SeqCst);
        }
    }
}

/// Not later, when its thread has idled for long enough, and ends.
#[test]
fn leftovers_of_a_blocking_call_are_dropped_when_it_ends() {
    thread_local! {
        static EXIT: Exit = const { Exit(Cell::new(None)) };
    }
    let (drops, gate) = (Drops::new(), Gate::new());
    let (token, pass) = (drops.token(), gate.pass());
    let [exits, late] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let owner = block_on(spawn_blocking({
        let late = Arc::clone(&late);
        move || {
            let exited = Arc::clone(&exits);
            drop(spawn_local(async move {
                let _token = token;
                let _is_late = OnDrop(|| late.store(exited.load(Ordering::SeqCst), Ordering::SeqCst));
                pass.await;
            }));
            EXIT.with(|exit| exit.0.set(Some(exits)));
            block_on(task::yield_now());
            thread::current().id()
        }
    }));
    eventually("the leftover is dropped", || drops.count() == 1);
    assert_eq!(drops.threads(), [owner]);
    assert!(!late.load(Ordering::SeqCst), "dropped when the thread ended");
}

/// Leaves a task whose drop cancels another task of its thread.
fn leave_two(gates: &[Gate; 2], drops: &Drops, the_one_that_cancels_comes_first: bool) {
    let other = Rc::new(Cell::new(None::<JoinHandle<()>>));
    let cancels = {
        let other = Rc::clone(&other);
        OnDrop(move || other.take().expect("the handle is taken once").abort())
    };
    let [pass, others_pass] = gates.each_ref().map(Gate::pass);
    let [token, others_token] = [drops.token(), drops.token()];
    let spawn_other = || {
        other.set(Some(spawn_local(async move {
            let _token = others_token;
            others_pass.await;
        })));
    };
    let spawn_it = || {
        drop(spawn_local(async move {
            let (_token, _cancels) = (token, cancels);
            pass.await;
        }));
    };
    if the_one_that_cancels_comes_first {
        spawn_it();
        spawn_other();
    } else {
        spawn_other();
        spawn_it();
    }
}

/// At the end of a thread and of a blocking call, for tasks that wait and for tasks that have never run.
#[test]
fn a_drop_at_the_end_may_cancel_another_task() {
    ends(|| {
        for (comes_first, has_run) in [(false, false), (false, true), (true, false), (true, true)] {
            let (gates, drops) = ([Gate::new(), Gate::new()], Drops::new());
            let leave = {
                let (gates, drops) = (gates.clone(), drops.clone());
                move || {
                    leave_two(&gates, &drops, comes_first);
                    if has_run {
                        block_on(task::yield_now());
                    }
                }
            };
            thread::spawn(leave.clone()).join().unwrap();
            assert_eq!(drops.count(), 2);
            block_on(spawn_blocking(leave));
            eventually("both are dropped", || drops.count() == 4);
        }
    });
}

/// A thread local's destructor runs after that of the thread's parker: a task that it spawns could not be
/// woken, and so is cancelled without a poll.
#[test]
fn what_is_spawned_after_the_parker_is_gone_is_cancelled() {
    type AtExit = OnDrop<Box<dyn FnMut() + Send>>;
    thread_local! {
        static LAST: Cell<Option<AtExit>> = const { Cell::new(None) };
    }
    ends(|| {
        let (gate, (done, end)) = (Gate::new(), mpsc::channel());
        let mut pass = Some(gate.pass());
        let at_exit: Box<dyn FnMut() + Send> = Box::new(move || {
            let task = spawn_local(pass.take().expect("the value is dropped once"));
            done.send(block_on(task.try_join()).is_err()).unwrap();
        });
        let ending = thread::spawn(|| {
            LAST.set(Some(OnDrop(at_exit)));
            block_on(async {});
        });
        assert_eq!(end.recv_timeout(DEADLINE), Ok(true), "the task was cancelled");
        ending.join().unwrap();
        gate.open();
    });
}

/// The output goes only to the thread that has the handle.
#[test]
fn the_value_goes_to_the_awaiting_thread() {
    ends(|| {
        let handle = spawn_local(async { vec![1, 2, 3] });
        let finished = Gate::new();
        let awaiter = spawn({
            let finished = finished.clone();
            async move {
                let value = handle.await;
                finished.open();
                value
            }
        });
        block_on(finished.pass());
        assert_eq!(block_on(awaiter), [1, 2, 3]);
    });
}

/// A thread's end visits each of its waiting tasks once, not once for each of the others.
#[test]
fn a_crowd_that_waits_is_dropped_with_its_thread() {
    const TASKS: usize = 200_000;
    ends(|| {
        let handles = thread::spawn(|| {
            let polled = Rc::new(Cell::new(0));
            let wait = |polled: Rc<Cell<usize>>| async move {
                polled.set(polled.get() + 1);
                std::future::pending::<()>().await;
            };
            let handles: Vec<_> = (0..TASKS).map(|_| spawn_local(wait(Rc::clone(&polled)))).collect();
            block_on(async {
                while polled.get() < TASKS {
                    task::yield_now().await;
                }
            });
            handles
        });
        assert!(handles.join().unwrap().iter().all(|handle| handle.is_finished()));
    });
}

/// A detached task's poll lends its waker, which holds no reference, to two threads: one wakes by reference,
/// the other clones and drops it. The task is queued once, in whichever order they do so.
#[test]
fn threads_of_a_poll_use_its_waker() {
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 200 };
    ends(|| {
        let (done, end) = mpsc::channel();
        let mut polls = 0;
        drop(spawn_local(std::future::poll_fn(move |cx| {
            polls += 1;
            let (waker, start) = (cx.waker(), Barrier::new(2));
            thread::scope(|scope| {
                let other = scope.spawn(|| {
                    start.wait();
                    waker.wake_by_ref();
                });
                start.wait();
                while !other.is_finished() {
                    drop(waker.clone());
                }
            });
            if polls < ROUNDS {
                return Poll::Pending;
            }
            done.send(()).unwrap();
            Poll::Ready(())
        })));
        block_on(async {
            while end.try_recv().is_err() {
                task::yield_now().await;
            }
        });
    });
}
