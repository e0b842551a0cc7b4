//! The log in Redis: several servers, one order.
//!
//! With a log of its own each server is an island: the members of a group on two servers receive different
//! messages. If the servers passed posts on to each other, each would put them in an order of its own. So they
//! share one Redis, which decides: a stream for each group, whose next number is given by a script.
//!
//! ```text
//!   server A ── EVAL post ──▶ Redis: number, entry in the stream, notification ──▶ all servers with members
//!   server B ── EVAL read ──▶        what is kept after a number
//! ```
//!
//! Each server has one connection. Notifications bring the messages without a further request, and cost each server
//! only as much as its own groups are posted to. A blocking read of many streams would have to name all of them
//! again for each message. The stream is what counts: what a notification did not bring is read from it
//! (`redis/watched`).
//!
//! If Redis is away, posts fail, the clients stay, and what was missed is read when it is back. What a power cut
//! leaves is decided by the settings of Redis: `redis/settings` tells them at the start.
//!
//! Used by `log/open`. Next: `log/open`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use executor::task::{self, JoinHandle};
use reactor::explain::explain;
use reactor::notes;

use self::connection::{Connection, in_time};
use self::session::Session;
use self::state::State;
use super::{Deliver, Limit, Log, Outcome, Page};
use crate::server::redis_url::RedisUrl;

mod connection;
mod done;
mod left;
mod parsed;
mod resp;
mod scripts;
mod session;
mod settings;
mod state;
mod tls;
mod watched;

#[derive(Debug)]
pub(super) struct Redis {
    state: Arc<State>,
    session: JoinHandle<()>,
}

/// A Redis that is connected.
#[derive(Debug)]
pub(in crate::server) struct Connected {
    url: RedisUrl,
    keep: u64,
    limit: Duration,
    connection: Connection,
}

impl Connected {
    /// Connects to Redis, and tells on stderr what its settings promise. `keep` is the number of messages of a
    /// group that are kept, and `limit` how long this call may take, and later each reply.
    ///
    /// # Errors
    ///
    /// Redis cannot be used; the error names its address, and the reason is its source.
    pub(super) async fn open(url: RedisUrl, keep: u64, limit: Duration) -> io::Result<Self> {
        let opening = async {
            let mut connection = Connection::open(&url).await?;
            settings::permissions(&mut connection, url.database).await?;
            let promises = settings::promises(&mut connection).await?;
            Ok((connection, promises))
        };
        let explained = |error| explain(&url, error);
        let (connection, promises) = in_time(limit, opening).await.map_err(explained)?;
        for note in promises {
            notes::stderr().tell(format_args!("server: {url}: {note}"));
        }
        Ok(Self { url, keep, limit, connection })
    }
}

impl Redis {
    pub(super) fn start(connected: Connected, deliver: Arc<dyn Deliver>) -> Self {
        let Connected { url, keep, limit, connection } = connected;
        let (state, woken) = State::new(url.database, keep, limit);
        let state = Arc::new(state);
        let session = Session { url, limit, deliver, state: state.clone(), woken };
        Self { state, session: task::spawn(session.run(connection)) }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.session.abort();
    }
}

impl Log for Redis {
    fn watch(&self, group: &Arc<str>) -> Outcome<()> {
        self.state.watch(group)
    }

    fn unwatch(&self, group: &str) {
        self.state.unwatch(group);
    }

    fn append(&self, group: &str, message: String) -> Outcome<()> {
        self.state.append(group, &message)
    }

    fn read(&self, group: &str, after: u64, limit: Limit) -> Outcome<Page> {
        self.state.read(group, after, limit)
    }

    fn is_busy(&self) -> bool {
        self.state.is_busy()
    }

    fn flush(&self) -> Outcome<()> {
        self.state.flush()
    }

    fn close(&self) -> Outcome<()> {
        self.session.abort();
        self.state.down("the log is closed", true).settle();
        Outcome::now(Ok(()))
    }
}
