//! An operation that the budget refuses is only late. It is granted whatever the other futures of its task
//! do, it is not lost, and a deadline does not take it for one that is not ready.

use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use executor::pool::Pool;
use executor::sync::{Mutex as AsyncMutex, mpsc, oneshot};
use executor::task;
use futures_lite::{FutureExt, future};
use reactor::budget::PER_POLL;
use reactor::time::{interval, sleep, timeout};

use crate::fairness::{at_least, turns_of_another};
use crate::support::{connection, must_end, run};

const ZERO: Duration = Duration::ZERO;
const SOON: Duration = Duration::from_millis(1);

/// Numbers of neighbours: few, about as many as a poll's budget, and multiples that a rule that counts may
/// fall in step with.
const CROWDS: [usize; 18] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 18, 64, 127, 128, 129, 130];

type Child = Pin<Box<dyn Future<Output = ()>>>;

/// Takes every operation that it is granted.
async fn flood() {
    loop {
        sleep(ZERO).await;
    }
}

/// Takes one operation in each poll.
async fn sip() {
    loop {
        drop(AsyncMutex::new(()).lock().await);
        future::yield_now().await;
    }
}

/// Spends `operations` of a new poll's budget.
async fn spend(operations: u32) {
    future::yield_now().await;
    for _ in 0..operations {
        sleep(ZERO).await;
    }
}

/// A receiver of a channel with these values. The sender is dropped.
fn holding(values: usize) -> mpsc::Receiver<usize> {
    let (sender, receiver) = mpsc::channel(values);
    (0..values).for_each(|value| sender.try_send(value).unwrap());
    receiver
}

/// Polls them all, each time, until the last one ends.
async fn join(mut neighbours: Vec<Child>, last: impl Future<Output = ()>) {
    let mut last = pin!(last);
    poll_fn(|cx| {
        neighbours.iter_mut().for_each(|neighbour| assert!(neighbour.as_mut().poll(cx).is_pending()));
        last.as_mut().poll(cx)
    })
    .await;
}

/// The children that were woken, in order, and the waker of the task that waits for all of them.
#[derive(Default)]
struct Woken {
    queue: Mutex<(Vec<usize>, Option<Waker>)>,
}

struct ChildWaker {
    number: usize,
    woken: Arc<Woken>,
}

impl Wake for ChildWaker {
    fn wake(self: Arc<Self>) {
        let mut queue = self.woken.queue.lock().unwrap();
        queue.0.push(self.number);
        let parent = queue.1.take();
        drop(queue);
        parent.into_iter().for_each(Waker::wake);
    }
}

