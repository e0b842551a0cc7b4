//! Timers never fire early, and leave nothing when they are cancelled. For their order see
//! `timers_on_one_thread`.

use std::cell::Cell;
use std::future::pending;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use executor::task;
use futures_lite::{StreamExt, future};
use reactor::time::{
    Elapsed, Interval, MissedTickBehavior, interval, interval_at, sleep, sleep_until, timeout, timeout_at,
};

use crate::support::{Count, poll_with, run, settle, until};

const HOUR: Duration = Duration::from_secs(3600);

/// Cancelled timers leave nothing: neither a waker, nor a wake at their deadline.
#[test]
fn a_cancelled_timer_leaves_nothing() {
    run(|| async {
        let (count, waker) = Count::new();
        let alone = Arc::strong_count(&count);
        let mut timers: Vec<_> = (0..10_000)
            .map(|number| sleep(HOUR + Duration::from_millis(number)))
            .chain((0..1000).map(|_| sleep(HOUR / 2)))
            .collect();
        for timer in &mut timers {
            assert!(poll_with(pin!(timer), &waker).is_pending());
        }
        assert_eq!(Arc::strong_count(&count), alone + timers.len());
        // From the middle, from both ends.
        while !timers.is_empty() {
            drop(timers.swap_remove(timers.len() / 2));
        }
        assert_eq!(Arc::strong_count(&count), alone, "a waker stayed");
        {
            let mut waiting = pin!(timeout(HOUR, pending::<()>()));
            assert!(poll_with(waiting.as_mut(), &waker).is_pending());
            assert_eq!(Arc::strong_count(&count), alone + 1);
        }
        assert_eq!(Arc::strong_count(&count), alone, "a timeout stayed");
        assert_eq!(count.wakes(), 0);
    });
}

/// A sleep of `Duration::MAX` never fires, and does not disturb other timers.
#[test]
fn the_longest_duration_never_fires() {
    run(|| async {
        let mut never = sleep(Duration::MAX);
        let (count, waker) = Count::new();
        assert!(poll_with(pin!(&mut never), &waker).is_pending());
        let mut waiting = pin!(timeout(Duration::MAX, pending::<()>()));
        assert!(poll_with(waiting.as_mut(), &waker).is_pending());
        // The longest sleep that the clock can express.
        let mut long = sleep(Duration::from_secs(u64::from(u32::MAX)));
        assert!(poll_with(pin!(&mut long), &waker).is_pending());
        settle().await;
        assert_eq!(count.wakes(), 0);
        assert_eq!(timeout(Duration::MAX, async { 1 }).await, Ok(1));
        never.reset(Instant::now());
        never.await;
    });
}

/// A deadline that has passed is ready at once.
#[test]
fn a_moment_in_the_past_is_ready_at_once() {
    run(|| async {
        let past =
            Instant::now().checked_sub(Duration::from_secs(1)).expect("the clock has run for a second");
        assert!(future::poll_once(sleep_until(past)).await.is_some());
        assert!(future::poll_once(sleep(Duration::ZERO)).await.is_some());
    });
}

/// `reset` moves a deadline, forward and back, also after it has passed.
#[test]
fn reset_moves_the_deadline() {
    run(|| async {
        let mut timer = sleep(HOUR);
        assert!(future::poll_once(&mut timer).await.is_none());
        timer.reset(Instant::now() + Duration::from_millis(5));
        (&mut timer).await;

        let later = Instant::now() + Duration::from_millis(30);
        timer.reset(Instant::now() + Duration::from_millis(1));
        assert!(future::poll_once(&mut timer).await.is_none() || Instant::now() < later);
        timer.reset(later);
        (&mut timer).await;
        assert!(Instant::now() >= later, "the old deadline counted");
    });
}

