//! Hangs that are planted, each with the verdict of the dump; and healthy programs, of which none gets a verdict.
//!
//! Each hang is built in a process of its own (`support::planted`), since a recording is the process's, and since
//! most hangs stay to the end of it.
#![cfg(not(any(loom, miri)))]

mod channels;
mod healthy;
mod joins;
mod locks;
mod queues;
mod shared;
mod support;
mod wakers;
mod watched;
