//! Rung 13: the raw task: one allocation.
//!
//!     cargo run --example 13_raw_task
//!
//! A task of rung 09 is a box in a lock in an Arc, with another Arc and lock for the output. That is three
//! allocations, and a lock taken at each poll. Rung 12 shows why one is enough: a pinned future stays where
//! it is until it is dropped. So the future lives in the task itself, and its output later takes its place.
//!
//! ```text
//!   the queue, the handle, each waker ──▶ Header: references, state, joiner, run, free   any future
//!                                         Stage:  Future(F), then Output(T)              this one
//! ```
//!
//! A waker must point to one type, whatever the future's type is. That type is the header. The functions
//! stored in it know the future's type, and cast the pointer back to the whole task.
//!
//! - T1  Each pointer is counted. Dropping the last one frees the task.
//! - T2  The state says who may touch the stage: the thread that took the task from the queue and set RUNNING;
//!   after DONE, the handle.
//! - T3  WOKEN means: in the queue, or to be pushed by its runner. So it is in the queue at most once.
#![allow(
    unsafe_code,
    reason = "one allocation is shared by the queue, the runner, the handle and the wakers"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::collections::VecDeque;
use std::fmt::Arguments;
use std::future::poll_fn;
use std::mem::{self, ManuallyDrop};
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::thread;

// ANCHOR: 13_layout
/// The first part of every task.
struct Header {
    references: AtomicUsize,
    state: AtomicUsize,
    joiner: Mutex<Option<Waker>>,
    /// Two functions that know the type of the rest.
    run: unsafe fn(TaskRef),
    free: unsafe fn(NonNull<Header>),
}

/// The allocation. `repr(C)` puts the header at its beginning, so a pointer to one is a pointer to the other.
#[repr(C)]
struct Task<F: Future> {
    header: Header,
    stage: UnsafeCell<Stage<F>>,
}

enum Stage<F: Future> {
    Future(F),
    Output(F::Output),
    Taken,
}

const WOKEN: usize = 1;
const RUNNING: usize = 2;
const DONE: usize = 4;
// ANCHOR_END: 13_layout

// ANCHOR: 13_reference
/// A counted pointer to a task (T1).
struct TaskRef(NonNull<Header>);

// SAFETY: everything that it reaches is atomic, or behind a lock, or accessible to one thread at a time by
// the state (T2). And `spawn` takes only futures and outputs that are Send.
unsafe impl Send for TaskRef {}

impl TaskRef {
    fn header(&self) -> &Header {
        // SAFETY: T1: this pointer is counted, so the task is alive.
        unsafe { self.0.as_ref() }
    }

    /// # Safety
    ///
    /// The task's future must be an `F`.
    unsafe fn task<F: Future>(&self) -> &Task<F> {
        // SAFETY: T1; and the caller guarantees that it is a Task<F>, which begins with its header.
        unsafe { self.0.cast().as_ref() }
    }

    fn wake(&self) {
        // ORDERING[task-state]: Release; the runner sees what came before the wake. Acquire pairs with the
        // clearing of RUNNING, so that the next runner sees the previous poll.
        let before = self.header().state.fetch_or(WOKEN, Ordering::AcqRel);
        note(format_args!("wake            {} → {}", name(before), name(before | WOKEN)));
        if before == 0 {
            QUEUE.lock().unwrap().push_back(self.clone()); // It was idle.
        }
    }
}
// ANCHOR_END: 13_reference

// ANCHOR: 13_count
impl Clone for TaskRef {
    fn clone(&self) -> TaskRef {
        // ORDERING: Relaxed; an increment publishes nothing. We hold a count already.
        let before = self.header().references.fetch_add(1, Ordering::Relaxed);
        note(format_args!("references      {before} → {}", before + 1));
        TaskRef(self.0)
    }
}

impl Drop for TaskRef {
    fn drop(&mut self) {
        // ORDERING[task-count]: Release for what we did with the task, Acquire for what all other threads did
        // with it. Pairs with the same line in other threads.
        let before = self.header().references.fetch_sub(1, Ordering::AcqRel);
        note(format_args!("references      {before} → {}", before - 1));
        if before == 1 {
            // SAFETY: T1: no other pointer is left, and `free` is this task's function.
            unsafe { (self.header().free)(self.0) }
        }
    }
}
// ANCHOR_END: 13_count