/// `reset` of a timer with a waiting task moves the wait too: a task that moves its own deadline need not
/// poll the timer again.
#[test]
fn reset_keeps_the_waiting_task() {
    run(|| async {
        let (count, waker) = Count::new();
        let mut timer = sleep(HOUR);
        assert!(poll_with(pin!(&mut timer), &waker).is_pending());
        timer.reset(Instant::now() + Duration::from_millis(5));
        until("woken at the new deadline", || count.wakes() == 1).await;
        assert!(poll_with(pin!(&mut timer), &waker).is_ready());

        let soon = Instant::now() + Duration::from_millis(40);
        timer.reset(soon);
        assert!(poll_with(pin!(&mut timer), &waker).is_pending() || Instant::now() >= soon);
        timer.reset(Instant::now() + HOUR);
        if Instant::now() >= soon {
            return; // A slow machine: the old deadline has passed.
        }
        sleep_until(soon + Duration::from_millis(5)).await;
        settle().await;
        assert_eq!(count.wakes(), 1, "woken at the old deadline");
    });
}

/// The same for a timer that would never have fired.
#[test]
fn reset_ends_the_longest_wait() {
    run(|| async {
        let (count, waker) = Count::new();
        let mut never = sleep(Duration::MAX);
        assert!(poll_with(pin!(&mut never), &waker).is_pending());
        never.reset(Instant::now() + Duration::from_millis(5));
        until("woken at the new deadline", || count.wakes() == 1).await;
    });
}

/// A turn that sleeps for longer notices a timer that another thread adds.
#[test]
fn a_timer_from_another_thread_ends_the_turn() {
    run(|| async {
        for _ in 0..20 {
            let (done, receiver) = std::sync::mpsc::channel();
            let waker = future::poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
            let thread = std::thread::spawn(move || {
                let (count, counting) = Count::new();
                let mut timer = sleep(HOUR / 2);
                assert!(poll_with(pin!(&mut timer), &counting).is_pending());
                timer.reset(Instant::now() + Duration::from_millis(3));
                let begin = Instant::now();
                while count.wakes() == 0 {
                    assert!(begin.elapsed() < crate::support::PATIENCE, "not seen");
                    std::thread::sleep(Duration::from_millis(1));
                }
                done.send(()).unwrap();
                waker.wake();
            });
            // This thread only turns the reactor, for an hour if necessary.
            let waiting = async {
                future::poll_fn(|_| match receiver.try_recv() {
                    Ok(()) => Poll::Ready(()),
                    Err(_) => Poll::Pending,
                })
                .await;
            };
            timeout(HOUR, waiting).await.unwrap();
            thread.join().unwrap();
        }
    });
}

/// Hard case 10: a timeout fires around a future that is always ready.
#[test]
fn a_timeout_around_what_is_always_ready() {
    run(|| async {
        let always_ready = async {
            loop {
                sleep(Duration::ZERO).await;
            }
        };
        let outcome: Result<(), Elapsed> = timeout(Duration::from_millis(10), always_ready).await;
        assert!(outcome.is_err());

        let yielding = async {
            loop {
                task::yield_now().await;
            }
        };
        let outcome: Result<(), Elapsed> = timeout(Duration::from_millis(10), yielding).await;
        assert!(outcome.is_err());
    });
}

/// Hard case 10: also when the task's budget is spent before the timeout is polled.
#[test]
fn a_timeout_does_not_need_budget() {
    run(|| async {
        let end = Instant::now() + Duration::from_millis(10);
        let waiting = pin!(timeout(Duration::from_millis(10), pending::<()>()));
        let spender = async {
            loop {
                sleep(Duration::ZERO).await;
            }
        };
        // The spender is polled first, each time.
        let outcome = future::or(
            async {
                let () = spender.await;
                unreachable!()
            },
            waiting,
        )
        .await;
        assert!(outcome.is_err());
        assert!(Instant::now() >= end);
    });
}

/// A timeout drops its future, and returns its output if that is in time.
#[test]
fn a_timeout_returns_and_drops() {
    run(|| async {
        assert_eq!(timeout(HOUR, async { 5 }).await, Ok(5));
        assert_eq!(timeout(Duration::ZERO, async { 5 }).await, Ok(5), "ready wins");
        let held = Rc::new(());
        let holding = Rc::clone(&held);
        let outcome = timeout(Duration::from_millis(1), async move {
            let _holding = holding;
            pending::<()>().await;
        })
        .await;
        assert_eq!(Rc::strong_count(&held), 1, "dropped with the result");
        let error = io::Error::from(outcome.unwrap_err());
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.get_ref().unwrap().is::<Elapsed>());
        assert_eq!(error.to_string(), "the deadline has elapsed");
    });
}

