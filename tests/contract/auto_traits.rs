//! Which public types are `Send`, `Sync`, `Unpin`, unwind safe and `Clone`, and which are not.
//!
//! A private field can change these traits, and no other line of the source shows it. So this table is part
//! of the interface: changing it changes the interface.

use std::cell::Cell;
use std::marker::{PhantomData, PhantomPinned};
use std::os::unix::net::UnixStream as Socket;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::MutexGuard as StdGuard;
use std::task::Waker;

use executor::future::Selected;
use executor::pool::Pool;
use executor::sync::{
    AcquireError, Barrier, BarrierWaitResult, Mutex, MutexGuard, Notified, Notify, OnceCell, OwnedMutexGuard,
    OwnedRwLockReadGuard, OwnedRwLockWriteGuard, OwnedSemaphorePermit, RwLock, RwLockReadGuard,
    RwLockWriteGuard, Semaphore, SemaphorePermit, TryAcquireError, broadcast, mpsc, oneshot, watch,
};
use executor::task::{Builder, JoinError, JoinHandle, TaskId};
use reactor::io::Stdin;
use reactor::net::{
    ReadHalf, TcpListener, TcpSocket, TcpStream, UCred, UdpSocket, UnixDatagram, UnixListener, UnixStream,
    WriteHalf,
};
use reactor::signal::Signals;
use reactor::time::{Elapsed, Interval, MissedTickBehavior, Sleep};
use reactor::{Async, Interest};

/// `Check::<T>::SEND` is the inherent constant if `T: Send`, otherwise that of this trait; likewise the others.
trait Otherwise {
    const SEND: &'static str = "";
    const SYNC: &'static str = "";
    const UNPIN: &'static str = "";
    const UNWIND: &'static str = "";
    const CLONE: &'static str = "";
}

struct Check<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> Otherwise for Check<T> {}

impl<T: ?Sized + Send> Check<T> {
    const SEND: &'static str = "Send ";
}

impl<T: ?Sized + Sync> Check<T> {
    const SYNC: &'static str = "Sync ";
}

impl<T: ?Sized + Unpin> Check<T> {
    const UNPIN: &'static str = "Unpin ";
}

impl<T: ?Sized + UnwindSafe + RefUnwindSafe> Check<T> {
    const UNWIND: &'static str = "UnwindSafe ";
}

impl<T: Clone> Check<T> {
    const CLONE: &'static str = "Clone ";
}

/// Checks that each type has exactly these traits.
macro_rules! holds {
    ($($type:ty: $traits:literal,)*) => { $({
        let traits = [
            Check::<$type>::SEND,
            Check::<$type>::SYNC,
            Check::<$type>::UNPIN,
            Check::<$type>::UNWIND,
            Check::<$type>::CLONE,
        ];
        assert_eq!(traits.concat().trim_end(), $traits, "{}", stringify!($type));
    })* };
}

/// `Send`, but not `Sync`.
type Unshared = Cell<u8>;

/// `Sync`, but not `Send`.
type Unsendable = StdGuard<'static, u8>;

#[test]
fn the_check_distinguishes_yes_from_no() {
    holds! {
        u8: "Send Sync Unpin UnwindSafe Clone",
        Unshared: "Send Unpin Clone",
        Unsendable: "Sync Unpin UnwindSafe",
        Rc<u8>: "Unpin UnwindSafe Clone",
        PhantomPinned: "Send Sync UnwindSafe Clone",
        &'static mut u8: "Send Sync Unpin",
    }
}

#[test]
fn handles_and_wakers() {
    holds! {
        // A handle returns the output, and never a reference to it.
        JoinHandle<u8>: "Send Sync Unpin UnwindSafe",
        JoinHandle<Unshared>: "Send Sync Unpin UnwindSafe",
        JoinHandle<PhantomPinned>: "Send Sync Unpin UnwindSafe",
        // A local task's output need not be Send: then its handle stays on its thread.
        JoinHandle<Rc<u8>>: "Unpin UnwindSafe",
        JoinHandle<Unsendable>: "Unpin UnwindSafe",
        Waker: "Send Sync Unpin UnwindSafe Clone",
        Pool: "Send Sync Unpin",
        Builder: "Send Sync Unpin UnwindSafe Clone",
        Selected<u8, u8>: "Send Sync Unpin UnwindSafe Clone",
        Selected<u8, Rc<u8>>: "Unpin UnwindSafe Clone",
        TaskId: "Send Sync Unpin UnwindSafe Clone",
        // As std's `thread::Result`: a payload is only Send.
        JoinError: "Send Unpin",
    }
}

