//! Rung 12: pinning: a future that points into itself, moved, and then pinned.
//!
//!     cargo run --example 12_pinning
//!
//! Since rung 02 we pin each future before its first poll, on trust. Here is why. An async block that borrows
//! from its own variables across an await becomes a value that holds an address inside itself:
//!
//! ```text
//!   let text = *b"hello, world";          ┌────────────────────┐
//!   let word = &text[7..];                │ text: hello, world │◀┐
//!   something().await;                    │ word: ─────────────┼─┘
//!   word                                  └────────────────────┘
//!
//!   moved:    text goes along, word does not change: it points to where text was
//! ```
//!
//! `Pin` is the promise that this does not happen:
//!
//! P1  Behind a `Pin<&mut T>` the T stays where it is until it is dropped.
//! P2  So no safe way leads from there to a `&mut T`, with which one could move the T away.
//! P3  Unless T is `Unpin`: it has no address in itself, and to move it is harmless.
#![allow(unsafe_code, reason = "an address inside the value itself is followed")]

use std::future::poll_fn;
use std::marker::PhantomPinned;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

// ANCHOR: 12_reader
/// The future of the picture, by hand.
struct Reader {
    text: [u8; 12],
    /// Points into `text` from the first poll on.
    word: Option<*const [u8]>,
    /// Takes `Unpin` away: P3 is not for us.
    _pinned: PhantomPinned,
}

impl Reader {
    fn new() -> Reader {
        Reader { text: *b"hello, world", word: None, _pinned: PhantomPinned }
    }

    /// `let word = &text[7..]`
    fn begin(&mut self) {
        self.word = Some(&raw const self.text[7..]);
    }
}
// ANCHOR_END: 12_reader

// ANCHOR: 12_poll
impl Future for Reader {
    type Output = String;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<String> {
        // SAFETY: P1: nothing below moves the Reader, or hands out a way to move it.
        let this = unsafe { self.get_unchecked_mut() };
        let Some(word) = this.word else {
            this.begin();
            cx.waker().wake_by_ref();
            return Poll::Pending;
        };
        // SAFETY: an earlier poll made it point into `text`, and P1: there the text still is. Nobody writes
        // to it.
        let word = unsafe { &*word };
        Poll::Ready(String::from_utf8_lossy(word).into_owned())
    }
}
// ANCHOR_END: 12_poll

/// The same, made by the compiler.
async fn reader() -> String {
    let text = *b"hello, world";
    let word = &text[7..];
    let mut polled = false;
    poll_fn(|_| if mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    String::from_utf8_lossy(word).into_owned()
}

// ANCHOR: 12_owner
/// In whose text the word of `reader` is. It compares addresses, and reads nothing through them.
fn points_into(reader: &Reader, others: &[(&'static str, &Reader)]) -> &'static str {
    let address = reader.word.expect("it has begun").cast::<u8>();
    let owner = others.iter().find(|(_, other)| other.text.as_ptr_range().contains(&address));
    owner.map_or("nobody's", |(name, _)| name)
}
// ANCHOR_END: 12_owner

fn poll<F: Future<Output = String>>(future: Pin<&mut F>) -> Poll<String> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn main() {
    // ANCHOR: 12_moved
    let (mut ada, mut ben) = (Reader::new(), Reader::new());
    ada.begin();
    ben.begin();
    let show = |when, ada: &Reader, ben: &Reader| {
        let both = [("Ada's", ada), ("Ben's", ben)];
        let (of_ada, of_ben) = (points_into(ada, &both), points_into(ben, &both));
        println!("    {when:<10} Ada's word is in {of_ada} text, and Ben's in {of_ben}");
    };
    println!("Two readers that are not pinned:");
    show("begun:", &ada, &ben);
    mem::swap(&mut ada, &mut ben);
    show("swapped:", &ada, &ben);

    let mut cleo = Reader::new();
    cleo.begin();
    let cleo = Box::new(cleo);
    println!("    boxed:     Cleo's word is in {} text", points_into(&cleo, &[("Cleo's", &cleo)]));
    // To read through such an address is undefined behaviour. So we stop here.
    // ANCHOR_END: 12_moved

    // ANCHOR: 12_pinned
    println!("One that is pinned in a box:");
    let mut dora = Box::pin(Reader::new());
    println!("    first poll:  {:?}", poll(dora.as_mut()));
    // mem::swap(&mut *dora, &mut *other);
    // error[E0596]: cannot borrow data in dereference of `Pin<Box<Reader>>` as mutable
    let mut shelf = [dora]; // The box goes elsewhere. What is in it stays.
    println!("    box moved:   Dora's word is in {} text", points_into(&shelf[0], &[("Dora's", &shelf[0])]));
    println!("    second poll: {:?}", poll(shelf[0].as_mut()));
    // ANCHOR_END: 12_pinned

    println!("The async function:");
    let mut future = Box::pin(reader());
    println!("    first poll:  {:?}", poll(future.as_mut()));
    let mut shelf = [future];
    println!("    second poll: {:?}", poll(shelf[0].as_mut()));

    // Still wrong: a task of rung 09 is pinned as it should be, but in a box in a lock in an Arc, with a slot
    // in another Arc: three allocations, and a lock taken at each poll. One would do: rung 13.
    println!("Still wrong: a task is three allocations, and locks. Rung 13 mends it.");
}