// ANCHOR: 13_waker
/// As in rung 03: clone, wake, wake_by_ref, drop. Now the count is our own, not an Arc's.
static WAKER: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // SAFETY: `data` comes from one of our wakers, which keeps its count.
        let lent = unsafe { lent(data) };
        mem::forget(TaskRef::clone(&lent)); // This count belongs to the new waker.
        RawWaker::new(data, &WAKER)
    },
    // SAFETY: `data` comes from one of our wakers, which is consumed: its count is dropped at the end.
    |data| ManuallyDrop::into_inner(unsafe { lent(data) }).wake(),
    // SAFETY: `data` comes from one of our wakers, which keeps its count.
    |data| unsafe { lent(data) }.wake(),
    // SAFETY: `data` comes from one of our wakers, which is consumed.
    |data| drop(ManuallyDrop::into_inner(unsafe { lent(data) })),
);

/// Returns a waker's pointer as a `TaskRef`. The count still belongs to the waker.
///
/// # Safety
///
/// `data` must be the pointer of one of our wakers.
unsafe fn lent(data: *const ()) -> ManuallyDrop<TaskRef> {
    // SAFETY: the caller guarantees that it comes from one of our wakers. Those pointers are never null.
    ManuallyDrop::new(TaskRef(unsafe { NonNull::new_unchecked(data.cast_mut().cast()) }))
}
// ANCHOR_END: 13_waker

// ANCHOR: 13_run
impl<F: Future> Task<F> {
    /// Polls the task once. `reference` is the pointer that was in the queue.
    unsafe fn run(reference: TaskRef) {
        // SAFETY: only the header of a Task<F> contains this function.
        let Task { header, stage } = unsafe { reference.task::<F>() };
        // ORDERING[task-state]: Acquire; pairs with the Release of the wake, and of the previous runner.
        let before = header.state.swap(RUNNING, Ordering::AcqRel);
        note(format_args!("run             {} → {}", name(before), name(RUNNING)));
        // SAFETY: T2: we have set RUNNING. The reference lives as long as this function.
        let Stage::Future(future) = (unsafe { &mut *stage.get() }) else { unreachable!("it is not done") };
        // SAFETY: the future never moves: it stays in the allocation until it is dropped there.
        let future = unsafe { Pin::new_unchecked(future) };
        // SAFETY: the functions keep the contract of wakers. This waker has no count, and is never dropped.
        let waker = ManuallyDrop::new(unsafe { Waker::new(reference.0.as_ptr().cast(), &WAKER) });
        if let Poll::Ready(output) = future.poll(&mut Context::from_waker(&waker)) {
            // SAFETY: T2. This drops the future in place, and stores the output there.
            unsafe { *stage.get() = Stage::Output(output) };
            // ORDERING[task-state]: Release; publishes the output. Pairs with the Acquire of the handle.
            let before = header.state.swap(DONE, Ordering::AcqRel);
            note(format_args!("poll is ready   {} → {}", name(before), name(DONE)));
            let joiner = header.joiner.lock().unwrap().take();
            joiner.inspect(Waker::wake_by_ref);
            return;
        }
        // ORDERING[task-state]: Release; publishes what this poll did for the next one, on any thread.
        let before = header.state.fetch_and(!RUNNING, Ordering::AcqRel);
        note(format_args!("poll is pending {} → {}", name(before), name(before & !RUNNING)));
        if before & WOKEN != 0 {
            QUEUE.lock().unwrap().push_back(reference); // T3: it was woken while it ran.
        }
    }

    unsafe fn free(task: NonNull<Header>) {
        // SAFETY: the last reference is gone (T1), and it was allocated as a box of this type.
        drop(unsafe { Box::from_raw(task.cast::<Task<F>>().as_ptr()) });
        note(format_args!("the allocation is freed"));
    }
}
// ANCHOR_END: 13_run

// ANCHOR: 13_spawn
static QUEUE: Mutex<VecDeque<TaskRef>> = Mutex::new(VecDeque::new());

/// Starts a task. Returns its handle: a future of its output.
fn spawn<F: Future<Output: Send> + Send + 'static>(future: F) -> impl Future<Output = F::Output> + Send {
    let task = Box::new(Task {
        header: Header {
            references: AtomicUsize::new(1),
            state: AtomicUsize::new(0),
            joiner: Mutex::new(None),
            run: Task::<F>::run,
            free: Task::<F>::free,
        },
        stage: UnsafeCell::new(Stage::Future(future)),
    });
    let reference = TaskRef(NonNull::from(Box::leak(task)).cast());
    reference.wake();
    poll_fn(move |cx| {
        // SAFETY: `spawn` made this task from an F.
        let Task { header, stage } = unsafe { reference.task::<F>() };
        *header.joiner.lock().unwrap() = Some(cx.waker().clone());
        // ORDERING[task-state]: Acquire; pairs with the Release that set DONE.
        if header.state.load(Ordering::Acquire) & DONE == 0 {
            return Poll::Pending; // As in rung 11: first store the waker, then check once more.
        }
        // SAFETY: T2: the task is done, and this is its handle.
        match mem::replace(unsafe { &mut *stage.get() }, Stage::Taken) {
            Stage::Output(output) => Poll::Ready(output),
            _ => panic!("polled again after it was ready"),
        }
    })
}
// ANCHOR_END: 13_spawn

