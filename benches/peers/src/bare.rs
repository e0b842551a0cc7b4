//! The lower limits: what the same work costs without a runtime. Next: `collections`.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, EventData, EventFlags};

use crate::sample::{Sample, repeat, scaled};

/// A queue of boxed closures: an allocation, a push, a pop, a call.
pub fn spawn(size: usize) -> Sample {
    let times = scaled(100_000).div_ceil(size);
    repeat(size * times, || {
        let mut queue: VecDeque<Box<dyn FnOnce() -> usize>> = VecDeque::new();
        for _ in 0..times {
            for i in 0..size {
                queue.push_back(std::hint::black_box(Box::new(move || i)));
            }
            let sum: usize = std::iter::from_fn(|| queue.pop_front()).map(|job| job()).sum();
            assert_eq!(sum, size * (size - 1) / 2);
        }
    })
}

/// A queue of boxed futures, each polled and pushed back.
pub fn yields(tasks: usize) -> Sample {
    let each = scaled(1_000_000).div_ceil(tasks);
    repeat(tasks * each, || {
        let mut queue: VecDeque<Pin<Box<dyn Future<Output = ()>>>> = VecDeque::new();
        for _ in 0..tasks {
            let mut left = each;
            queue.push_back(Box::pin(poll_fn(move |_| {
                if left == 0 {
                    return Poll::Ready(());
                }
                left -= 1;
                Poll::Pending
            })));
        }
        let (mut cx, mut polls) = (Context::from_waker(Waker::noop()), 0);
        while let Some(mut task) = queue.pop_front() {
            polls += 1;
            if task.as_mut().poll(&mut cx).is_pending() {
                queue.push_back(task);
            }
        }
        assert_eq!(polls, tasks * (each + 1));
    })
}

/// Echo on one edge-triggered epoll loop: a request costs one read, one write and its share of a wait. No second
/// read is needed after a short one, since RDHUP reports the end. Serves until the process ends.
pub fn serve_echo(listener: &TcpListener) -> io::Result<()> {
    let poller = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    listener.set_nonblocking(true)?;
    let edges = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
    let register = |socket: &dyn AsFd| {
        let key = EventData::new_u64(socket.as_fd().as_raw_fd() as u64);
        epoll::add(&poller, socket.as_fd(), key, edges)
    };
    register(listener)?;
    let mut streams: Vec<Option<TcpStream>> = Vec::new();
    let mut events = Vec::with_capacity(1024);
    let mut buffer = [0; 1024];
    loop {
        events.clear();
        epoll::wait(&poller, spare_capacity(&mut events), None)?;
        for event in &events {
            let key = event.data.u64() as usize;
            if key == listener.as_raw_fd() as usize {
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true)?;
                    stream.set_nodelay(true)?;
                    register(&stream)?;
                    let key = stream.as_raw_fd() as usize;
                    streams.resize_with(streams.len().max(key + 1), || None);
                    streams[key] = Some(stream);
                }
            } else if let Some(stream) = &mut streams[key]
                && !echo(stream, &mut buffer)
            {
                streams[key] = None;
            }
        }
    }
}

/// Echoes the bytes that have arrived. Returns `false` if the connection has ended.
fn echo(stream: &mut TcpStream, buffer: &mut [u8]) -> bool {
    loop {
        match stream.read(buffer) {
            Ok(length @ 1..) => {
                if stream.write_all(&buffer[..length]).is_err() {
                    return false;
                }
                if length < buffer.len() {
                    return true;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
            Ok(0) | Err(_) => return false,
        }
    }
}
