//! Locks, channels, sets and handles, dropped at each of their awaits. What the book's chapter "Cancelled" says of an
//! operation holds at each of these moments.

use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use executor::cancel;
use executor::future::Selected::{First, Second};
use executor::future::{join, poll_once, select, try_join};
use executor::stream::StreamExt;
use executor::sync::{Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
use executor::task::{self, AbortOnDrop, JoinHandle, JoinSet, block_on, spawn_local, yield_now};
use reactor::budget;

use crate::support::{Drops, Gate, ends, eventually};

/// Runs an operation on a thread of its own, dropped at each of its awaits. It must have waited at least once.
fn each<S, T>(
    begin: impl AsyncFnMut() -> S + Send + 'static,
    run: impl AsyncFnMut(&mut S) -> T + Send + 'static,
    check: impl AsyncFnMut(S, Option<T>) + Send + 'static,
) {
    let waits = ends(move || block_on(cancel::at_each_await(begin, run, check)));
    assert!(waits > 0, "it never waited, so that only a future that was never polled was dropped");
}

/// Runs this on the same thread, once the present task waits.
fn soon(what: impl FnOnce() + 'static) -> JoinHandle<()> {
    spawn_local(async {
        yield_now().await;
        what();
    })
}

/// Spawns a task that waits at the gate, and lets it get there. Its end is counted by the drops.
async fn waiting_task() -> (JoinHandle<()>, Drops, Gate) {
    let (drops, gate) = (Drops::new(), Gate::new());
    let (token, pass) = (drops.token(), gate.pass());
    let task = spawn_local(async move {
        let _token = token;
        pass.await;
    });
    yield_now().await;
    (task, drops, gate)
}

/// Demands that a future is ready at its first poll.
#[track_caller]
fn now<T: Debug>(future: impl Future<Output = T>) -> T {
    let mut cx = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut cx) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

// The helper itself.

/// The moments are those that its documentation lists, in that order.
#[test]
fn each_moment_comes_once() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let saw = Arc::clone(&seen);
    each(
        async || (Gate::new(), 0),
        async |(gate, steps)| {
            for _ in 0..2 {
                let open = gate.clone();
                drop(soon(move || open.open()));
                *steps += 1;
                gate.pass().await;
                *steps += 1;
                *gate = Gate::new();
            }
        },
        async move |(gate, steps), output| {
            // A gate is polled once for each step that it was waited at, whether it is open or not.
            saw.lock().unwrap().push((steps, gate.polls(), output.is_some()));
        },
    );
    let expected = [
        (0, 0, false), // before the first poll
        (1, 1, false), // at the first gate
        (1, 1, false), // woken
        (3, 1, false), // at the second
        (3, 1, false),
        (4, 0, true), // the end
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}

/// At the second moment of a wait, what was waited for has happened. Wakes of other branches are not counted.
#[test]
fn a_wake_of_another_branch_is_not_the_futures_own() {
    let opened = ends(|| {
        let opened = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&opened);
        let busy = async {
            for _ in 0..100 {
                yield_now().await;
            }
        };
        let waits = block_on(join((
            cancel::at_each_await(
                async || (Gate::new(), Rc::new(Cell::new(false))),
                async |(gate, is_open)| {
                    let (gate_too, open_too) = (gate.clone(), Rc::clone(is_open));
                    drop(spawn_local(async move {
                        for _ in 0..10 {
                            yield_now().await;
                        }
                        open_too.set(true);
                        gate_too.open();
                    }));
                    gate.pass().await;
                },
                async move |(_, is_open), _| seen.borrow_mut().push(is_open.get()),
            ),
            busy,
        )));
        assert_eq!(waits, (1, ()));
        opened.take()
    });
    assert_eq!(opened, [false, false, true, true]);
}

/// What a run has spent of the task's budget is no wait of the next run.
#[test]
fn each_run_begins_with_a_whole_budget() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let saw = Arc::clone(&seen);
    each(
        async || 0,
        async |steps| {
            for _ in 0..100 {
                budget::take_one().await;
            }
            for _ in 0..2 {
                *steps += 1;
                yield_now().await;
            }
        },
        async move |steps, output| saw.lock().unwrap().push((steps, output.is_some())),
    );
    assert_eq!(
        *seen.lock().unwrap(),
        [(0, false), (1, false), (1, false), (2, false), (2, false), (2, true)]
    );
}