/// Runs a task from the queue, if there is one.
fn run_next() {
    let next = QUEUE.lock().unwrap().pop_front();
    if let Some(reference) = next {
        let run = reference.header().run;
        // SAFETY: `run` is this task's function.
        unsafe { run(reference) };
    }
}

/// The loop of a worker. To keep this file short, it never sleeps.
fn work() {
    loop {
        run_next();
    }
}

thread_local! {
    static LOUD: Cell<bool> = const { Cell::new(false) };
}

/// Prints what happens, if LOUD is set on this thread.
fn note(what: Arguments) {
    if LOUD.get() {
        println!("    {what}");
    }
}

fn name(state: usize) -> &'static str {
    ["idle", "woken", "running", "running and woken", "done", "done and woken"][state]
}

/// The system's allocator, with a counter of allocations.
struct Counting(AtomicUsize);

// SAFETY: the system's allocator does all the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.0.fetch_add(1, Ordering::Relaxed); // ORDERING: Relaxed; a counter, it publishes nothing.
        // SAFETY: the caller's guarantees are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's guarantees are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting(AtomicUsize::new(0));

/// Returns what `make` returns, and how many allocations it made.
fn counted<T>(make: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATOR.0.load(Ordering::Relaxed); // ORDERING: Relaxed; a counter, it publishes nothing.
    let made = make();
    (made, ALLOCATOR.0.load(Ordering::Relaxed) - before) // ORDERING: Relaxed; as above.
}

fn main() {
    QUEUE.lock().unwrap().reserve(8);
    let slot = || Arc::new(Mutex::new((None::<u32>, None::<Waker>)));
    let (_, count) = counted(|| (Arc::new(Mutex::new(Some(Box::pin(async { 42 })))), slot()));
    println!("A task of rung 09, with its slot: {count} allocations.");
    let (forty_two, count) = counted(|| spawn(async { 42 }));
    println!("A raw task: {count} allocation.");
    run_next();

    LOUD.set(true);
    println!("spawn: one reference for the handle, one for the queue");
    let kept = Arc::new(Mutex::new(None::<Waker>));
    let (keeper, mut polls) = (kept.clone(), 0);
    let mut handle = Box::pin(spawn(poll_fn(move |cx| {
        polls += 1;
        match polls {
            1 => *keeper.lock().unwrap() = Some(cx.waker().clone()),
            2 => cx.waker().wake_by_ref(),
            _ => return Poll::Ready("its output"),
        }
        Poll::Pending
    })));
    println!("the first poll keeps a clone of the waker, and is pending");
    run_next();
    let waker = kept.lock().unwrap().take().expect("the first poll left it");
    println!("that waker is called, twice");
    waker.wake_by_ref();
    waker.wake_by_ref();
    println!("the second poll wakes its own task, and is pending");
    run_next();
    println!("the third poll is ready");
    run_next();
    assert_eq!(Arc::strong_count(&kept), 1, "the future was dropped, and with it what it owned");
    println!("the handle takes the output, and is dropped");
    let output = handle.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(output, Poll::Ready("its output"));
    drop(handle);
    println!("the waker is called once more, and is dropped");
    waker.wake();
    LOUD.set(false);

    (0..2).for_each(|_| _ = thread::spawn(work));
    let mut polls = 0;
    let woken_by_threads = spawn(poll_fn(move |cx| {
        polls += 1;
        let waker = cx.waker().clone();
        thread::spawn(move || waker.wake());
        if polls < 3 { Poll::Pending } else { Poll::Ready(polls) }
    }));
    let (sender, receiver) = mpsc::channel();
    drop(spawn(async move { sender.send((forty_two.await, woken_by_threads.await)) }));
    let (output, polls) = receiver.recv().expect("the task sends both");
    println!("A task awaited another's output: {output}. A task that other threads woke took {polls} polls.");

    // Still wrong: only small things are left. The count and the state are two words, the joiner has a lock,
    // a panic ends the thread, and a task cannot be cancelled. The real task fixes all of that. But each rung
    // shows one idea, and no rung has them all: rung 14.
    println!("Still wrong: each rung has one idea, and none has them all. Rung 14 puts them together.");
}
