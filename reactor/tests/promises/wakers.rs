//! A waker is user code: it may do anything, even panic, and even in its drop.

use std::io::Write;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, RawWaker, RawWakerVTable, Waker};
use std::time::{Duration, Instant};

use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future};
use reactor::Async;
use reactor::net::{TcpListener, TcpStream, UdpSocket};
use reactor::time::{Sleep, sleep};

use crate::support::{Count, OnDrop, OnWake, connection, hooked, poll_with, run, settle, until};

type Shared = Arc<Async<std::os::unix::net::UnixStream>>;

fn unix() -> (Shared, std::os::unix::net::UnixStream) {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    (Arc::new(Async::new(ours).unwrap()), theirs)
}

/// Uses the source, the timers and the table of sources.
fn use_everything(socket: &Shared) {
    let _ = future::block_on(future::poll_once(socket.readable()));
    let _ = future::block_on(future::poll_once(socket.writable()));
    let _ = future::block_on(future::poll_once(sleep(Duration::from_secs(3600))));
    drop(unix());
}

/// A waker whose drop uses the socket. The socket is passed as a weak reference, so that no cycle keeps it
/// alive.
fn reentering(socket: &Shared, drops: &Arc<AtomicUsize>) -> Waker {
    let (socket, drops) = (Arc::downgrade(socket), Arc::clone(drops));
    OnDrop::waker(move || {
        if let Some(socket) = socket.upgrade() {
            use_everything(&socket);
        }
        drops.fetch_add(1, Ordering::SeqCst);
    })
}

/// Hard case 31: a waker that is replaced in the wait list is dropped outside the source's lock.
#[test]
fn a_replaced_waker_may_reenter_the_source() {
    run(|| async {
        let (socket, _theirs) = unix();
        let drops = Arc::new(AtomicUsize::new(0));
        let mut readable = pin!(socket.readable());
        for _ in 0..3 {
            assert!(poll_with(readable.as_mut(), &reentering(&socket, &drops)).is_pending());
        }
        assert_eq!(drops.load(Ordering::SeqCst), 2, "two were replaced");
    });
}

/// Hard case 31: the waker of a cancelled future is dropped outside the lock.
#[test]
fn a_cancelled_waker_may_reenter_the_source() {
    run(|| async {
        let (socket, _theirs) = unix();
        let drops = Arc::new(AtomicUsize::new(0));
        {
            let mut readable = pin!(socket.readable());
            assert!(poll_with(readable.as_mut(), &reentering(&socket, &drops)).is_pending());
        }
        assert_eq!(drops.load(Ordering::SeqCst), 1);
    });
}

/// Hard case 31: `poll_read` wakers that are dropped with their socket are dropped outside the locks.
#[test]
fn a_waker_that_goes_with_its_socket_may_reenter() {
    run(|| async {
        let (socket, _theirs) = unix();
        let (other, _other_theirs) = unix();
        let drops = Arc::new(AtomicUsize::new(0));
        for _ in 0..100 {
            let mut reader = &*socket;
            let mut buffer = [0];
            let mut reading = pin!(reader.read(&mut buffer));
            assert!(poll_with(reading.as_mut(), &reentering(&other, &drops)).is_pending());
        }
        drop(socket);
        assert_eq!(drops.load(Ordering::SeqCst), 100);
    });
}

/// Hard case 31: a timer's waker that is replaced, or cancelled, is dropped outside the timers' lock.
#[test]
fn a_timers_waker_may_reenter_the_timers() {
    run(|| async {
        let (socket, _theirs) = unix();
        let drops = Arc::new(AtomicUsize::new(0));
        let mut timer = sleep(Duration::from_secs(3600));
        for _ in 0..3 {
            let waker = reentering(&socket, &drops);
            assert!(poll_with(pin!(&mut timer), &waker).is_pending());
        }
        assert_eq!(drops.load(Ordering::SeqCst), 2);
        timer.reset(Instant::now() + Duration::from_secs(7200));
        drop(timer);
        assert_eq!(drops.load(Ordering::SeqCst), 3);
    });
}

