//! The server: accepts clients, and stops when it is asked to.
//!
//! An accept loop that ends at its first error is a server that ends when it is out of descriptors; one that
//! goes on at once burns a core. And a server that just exits loses what it has queued for its clients.
//!
//! ```text
//!   bind ──▶ run: accept ──▶ spawn a connection    (at the descriptor limit: wait, longer each time)
//!              │ Handle::stop
//!              ▼
//!            close the listener ─▶ signal the connections ─▶ close the groups ─▶ wait for the connections
//! ```
//!
//! With a flag for the stop, every task would have to check it, and a task that waits would not see it. To
//! abort all tasks would cut off what they write. So the server signals the stop by dropping. The connections
//! wait on a channel whose sender is dropped, the subscription tasks on groups that are dropped, and the
//! server on a channel that all connections hold open. Each task delivers what it has, and ends by itself,
//! within the drain time.
//!
//! Browsers come in by a listener of their own (`web`), and become clients like any other.
//!
//! Used by the program `server`, by the example `tour` and by the tests. This is the last file of the library
//! in reading order. Next: `bin/server`.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use executor::sync::{broadcast, mpsc};
use executor::task;
use futures_lite::future;
use reactor::net::{TcpListener, TcpStream, ToSocketAddrs};
use reactor::notes;
use reactor::time::{sleep, timeout};
use rustix::io::Errno;

use common::Common;
pub use common::Count;
use connection::serve;
pub use options::{History, Options, Retention};
pub use redis_url::RedisUrl;
use stream::{Stream, prepare};
use web::Web;

mod catch_up;
mod common;
mod connection;
mod ending;
mod group;
mod group_table;
mod inbound;
mod log;
mod memory;
mod options;
mod outbound;
mod posted;
mod reclaim;
mod redis_url;
mod stream;
#[cfg_attr(not(feature = "web"), path = "no_web.rs")]
mod web;

/// The first wait when the system has no descriptor or memory for a new connection.
const FIRST_BACKOFF: Duration = Duration::from_millis(10);

/// The longest wait: the wait is doubled up to this. So clients are accepted well within a second after
/// descriptors are free.
const LONGEST_BACKOFF: Duration = Duration::from_millis(500);

/// How long a log may take to close.
const CLOSE: Duration = Duration::from_secs(10);

/// If more accepts than this fail in a row, the cause is not in the individual connections.
const MAX_CONSECUTIVE: u32 = 15;

/// A chat server that listens. Dropping it closes the listener.
///
/// ```
/// use chat::server::{Options, Server};
/// executor::task::block_on(async {
///     let server = Server::bind("127.0.0.1:0", Options::default()).await.unwrap();
///     let handle = server.handle();
///     let running = executor::task::spawn(server.run());
///     // ... clients come and go ...
///     handle.stop();
///     running.await.unwrap();
/// });
/// ```
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    common: Arc<Common>,
    ask_to_stop: mpsc::Sender<()>,
    asked_to_stop: mpsc::Receiver<()>,
    /// The listener for browsers, and what they share.
    web: Option<(TcpListener, Arc<Web>)>,
}

impl Server {
    /// Creates a server that listens on an address; port 0 takes a free one. No client is accepted before
    /// [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// The address is malformed, unknown or in use; the error names it. Or the history cannot be opened; then it
    /// names the file, or where Redis is.
    pub async fn bind(address: impl ToSocketAddrs, options: Options) -> io::Result<Server> {
        let log = log::open::open(&options.history).await?;
        let listener = TcpListener::bind(address).await?;
        let (ask_to_stop, asked_to_stop) = mpsc::channel(1);
        let common = Arc::new(Common::new(options, log));
        Ok(Server { listener, common, ask_to_stop, asked_to_stop, web: None })
    }

    /// Opens a second listener, for browsers: it serves a page that speaks to this server. Requests must be
    /// addressed to a literal address, to `localhost`, or to one of the names in `hosts`, which contain no port.
    ///
    /// Everyone who can open the page can use the chat, and sees how many clients there are and what the tasks of
    /// the process wait for, and can record it.
    ///
    /// # Errors
    ///
    /// The address is malformed, unknown or in use; the error names it. `Unsupported`: the crate was built without its
    /// feature `web`.
    ///
    /// ```
    /// use chat::server::{Options, Server};
    /// executor::task::block_on(async {
    ///     let mut server = Server::bind("127.0.0.1:0", Options::default()).await.unwrap();
    ///     server.open_web("127.0.0.1:0", vec!["chat.example.org".to_string()]).await.unwrap();
    ///     println!("http://{}/", server.web_addr().unwrap());
    /// });
    /// ```
    pub async fn open_web(&mut self, address: impl ToSocketAddrs, hosts: Vec<String>) -> io::Result<()> {
        self.web = Some(Web::bind(address, hosts).await?);
        Ok(())
    }

    /// Returns the address of the listener for browsers; `None` if there is none.
    pub fn web_addr(&self) -> Option<SocketAddr> {
        self.web.as_ref()?.0.local_addr().ok()
    }

    /// Returns the address that the server listens on.
    ///
    /// # Errors
    ///
    /// The system's, when the listener's address cannot be read.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Returns a handle to stop the server, and to count what it holds.
    pub fn handle(&self) -> Handle {
        Handle { ask_to_stop: self.ask_to_stop.clone(), common: self.common.clone() }
    }