#[test]
fn what_tasks_share() {
    holds! {
        // A panic does not poison the lock: the panicking task may leave a half-changed value.
        Mutex<u8>: "Send Sync Unpin",
        Mutex<Unshared>: "Send Sync Unpin",
        Mutex<Rc<u8>>: "Unpin",
        // A guard that is held across an await moves with its task; std's guard may not.
        MutexGuard<'static, u8>: "Send Sync Unpin",
        MutexGuard<'static, Unshared>: "Send Unpin",
        MutexGuard<'static, Rc<u8>>: "Unpin",
        MutexGuard<'static, Unsendable>: "Unpin",

        oneshot::Sender<Unshared>: "Send Sync Unpin UnwindSafe",
        oneshot::Receiver<Unshared>: "Send Sync Unpin UnwindSafe",
        oneshot::Sender<Rc<u8>>: "Unpin UnwindSafe",
        oneshot::Receiver<Rc<u8>>: "Unpin UnwindSafe",
        oneshot::Receiver<PhantomPinned>: "Send Sync Unpin UnwindSafe",
        mpsc::Sender<Unshared>: "Send Sync Unpin UnwindSafe Clone",
        mpsc::Receiver<Unshared>: "Send Sync Unpin UnwindSafe",
        mpsc::Sender<Rc<u8>>: "Unpin UnwindSafe Clone",
        mpsc::Receiver<Rc<u8>>: "Unpin UnwindSafe",
        mpsc::Receiver<PhantomPinned>: "Send Sync Unpin UnwindSafe",
        broadcast::Sender<u8>: "Send Sync Unpin UnwindSafe Clone",
        broadcast::Receiver<u8>: "Send Sync Unpin UnwindSafe",
        broadcast::Sender<Rc<u8>>: "Unpin UnwindSafe Clone",
        broadcast::Receiver<Rc<u8>>: "Unpin UnwindSafe",
        broadcast::RecvError: "Send Sync Unpin UnwindSafe Clone",
        oneshot::RecvError: "Send Sync Unpin UnwindSafe Clone",
        mpsc::SendError<u8>: "Send Sync Unpin UnwindSafe Clone",
    }
}

#[test]
fn what_tasks_wait_for_together() {
    holds! {
        // The mutex keeps the owned guard's value: to send the guard is to send the value.
        OwnedMutexGuard<u8>: "Send Sync Unpin",
        OwnedMutexGuard<Unshared>: "Send Unpin",
        OwnedMutexGuard<Rc<u8>>: "Unpin",
        OwnedMutexGuard<Unsendable>: "Unpin",
        // Readers share the value.
        RwLock<u8>: "Send Sync Unpin",
        RwLock<Unshared>: "Send Unpin",
        RwLock<Unsendable>: "Unpin",
        RwLockReadGuard<'static, u8>: "Send Sync Unpin",
        RwLockReadGuard<'static, Unshared>: "Unpin",
        RwLockReadGuard<'static, Unsendable>: "Unpin",
        RwLockWriteGuard<'static, u8>: "Send Sync Unpin",
        RwLockWriteGuard<'static, Unshared>: "Unpin",
        OwnedRwLockReadGuard<u8>: "Send Sync Unpin",
        OwnedRwLockReadGuard<Unshared>: "Unpin",
        OwnedRwLockWriteGuard<u8>: "Send Sync Unpin",
        OwnedRwLockWriteGuard<Unsendable>: "Unpin",

        Semaphore: "Send Sync Unpin UnwindSafe",
        SemaphorePermit<'static>: "Send Sync Unpin UnwindSafe",
        OwnedSemaphorePermit: "Send Sync Unpin UnwindSafe",
        AcquireError: "Send Sync Unpin UnwindSafe Clone",
        TryAcquireError: "Send Sync Unpin UnwindSafe Clone",
        Notify: "Send Sync Unpin UnwindSafe",
        Notified<'static>: "Send Sync Unpin UnwindSafe",
        Barrier: "Send Sync Unpin UnwindSafe",
        BarrierWaitResult: "Send Sync Unpin UnwindSafe Clone",
        OnceCell<u8>: "Send Sync Unpin UnwindSafe",
        OnceCell<Unshared>: "Send Unpin",
        OnceCell<Rc<u8>>: "Unpin UnwindSafe",

        watch::Sender<u8>: "Send Sync Unpin UnwindSafe Clone",
        watch::Receiver<u8>: "Send Sync Unpin UnwindSafe Clone",
        watch::Sender<Unshared>: "Unpin UnwindSafe Clone",
        watch::Receiver<Rc<u8>>: "Unpin UnwindSafe Clone",
        // It blocks its thread's sends: it stays in that thread.
        watch::Ref<'static, u8>: "Sync Unpin UnwindSafe",
        watch::RecvError: "Send Sync Unpin UnwindSafe Clone",
    }
}

