//! Rung 13: the raw task: one allocation.
//!
//!     cargo run --example 13_raw_task
//!
//! A task of rung 09 is an Arc with a lock with a box, and another Arc with a lock for the output: three
//! allocations, and a lock taken at each poll. Rung 12 says what allows for less: a future that stays where it
//! is until it is dropped. So let it stay in the task itself, and leave its output in the same place.
//!
//! ```text
//!   the queue, the handle, each waker ──▶ Header: references, state, joiner, run, free   any future
//!                                         Stage:  Future(F), then Output(T)              this one
//! ```
//!
//! What a waker points to must be of one type for all futures: the header. The functions in it know the
//! future's type, and cast the pointer back to the whole.
//!
//! T1  Each pointer is counted. The last one that goes frees the task.
//! T2  The state says who may touch the stage: the thread that took the task from the queue and set RUNNING;
//!     after DONE, the handle.
//! T3  WOKEN means: in the queue, or to be put there by its runner. So it is in the queue once at most.
#![allow(
    unsafe_code,
    reason = "one allocation is shared by the queue, the runner, the handle and the wakers"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::mem::{self, ManuallyDrop};
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::thread;

// ANCHOR: 13_layout
/// What all tasks begin with.
struct Header {
    references: AtomicUsize,
    state: AtomicUsize,
    joiner: Mutex<Option<Waker>>,
    /// The functions that know the type of the rest.
    run: unsafe fn(TaskRef),
    free: unsafe fn(NonNull<Header>),
}

/// The allocation. In C's layout the header is at its beginning: a pointer to the one is a pointer to the
/// other.
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

// SAFETY: what it reaches from any thread is atomic, or behind a lock, or given to one thread at a time by
// the state (T2); and `spawn` takes only futures and outputs that are Send.
unsafe impl Send for TaskRef {}

impl TaskRef {
    fn header(&self) -> &Header {
        // SAFETY: T1: we are counted, so it is alive.
        unsafe { self.0.as_ref() }
    }

    /// # Safety
    ///
    /// The task's future is an F.
    unsafe fn task<F: Future>(&self) -> &Task<F> {
        // SAFETY: T1; and the caller's: it is a Task<F>, and begins with its header.
        unsafe { self.0.cast().as_ref() }
    }

    fn wake(&self) {
        // ORDERING[task-state]: Release; the runner sees what came before the wake. Acquire pairs with the
        // clearing of RUNNING, so that the next runner sees the poll before.
        if self.header().state.fetch_or(WOKEN, Ordering::AcqRel) == 0 {
            QUEUE.lock().unwrap().push_back(self.clone()); // It was idle.
        }
    }
}
// ANCHOR_END: 13_reference

// ANCHOR: 13_count
impl Clone for TaskRef {
    fn clone(&self) -> TaskRef {
        // ORDERING: Relaxed; a count from which nothing follows. We hold one already.
        self.header().references.fetch_add(1, Ordering::Relaxed);
        TaskRef(self.0)
    }
}

impl Drop for TaskRef {
    fn drop(&mut self) {
        // ORDERING[task-count]: Release for what we did with it, Acquire for what all the others did: pairs
        // with the same line in other threads.
        if self.header().references.fetch_sub(1, Ordering::AcqRel) == 1 {
            // SAFETY: T1: no other pointer is left, and the function is this task's.
            unsafe { (self.header().free)(self.0) }
        }
    }
}
// ANCHOR_END: 13_count

// ANCHOR: 13_waker
/// As in rung 03: clone, wake, wake_by_ref, drop. What is counted is ours now.
static WAKER: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // SAFETY: a waker of ours, which keeps its count.
        let lent = unsafe { lent(data) };
        mem::forget(TaskRef::clone(&lent)); // The count of the new waker.
        RawWaker::new(data, &WAKER)
    },
    // SAFETY: a waker of ours, which is used up: its count is dropped at the end.
    |data| ManuallyDrop::into_inner(unsafe { lent(data) }).wake(),
    // SAFETY: a waker of ours, which keeps its count.
    |data| unsafe { lent(data) }.wake(),
    // SAFETY: a waker of ours, which is used up.
    |data| drop(ManuallyDrop::into_inner(unsafe { lent(data) })),
);

/// A waker's pointer as a reference, whose count stays with the waker.
///
/// # Safety
///
/// It is the pointer of one of our wakers.
unsafe fn lent(data: *const ()) -> ManuallyDrop<TaskRef> {
    // SAFETY: the caller's; none of them is null.
    ManuallyDrop::new(TaskRef(unsafe { NonNull::new_unchecked(data.cast_mut().cast()) }))
}
// ANCHOR_END: 13_waker

