//! The listener for browsers: one page, a WebSocket for the chat, and a view of the runtime.
//!
//! ```text
//!   GET  /               the page                     GET  /counts.json     how many there are
//!   GET  /page/…         its style and scripts        GET  /runtime.json    and what each task waits for
//!   GET  /chat           the chat, as a WebSocket     POST /recording       some seconds, as a timeline
//! ```
//!
//! Each connection carries one request. A `/chat` becomes a client of the server: one end of a pipe is served as a TCP
//! connection is, and a bridge copies between the other end and the browser.
//!
//! - V1  No path but those of the page's own files can be asked for by another site's page (`origin`).
//! - V2  Whatever a browser does, it costs no more than a head, a response and, for a chat, what a client costs: each
//!   step has a limit in bytes and in time.
//! - V3  When the server stops, a browser that is not in the chat is dropped at once. One in the chat is told.
//!
//! Used by `server/mod`. Next: `server/no_web`.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_tungstenite::tungstenite::handshake::server::{create_response, write_response};
use async_tungstenite::tungstenite::http::{Method, StatusCode};
use executor::sync::broadcast::TryRecvError;
use executor::sync::mpsc;
use executor::task;
use futures_lite::{AsyncWriteExt, future};
use reactor::net::{TcpListener, TcpStream, ToSocketAddrs, UnixStream};
use reactor::time::{sleep, timeout};

use self::head::{Head, read_head};
use self::origin::{Hosts, is_own};
use self::recording::{Recorder, Turn};
use self::response::Response;
use self::runtime::{Counts, Looks};
use super::common::Common;
use super::connection::{self, Stop};
use super::stream::{Stream, prepare};

mod bridge;
mod head;
mod origin;
mod page;
mod recording;
mod response;
mod runtime;

/// How long a browser may take to read the response that begins a WebSocket, and, when the server stops, what was
/// written last.
const PATIENCE: Duration = Duration::from_secs(1);

/// What all browsers share.
#[derive(Debug)]
pub(super) struct Web {
    hosts: Hosts,
    looks: Looks,
    recorder: Recorder,
}

/// What a request comes to.
enum Routed {
    Respond(Response),
    /// A recording, and the turn to be kept until it is sent.
    Recording(Response, Option<Turn>),
    /// The browser becomes a client: the response that says so, and what came after the request.
    Chat(Vec<u8>, Vec<u8>),
    Gone,
}

impl Web {
    /// Listens for browsers, whose requests go to an address, to `localhost` or to one of these names.
    pub(super) async fn bind(
        address: impl ToSocketAddrs,
        hosts: Vec<String>,
    ) -> io::Result<(TcpListener, Arc<Self>)> {
        let web = Self { hosts: Hosts(hosts), looks: Looks::default(), recorder: Recorder::default() };
        Ok((TcpListener::bind(address).await?, Arc::new(web)))
    }

    /// Serves one connection to its end.
    pub(super) async fn serve(&self, stream: TcpStream, common: Arc<Common>, mut stop: Stop) {
        prepare(&stream, &common.options);
        let responding = async {
            match self.routed(&stream, &common).await {
                // It fails if the browser has gone.
                Routed::Respond(response) => drop(response.send(&stream).await),
                Routed::Recording(page, turn) => {
                    let written = page.write(&stream).await;
                    drop((page, turn));
                    if written.is_ok() {
                        response::end(&stream).await;
                    }
                }
                Routed::Chat(accepted, rest) => return Some((accepted, rest)),
                Routed::Gone => {}
            }
            None
        };
        let stopping = async {
            let _ = stop.recv().await;
            None
        };
        // Boxed, so that it costs a browser in the chat nothing.
        let chat = Box::pin(future::or(stopping, responding)).await; // V3
        if let Some((accepted, rest)) = chat {
            talk(&stream, &accepted, rest, common, stop).await;
        }
    }