    /// Accepts and serves clients, each in a task on the pool, until it is asked to stop. Returns when all
    /// connections have ended: when they have written what is queued, or [`Options::drain`] has elapsed, and
    /// have closed.
    ///
    /// Dropping the future stops the server too, but does not wait for the connections.
    ///
    /// # Errors
    ///
    /// The error of an accept that fails for good. All connections have ended then, too.
    pub async fn run(self) -> io::Result<()> {
        let Server { listener, common, ask_to_stop: _keeps_the_channel_open, mut asked_to_stop, web } = self;
        // Nothing is ever sent on these: the drop of the other ends is the message.
        let (stop, _) = broadcast::channel::<Infallible>(1);
        let (alive, mut all_ended) = mpsc::channel::<Infallible>(1);

        let let_in = |stream: TcpStream| {
            let (stop, alive) = (stop.subscribe(), alive.clone());
            let common = common.clone();
            drop(task::spawn(async move {
                prepare(&stream, &common.options);
                serve(Stream::Tcp(stream), common, stop).await;
                drop(alive);
            }));
        };
        let browsers = async {
            let Some((listener, web)) = &web else { return future::pending().await };
            let let_in = |stream: TcpStream| {
                let (stop, alive) = (stop.subscribe(), alive.clone());
                let (web, common) = (web.clone(), common.clone());
                drop(task::Builder::new().name("browser").spawn(async move {
                    web.serve(stream, common, stop).await;
                    drop(alive);
                }));
            };
            accept(listener, let_in).await
        };
        let asked = async {
            asked_to_stop.recv().await;
            Ok(())
        };
        let reclaiming = async { match common.reclaim.run().await {} };
        let accepting = future::or(accept(&listener, let_in), browsers);
        let outcome = future::or(future::or(asked, accepting), reclaiming).await;

        drop((listener, web));
        drop(stop);
        // What was posted is delivered before the groups are closed, unless the log takes too long.
        let _ = timeout(common.options.drain, common.log.flush()).await;
        common.groups.close();
        drop(alive);
        while all_ended.recv().await.is_some() {}
        // If a call does not return from the disk, the server ends all the same.
        let _ = timeout(common.options.drain.max(CLOSE), common.log.close()).await;
        outcome
    }
}

/// Accepts clients until an accept fails for good. Returns its error.
async fn accept(listener: &TcpListener, let_in: impl Fn(TcpStream)) -> io::Result<()> {
    let mut backoff = FIRST_BACKOFF;
    let mut consecutive = 0;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                backoff = FIRST_BACKOFF;
                consecutive = 0;
                let_in(stream);
            }
            Err(error) => match classify(&error) {
                AcceptError::Aborted => task::yield_now().await,
                AcceptError::PerConnection if consecutive < MAX_CONSECUTIVE => {
                    consecutive += 1;
                    task::yield_now().await;
                }
                AcceptError::PerConnection | AcceptError::Transient => {
                    if backoff == FIRST_BACKOFF {
                        notes::stderr()
                            .tell(format_args!("server: accept: {error}: waiting until it passes"));
                    }
                    sleep(backoff).await;
                    backoff = (2 * backoff).min(LONGEST_BACKOFF);
                }
                AcceptError::Fatal => return Err(error),
            },
        }
    }
}

/// What the error of an accept means.
enum AcceptError {
    /// A connection had ended before it was accepted, and is no longer in the queue. The next accept may
    /// succeed.
    Aborted,
    /// One connection has failed. The next accept may succeed.
    PerConnection,
    /// The system is out of descriptors or memory. It may have some later.
    Transient,
    /// The listener cannot accept any more.
    Fatal,
}

fn classify(error: &io::Error) -> AcceptError {
    match Errno::from_io_error(error) {
        Some(Errno::BADF | Errno::INVAL | Errno::NOTSOCK | Errno::FAULT) => AcceptError::Fatal,
        // `None`: the connection was accepted, but could not be registered with the reactor.
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) | None => AcceptError::Transient,
        Some(Errno::CONNABORTED) => AcceptError::Aborted,
        // A network error that was pending on the new connection.
        Some(_) => AcceptError::PerConnection,
    }
}

/// A handle that stops a [`Server`] and counts what it holds. It may outlive the server. Dropping it does
/// nothing.
///
/// ```
/// use chat::server::{Count, Options, Server};
/// executor::task::block_on(async {
///     let server = Server::bind("127.0.0.1:0", Options::default()).await.unwrap();
///     assert_ne!(server.local_addr().unwrap().port(), 0);
///     let handle = server.handle();
///     assert_eq!(handle.count(), Count { connections: 0, groups: 0, memberships: 0 });
///     handle.stop();
///     server.run().await.unwrap();
/// });
/// ```
#[derive(Clone, Debug)]
pub struct Handle {
    ask_to_stop: mpsc::Sender<()>,
    common: Arc<Common>,
}

impl Handle {
    /// Asks the server to stop, and returns at once. The server accepts no more clients, reads no more
    /// requests, writes what is queued, and ends when the clients have closed too, a second later at most.
    /// Further calls do nothing.
    pub fn stop(&self) {
        // If the channel is full, the server has been asked already. If it is closed, the server has stopped.
        let _ = self.ask_to_stop.try_send(());
    }

    /// Returns the numbers of connections, groups and memberships at this moment. When [`Server::run`] has
    /// returned, all are 0.
    pub fn count(&self) -> Count {
        self.common.count()
    }
}