/// An interval ticks at once, then by its schedule. A late caller gets the missed ticks in a burst.
#[test]
fn an_interval_keeps_its_schedule() {
    run(|| async {
        const PERIOD: Duration = Duration::from_millis(10);
        let begin = Instant::now();
        let mut ticks = interval(PERIOD);
        let first = future::poll_once(ticks.tick()).await.expect("at once");
        assert!(first >= begin && first <= Instant::now());
        std::thread::sleep(5 * PERIOD);
        for number in 1..=5 {
            let tick = future::poll_once(ticks.tick()).await.expect("missed ticks burst");
            assert_eq!(tick, first + number * PERIOD, "the scheduled moment");
        }
        let next = ticks.next().await.expect("an interval never ends");
        assert_eq!(next, first + 6 * PERIOD);
        assert!(Instant::now() >= next, "early");
        // A dropped tick is not lost.
        let _ = future::poll_once(ticks.tick()).await.is_none_or(|tick| {
            assert_eq!(tick, first + 7 * PERIOD);
            true
        });
    });
}

/// A dropped tick is returned again.
#[test]
fn a_cancelled_tick_is_not_lost() {
    run(|| async {
        let mut ticks = interval(Duration::from_millis(20));
        let first = ticks.tick().await;
        for _ in 0..3 {
            let _ = timeout(Duration::from_micros(100), pending::<()>()).await;
            let given_up = pin!(ticks.tick());
            if let Poll::Ready(tick) = poll_with(given_up, std::task::Waker::noop()) {
                assert_eq!(tick, first + Duration::from_millis(20));
                return; // A slow machine: it was due.
            }
        }
        assert_eq!(ticks.tick().await, first + Duration::from_millis(20));
    });
}

/// An interval whose first tick is 95 ms late already, and then sees its first two ticks.
async fn late(missed: MissedTickBehavior) -> (Interval, Instant, Instant) {
    let start = Instant::now() - Duration::from_millis(95);
    let mut ticks = interval_at(start, Duration::from_millis(20));
    ticks.set_missed_tick_behavior(missed);
    assert_eq!(ticks.missed_tick_behavior(), missed);
    assert_eq!(ticks.tick().await, start, "the scheduled moment, however late");
    let second = ticks.tick().await;
    assert!(second <= Instant::now(), "early");
    (ticks, start, second)
}

#[test]
fn missed_ticks_burst_by_default() {
    run(|| async {
        assert_eq!(interval(HOUR).missed_tick_behavior(), MissedTickBehavior::Burst);
        let (mut ticks, start, second) = late(MissedTickBehavior::Burst).await;
        assert_eq!(second, start + Duration::from_millis(20));
        for number in 2..=4 {
            let tick = future::poll_once(ticks.tick()).await.expect("it is due");
            assert_eq!(tick, start + number * Duration::from_millis(20));
        }
    });
}

/// The next tick comes a full period after the late one was seen.
#[test]
fn a_late_tick_delays_those_after_it() {
    run(|| async {
        let (mut ticks, start, second) = late(MissedTickBehavior::Delay).await;
        assert!(second >= start + Duration::from_millis(95 + 20));
        let third = ticks.tick().await;
        assert!(third >= second + Duration::from_millis(20), "the schedule is a new one");
    });
}

/// The next tick is a moment of the old schedule, and none that was missed.
#[test]
fn missed_ticks_are_skipped() {
    run(|| async {
        let (mut ticks, start, second) = late(MissedTickBehavior::Skip).await;
        let on_schedule = |tick: Instant| (tick - start).as_nanos().is_multiple_of(20_000_000);
        assert!(second >= start + Duration::from_millis(100), "it was missed");
        assert!(on_schedule(second));
        assert!(on_schedule(ticks.tick().await));
    });
}

