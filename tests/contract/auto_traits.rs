//! What may go to another thread, be shared, be moved while it is polled, and be looked at after a panic:
//! of each public type, what holds and what does not.
//!
//! These traits come and go with a private field, and no other line of the source shows it. So there is a table
//! here: a change of it is a change of the interface.

use std::cell::Cell;
use std::marker::{PhantomData, PhantomPinned};
use std::os::unix::net::UnixStream as Socket;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::MutexGuard as StdGuard;
use std::task::Waker;

use executor::pool::Pool;
use executor::sync::{Mutex, MutexGuard, broadcast, mpsc, oneshot};
use executor::task::{Builder, JoinError, JoinHandle, TaskId};
use reactor::Async;
use reactor::io::Stdin;
use reactor::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use reactor::signal::Signals;
use reactor::time::{Elapsed, Interval, Sleep};

/// `Answer::<T>::SEND` is the inherent constant if `T: Send`, else the one of this trait; and so on.
trait Otherwise {
    const SEND: &'static str = "";
    const SYNC: &'static str = "";
    const UNPIN: &'static str = "";
    const UNWIND: &'static str = "";
    const CLONE: &'static str = "";
}

struct Answer<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> Otherwise for Answer<T> {}

impl<T: ?Sized + Send> Answer<T> {
    const SEND: &'static str = "Send ";
}

impl<T: ?Sized + Sync> Answer<T> {
    const SYNC: &'static str = "Sync ";
}

impl<T: ?Sized + Unpin> Answer<T> {
    const UNPIN: &'static str = "Unpin ";
}

impl<T: ?Sized + UnwindSafe + RefUnwindSafe> Answer<T> {
    const UNWIND: &'static str = "UnwindSafe ";
}

impl<T: Clone> Answer<T> {
    const CLONE: &'static str = "Clone ";
}

/// Demands that just these traits hold of each type.
macro_rules! holds {
    ($($type:ty: $traits:literal,)*) => { $({
        let answers = [
            Answer::<$type>::SEND,
            Answer::<$type>::SYNC,
            Answer::<$type>::UNPIN,
            Answer::<$type>::UNWIND,
            Answer::<$type>::CLONE,
        ];
        assert_eq!(answers.concat().trim_end(), $traits, "{}", stringify!($type));
    })* };
}

/// May go to another thread, but not be shared between two.
type Unshared = Cell<u8>;

/// May be shared, but not go to another thread.
type Homesick = StdGuard<'static, u8>;

#[test]
fn the_check_distinguishes_yes_from_no() {
    holds! {
        u8: "Send Sync Unpin UnwindSafe Clone",
        Unshared: "Send Unpin Clone",
        Homesick: "Sync Unpin UnwindSafe",
        Rc<u8>: "Unpin UnwindSafe Clone",
        PhantomPinned: "Send Sync UnwindSafe Clone",
        &'static mut u8: "Send Sync Unpin",
    }
}

#[test]
fn handles_and_wakers() {
    holds! {
        // A handle gives the output out, and never a reference to it.
        JoinHandle<u8>: "Send Sync Unpin UnwindSafe",
        JoinHandle<Unshared>: "Send Sync Unpin UnwindSafe",
        JoinHandle<PhantomPinned>: "Send Sync Unpin UnwindSafe",
        // The output of a local task need not be Send: then its handle stays on its thread.
        JoinHandle<Rc<u8>>: "Unpin UnwindSafe",
        JoinHandle<Homesick>: "Unpin UnwindSafe",
        Waker: "Send Sync Unpin UnwindSafe Clone",
        Pool: "Send Sync Unpin",
        Builder: "Send Sync Unpin UnwindSafe Clone",
        TaskId: "Send Sync Unpin UnwindSafe Clone",
        // As std's of a thread: a payload is Send and no more.
        JoinError: "Send Unpin",
    }
}

#[test]
fn what_tasks_share() {
    holds! {
        // Nothing is poisoned: a task that panics while it holds the lock may leave a value half changed.
        Mutex<u8>: "Send Sync Unpin",
        Mutex<Unshared>: "Send Sync Unpin",
        Mutex<Rc<u8>>: "Unpin",
        // Held across an await it goes where the task goes; std's guard may not.
        MutexGuard<'static, u8>: "Send Sync Unpin",
        MutexGuard<'static, Unshared>: "Send Unpin",
        MutexGuard<'static, Rc<u8>>: "Unpin",
        MutexGuard<'static, Homesick>: "Unpin",

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
fn sockets_and_timers() {
    holds! {
        TcpStream: "Send Sync Unpin UnwindSafe Clone",
        TcpListener: "Send Sync Unpin UnwindSafe",
        UdpSocket: "Send Sync Unpin UnwindSafe Clone",
        UnixStream: "Send Sync Unpin UnwindSafe Clone",
        UnixListener: "Send Sync Unpin UnwindSafe Clone",
        Async<Socket>: "Send Sync Unpin UnwindSafe",
        Stdin: "Send Sync Unpin UnwindSafe",
        Signals: "Send Sync Unpin UnwindSafe",
        Sleep: "Send Sync Unpin UnwindSafe",
        Interval: "Send Sync Unpin UnwindSafe",
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