/// A transfer with an await between its two halves is found.
#[test]
fn a_half_is_found() {
    let lost = ends(|| {
        let lost = Rc::new(Cell::new(0));
        let count = Rc::clone(&lost);
        block_on(cancel::at_each_await(
            async || (5, 0),
            async |(from, to)| {
                *from -= 1;
                yield_now().await;
                *to += 1;
            },
            async move |(from, to), _| count.set(count.get() + usize::from(from + to != 5)),
        ));
        lost.get()
    });
    assert_eq!(lost, 2, "when it begins to wait, and when it was woken");
}

/// A lock that is handed over. A waiter that gives up leaves the queue, but does not pass the lock on.
#[derive(Default)]
struct Careless {
    locked: Cell<bool>,
    waiter: RefCell<Option<Waker>>,
    handed_over: Cell<bool>,
}

impl Careless {
    async fn lock(&self) {
        struct Leaves<'a>(&'a Careless);
        impl Drop for Leaves<'_> {
            fn drop(&mut self) {
                drop(self.0.waiter.take());
            }
        }
        let _leaves = Leaves(self);
        poll_fn(|cx| {
            if self.handed_over.take() || !self.locked.replace(true) {
                return Poll::Ready(());
            }
            self.waiter.replace(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    fn unlock(&self) {
        match self.waiter.take() {
            Some(waiter) => {
                self.handed_over.set(true);
                waiter.wake();
            }
            None => self.locked.set(false),
        }
    }
}

/// To drop a future when it begins to wait is not enough: this lock is lost between the wake and the next poll.
#[test]
fn a_lock_that_was_handed_over_is_found() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    each(
        async || {
            let lock = Rc::new(Careless::default());
            now(lock.lock());
            let holder = Rc::clone(&lock);
            (lock, soon(move || holder.unlock()))
        },
        async |(lock, _)| {
            lock.lock().await;
            lock.unlock();
        },
        async move |(lock, holder), _| {
            holder.await;
            record.lock().unwrap().push(lock.locked.get());
        },
    );
    assert_eq!(*seen.lock().unwrap(), [false, false, true, false]);
}

// Locks.

#[test]
fn a_mutex_is_never_left_locked() {
    each(
        async || {
            let mutex = Arc::new(Mutex::new(0));
            let held = now(Arc::clone(&mutex).lock_owned());
            (mutex, soon(move || drop(held)))
        },
        async |(mutex, _)| {
            *mutex.lock().await += 1;
            let mut value = Arc::clone(mutex).lock_owned().await;
            yield_now().await;
            *value += 1;
        },
        async |(mutex, holder), output| {
            holder.await;
            let value = now(mutex.lock());
            assert!(if output.is_some() { *value == 2 } else { *value < 2 });
        },
    );
}

/// Lets the other tasks of this thread run a few times.
async fn a_few_turns() {
    for _ in 0..3 {
        yield_now().await;
    }
}

/// The waiter behind the one that is dropped gets the lock.
#[test]
fn the_next_in_the_queue_gets_the_lock() {
    each(
        async || {
            let mutex = Arc::new(Mutex::new(()));
            let held = Some(now(Arc::clone(&mutex).lock_owned()));
            let behind = Arc::clone(&mutex);
            // It runs once the present task waits, so it is the second in the queue.
            (mutex, held, spawn_local(async move { drop(behind.lock().await) }))
        },
        async |(mutex, held, _)| {
            let release = async {
                a_few_turns().await;
                drop(held.take());
            };
            drop(join((mutex.lock(), release)).await);
        },
        async |(mutex, held, behind), _| {
            drop(held);
            behind.await;
            assert!(mutex.try_lock().is_some());
        },
    );
}

/// The first wants two permits, and one is free. When the first is dropped, the second gets that one.
#[test]
fn who_is_content_with_less_goes_on() {
    each(
        async || {
            let semaphore = Arc::new(Semaphore::new(2));
            let held = Some(semaphore.clone().try_acquire_owned().expect("free"));
            let behind = Arc::clone(&semaphore);
            (semaphore, held, spawn_local(async move { drop(behind.acquire().await) }))
        },
        async |(semaphore, held, _)| {
            let release = async {
                a_few_turns().await;
                drop(held.take());
            };
            drop(join((semaphore.acquire_many(2), release)).await);
        },
        async |(semaphore, held, behind), _| {
            behind.await;
            drop(held);
            assert_eq!(semaphore.available_permits(), 2);
        },
    );
}

#[test]
fn a_rwlock_is_never_left_locked() {
    each(
        async || {
            let lock = Arc::new(RwLock::new(0));
            let held = now(Arc::clone(&lock).write_owned());
            (lock, soon(move || drop(held)))
        },
        async |(lock, _)| {
            drop(lock.read().await);
            drop(lock.write().await);
            let read = Arc::clone(lock).read_owned().await;
            yield_now().await;
            drop(soon(move || drop(read)));
            *Arc::clone(lock).write_owned().await += 1;
        },
        async |(lock, holder), output| {
            holder.await;
            let mut guard = lock.write().await;
            assert_eq!(*guard, i32::from(output.is_some()));
            *guard = 0;
        },
    );
}

#[test]
fn a_semaphore_gets_all_permits_back() {
    each(
        async || {
            let semaphore = Arc::new(Semaphore::new(3));
            let held = semaphore.clone().try_acquire_many_owned(2).expect("free");
            (semaphore, soon(move || drop(held)))
        },
        async |(semaphore, _)| {
            let two = semaphore.acquire_many(2).await;
            let one = semaphore.acquire().await;
            yield_now().await;
            drop((two, one));
            let held = semaphore.clone().acquire_many_owned(3).await;
            drop(soon(move || drop(held)));
            drop(semaphore.clone().acquire_owned().await);
        },
        async |(semaphore, holder), _| {
            holder.await;
            drop(semaphore.acquire_many(3).await);
            assert_eq!(semaphore.available_permits(), 3);
        },
    );
}

#[test]
fn a_notice_goes_to_the_next() {
    each(
        async || {
            let notify = Rc::new(Notify::new());
            let notifier = Rc::clone(&notify);
            (notify, soon(move || notifier.notify_one()))
        },
        async |(notify, _)| notify.notified().await,
        async |(notify, notifier), output| {
            notifier.await;
            let stored = poll_once(notify.notified()).await.is_some();
            assert_eq!(stored, output.is_none(), "the notice is taken, or still there");
        },
    );
}

/// A wait dropped before the round ends is not counted as arrived. One that is dropped later is, and the others go on.
#[test]
fn a_barrier_may_be_passed_unseen() {
    let gone_on = Arc::new(std::sync::Mutex::new(Vec::new()));
    let record = Arc::clone(&gone_on);
    each(
        async || {
            let barrier = Rc::new(Barrier::new(2));
            let other = Rc::clone(&barrier);
            let other = spawn_local(async move {
                yield_now().await;
                _ = other.wait().await;
            });
            (barrier, other)
        },
        async |(barrier, _)| _ = barrier.wait().await,
        async move |(barrier, other), output| {
            for _ in 0..3 {
                yield_now().await;
            }
            record.lock().unwrap().push((other.is_finished(), output.is_some()));
            drop(barrier);
            other.abort();
        },
    );
    let expected = [(false, false), (false, false), (true, false), (true, true)];
    assert_eq!(*gone_on.lock().unwrap(), expected);
}

#[test]
fn a_cell_is_made_by_the_next() {
    each(
        async || OnceCell::new(),
        async |cell| {
            let make = async || {
                yield_now().await;
                "ours"
            };
            *cell.get_or_init(make).await
        },
        async |cell, output| {
            assert_eq!(cell.get().is_some(), output.is_some());
            let value = now(cell.get_or_try_init(async || Ok::<_, ()>("the next one's")));
            assert_eq!(*value.unwrap(), output.unwrap_or("the next one's"));
        },
    );
}

// Channels.

/// A value that was not sent is dropped. It is neither sent nor lost in the channel.
#[test]
fn a_send_sends_or_drops_its_value() {
    each(
        async || {
            let (sender, receiver) = mpsc::channel(1);
            let drops = Drops::new();
            sender.try_send(drops.token()).expect("room");
            let receiver = Rc::new(RefCell::new(receiver));
            let first = Rc::clone(&receiver);
            let taken = soon(move || drop(first.borrow_mut().try_recv().expect("the first value")));
            (sender, receiver, drops, taken)
        },
        async |(sender, _, drops, _)| sender.send(drops.token()).await.expect("a receiver"),
        async |(sender, receiver, drops, taken), output| {
            taken.await;
            let mut receiver = receiver.borrow_mut();
            assert_eq!(receiver.len(), usize::from(output.is_some()));
            if output.is_none() {
                sender.try_send(drops.token()).expect("no room is lost");
            }
            let tokens = drops.count();
            drop(receiver.try_recv());
            assert_eq!(drops.count(), tokens + 1);
        },
    );
}

/// The value stays with its owner until there is room.
#[test]
fn a_reserve_keeps_the_value() {
    each(
        async || {
            let (sender, receiver) = mpsc::channel(1);
            sender.try_send("the first").expect("room");
            let receiver = Rc::new(RefCell::new(receiver));
            let first = Rc::clone(&receiver);
            let taken = soon(move || assert_eq!(first.borrow_mut().try_recv(), Ok("the first")));
            (sender, receiver, Some("ours"), taken)
        },
        async |(sender, _, value, _)| {
            let permit = sender.reserve().await.expect("a receiver");
            permit.send(value.take().expect("it is there until it is sent"));
        },
        async |(sender, receiver, value, taken), output| {
            taken.await;
            assert_eq!(value.is_some(), output.is_none());
            if let Some(value) = value {
                sender.try_send(value).expect("no room is lost");
            }
            assert_eq!(receiver.borrow_mut().try_recv(), Ok("ours"));
        },
    );
}

#[test]
fn a_receive_takes_all_or_nothing() {
    each(
        async || {
            let (sender, receiver) = mpsc::channel(4);
            let send = soon(move || (1..=3).for_each(|value| sender.try_send(value).expect("room")));
            (receiver, Vec::new(), send)
        },
        async |(receiver, received, _)| {
            received.extend(receiver.recv().await);
            yield_now().await;
            receiver.recv_many(received, 1).await;
            received.extend(receiver.next().await);
        },
        async |(receiver, mut received, send), _| {
            send.await;
            received.extend(receiver.collect::<Vec<_>>().await);
            assert_eq!(received, [1, 2, 3]);
        },
    );
}

#[test]
fn a_receive_of_many_takes_all_or_nothing() {
    each(
        async || {
            let (sender, receiver) = mpsc::channel(4);
            let send = soon(move || (1..=3).for_each(|value| sender.try_send(value).expect("room")));
            (receiver, Vec::new(), send)
        },
        async |(receiver, received, _)| receiver.recv_many(received, 2).await,
        async |(receiver, mut received, send), output| {
            send.await;
            assert_eq!(received.len(), output.unwrap_or(0));
            received.extend(receiver.collect::<Vec<_>>().await);
            assert_eq!(received, [1, 2, 3]);
        },
    );
}

/// What a collector has is in its future.
#[test]
fn a_collect_loses_what_it_has() {
    let left = Arc::new(std::sync::Mutex::new(Vec::new()));
    let record = Arc::clone(&left);
    each(
        async || {
            let (sender, receiver) = mpsc::channel(4);
            sender.try_send(1).expect("room");
            let send = soon(move || sender.try_send(2).expect("room"));
            (receiver, send)
        },
        async |(receiver, _)| receiver.collect::<Vec<_>>().await,
        async move |(receiver, send), output| {
            send.await;
            let rest: Vec<_> = receiver.collect().await;
            record.lock().unwrap().push((output, rest));
        },
    );
    let expected = [(None, vec![1, 2]), (None, vec![2]), (None, vec![2]), (Some(vec![1, 2]), vec![])];
    assert_eq!(*left.lock().unwrap(), expected);
}

#[test]
fn a_wait_for_the_end_only_waits() {
    each(
        async || {
            let (queue, queued) = mpsc::channel::<()>(1);
            let (unbounded, unbound) = mpsc::unbounded_channel::<()>();
            let (once, one) = oneshot::channel::<()>();
            let (all, each) = broadcast::channel::<()>(1);
            let (newest, watched) = watch::channel(());
            let ends = [
                soon(move || drop(queued)),
                soon(move || drop(unbound)),
                soon(move || drop(one)),
                soon(move || drop(each)),
                soon(move || drop(watched)),
            ];
            (queue, unbounded, once, all, newest, ends)
        },
        async |(queue, unbounded, once, all, newest, _)| {
            queue.closed().await;
            unbounded.closed().await;
            once.closed().await;
            all.closed().await;
            newest.closed().await;
        },
        async |(queue, unbounded, mut once, all, newest, ends), _| {
            for end in ends {
                end.await;
            }
            join((queue.closed(), unbounded.closed(), once.closed(), all.closed(), newest.closed())).await;
        },
    );
}

#[test]
fn a_oneshot_by_reference_keeps_its_value() {
    each(
        async || {
            let (sender, receiver) = oneshot::channel();
            (receiver, soon(move || _ = sender.send(7)))
        },
        async |(receiver, _)| receiver.await,
        async |(mut receiver, send), output| {
            send.await;
            assert_eq!(output.unwrap_or_else(|| now(&mut receiver)), Ok(7));
        },
    );
}

/// A receiver that was moved into the future is dropped with it. Before the send, the sender gets the value back. After
/// it, the value is lost.
#[test]
fn a_oneshot_by_value_is_closed() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    each(
        async || {
            let (sender, receiver) = oneshot::channel();
            let returned = Rc::new(Cell::new(None));
            let back = Rc::clone(&returned);
            (Some(receiver), returned, soon(move || back.set(Some(sender.send(7)))))
        },
        async |(receiver, ..)| receiver.take().expect("a run takes it once").await,
        async move |(receiver, returned, send), output| {
            drop(receiver);
            send.await;
            record.lock().unwrap().push((output, returned.get().expect("it was sent")));
        },
    );
    let expected = [(None, Err(7)), (None, Err(7)), (None, Ok(())), (Some(Ok(7)), Ok(()))];
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[test]
fn a_broadcast_is_received_once() {
    each(
        async || {
            let (sender, receiver) = broadcast::channel(4);
            let send = soon(move || (1..=2).for_each(|value| assert_eq!(sender.send(value), Ok(1))));
            (receiver, Vec::new(), send)
        },
        async |(receiver, received, _)| {
            received.extend(receiver.recv().await);
            yield_now().await;
            received.extend(receiver.next().await.map(Result::unwrap));
        },
        async |(mut receiver, mut received, send), _| {
            send.await;
            while let Ok(value) = receiver.recv().await {
                received.push(value);
            }
            assert_eq!(received, [1, 2]);
        },
    );
}

#[test]
fn a_change_counts_as_seen_only_if_it_was_returned() {
    each(
        async || {
            let (sender, receiver) = watch::channel(0);
            let change = sender.clone();
            (sender, receiver, soon(move || change.send(7).expect("a receiver")))
        },
        async |(_, receiver, _)| receiver.changed().await,
        async |(_sender, receiver, send), output| {
            send.await;
            assert_eq!(receiver.has_changed(), Ok(output.is_none()));
        },
    );
    each(
        async || {
            let (sender, receiver) = watch::channel(0);
            let change = sender.clone();
            (sender, receiver, soon(move || change.send(7).expect("a receiver")))
        },
        async |(_, receiver, _)| receiver.wait_for(|value| *value == 7).await.map(|value| *value),
        async |(_sender, mut receiver, send), _| {
            send.await;
            assert_eq!(*now(receiver.wait_for(|value| *value == 7)).expect("a sender"), 7);
        },
    );
}

// Tasks.

async fn seven() -> u8 {
    yield_now().await;
    7
}

#[test]
fn a_handle_by_reference_keeps_the_output() {
    each(
        async || (spawn_local(seven()),),
        async |(task,)| task.await,
        async |(task,), output| {
            let output = match output {
                Some(output) => output,
                None => task.await,
            };
            assert_eq!(output, 7);
        },
    );
    each(
        async || (spawn_local(seven()),),
        async |(task,)| task.try_join_mut().await.ok(),
        async |(task,), output| {
            let output = match output {
                Some(output) => output,
                None => task.try_join().await.ok(),
            };
            assert_eq!(output, Some(7));
        },
    );
}

/// The task goes on. Its output is dropped.
#[test]
fn a_handle_by_value_detaches() {
    each(
        async || {
            let (drops, gate) = (Drops::new(), Gate::new());
            let (token, pass) = (drops.token(), gate.pass());
            let task = spawn_local(async move {
                pass.await;
                token
            });
            let open = gate.clone();
            (Some(task), gate, drops, soon(move || open.open()))
        },
        async |(task, ..)| task.take().expect("a run takes it once").try_join().await.ok(),
        async |(task, gate, drops, opener), output| {
            drop(task);
            opener.await;
            for _ in 0..3 {
                yield_now().await;
            }
            assert!(gate.polls() >= 1, "the task runs on");
            assert_eq!(drops.count(), usize::from(output.is_none()), "its output goes with the future");
        },
    );
}

/// The gate could wake the task. So it is dropped because of the cancel, and not because nothing can wake it.
#[test]
fn a_cancel_is_requested_by_the_call() {
    each(
        async || {
            let (task, drops, gate) = waiting_task().await;
            (Some(task), drops, gate)
        },
        async |(task, ..)| task.take().expect("a run takes it once").cancel().await,
        async |(task, drops, gate), _| {
            let was_called = task.is_none();
            drop(task);
            a_few_turns().await;
            assert_eq!(drops.count(), usize::from(was_called), "dropped, if a cancel was requested");
            gate.open();
            a_few_turns().await;
            assert_eq!((drops.count(), gate.polls()), (1, if was_called { 1 } else { 2 }));
        },
    );
}

#[test]
fn an_abort_on_drop_takes_its_task_along() {
    each(
        async || {
            let (task, drops, gate) = waiting_task().await;
            let open = gate.clone();
            (Some(AbortOnDrop::new(task)), drops, gate, soon(move || open.open()))
        },
        async |(task, ..)| task.take().expect("a run takes it once").await,
        async |(task, drops, gate, opener), _| {
            let polls = gate.polls();
            drop(task);
            opener.await;
            a_few_turns().await;
            assert_eq!((drops.count(), gate.polls()), (1, polls), "it is dropped, and not polled again");
        },
    );
}

#[test]
fn a_set_keeps_what_was_not_joined() {
    each(
        async || {
            let mut set = JoinSet::new();
            for number in 1..=2 {
                set.spawn_local(async move {
                    for _ in 0..number {
                        yield_now().await;
                    }
                    number
                });
            }
            (set, Vec::new())
        },
        async |(set, joined)| {
            while let Some(outcome) = set.join_next().await {
                joined.push(outcome.expect("no task panics"));
            }
        },
        async |(mut set, mut joined), _| {
            while let Some(outcome) = set.join_next().await {
                joined.push(outcome.expect("no task panics"));
            }
            assert_eq!(joined, [1, 2]);
        },
    );
}

#[test]
fn a_shutdown_that_is_dropped_has_aborted_all() {
    each(
        async || {
            let (drops, mut set) = (Drops::new(), JoinSet::new());
            for _ in 0..3 {
                let token = drops.token();
                set.spawn_local(async move {
                    let _token = token;
                    pending::<()>().await;
                });
            }
            yield_now().await;
            (set, drops, false)
        },
        async |(set, _, begun)| {
            *begun = true;
            set.shutdown().await;
        },
        async |(mut set, drops, begun), _| {
            if begun {
                while let Some(outcome) = set.join_next().await {
                    assert!(outcome.unwrap_err().is_cancelled());
                }
                assert_eq!(drops.count(), 3);
            } else {
                assert_eq!((set.len(), drops.count()), (3, 0));
            }
        },
    );
}

/// A call that has begun goes on when the future that waits for it is dropped.
#[test]
fn a_blocking_call_goes_on() {
    let (drops, gate) = (Drops::new(), Gate::new());
    let token = drops.token();
    let (begun, has_begun) = std::sync::mpsc::channel();
    let waiter = gate.pass();
    let mut task = task::spawn_blocking(move || {
        begun.send(()).expect("the test waits");
        block_on(waiter);
        token
    });
    has_begun.recv().expect("it begins");
    assert!(block_on(poll_once(&mut task)).is_none());
    assert!(block_on(poll_once(task.cancel())).is_none(), "the call is not over");
    assert_eq!(drops.count(), 0);
    gate.open();
    eventually("its value is dropped", || drops.count() == 1);
}

/// Several futures in one.
#[test]
fn outputs_of_a_join_are_lost() {
    let lost = Arc::new(std::sync::Mutex::new(Vec::new()));
    let record = Arc::clone(&lost);
    each(
        async || {
            let (sender, receiver) = mpsc::channel(2);
            sender.try_send(7).expect("room");
            (sender, receiver, Notify::new())
        },
        async |(_, receiver, notify)| {
            let wait = async {
                yield_now().await;
                yield_now().await;
                notify.notify_one();
            };
            join((receiver.recv(), wait)).await.0
        },
        async move |(_, mut receiver, _), output| {
            record.lock().unwrap().push((output.flatten(), receiver.try_recv().ok()));
        },
    );
    let lost = lost.lock().unwrap();
    assert_eq!(lost.first(), Some(&(None, Some(7))), "a join that was not polled has received nothing");
    assert_eq!(lost.last(), Some(&(Some(7), None)));
    assert!(lost[1..lost.len() - 1].iter().all(|run| *run == (None, None)), "{lost:?}");
}

/// What a branch of a select has not returned is not lost, if the branch loses nothing.
#[test]
fn a_select_of_receives_loses_nothing() {
    each(
        async || {
            let (left, from_left) = mpsc::channel(2);
            let (right, from_right) = mpsc::channel(2);
            let send = soon(move || {
                for value in 1..=2 {
                    left.try_send(value).expect("room");
                    right.try_send(10 * value).expect("room");
                }
            });
            (from_left, from_right, 0, send)
        },
        async |(left, right, sum, _)| {
            loop {
                let (First(value) | Second(value)) = select((left.recv(), right.recv())).await;
                let Some(value) = value else { break };
                *sum += value;
                yield_now().await;
            }
        },
        async |(left, right, sum, send), _| {
            send.await;
            let rest = join((left.collect::<Vec<i32>>(), right.collect::<Vec<i32>>())).await;
            assert_eq!(sum + rest.0.iter().sum::<i32>() + rest.1.iter().sum::<i32>(), 33);
        },
    );
}

#[test]
fn a_try_join_drops_both() {
    let drops = Drops::new();
    let (count, made) = (drops.clone(), Arc::new(std::sync::Mutex::new(0)));
    let number = Arc::clone(&made);
    each(
        async || {},
        async move |()| {
            let half = async |output| {
                *made.lock().unwrap() += 1;
                let _token = drops.token();
                yield_now().await;
                Ok::<u8, ()>(output)
            };
            try_join((half(1), half(2))).await
        },
        async move |(), _| assert_eq!(count.count(), *number.lock().unwrap(), "what was begun is dropped"),
    );
}

/// Nothing is charged for an operation that was dropped.
#[test]
fn what_is_dropped_costs_no_budget() {
    each(
        async || Rc::new(Cell::new(0)),
        async |taken| {
            for _ in 0..200 {
                budget::take_one().await;
                taken.set(taken.get() + 1);
            }
        },
        async |taken, output| {
            assert_eq!(taken.get() == 200, output.is_some());
            yield_now().await;
            (0..100).for_each(|_| now(budget::take_one()));
        },
    );
}
