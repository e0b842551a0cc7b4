//! Signals, which this process sends to itself.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use executor::task::block_on;
use futures_lite::StreamExt;
use futures_lite::future::{poll_once, zip};
use reactor::signal::{
    SIGINT, SIGPIPE, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, Signals, ctrl_c, on_signal, terminate,
};
use signal_hook::consts::{SIGKILL, SIGSEGV, SIGURG};
use signal_hook::low_level::raise;

/// Signals belong to the whole process: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_signal_wakes_the_waiting_task() {
    let _alone = alone();
    block_on(async {
        let mut signals = Signals::new(&[SIGUSR1]).unwrap();
        assert_eq!(poll_once(signals.next()).await, None);
        for _ in 0..10 {
            let raised = async { raise(SIGUSR1).unwrap() };
            assert_eq!(zip(signals.next(), raised).await.0, Some(SIGUSR1));
        }
        assert_eq!(poll_once(signals.next()).await, None);
    });
}

#[test]
fn a_signal_from_another_thread_wakes_the_turn() {
    let _alone = alone();
    block_on(async {
        let mut signals = Signals::new(&[SIGUSR1]).unwrap();
        let raising = std::thread::spawn(|| raise(SIGUSR1).unwrap());
        assert_eq!(signals.next().await, Some(SIGUSR1));
        raising.join().unwrap();
    });
}

#[test]
fn several_signals_are_distinguished_and_none_hides_another() {
    let _alone = alone();
    block_on(async {
        let mut signals = Signals::new(&[SIGUSR1, SIGUSR2, SIGWINCH]).unwrap();
        raise(SIGWINCH).unwrap();
        raise(SIGUSR2).unwrap();
        raise(SIGUSR1).unwrap();
        let mut came = Vec::new();
        for _ in 0..3 {
            came.push(signals.next().await.unwrap());
            // A signal that comes all the time.
            raise(came[0]).unwrap();
        }
        came.sort_unstable();
        let mut wanted = [SIGUSR1, SIGUSR2, SIGWINCH];
        wanted.sort_unstable();
        assert_eq!(came, wanted);
    });
}

#[test]
fn a_flood_counts_at_least_once_and_ends() {
    let _alone = alone();
    block_on(async {
        let mut signals = Signals::new(&[SIGUSR1]).unwrap();
        // More signals than the pipe holds bytes.
        for _ in 0..5000 {
            raise(SIGUSR1).unwrap();
        }
        assert_eq!(signals.next().await, Some(SIGUSR1));
        assert_eq!(poll_once(signals.next()).await, None);
        let raised = async { raise(SIGUSR1).unwrap() };
        assert_eq!(zip(signals.next(), raised).await.0, Some(SIGUSR1));
    });
}