    async fn routed(&self, stream: &TcpStream, common: &Arc<Common>) -> Routed {
        match read_head(stream).await {
            Ok(head) => self.route(head, stream, common).await,
            Err(Some((status, reason))) => Routed::Respond(Response::refusal(status, &reason)),
            Err(None) => Routed::Gone,
        }
    }

    async fn route(&self, head: Head, stream: &TcpStream, common: &Arc<Common>) -> Routed {
        let Head { request, rest } = head;
        let (method, path, headers) = (request.method(), request.uri().path(), request.headers());
        let refusal = |status, reason: &str| Routed::Respond(Response::refusal(status, reason));
        // The WebSocket and the recording have effects: a page that asks for them must be named in `Origin`.
        let must = matches!(path, "/chat" | "/recording");
        let own = self.hosts.asked_for(headers).and_then(|host| match page::file(path) {
            Some(_) => Ok(()),
            None => is_own(headers, host, must),
        });
        if let Err(reason) = own {
            return refusal(StatusCode::FORBIDDEN, &reason); // V1
        }
        let allowed = if path == "/recording" { Method::POST } else { Method::GET };
        if *method != allowed {
            return Routed::Respond(Response::wrong_method(&allowed));
        }
        match path {
            "/chat" => {
                let mut accepted = Vec::new();
                match create_response(&request).and_then(|response| write_response(&mut accepted, &response))
                {
                    Ok(()) => Routed::Chat(accepted, rest),
                    Err(error) => {
                        refusal(StatusCode::BAD_REQUEST, &format!("this is for a WebSocket: {error}"))
                    }
                }
            }
            "/counts.json" => Routed::Respond(Response::json(Counts::of(common).to_json())),
            "/runtime.json" => match self.looks.look(common).await {
                Some(seen) => Routed::Respond(Response::json(seen.to_string())),
                None => refusal(StatusCode::SERVICE_UNAVAILABLE, "there is no thread to look at the tasks"),
            },
            "/recording" => {
                let recorded = async {
                    let (response, turn) = self.recorder.record(request.uri().query()).await;
                    Routed::Recording(response, turn)
                };
                let left = async {
                    let _ = stream.read_closed().await;
                    Routed::Gone
                };
                future::or(recorded, left).await
            }
            _ => match page::file(path) {
                Some(file) => Routed::Respond(file),
                None => refusal(StatusCode::NOT_FOUND, "there is no such page"),
            },
        }
    }
}

/// Serves a browser in the chat, until it leaves or the server has ended its connection.
async fn talk(mut stream: &TcpStream, accepted: &[u8], rest: Vec<u8>, common: Arc<Common>, mut stop: Stop) {
    let (near, far) = match UnixStream::pair() {
        Ok(pair) => pair,
        Err(error) => {
            let reason = format!("no more browsers can be served now: {error}");
            let refusal = Response::refusal(StatusCode::SERVICE_UNAVAILABLE, &reason);
            return drop(timeout(PATIENCE, refusal.send(stream)).await);
        }
    };
    if !matches!(timeout(PATIENCE, stream.write_all(accepted)).await, Ok(Ok(()))) {
        return;
    }
    let (alive, mut ended) = mpsc::channel::<Infallible>(1);
    let serving = connection::serve(Stream::Pipe(near), common.clone(), stop.resubscribe());
    let served = task::Builder::new().name("a browser's connection").spawn(async move {
        serving.await;
        drop(alive);
    });
    drop(served);
    let bridged = bridge::bridge(stream, rest, far, &common.options, stop.resubscribe());
    // What was written last may still be on its way then. A browser that does not read it does not hold the server up.
    let ending = async {
        ended.recv().await;
        let stopping = matches!(stop.try_recv(), Err(TryRecvError::Closed));
        sleep(if stopping { 2 * PATIENCE } else { common.options.grace.max(PATIENCE) }).await;
    };
    future::or(bridged, ending).await;
    ended.recv().await;
}
