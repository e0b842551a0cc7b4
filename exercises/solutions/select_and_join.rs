//! Two halves in one task, a join that polls what was woken, and a fair merge. One solution.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use executor::future::join;
use executor::stream::Stream;
use executor::sync::mpsc;

/// Sends the words into a channel, and returns what comes out of it.
pub async fn relay(
    words: &[&str],
    sender: mpsc::Sender<String>,
    mut receiver: mpsc::Receiver<String>,
) -> Vec<String> {
    // `move`: the sender is dropped with this branch, and then the channel ends.
    let send = async move {
        for word in words {
            sender.send((*word).to_owned()).await.expect("the receiver is there");
        }
    };
    let receive = async {
        let mut received = Vec::new();
        while let Some(word) = receiver.recv().await {
            received.push(word);
        }
        received
    };
    let ((), received) = join((send, receive)).await;
    received
}

/// What the wakers of the branches share with the join.
struct Woken {
    numbers: VecDeque<usize>,
    /// That of the task that polls the join.
    task: Option<Waker>,
}

/// The waker of a branch.
struct Branch {
    number: usize,
    woken: Arc<Mutex<Woken>>,
}

impl Wake for Branch {
    fn wake(self: Arc<Self>) {
        let mut woken = self.woken.lock().unwrap();
        woken.numbers.push_back(self.number);
        let task = woken.task.take();
        drop(woken);
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// Waits for all futures, and returns their outputs in the order of the futures. It polls those that were woken.
pub async fn join_all<F: Future>(branches: Vec<F>) -> Vec<F::Output> {
    let woken = Arc::new(Mutex::new(Woken { numbers: (0..branches.len()).collect(), task: None }));
    let wakers: Vec<Waker> = (0..branches.len())
        .map(|number| Waker::from(Arc::new(Branch { number, woken: Arc::clone(&woken) })))
        .collect();
    let mut outputs: Vec<Option<F::Output>> = branches.iter().map(|_| None).collect();
    let mut branches: Vec<Option<Pin<Box<F>>>> =
        branches.into_iter().map(|branch| Some(Box::pin(branch))).collect();
    poll_fn(|cx| {
        // Before the polls: a branch may be woken during its poll. In each poll: the join may be in another task now.
        woken.lock().unwrap().task = Some(cx.waker().clone());
        // One round: what is woken from here on is for the next poll, so that other tasks get their turns.
        let round = mem::take(&mut woken.lock().unwrap().numbers);
        for number in round {
            // A branch that was ready may still be woken, and must not be polled.
            let Some(branch) = &mut branches[number] else { continue };
            if let Poll::Ready(output) = branch.as_mut().poll(&mut Context::from_waker(&wakers[number])) {
                outputs[number] = Some(output);
                branches[number] = None;
            }
        }
        if branches.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().map(|output| output.expect("every branch is ready")).collect()
}

/// The items of two streams, as they come. Each is `None` when it has ended.
pub struct Merge<A, B> {
    first: Option<A>,
    second: Option<B>,
    /// The last item came from the first.
    seconds_turn: bool,
}

pub fn merge<A, B>(first: A, second: B) -> Merge<A, B>
where
    A: Stream + Unpin,
    B: Stream<Item = A::Item> + Unpin,
{
    Merge { first: Some(first), second: Some(second), seconds_turn: false }
}

impl<A, B> Stream for Merge<A, B>
where
    A: Stream + Unpin,
    B: Stream<Item = A::Item> + Unpin,
{
    type Item = A::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<A::Item>> {
        let this = &mut *self;
        for second in [this.seconds_turn, !this.seconds_turn] {
            let polled =
                if second { poll_stream(&mut this.second, cx) } else { poll_stream(&mut this.first, cx) };
            if let Poll::Ready(Some(item)) = polled {
                this.seconds_turn = !second;
                return Poll::Ready(Some(item));
            }
        }
        if this.first.is_none() && this.second.is_none() { Poll::Ready(None) } else { Poll::Pending }
    }
}

/// Polls a stream that has not ended, and drops it at its end.
fn poll_stream<S: Stream + Unpin>(stream: &mut Option<S>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
    let Some(left) = stream else { return Poll::Ready(None) };
    let polled = Pin::new(left).poll_next(cx);
    if let Poll::Ready(None) = polled {
        *stream = None;
    }
    polled
}