/// A set like `FuturesUnordered`: each child has a waker of its own, a child that wakes itself is polled
/// again in the same poll, and after as many polls as there are children the set gives way.
async fn set(mut children: Vec<Child>) {
    let woken = Arc::new(Woken::default());
    woken.queue.lock().unwrap().0.extend(0..children.len());
    let count = children.len();
    let last = count - 1;
    poll_fn(|cx| {
        woken.queue.lock().unwrap().1 = Some(cx.waker().clone());
        for _ in 0..count {
            let next = {
                let mut queue = woken.queue.lock().unwrap();
                if queue.0.is_empty() { None } else { Some(queue.0.remove(0)) }
            };
            let Some(number) = next else { return Poll::Pending };
            let waker = Waker::from(Arc::new(ChildWaker { number, woken: Arc::clone(&woken) }));
            let polled = children[number].as_mut().poll(&mut Context::from_waker(&waker));
            if number == last && polled.is_ready() {
                return Poll::Ready(());
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Futures that wait: for a deadline, for a channel's values, for two ticks, for a lock that is created each
/// time.
fn waiters() -> Vec<Child> {
    let mut ticks = interval(Duration::from_micros(100));
    let mut receiver = holding(3);
    vec![
        Box::pin(sleep(SOON)),
        Box::pin(async move { assert_eq!(timeout(SOON, receiver.recv()).await, Ok(Some(0))) }),
        Box::pin(async move {
            ticks.tick().await;
            ticks.tick().await;
        }),
        Box::pin(poll_fn(|cx| pin!(AsyncMutex::new(()).lock()).poll(cx).map(drop))),
    ]
}

/// Each waiter beside neighbours that take every operation, and beside neighbours that take one in each poll.
async fn beside_crowds<F: Future<Output = ()>>(together: impl Fn(Vec<Child>, Child) -> F) {
    for count in CROWDS {
        for waiter in waiters() {
            together((0..count).map(|_| Box::pin(flood()) as Child).collect(), waiter).await;
        }
        for waiter in waiters() {
            together((0..count).map(|_| Box::pin(sip()) as Child).collect(), waiter).await;
        }
    }
}

#[test]
fn a_join_lets_each_future_finish() {
    run(|| beside_crowds(|neighbours, last| async { join(neighbours, last).await }));
}

#[test]
fn a_set_that_polls_again_at_once_lets_each_future_finish() {
    run(|| {
        beside_crowds(|mut neighbours, last| {
            neighbours.push(last);
            set(neighbours)
        })
    });
}

/// An executor inside one of the runtime's polls polls all of them in a loop, and never gives way.
#[test]
fn another_executor_inside_a_poll_lets_each_future_finish() {
    run(|| {
        beside_crowds(|neighbours, last| async {
            future::block_on(join(neighbours, last));
        })
    });
}

/// The same in a hand-written loop, which does not even wait for a wake.
#[test]
fn a_loop_that_polls_inside_a_poll_lets_each_future_finish() {
    run(|| {
        beside_crowds(|neighbours, last| async {
            let mut joined = pin!(join(neighbours, last));
            let mut cx = Context::from_waker(Waker::noop());
            while joined.as_mut().poll(&mut cx).is_pending() {}
        })
    });
}

#[test]
fn or_and_zip_let_each_future_finish() {
    run(|| {
        beside_crowds(|neighbours, last| async {
            let nested =
                neighbours.into_iter().fold(last, |last, neighbour| neighbour.or(last).boxed_local());
            nested.await;
        })
    });
    run(|| {
        beside_crowds(|neighbours, last| async {
            let (ended, end) = oneshot::channel();
            let last: Child = Box::pin(async {
                last.await;
                ended.send(()).unwrap();
            });
            let nested = neighbours.into_iter().fold(last, |last, neighbour| {
                Box::pin(async {
                    future::zip(neighbour, last).await;
                })
            });
            future::or(nested, async { end.await.unwrap() }).await;
        })
    });
}

/// A child that waits through several layers, each of which asks the budget: lines of a socket.
#[test]
fn a_future_in_several_layers_makes_progress() {
    run(|| async {
        use futures_lite::{AsyncBufReadExt, StreamExt};
        use std::io::Write;
        for count in [1, 2, 3, 127, 128, 129] {
            let (ours, mut theirs) = connection();
            theirs.write_all(b"one\ntwo\n").unwrap();
            let mut lines = reactor::io::BufReader::new(ours).lines();
            let two = async {
                assert_eq!(lines.next().await.unwrap().unwrap(), "one");
                assert_eq!(lines.next().await.unwrap().unwrap(), "two");
            };
            join((0..count).map(|_| Box::pin(flood()) as Child).collect(), two).await;
        }
    });
}

/// However much of the budget is left, a ready future wins over a deadline that has passed.
#[test]
fn a_deadline_waits_for_what_the_budget_refused() {
    run(|| async {
        for spent in 0..2 * PER_POLL {
            let mut receiver = holding(2);
            spend(spent).await;
            assert_eq!(timeout(ZERO, receiver.recv()).await, Ok(Some(0)), "{spent} spent");
            spend(spent).await;
            let (sender, receiver) = oneshot::channel();
            sender.send(1).unwrap();
            assert_eq!(timeout(ZERO, receiver).await, Ok(Ok(1)), "{spent} spent");
            spend(spent).await;
            assert!(timeout(ZERO, AsyncMutex::new(()).lock()).await.is_ok(), "{spent} spent");
            let finished = task::spawn_local(async {});
            spend(spent).await;
            assert_eq!(timeout(ZERO, finished).await, Ok(()), "{spent} spent");
        }
    });
}

#[test]
fn nothing_that_was_received_is_lost_with_a_deadline() {
    run(|| async {
        for spent in 0..2 * PER_POLL {
            let mut receiver = holding(3);
            spend(spent).await;
            let both = async { (receiver.recv().await, receiver.recv().await) };
            assert_eq!(timeout(ZERO, both).await, Ok((Some(0), Some(1))), "{spent} spent");
        }
        let mut receiver = holding(200);
        let all = async {
            for value in 0..200 {
                assert_eq!(receiver.recv().await, Some(value));
            }
        };
        assert_eq!(timeout(ZERO, all).await, Ok(()), "as many operations as a second poll has");
    });
}

/// Many ready values under deadlines that have passed: none is late, even beside a neighbour that takes every
/// operation.
#[test]
fn no_ready_value_is_late() {
    run(|| async {
        let all = || async {
            let mut receiver = holding(400);
            for value in 0..400 {
                assert_eq!(timeout(ZERO, receiver.recv()).await, Ok(Some(value)));
            }
        };
        all().await;
        future::or(flood(), all()).await;
        for count in [1, 7, 127, 128, 129] {
            join((0..count).map(|_| Box::pin(sip()) as Child).collect(), all()).await;
        }
        future::block_on(all());
        // By a timer instead of a timeout.
        let mut receiver = holding(400);
        for value in 0..400 {
            let received = future::or(async { receiver.recv().await }, async {
                sleep(ZERO).await;
                None
            });
            assert_eq!(received.await, Some(value));
        }
    });
}

#[test]
fn nested_deadlines_wait_too() {
    run(|| async {
        for spent in 0..2 * PER_POLL {
            let mut receiver = holding(6);
            spend(spent).await;
            assert_eq!(timeout(ZERO, timeout(ZERO, receiver.recv())).await, Ok(Ok(Some(0))));
            spend(spent).await;
            let hour = Duration::from_secs(3600);
            assert_eq!(timeout(ZERO, timeout(hour, receiver.recv())).await, Ok(Ok(Some(1))));
            spend(spent).await;
            assert_eq!(timeout(hour, timeout(ZERO, receiver.recv())).await, Ok(Ok(Some(2))));
            spend(spent).await;
            let raced = timeout(ZERO, future::or(async { receiver.recv().await }, pending()));
            assert_eq!(raced.await, Ok(Some(3)));
            spend(spent).await;
            let raced = future::or(async { receiver.recv().await }, async {
                timeout(ZERO, pending::<()>()).await.unwrap_err();
                None
            });
            assert_eq!(raced.await, Some(4));
            spend(spent).await;
            let over = timeout(ZERO, timeout(ZERO, pending::<()>())).await;
            assert!(over.is_err() || over.unwrap().is_err());
        }
    });
}

/// A future that is always ready cannot keep a deadline from firing: it fires one poll later.
#[test]
fn what_never_ends_is_stopped() {
    run(|| async {
        assert!(timeout(ZERO, flood()).await.is_err());
        assert!(timeout(SOON, flood()).await.is_err());
        let hour = Duration::from_secs(3600);
        assert!(timeout(SOON, timeout(hour, flood())).await.is_err());
        assert!(timeout(hour, timeout(SOON, flood())).await.unwrap().is_err());
        future::or(flood(), async { assert!(timeout(SOON, flood()).await.is_err()) }).await;
        future::block_on(async { assert!(timeout(SOON, flood()).await.is_err()) });
        let mut polls = 0;
        let mut late = pin!(timeout(ZERO, flood()));
        poll_fn(|cx| {
            polls += 1;
            late.as_mut().poll(cx)
        })
        .await
        .unwrap_err();
        assert_eq!(polls, 2);
    });
}

/// A task that polls a future once before it waits for that future gives way as well.
#[test]
fn a_loop_that_polls_a_deadline_before_it_waits_gives_way() {
    run(|| async {
        const MANY: usize = 5000;
        let sleeps = turns_of_another(async {
            for _ in 0..MANY {
                let mut nap = sleep(ZERO);
                if future::poll_once(&mut nap).await.is_none() {
                    nap.await;
                }
            }
        });
        assert!(sleeps.await >= at_least(MANY) / 2);
        let timeouts = turns_of_another(async {
            for _ in 0..MANY {
                let mutex = AsyncMutex::new(());
                let mut lock = pin!(timeout(ZERO, mutex.lock()));
                if future::poll_once(&mut lock).await.is_none() {
                    drop(lock.await.unwrap());
                }
            }
        });
        assert!(timeouts.await >= at_least(MANY) / 2);
    });
}

/// In a pool, where another worker may make the task's next poll.
#[test]
fn deadlines_wait_in_a_pool() {
    must_end(|| {
        let pool = Pool::new(2).unwrap();
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                pool.spawn(async {
                    let mut receiver = holding(1000);
                    for value in 0..1000 {
                        assert_eq!(timeout(ZERO, receiver.recv()).await, Ok(Some(value)));
                    }
                })
            })
            .collect();
        task::block_on(async {
            for task in tasks {
                task.await;
            }
        });
    });
}
