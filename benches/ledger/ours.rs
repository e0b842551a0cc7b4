//! What the operations need, on this runtime. Next: `table`.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use chat::server::{Options, Server};
use chat::{FromClient, FromServer, LineReader, encode_line};
use executor::sync::{Mutex, MutexGuard, broadcast, mpsc};
use executor::task;
use futures_lite::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use reactor::net::{TcpListener, TcpStream};

use super::measure::Meter;
use super::operations::Runtime;

pub(crate) struct Ours;

impl Runtime for Ours {
    type Handle<T: Send + 'static> = task::JoinHandle<T>;
    type LocalHandle = task::JoinHandle<()>;
    type Lock = Mutex<()>;
    type Guard<'a> = MutexGuard<'a, ()>;
    type Sender = mpsc::Sender<u64>;
    type Receiver = mpsc::Receiver<u64>;
    type Broadcast = broadcast::Sender<u64>;
    type Subscription = broadcast::Receiver<u64>;
    type Listener = TcpListener;
    type Stream = TcpStream;

    fn block_on<F: Future>(future: F) -> F::Output {
        task::block_on(future)
    }
    fn block_on_local<F: Future>(future: F) -> F::Output {
        task::block_on(future)
    }
    fn spawn<F>(future: F) -> Self::Handle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        task::spawn(future)
    }
    fn spawn_local(future: impl Future<Output = ()> + 'static) -> Self::LocalHandle {
        task::spawn_local(future)
    }
    fn yield_now() -> impl Future<Output = ()> + Send {
        task::yield_now()
    }
    fn sleep(time: Duration) -> impl Future<Output = ()> {
        reactor::time::sleep(time)
    }

    fn lock() -> Self::Lock {
        Mutex::new(())
    }
    fn locked(lock: &Self::Lock) -> impl Future<Output = Self::Guard<'_>> {
        lock.lock()
    }

    fn channel() -> (Self::Sender, Self::Receiver) {
        mpsc::channel(16)
    }
    async fn send(sender: &Self::Sender, value: u64) {
        sender.send(value).await.expect("it has a receiver");
    }
    async fn recv(receiver: &mut Self::Receiver) -> u64 {
        receiver.recv().await.expect("it has a sender")
    }

    fn broadcast() -> Option<Self::Broadcast> {
        Some(broadcast::channel(16).0)
    }
    fn subscribe(channel: &Self::Broadcast) -> Self::Subscription {
        channel.subscribe()
    }
    async fn publish(channel: &Self::Broadcast, value: u64) {
        channel.send(value).expect("it has receivers");
    }
    async fn next(subscription: &mut Self::Subscription) -> u64 {
        subscription.recv().await.expect("nothing was lost")
    }

    async fn listen() -> io::Result<(Self::Listener, SocketAddr)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }
    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        listener.accept().await.map(|(stream, _)| stream)
    }
    async fn connect(address: SocketAddr) -> io::Result<Self::Stream> {
        TcpStream::connect(address).await
    }
    async fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
        AsyncReadExt::read(stream, buffer).await
    }
    async fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<()> {
        AsyncWriteExt::write_all(stream, bytes).await
    }
}

/// A message goes from a client on this thread to the server, whose tasks are on the pool, and to another client on
/// this thread.
pub(crate) fn chat(meter: Meter) -> io::Result<()> {
    task::block_on(async {
        let server = Server::bind("127.0.0.1:0", Options::default()).await?;
        let (address, handle) = (server.local_addr()?, server.handle());
        let running = task::spawn(server.run());
        let (mut poster, mut member) =
            (TcpStream::connect(address).await?, TcpStream::connect(address).await?);
        member.write_all(&encode_line(&FromClient::Join { group_name: "tea".to_owned() })?).await?;
        let unknown = FromClient::Post { group_name: "none".to_owned(), message: String::new() };
        member.write_all(&encode_line(&unknown)?).await?;
        let mut lines = LineReader::new(BufReader::new(member), 4096);
        lines.next_line().await.expect("the server is there"); // the error: the member has joined
        let post = FromClient::Post { group_name: "tea".to_owned(), message: "hello".to_owned() };
        let message = FromServer::Message { group_name: "tea".to_owned(), message: "hello".to_owned() };
        let (post, message) = (encode_line(&post)?, encode_line(&message)?);
        for times in meter {
            for _ in 0..times {
                poster.write_all(&post).await?;
                let line = lines.next_line().await.expect("the server is there").expect("it has sent a line");
                assert_eq!(line, message.trim_ascii_end());
            }
        }
        handle.stop();
        running.await
    })
}