// ANCHOR: 13_run
impl<F: Future> Task<F> {
    /// Polls it once, on the strength of the queue's pointer.
    unsafe fn run(reference: TaskRef) {
        // SAFETY: this function is in the header of a Task<F> only.
        let Task { header, stage } = unsafe { reference.task::<F>() };
        // ORDERING[task-state]: Acquire; pairs with the Release of the wake, and of the runner before.
        header.state.swap(RUNNING, Ordering::AcqRel);
        // SAFETY: T2: we have set RUNNING. The reference lives as long as this function.
        let Stage::Future(future) = (unsafe { &mut *stage.get() }) else { unreachable!("it is not done") };
        // SAFETY: it never moves: it stands in the allocation, and is dropped there.
        let future = unsafe { Pin::new_unchecked(future) };
        // SAFETY: the functions keep the contract of wakers. This one is not counted, and never dropped.
        let waker = ManuallyDrop::new(unsafe { Waker::new(reference.0.as_ptr().cast(), &WAKER) });
        if let Poll::Ready(output) = future.poll(&mut Context::from_waker(&waker)) {
            // SAFETY: T2. This drops the future in its place, and puts the output there.
            unsafe { *stage.get() = Stage::Output(output) };
            // ORDERING[task-state]: Release; publishes the output. Pairs with the Acquire of the handle.
            header.state.swap(DONE, Ordering::AcqRel);
            let joiner = header.joiner.lock().unwrap().take();
            joiner.inspect(Waker::wake_by_ref);
        // ORDERING[task-state]: Release; what this poll did is seen by the next one, on whatever thread.
        } else if header.state.fetch_and(!RUNNING, Ordering::AcqRel) & WOKEN != 0 {
            QUEUE.lock().unwrap().push_back(reference); // T3: woken while it ran.
        }
    }

    unsafe fn free(task: NonNull<Header>) {
        // SAFETY: the last reference is gone (T1), and it was allocated as a box of this type.
        drop(unsafe { Box::from_raw(task.cast::<Task<F>>().as_ptr()) });
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
        // SAFETY: it was made of an F.
        let Task { header, stage } = unsafe { reference.task::<F>() };
        *header.joiner.lock().unwrap() = Some(cx.waker().clone());
        // ORDERING[task-state]: Acquire; pairs with the Release that set DONE.
        if header.state.load(Ordering::Acquire) & DONE == 0 {
            return Poll::Pending; // As in rung 11: first the waker, then the last look.
        }
        // SAFETY: T2: it is done, and we are the handle.
        match mem::replace(unsafe { &mut *stage.get() }, Stage::Taken) {
            Stage::Output(output) => Poll::Ready(output),
            _ => panic!("polled again after it was ready"),
        }
    })
}
// ANCHOR_END: 13_spawn

/// A worker's life. It never sleeps, to be short.
fn work() {
    loop {
        let next = QUEUE.lock().unwrap().pop_front();
        if let Some(reference) = next {
            let run = reference.header().run;
            // SAFETY: it is this task's.
            unsafe { run(reference) };
        }
    }
}

/// The system's allocator, but it counts.
struct Counting(AtomicUsize);

// SAFETY: all is done by the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.0.fetch_add(1, Ordering::Relaxed); // ORDERING: Relaxed; only counted.
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting(AtomicUsize::new(0));

/// What `make` makes, and how many allocations that took.
fn counted<T>(make: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATOR.0.load(Ordering::Relaxed); // ORDERING: Relaxed; only counted.
    let made = make();
    (made, ALLOCATOR.0.load(Ordering::Relaxed) - before) // ORDERING: Relaxed; only counted.
}

fn main() {
    QUEUE.lock().unwrap().reserve(8);
    let slot = || Arc::new(Mutex::new((None::<u32>, None::<Waker>)));
    let (_, count) = counted(|| (Arc::new(Mutex::new(Some(Box::pin(async { 42 })))), slot()));
    println!("A task of rung 09, with its slot: {count} allocations.");
    let (answer, count) = counted(|| spawn(async { 42 }));
    println!("A raw task: {count} allocation.");

    (0..2).for_each(|_| _ = thread::spawn(work));
    let mut polls = 0;
    let woken_by_threads = spawn(poll_fn(move |cx| {
        polls += 1;
        let waker = cx.waker().clone();
        thread::spawn(move || waker.wake());
        if polls < 3 { Poll::Pending } else { Poll::Ready(polls) }
    }));
    let (sender, receiver) = mpsc::channel();
    drop(spawn(async move { sender.send((answer.await, woken_by_threads.await)) }));
    let (answer, polls) = receiver.recv().expect("the task sends it");
    println!(
        "A task awaited the output of another: {answer}. A task that other threads woke took {polls} polls."
    );

    // Still wrong: what is left is small. The count and the state are two words, the joiner has a lock, a panic
    // ends the thread, and nobody can cancel. The real task mends all that. But each of our rungs has one
    // idea, and no one has them all: rung 14.
    println!("Still wrong: each rung has its idea, and none has them all. Rung 14 puts them together.");
}
