//! The task that talks to Redis: it sends what is queued, delivers what comes, and connects again.
//!
//! ```text
//!   connected ──▶ send | receive and deliver | check the time ──the connection fails──▶ away
//!       ▲                                                                                │
//!       └────────── all groups are asked for again ◀── connect, after 50 ms to 2 s ──────┘
//! ```
//!
//! - Z1  Only this task delivers, in the order in which replies and notifications come. So the members of a group
//!   receive its messages in the order of their numbers.
//! - Z2  The outcome of a post is sent after what came before its reply was delivered.
//! - Z3  What was read is delivered, whatever becomes of the connection meanwhile: `state` counts it as delivered.
//! - Z4  A connection that fails soon after it was opened makes the wait before the next one longer, too. So a Redis
//!   that talks nonsense costs little.
//!
//! Used by `log/redis`. Next: `log/redis`.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use executor::sync::mpsc;
use executor::task;
use futures_lite::future;
use reactor::io::AsyncWriteExt;
use reactor::notes;
use reactor::time::sleep;

use super::super::{DELIVERIES, Deliver};
use super::connection::{Connection, in_time};
use super::done::Done;
use super::state::State;
use super::watched::Delivery;
use crate::server::redis_url::RedisUrl;

/// The first wait before a new connection.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// The longest wait: the wait is doubled up to this.
const LONGEST_BACKOFF: Duration = Duration::from_secs(2);

/// The longest time between two checks. A check also forgets names: it comes often, however long the time limit is.
const LONGEST_CHECK: Duration = Duration::from_secs(5);

/// What the task needs.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) url: RedisUrl,
    pub(super) limit: Duration,
    pub(super) deliver: Arc<dyn Deliver>,
    pub(super) state: Arc<State>,
    /// There is something to send.
    pub(super) woken: mpsc::Receiver<()>,
}

impl Session {
    /// Serves the state for ever, beginning with this connection.
    pub(super) async fn run(mut self, mut connection: Connection) {
        let mut backoff = FIRST_BACKOFF;
        loop {
            let opened = Instant::now();
            let Err(error) = self.converse(connection).await;
            self.state.down(&error.to_string(), false).settle();
            notes::stderr().tell(format_args!("server: {}: lost: {error}", self.url));
            if opened.elapsed() > LONGEST_BACKOFF {
                backoff = FIRST_BACKOFF;
            }
            connection = self.connect(&mut backoff).await;
            notes::stderr().tell(format_args!("server: {}: connected again", self.url));
            self.state.up();
        }
    }

    async fn connect(&self, backoff: &mut Duration) -> Connection {
        loop {
            sleep(*backoff).await;
            *backoff = (2 * *backoff).min(LONGEST_BACKOFF);
            // The loss of the connection was reported; why there is no new one is usually for the same reason.
            if let Ok(connection) = in_time(self.limit, Connection::open(&self.url)).await {
                return connection;
            }
        }
    }

    /// Uses a connection until it fails.
    async fn converse(&mut self, connection: Connection) -> io::Result<Infallible> {
        let Connection { mut replies, mut commands } = connection;
        let (state, woken) = (&self.state, &mut self.woken);
        let sending = async {
            loop {
                let bytes = state.take_outgoing();
                if !bytes.is_empty() {
                    commands.write_all(&bytes).await?;
                    commands.flush().await?; // which TLS needs
                } else if woken.recv().await.is_none() {
                    future::pending::<()>().await; // The state has ended, and with it this task will.
                }
            }
        };
        let checking = async {
            loop {
                sleep((self.limit / 4).min(LONGEST_CHECK)).await;
                state.check()?;
            }
        };
        let mut failing = pin!(future::or(sending, checking));
        loop {
            let failed = async { Err(failing.as_mut().await) };
            let incoming = match future::or(failed, async { Ok(replies.next().await) }).await {
                Ok(incoming) => incoming?,
                Err(failed) => return failed,
            };
            let done = match incoming.push {
                true => state.notified(incoming.items)?,
                false => state.replied(incoming.items)?,
            };
            carry_out(&*self.deliver, done).await; // Z3: nothing drops this future.
        }
    }
}

/// Delivers, and then sends the outcomes (Z2).
async fn carry_out(to: &dyn Deliver, mut done: Done) {
    if let Some((group, deliveries)) = done.deliveries.take() {
        for (delivered, delivery) in deliveries.into_iter().enumerate() {
            match delivery {
                Delivery::Message(number, text) => drop(to.deliver(&group, text, Some(number))),
                Delivery::Lost { count, until } => to.lost(&group, count, until),
            }
            if delivered % DELIVERIES == DELIVERIES - 1 {
                task::yield_now().await;
            }
        }
    }
    done.settle();
}
