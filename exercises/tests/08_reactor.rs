//! Exercises of the chapter "08 A reactor": `stubs/08_reactor.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/08_reactor.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/08_reactor.rs")]
mod ch08_reactor;

use std::cell::{Cell, RefCell};
use std::io::{Write, pipe};
use std::task::Context;

use ch08_reactor::{Reactor, at_most};
use exercises::{Calls, ends};
use futures_lite::future::{block_on, yield_now};

#[test]
fn exercise_1_who_waits_is_woken_when_bytes_come() {
    ends("bytes have arrived, but the reactor still waits", || {
        let reactor = Reactor::new().expect("a poller");
        let (reader, mut writer) = pipe().expect("a pipe");
        let (quiet, _kept) = pipe().expect("a pipe");
        reactor.add(&reader, 1).expect("it can be watched");
        reactor.add(&quiet, 2).expect("it can be watched");
        let (calls, waker) = Calls::waker();
        let (quiet_calls, quiet_waker) = Calls::waker();
        reactor.wait_readable(&reader, 1, &mut Context::from_waker(&waker)).expect("armed");
        reactor.wait_readable(&quiet, 2, &mut Context::from_waker(&quiet_waker)).expect("armed");
        writer.write_all(b"!").expect("there is room");
        assert_eq!(reactor.turn().expect("a turn"), 1);
        assert_eq!((calls.count(), quiet_calls.count()), (1, 0));
        reactor.delete(&reader).expect("it was added");
        reactor.delete(&quiet).expect("it was added");
    });
}

#[test]
fn exercise_2_the_limit_is_kept_and_used() {
    let (running, peak) = (Cell::new(0), Cell::new(0));
    let begun = RefCell::new(Vec::new());
    let job = |number: usize| {
        let (running, peak, begun) = (&running, &peak, &begun);
        async move {
            begun.borrow_mut().push(number);
            running.set(running.get() + 1);
            peak.set(peak.get().max(running.get()));
            for _ in 0..number % 3 + 1 {
                yield_now().await;
            }
            running.set(running.get() - 1);
        }
    };
    block_on(at_most(3, (0..10).map(job).collect()));
    assert_eq!(*begun.borrow(), (0..10).collect::<Vec<_>>(), "in the order of the list");
    assert_eq!(peak.get(), 3, "as many as the limit ran at once");
}

#[test]
fn exercise_2_none_is_no_job() {
    block_on(at_most(3, Vec::<std::future::Ready<()>>::new()));
}