/// Hard case 12: a waker may use the socket and the timers that it is registered with.
#[test]
fn a_waker_may_reenter_when_it_is_woken() {
    run(|| async {
        let (socket, mut theirs) = unix();
        let wakes = Arc::new(AtomicUsize::new(0));
        let waker = {
            let (socket, wakes) = (Arc::clone(&socket), Arc::clone(&wakes));
            Waker::from(Arc::new(OnWake(move || {
                use_everything(&socket);
                wakes.fetch_add(1, Ordering::SeqCst);
            })))
        };
        let mut readable = pin!(socket.readable());
        let mut timer = sleep(Duration::MAX);
        assert!(poll_with(readable.as_mut(), &waker).is_pending());
        assert!(poll_with(pin!(&mut timer), &waker).is_pending());
        timer.reset(Instant::now() + Duration::from_millis(5));
        theirs.write_all(b"x").unwrap();
        until("both", || wakes.load(Ordering::SeqCst) == 2).await;
    });
}

/// Hard cases 13 and 32: a panicking waker does not prevent the other wakes of the batch.
#[test]
fn a_panicking_waker_harms_no_other() {
    run(|| async {
        let panicking = Waker::from(Arc::new(OnWake(|| panic!("a waker that panics (expected)"))));
        let (socket, mut theirs) = unix();
        let (count, waker) = Count::new();
        let mut before = pin!(socket.readable());
        let mut bad = pin!(socket.readable());
        let mut after = pin!(socket.readable());
        assert!(poll_with(before.as_mut(), &waker).is_pending());
        assert!(poll_with(bad.as_mut(), &panicking).is_pending());
        assert!(poll_with(after.as_mut(), &waker).is_pending());
        let mut timers = [0, 1, 2].map(|_| sleep(Duration::MAX));
        let soon = Instant::now() + Duration::from_millis(20);
        for (number, timer) in timers.iter_mut().enumerate() {
            let waker = if number == 1 { &panicking } else { &waker };
            assert!(poll_with(pin!(&mut *timer), waker).is_pending());
            timer.reset(soon);
        }
        theirs.write_all(b"x").unwrap();
        until("the others are woken", || count.wakes() == 4).await;
        settle().await;
    });
}

/// A waker whose clone, wake and drop use the socket it waits for, in every way of waiting.
#[test]
fn a_waker_may_reenter_when_it_is_cloned() {
    run(|| async {
        let (socket, mut theirs) = unix();
        while future::poll_once((&*socket).write(&[0; 65536])).await.is_some() {}
        let using = || {
            let socket = Arc::downgrade(&socket);
            hooked(move || {
                if let Some(socket) = socket.upgrade() {
                    use_everything(&socket);
                    let (waker, mut stream) = (Waker::noop(), &*socket);
                    let mut cx = Context::from_waker(waker);
                    let _ = Pin::new(&mut stream).poll_read(&mut cx, &mut []);
                    let _ = Pin::new(&mut stream).poll_write(&mut cx, &[]);
                }
            })
        };
        let (mut readable, mut writable) = (pin!(socket.readable()), pin!(socket.writable()));
        // A hundred wakers: the socket's own sweep wakes them in between.
        for _ in 0..100 {
            let waker = using();
            let (mut cx, mut stream) = (Context::from_waker(&waker), &*socket);
            assert!(Pin::new(&mut stream).poll_read(&mut cx, &mut [0]).is_pending());
            assert!(Pin::new(&mut stream).poll_write(&mut cx, &[0]).is_pending());
            assert!(poll_with(readable.as_mut(), &waker).is_pending());
            assert!(poll_with(writable.as_mut(), &waker).is_pending());
        }
        theirs.write_all(b"x").unwrap();
        socket.readable().await.unwrap();
    });
}