#[test]
fn two_streams_both_get_it_and_a_dropped_one_takes_nothing_along() {
    let _alone = alone();
    block_on(async {
        let mut stays = Signals::new(&[SIGUSR1]).unwrap();
        let mut goes = Signals::new(&[SIGUSR1, SIGUSR2]).unwrap();
        raise(SIGUSR1).unwrap();
        assert_eq!(goes.next().await, Some(SIGUSR1));
        assert_eq!(stays.next().await, Some(SIGUSR1));
        drop(goes);
        raise(SIGUSR1).unwrap();
        assert_eq!(stays.next().await, Some(SIGUSR1));
        // No stream is left, and the process goes on.
        raise(SIGUSR2).unwrap();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_dropped_stream_gives_its_descriptors_back() {
    fn descriptors() -> usize {
        std::fs::read_dir("/proc/self/fd").unwrap().count()
    }
    let _alone = alone();
    block_on(async {
        // The reactor's own descriptors come first.
        drop(Signals::new(&[SIGUSR1]).unwrap());
        let before = descriptors();
        for _ in 0..20 {
            drop(Signals::new(&[SIGUSR1, SIGUSR2]).unwrap());
        }
        assert_eq!(descriptors(), before);
    });
}

/// A list from a configuration may be empty, or name a signal twice.
#[test]
fn no_signal_never_comes_and_one_that_is_named_twice_comes_once() {
    let _alone = alone();
    let (done, end) = mpsc::channel();
    std::thread::spawn(move || {
        let mut nothing = Signals::new(&[]).unwrap();
        let none = futures_lite::future::block_on(poll_once(nothing.next()));
        done.send((none, nothing)).unwrap();
    });
    let (none, mut nothing) = end.recv_timeout(Duration::from_secs(20)).expect("a poll returns");
    assert_eq!(none, None);
    block_on(async {
        assert_eq!(poll_once(nothing.next()).await, None);
        let mut signals = Signals::new(&[SIGUSR1, SIGUSR1]).unwrap();
        raise(SIGUSR1).unwrap();
        assert_eq!(signals.next().await, Some(SIGUSR1));
        assert_eq!(poll_once(signals.next()).await, None);
    });
}

/// A handler that runs while the stream is dropped finds both ends of the pipe open: its byte raises no SIGPIPE.
#[test]
fn a_signal_while_the_stream_goes_breaks_no_pipe() {
    let _alone = alone();
    let broken = Arc::new(AtomicBool::new(false));
    let handler = signal_hook::flag::register(SIGPIPE, Arc::clone(&broken)).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let raising = {
        let (done, _ignored) = (Arc::clone(&done), Signals::new(&[SIGUSR1]).unwrap());
        std::thread::spawn(move || {
            while !done.load(Ordering::SeqCst) {
                raise(SIGUSR1).unwrap();
            }
        })
    };
    for _ in 0..1000 {
        drop(Signals::new(&[SIGUSR1]).unwrap());
    }
    done.store(true, Ordering::SeqCst);
    raising.join().unwrap();
    signal_hook::low_level::unregister(handler);
    assert!(!broken.load(Ordering::SeqCst));
}

/// It listens from the call on: the signal comes before the first poll.
#[test]
fn a_signal_between_the_call_and_the_first_poll_is_not_lost() {
    let _alone = alone();
    block_on(async {
        for _ in 0..3 {
            let (interrupted, terminated) = (ctrl_c(), terminate());
            raise(SIGINT).unwrap();
            raise(SIGTERM).unwrap();
            interrupted.await.unwrap();
            terminated.await.unwrap();
        }
    });
}

/// A signal that no other test uses: it is handled until the process ends.
#[test]
fn a_function_that_panics_is_called_again() {
    let _alone = alone();
    let (called, calls) = mpsc::channel();
    on_signal(SIGURG, move || {
        called.send(()).unwrap();
        std::panic::resume_unwind(Box::new("in the function"));
    })
    .unwrap();
    for _ in 0..2 {
        raise(SIGURG).unwrap();
        calls.recv_timeout(Duration::from_secs(30)).expect("it is called");
    }
}

/// A handler that another library has registered may interrupt the thread's read, if it does not ask the system
/// to restart what it interrupts. No other test uses these two signals.
#[cfg(target_os = "linux")]
#[test]
#[allow(unsafe_code, reason = "no crate here interrupts one thread, or registers such a handler")]
fn an_interrupted_read_ends_no_listening() {
    use reactor::signal::{SIGALRM, SIGHUP};

    unsafe extern "C" {
        safe fn siginterrupt(signal: i32, interrupts: i32) -> i32;
        safe fn pthread_self() -> usize;
        fn pthread_kill(thread: usize, signal: i32) -> i32;
    }

    let _alone = alone();
    let (called, calls) = mpsc::channel();
    on_signal(SIGALRM, move || {
        let status = std::fs::read_link("/proc/thread-self").unwrap().join("stat");
        called.send((pthread_self(), std::path::Path::new("/proc").join(status))).unwrap();
    })
    .unwrap();
    raise(SIGALRM).unwrap();
    let (thread, status) = calls.recv().unwrap();
    let came = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGHUP, Arc::clone(&came)).unwrap();
    assert_eq!(siginterrupt(SIGHUP, 1), 0);
    // The state comes after the name. The thread sleeps (S) only in the read.
    while !std::fs::read_to_string(&status).unwrap().contains(") S ") {
        std::thread::yield_now();
    }
    // SAFETY: the thread lives: nothing but this signal could end it.
    assert_eq!(unsafe { pthread_kill(thread, SIGHUP) }, 0);
    while !came.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    raise(SIGALRM).unwrap();
    calls.recv().expect("the thread still listens");
}

/// Each future waits for one of its own: none before its call counts, and each of several gets it.
#[test]
fn each_waits_for_a_signal_after_its_call() {
    let _alone = alone();
    block_on(async {
        let first = ctrl_c();
        raise(SIGINT).unwrap();
        let (mut second, mut third) = (Box::pin(ctrl_c()), Box::pin(ctrl_c()));
        first.await.unwrap();
        assert!(poll_once(&mut second).await.is_none() && poll_once(&mut third).await.is_none());
        let raised = async { raise(SIGINT).unwrap() };
        let ((second, third), ()) = zip(zip(second, third), raised).await;
        second.unwrap();
        third.unwrap();
        // Without a listener the signal is ignored, and the process goes on.
        raise(SIGINT).unwrap();
    });
}

/// A stream keeps what has come. A future for one signal takes it along when it is dropped.
#[test]
fn a_wait_that_is_dropped_loses_a_signal_unless_a_stream_has_it() {
    let _alone = alone();
    block_on(async {
        let mut signals = Signals::new(&[SIGINT, SIGTERM]).unwrap();
        assert_eq!(poll_once(signals.next()).await, None);
        let (mut interrupted, mut terminated) = (Box::pin(ctrl_c()), Box::pin(terminate()));
        assert!(poll_once(&mut interrupted).await.is_none() && poll_once(&mut terminated).await.is_none());
        raise(SIGINT).unwrap();
        raise(SIGTERM).unwrap();
        drop((interrupted, terminated));
        assert!(
            poll_once(Box::pin(ctrl_c())).await.is_none() && poll_once(Box::pin(terminate())).await.is_none()
        );
        let mut came = [signals.next().await, signals.next().await];
        came.sort_unstable();
        assert_eq!(came, [Some(SIGINT), Some(SIGTERM)]);
    });
}

#[test]
fn what_cannot_be_handled_is_an_error_that_names_it() {
    let _alone = alone();
    let error = Signals::new(&[SIGUSR1, SIGKILL]).unwrap_err();
    let said = "signal 9 (SIGKILL): the system lets no process handle it";
    assert_eq!(error.to_string(), said);
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(Signals::new(&[SIGSEGV]).is_err());

    let error = Signals::new(&[9999]).unwrap_err();
    assert!(error.to_string().starts_with("signal 9999: "), "{error}");
    let source = std::error::Error::source(&error).expect("what the system said").to_string();
    assert_eq!(error.to_string(), format!("signal 9999: {source}"));
}