/// Their futures may be spawned.
#[test]
fn futures_that_move_to_the_pool() {
    use std::sync::Arc;
    fn is_send<T: Send>(_: T) {}
    let (mutex, semaphore) = (Arc::new(Mutex::new(1)), Arc::new(Semaphore::new(1)));
    is_send(mutex.lock_owned());
    is_send(semaphore.acquire());
    is_send(Arc::clone(&semaphore).acquire_owned());
    let lock = Arc::new(RwLock::new(1));
    is_send((lock.read(), lock.write(), Arc::clone(&lock).read_owned(), Arc::clone(&lock).write_owned()));
    is_send((Notify::new().notified(), Barrier::new(1).wait()));
    let cell = OnceCell::new();
    is_send((cell.get_or_init(async || 1), cell.get_or_try_init(async || Ok::<u8, ()>(1))));
    let (sender, mut receiver) = watch::channel(1);
    is_send(sender.closed());
    is_send(receiver.changed());
    is_send(receiver.wait_for(|value| *value == 1));
}

#[test]
fn sockets_and_timers() {
    holds! {
        TcpStream: "Send Sync Unpin UnwindSafe Clone",
        TcpListener: "Send Sync Unpin UnwindSafe",
        UdpSocket: "Send Sync Unpin UnwindSafe Clone",
        UnixStream: "Send Sync Unpin UnwindSafe Clone",
        UnixListener: "Send Sync Unpin UnwindSafe Clone",
        UnixDatagram: "Send Sync Unpin UnwindSafe Clone",
        TcpSocket: "Send Sync Unpin UnwindSafe",
        ReadHalf<TcpStream>: "Send Sync Unpin UnwindSafe",
        WriteHalf<TcpStream>: "Send Sync Unpin UnwindSafe",
        UCred: "Send Sync Unpin UnwindSafe Clone",
        Interest: "Send Sync Unpin UnwindSafe Clone",
        Async<Socket>: "Send Sync Unpin UnwindSafe",
        Stdin: "Send Sync Unpin UnwindSafe",
        Signals: "Send Sync Unpin UnwindSafe",
        Sleep: "Send Sync Unpin UnwindSafe",
        Interval: "Send Sync Unpin UnwindSafe",
        MissedTickBehavior: "Send Sync Unpin UnwindSafe Clone",
        Elapsed: "Send Sync Unpin UnwindSafe Clone",
    }
}

#[test]
fn the_chats_server() {
    holds! {
        chat::server::Server: "Send Sync Unpin UnwindSafe",
        chat::server::Handle: "Send Sync Unpin UnwindSafe Clone",
        chat::FromClient: "Send Sync Unpin UnwindSafe Clone",
        chat::FromServer: "Send Sync Unpin UnwindSafe Clone",
        chat::LineReader<TcpStream>: "Send Sync Unpin UnwindSafe",
    }
}
