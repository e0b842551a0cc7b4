//! The byte format of a recording, which the page and all else that reads one agree on.
//!
//! A stream is what one thread recorded. An event of it is a byte for its code, then varints (LEB128, as in
//! DWARF): the nanoseconds since the thread's event before it, and its numbers. That makes 5 bytes on average.
//! `page/format.js` has the same list of codes, and says what the numbers of each mean.
//!
//! ```text
//!   length of the stream │ code │ time since │ number … │ code │ …     then the next thread's
//! ```
//!
//! Called by `encode` and `chrome`. Next: `trace::encode`.

/// The numbers of the events in the page's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Code {
    ThreadCame,
    ThreadGone,
    Spawn,
    PollBegin,
    PollEnd,
    Wake,
    Due,
    Steal,
    Rescue,
    Park,
    Unpark,
    Spin,
    Notify,
    Turn,
    SourceNew,
    SourceReady,
    SourceGone,
    TimerArmed,
    TimerFired,
    TimerCancelled,
    Waits,
    LockTaken,
    LockHanded,
    LockFreed,
    Sent,
    Received,
    Lagged,
    Closed,
    CallQueued,
    Cancel,
    Dropped,
    Taken,
    PoolOpened,
    PoolClosed,
    GaveWay,
}

/// Every code, and how many numbers follow it.
const CODES: [(Code, usize); Code::GaveWay as usize + 1] = {
    use Code::*;
    [
        (ThreadCame, 0),
        (ThreadGone, 0),
        (Spawn, 1),
        (PollBegin, 1),
        (PollEnd, 1),
        (Wake, 2),
        (Due, 1),
        (Steal, 2),
        (Rescue, 2),
        (Park, 1),
        (Unpark, 1),
        (Spin, 1),
        (Notify, 1),
        (Turn, 3),
        (SourceNew, 1),
        (SourceReady, 2),
        (SourceGone, 1),
        (TimerArmed, 2),
        (TimerFired, 2),
        (TimerCancelled, 1),
        (Waits, 2),
        (LockTaken, 1),
        (LockHanded, 1),
        (LockFreed, 1),
        (Sent, 1),
        (Received, 2),
        (Lagged, 2),
        (Closed, 1),
        (CallQueued, 1),
        (Cancel, 1),
        (Dropped, 1),
        (Taken, 1),
        (PoolOpened, 2),
        (PoolClosed, 1),
        (GaveWay, 0),
    ]
};

/// Appends a number as a varint.
pub(super) fn varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes a varint from the front; `None` if none is left, or it is cut off or too long.
fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (&first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first < 0x80 {
            return Some(number);
        }
    }
    None
}

/// An event of a stream, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Nanoseconds since the recording was started.
    pub(super) time: u64,
    pub(super) code: Code,
    pub(super) numbers: [u64; 3],
}

/// The streams of the threads, decoded.
pub(super) fn decode(mut bytes: &[u8]) -> Vec<Vec<Step>> {
    let mut streams = Vec::new();
    while let Some(length) = take_varint(&mut bytes) {
        let (stream, rest) = bytes.split_at(usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len()));
        bytes = rest;
        streams.push(decode_stream(stream));
    }
    streams
}

fn decode_stream(mut stream: &[u8]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut time = 0;
    while let Some((&code, rest)) = stream.split_first() {
        stream = rest;
        let (code, count) = CODES[usize::from(code)];
        time += take_varint(&mut stream).unwrap_or(0);
        let mut numbers = [0; 3];
        numbers[..count].fill_with(|| take_varint(&mut stream).unwrap_or(0));
        steps.push(Step { time, code, numbers });
    }
    steps
}