/// What every timer is late by counts for nothing: `Delay` does not drift.
#[test]
fn a_tick_that_is_a_little_late_is_not_missed() {
    run(|| async {
        // Two ticks a millisecond apart, of which each is late by less than that: as scheduled.
        let start = Instant::now() + Duration::from_millis(1);
        let mut ticks = interval_at(start, Duration::from_millis(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        assert_eq!(ticks.tick().await, start);
        let seen = Instant::now();
        let second = ticks.tick().await;
        assert!(second == start + Duration::from_millis(1) || seen > start + Duration::from_millis(5));
    });
}

#[test]
fn an_interval_that_is_reset_ticks_a_period_later() {
    run(|| async {
        let mut ticks = interval(Duration::from_millis(30));
        assert_eq!(ticks.period(), Duration::from_millis(30));
        ticks.tick().await;
        for _ in 0..5 {
            let before = Instant::now();
            ticks.reset();
            let after = Instant::now();
            let tick = ticks.tick().await;
            assert!(before + ticks.period() <= tick && tick <= after + ticks.period());
        }
    });
}

/// A task that waits for a tick is woken at the new moment, and needs no poll to learn of it.
#[test]
fn a_reset_moves_a_waiting_tick() {
    run(|| async {
        let (count, waker) = Count::new();
        let mut ticks = interval_at(Instant::now() + HOUR, Duration::from_millis(5));
        assert!(ticks.poll_tick(&mut Context::from_waker(&waker)).is_pending());
        ticks.reset();
        until("woken at the new moment", || count.wakes() == 1).await;
        assert!(ticks.poll_tick(&mut Context::from_waker(&waker)).is_ready());
    });
}

/// A deadline that several operations share; `timeout_at` is `timeout` with an absolute time.
#[test]
fn a_shared_deadline_ends_what_comes_after_it() {
    run(|| async {
        let deadline = Instant::now() + Duration::from_millis(10);
        assert_eq!(timeout_at(deadline, async { 5 }).await, Ok(5));
        let outcome: Result<(), Elapsed> = timeout_at(deadline, pending()).await;
        outcome.unwrap_err();
        assert!(Instant::now() >= deadline);
        assert_eq!(
            timeout_at(deadline, async { 5 }).await,
            Ok(5),
            "ready wins over a deadline that has passed"
        );
        let outcome: Result<(), Elapsed> = timeout_at(deadline, pending()).await;
        outcome.unwrap_err();
    });
}

/// `is_elapsed` asks the clock, and not the timer.
#[test]
fn a_sleep_knows_its_deadline_and_whether_it_has_passed() {
    run(|| async {
        let deadline = Instant::now() + HOUR;
        let mut timer = sleep_until(deadline);
        assert_eq!(timer.deadline(), deadline);
        assert!(!timer.is_elapsed());
        let soon = Instant::now() + Duration::from_millis(2);
        timer.reset(soon);
        assert_eq!(timer.deadline(), soon);
        (&mut timer).await;
        assert!(timer.is_elapsed());
        let past = sleep_until(soon);
        assert!(past.is_elapsed(), "it was never polled");
    });
}

/// A zero period panics, and names the argument.
#[test]
fn a_zero_period_panics() {
    let now = Instant::now();
    let makers: [fn(Instant) -> Interval; 2] =
        [|_| interval(Duration::ZERO), |start| interval_at(start, Duration::ZERO)];
    for maker in makers {
        let panic = std::panic::catch_unwind(|| maker(now)).unwrap_err();
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
        assert!(message.unwrap().contains("period"));
    }
}

/// Many timers at once: each fires once, none early.
#[test]
fn very_many_timers() {
    run(|| async {
        let fired = Rc::new(Cell::new(0));
        let tasks: Vec<_> = (0..20_000_u64)
            .map(|number| {
                let fired = Rc::clone(&fired);
                task::spawn_local(async move {
                    let deadline = Instant::now() + Duration::from_micros(number * 7919 % 200_000);
                    sleep_until(deadline).await;
                    assert!(Instant::now() >= deadline);
                    fired.set(fired.get() + 1);
                })
            })
            .collect();
        for task in tasks {
            task.await;
        }
        assert_eq!(fired.get(), 20_000);
    });
}

/// A sleep may be polled on one thread and then on another: the last waker counts.
#[test]
fn a_timer_may_move_to_another_thread() {
    run(|| async {
        let mut timer = sleep(HOUR);
        let (old, old_waker) = Count::new();
        assert!(poll_with(pin!(&mut timer), &old_waker).is_pending());
        task::spawn(async move {
            assert!(future::poll_once(&mut timer).await.is_none());
            timer.reset(Instant::now() + Duration::from_millis(5));
            timer.await;
        })
        .await;
        settle().await;
        assert_eq!(old.wakes(), 0);
    });
}