/// The same with datagrams, listeners, and a timer.
#[test]
fn a_waker_may_reenter_what_it_waits_for() {
    run(|| async {
        let datagrams = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
        let (again, calls) = (datagrams.clone(), Arc::new(AtomicUsize::new(0)));
        let (listener_again, called) = (Arc::clone(&listener), Arc::clone(&calls));
        let (accepted, has_accepted) = Count::new();
        let using = hooked(move || {
            let _ = future::block_on(future::poll_once(again.recv_from(&mut [0])));
            if future::block_on(future::poll_once(listener_again.accept())).is_some() {
                has_accepted.wake_by_ref();
            }
            let _ = future::block_on(future::poll_once(sleep(Duration::from_secs(3600))));
            called.fetch_add(1, Ordering::SeqCst);
        });
        let mut buffer = [0];
        let mut receiving = pin!(datagrams.recv_from(&mut buffer));
        assert!(poll_with(receiving.as_mut(), &using).is_pending());
        let mut accepting = pin!(listener.accept());
        assert!(poll_with(accepting.as_mut(), &using).is_pending());
        let mut timer = sleep(Duration::from_millis(1));
        assert!(poll_with(pin!(&mut timer), &using).is_pending());
        assert!(calls.load(Ordering::SeqCst) >= 3, "each has cloned it");
        let _peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        drop(using);
        until("the waker has accepted it", || accepted.wakes() == 1).await;
    });
}

/// A ready operation does not clone the waker.
#[test]
fn a_read_that_is_ready_clones_no_waker() {
    run(|| async {
        let (socket, mut theirs) = unix();
        theirs.write_all(b"x").unwrap();
        let clones = Arc::new(AtomicUsize::new(0));
        let counting = hooked({
            let clones = Arc::clone(&clones);
            move || _ = clones.fetch_add(1, Ordering::SeqCst)
        });
        let mut stream = &*socket;
        let mut cx = Context::from_waker(&counting);
        assert!(Pin::new(&mut stream).poll_read(&mut cx, &mut [0]).is_ready());
        assert_eq!(clones.load(Ordering::SeqCst), 0);
    });
}

/// A waker whose clone panics does not affect the tasks that wait already.
#[test]
#[allow(unsafe_code, reason = "only a waker of raw parts can panic when it is cloned")]
fn a_waker_that_panics_when_it_is_cloned_harms_no_other() {
    const PANICS: RawWakerVTable = RawWakerVTable::new(
        |_| panic!("a waker that panics when it is cloned (expected)"),
        |_| {},
        |_| {},
        |_| {},
    );
    run(|| async {
        let (socket, mut theirs) = unix();
        let crowd: Vec<_> = (0..65).map(|_| Count::new()).collect();
        let poll = |waker: &Waker| {
            Pin::new(&mut &*socket).poll_read(&mut Context::from_waker(waker), &mut [0]).is_pending()
        };
        for (_, waker) in &crowd {
            assert!(poll(waker));
        }
        // SAFETY: its functions do nothing with the pointer.
        let bad = unsafe { Waker::new(std::ptr::null(), &PANICS) };
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll(&bad))).is_err());
        theirs.write_all(b"x").unwrap();
        until("all are woken", || crowd.iter().all(|(count, _)| count.wakes() > 0)).await;
    });
}

