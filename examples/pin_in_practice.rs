//! Pin in practice: a future around a future, and a stream around a stream, without unsafe code.
//!
//!     cargo run --example pin_in_practice
//!
//! The `poll` of a wrapper is given a `Pin<&mut Wrapper>`, and needs a `Pin<&mut Inner>`. That step is a *projection*. Rung
//! 12 says why that step takes a promise. One of its exercises makes the promise with `unsafe`. These ways need none:
//!
//! ```text
//!   write no `poll` at all      an async function: `pin!` and `poll_fn`
//!   ask for less                `F: Unpin`: the caller pins, and passes a reference
//!   put it in a box             `Pin<Box<F>>`: the wrapper is Unpin, whatever is in the box
//!   let a macro write it        pin-project-lite
//! ```

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::marker::PhantomData;
use std::mem;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use executor::stream::{Stream, StreamExt, iter, unfold};
use executor::task;
use pin_project_lite::pin_project;
use reactor::time::sleep;

fn main() {
    what_is_unpin();
    what_a_pin_can();
    task::block_on(async {
        four_ways().await;
        limits().await;
        both().await;
        streams().await;
    });
}

/// The future that is wrapped. It keeps a reference to one of its own variables, so it must not be
/// moved.
async fn work() -> usize {
    let words = [String::from("pin"), String::from("project")];
    let longest = &words[1];
    task::yield_now().await;
    task::yield_now().await;
    longest.len()
}

// ANCHOR: pin_in_practice_spent
/// What a future has used so far: the number of its polls, and the time inside of them.
#[derive(Debug, Default)]
struct Spent {
    polls: u32,
    time: Duration,
}

impl Spent {
    /// Polls a future, and adds what that took.
    fn poll<F: Future>(&mut self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let begun = Instant::now();
        let polled = future.poll(cx);
        self.polls += 1;
        self.time += begun.elapsed();
        polled
    }
}
// ANCHOR_END: pin_in_practice_spent

// ANCHOR: pin_in_practice_function
/// No `poll` is written here. The compiler makes the wrapper, and `pin!` keeps the inner future in
/// it.
async fn timed<F: Future>(future: F) -> (F::Output, Spent) {
    let mut future = pin!(future);
    let mut spent = Spent::default();
    let output = poll_fn(|cx| spent.poll(future.as_mut(), cx)).await;
    (output, spent)
}
// ANCHOR_END: pin_in_practice_function

// ANCHOR: pin_in_practice_unpin
/// For inner futures that are `Unpin`. One that is not is pinned by the caller: a `Pin<&mut F>` is
/// a future, and `Unpin`.
struct TimedUnpin<F> {
    future: F,
    spent: Spent,
}

impl<F: Future + Unpin> Future for TimedUnpin<F> {
    type Output = (F::Output, Spent);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self; // Allowed, since all fields are Unpin.
        let output = ready!(this.spent.poll(Pin::new(&mut this.future), cx));
        Poll::Ready((output, mem::take(&mut this.spent)))
    }
}
// ANCHOR_END: pin_in_practice_unpin

// ANCHOR: pin_in_practice_boxed
/// For all inner futures. The box is pinned and the wrapper is not: it may be moved between two
/// polls.
struct TimedBoxed<F> {
    future: Pin<Box<F>>,
    spent: Spent,
}

impl<F: Future> Future for TimedBoxed<F> {
    type Output = (F::Output, Spent);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let output = ready!(this.spent.poll(this.future.as_mut(), cx));
        Poll::Ready((output, mem::take(&mut this.spent)))
    }
}
// ANCHOR_END: pin_in_practice_boxed

// ANCHOR: pin_in_practice_projected
pin_project! {
    /// For all inner futures, and without a box. `#[pin]` says which field is pinned with the
    /// wrapper.
    struct TimedProjected<F> {
        #[pin]
        future: F,
        spent: Spent,
    }
}

impl<F: Future> Future for TimedProjected<F> {
    type Output = (F::Output, Spent);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project(); // future: Pin<&mut F>, spent: &mut Spent
        let output = ready!(this.spent.poll(this.future, cx));
        Poll::Ready((output, mem::take(this.spent)))
    }
}
// ANCHOR_END: pin_in_practice_projected

// ANCHOR: pin_in_practice_ways
async fn four_ways() {
    println!("\nOne future, in four wrappers:");
    show("an async function", timed(work()).await);
    let pinned = pin!(work());
    show("F: Unpin", TimedUnpin { future: pinned, spent: Spent::default() }.await);
    show("Pin<Box<F>>", TimedBoxed { future: Box::pin(work()), spent: Spent::default() }.await);
    show("pin-project-lite", TimedProjected { future: work(), spent: Spent::default() }.await);
}
// ANCHOR_END: pin_in_practice_ways

fn show(way: &str, (output, spent): (usize, Spent)) {
    println!("    {way:<20}output {output}, {} polls", spent.polls);
    assert_eq!((output, spent.polls), (7, 3));
}

// ANCHOR: pin_in_practice_timeout
/// Both futures are pinned. If both are ready, the one that is polled first wins.
async fn timeout<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut end = pin!(sleep(limit));
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        end.as_mut().poll(cx).map(|()| None)
    })
    .await
}
// ANCHOR_END: pin_in_practice_timeout

async fn limits() {
    let (in_time, late) = (
        timeout(Duration::from_secs(60), work()).await,
        timeout(Duration::from_millis(1), pending::<usize>()).await,
    );
    println!("\nA timeout: {in_time:?} in time, {late:?} too late");
    assert_eq!((in_time, late), (Some(7), None));
}