/// A waker that would panic if it were cloned a second time does not affect the wakers that are swept.
#[test]
#[allow(unsafe_code, reason = "only a waker of raw parts can panic when it is cloned")]
fn a_waker_that_panics_during_a_sweep_harms_no_other() {
    static CLONES: AtomicUsize = AtomicUsize::new(0);
    const CLONED_ONCE: RawWakerVTable = RawWakerVTable::new(
        |data| {
            assert_eq!(CLONES.fetch_add(1, Ordering::SeqCst), 0, "a second clone (expected)");
            RawWaker::new(data, &CLONED_ONCE)
        },
        |_| {},
        |_| {},
        |_| {},
    );
    run(|| async {
        let (socket, _theirs) = unix();
        let poll = |waker: &Waker| {
            let mut cx = Context::from_waker(waker);
            Pin::new(&mut &*socket).poll_read(&mut cx, &mut [0]).is_pending()
        };
        // One waits alone; the others are as many as are swept when one more comes.
        assert!(poll(Waker::noop()));
        let crowd: Vec<_> = (0..64).map(|_| Count::new()).collect();
        crowd.iter().for_each(|(_, waker)| assert!(poll(waker)));
        // SAFETY: its functions do nothing with the pointer.
        let bad = unsafe { Waker::new(std::ptr::null(), &CLONED_ONCE) };
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll(&bad)));
        until("all are woken", || crowd.iter().all(|(count, _)| count.wakes() > 0)).await;
    });
}

/// Hard case 32: the same when the panic comes from a waker's drop.
#[test]
fn a_waker_that_panics_in_its_drop_harms_no_other() {
    run(|| async {
        let (socket, mut theirs) = unix();
        let (count, waker) = Count::new();
        let mut bad = pin!(socket.readable());
        let mut after = pin!(socket.readable());
        let (panics, counting) = Count::new();
        let panicking = OnDrop::waker(move || {
            counting.wake_by_ref();
            panic!("a waker's drop (expected)");
        });
        assert!(poll_with(bad.as_mut(), &panicking).is_pending());
        // The socket has the last waker: nothing panics here.
        drop(panicking);
        assert!(poll_with(after.as_mut(), &waker).is_pending());
        assert_eq!(panics.wakes(), 0);
        theirs.write_all(b"x").unwrap();
        until("the other is woken", || count.wakes() == 1).await;
        assert_eq!(panics.wakes(), 1);
    });
}

/// A socket may be dropped by a waker, its own or another's, in the middle of a batch.
#[test]
fn a_socket_may_be_dropped_by_a_waker() {
    run(|| async {
        let (one, mut one_theirs) = connection();
        let (other, mut other_theirs) = connection();
        let kept: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let dropping = {
            let kept = Arc::clone(&kept);
            Waker::from(Arc::new(OnWake(move || {
                let streams = std::mem::take(&mut *kept.lock().unwrap());
                drop(streams);
            })))
        };
        for stream in [&one, &other] {
            let mut stream = stream.clone();
            let mut buffer = [0];
            let mut reading = pin!(stream.read(&mut buffer));
            assert!(poll_with(reading.as_mut(), &dropping).is_pending());
        }
        kept.lock().unwrap().extend([one, other]);
        one_theirs.write_all(b"x").unwrap();
        other_theirs.write_all(b"x").unwrap();
        until("dropped", || kept.lock().unwrap().is_empty()).await;
        settle().await;
    });
}

/// A waker may drop timers, even the one that fires it.
#[test]
fn a_timer_may_be_dropped_by_a_waker() {
    run(|| async {
        let kept: Arc<Mutex<Vec<Sleep>>> = Arc::default();
        let wakes = Arc::new(AtomicUsize::new(0));
        let dropping = {
            let (kept, wakes) = (Arc::clone(&kept), Arc::clone(&wakes));
            Waker::from(Arc::new(OnWake(move || {
                drop(std::mem::take(&mut *kept.lock().unwrap()));
                wakes.fetch_add(1, Ordering::SeqCst);
            })))
        };
        let mut timers: Vec<_> = (0..20).map(|_| sleep(Duration::MAX)).collect();
        for timer in &mut timers {
            assert!(poll_with(pin!(timer), &dropping).is_pending());
        }
        {
            let mut kept = kept.lock().unwrap();
            kept.extend(timers);
            let begin = Instant::now();
            (0..).zip(kept.iter_mut()).for_each(|(n, timer)| timer.reset(begin + Duration::from_millis(n)));
        }
        until("one has fired", || wakes.load(Ordering::SeqCst) > 0).await;
        assert!(kept.lock().unwrap().is_empty());
    });
}