// ANCHOR: pin_in_practice_join
/// Polls the future in a slot, if there is one. A future that is ready is dropped at once, in its
/// place.
fn poll_slot<F: Future>(mut slot: Pin<&mut Option<F>>, cx: &mut Context<'_>) -> Option<F::Output> {
    let Poll::Ready(output) = slot.as_mut().as_pin_mut()?.poll(cx) else { return None };
    slot.set(None);
    Some(output)
}

/// Returns both outputs.
async fn join2<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let mut a = pin!(Some(a));
    let mut b = pin!(Some(b));
    let (mut of_a, mut of_b) = (None, None);
    poll_fn(|cx| {
        of_a = of_a.take().or_else(|| poll_slot(a.as_mut(), cx));
        of_b = of_b.take().or_else(|| poll_slot(b.as_mut(), cx));
        if of_a.is_some() && of_b.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    of_a.zip(of_b).expect("both are ready")
}
// ANCHOR_END: pin_in_practice_join

async fn both() {
    let held = Rc::new(Cell::new(0));
    let quick = async {
        let held = held.clone();
        held.get()
    };
    let slow = async {
        task::yield_now().await;
        Rc::strong_count(&held)
    };
    let (_, handles) = join2(quick, slow).await;
    println!("\nA join: when the second future runs on, the first one is dropped: {}", handles == 1);
    assert_eq!(handles, 1);
}

// ANCHOR: pin_in_practice_map
/// A stream whose items a function has changed. `S` is polled through a pin, and `F` is only
/// called.
struct Map<S, F> {
    stream: S,
    f: F,
}

/// `f` is never pinned, so it does not matter whether its type is `Unpin`. This line says so, and
/// is safe.
impl<S: Unpin, F> Unpin for Map<S, F> {}

impl<S: Stream + Unpin, T, F: FnMut(S::Item) -> T> Stream for Map<S, F> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = &mut *self;
        let item = ready!(Pin::new(&mut this.stream).poll_next(cx));
        Poll::Ready(item.map(&mut this.f))
    }
}
// ANCHOR_END: pin_in_practice_map

// ANCHOR: pin_in_practice_unfold
/// A stream that an async block makes. It is not `Unpin`, since it holds the block's future.
fn countdown(from: u32) -> impl Stream<Item = u32> {
    unfold(from, |left| async move {
        task::yield_now().await;
        (left > 0).then(|| (left, left - 1))
    })
}

async fn streams() {
    let tens: Vec<u32> = Map { stream: iter(1..=3), f: |number: u32| number * 10 }.collect().await;
    let stream = pin!(countdown(3)); // A Pin<&mut S> is a stream, and Unpin.
    let words: Vec<String> = Map { stream, f: |left| format!("{left}!") }.collect().await;
    println!("\nA stream around a stream: {tens:?}, {}", words.join(" "));
    assert_eq!((tens, words), (vec![10, 20, 30], ["3!", "2!", "1!"].map(String::from).into()));
}
// ANCHOR_END: pin_in_practice_unfold

/// Asks whether a type is `Unpin`. The example `compiler_cures` explains how.
struct Asked<T>(PhantomData<T>);

impl<T: Unpin> Asked<T> {
    fn is_unpin(&self) -> bool {
        true
    }
}

trait Otherwise {
    fn is_unpin(&self) -> bool {
        false
    }
}

impl<T> Otherwise for Asked<T> {}

fn asked<T>(_: &T) -> Asked<T> {
    Asked(PhantomData)
}

// ANCHOR: pin_in_practice_unpin_types
fn what_is_unpin() {
    println!("Is it Unpin?");
    let say = |what: &str, is_unpin: bool, expected: bool| {
        println!("    {what:<28}{}", if is_unpin { "yes" } else { "no" });
        assert_eq!(is_unpin, expected, "{what}");
    };
    say("String", asked(&String::new()).is_unpin(), true);
    say("task::JoinHandle<T>", asked(&task::spawn_local(async {})).is_unpin(), true);
    say("reactor::time::Sleep", asked(&sleep(Duration::ZERO)).is_unpin(), true);
    say("F, of an async function", asked(&work()).is_unpin(), false);
    say("Option<F>, (F, u32)", asked(&Some(work())).is_unpin() || asked(&(work(), 0)).is_unpin(), false);
    say("&mut F", asked(&&mut work()).is_unpin(), true);
    say("Box<F>", asked(&Box::new(work())).is_unpin(), true);
    say("Pin<&mut F>", asked(&pin!(work())).is_unpin(), true);
    say("Pin<Box<F>>", asked(&Box::pin(work())).is_unpin(), true);
}
// ANCHOR_END: pin_in_practice_unpin_types

// ANCHOR: pin_in_practice_rules
fn what_a_pin_can() {
    // If T is Unpin, a Pin<&mut T> can be used as a &mut T.
    let mut number = 1;
    let mut pinned = Pin::new(&mut number);
    *pinned += 1;
    *pinned.as_mut().get_mut() += 1;
    assert_eq!(number, 3);

    // Whatever T is: poll it, reborrow the pin, look at the value, replace the value.
    let mut cx = Context::from_waker(Waker::noop());
    let mut slot = pin!(Some(work()));
    let future = slot.as_mut().as_pin_mut().expect("it holds a future"); // Pin<&mut F>
    assert!(future.poll(&mut cx).is_pending());
    assert!(slot.as_ref().get_ref().is_some()); // To look, a & is enough.
    slot.set(None); // Drops the future in its place. It was not moved.
    slot.set(Some(work())); // Another one, in the same place, from its beginning.
    assert!(slot.as_mut().as_pin_mut().expect("it holds a future").poll(&mut cx).is_pending());
}
// ANCHOR_END: pin_in_practice_rules
