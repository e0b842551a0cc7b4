//! The door for browsers: one page, a WebSocket for the chat, and a view of the runtime.
//!
//! ```text
//!   GET  /               the page                     GET  /counts.json     how many there are
//!   GET  /page/…         its style and scripts        GET  /runtime.json    and what each task waits for
//!   GET  /chat           the chat, as a WebSocket     POST /recording       some seconds, as a timeline
//! ```
//!
//! Each connection carries one request. A `/chat` becomes a client of the server: its session is served as that of a
//! TCP connection is, and a bridge copies between it and the browser.
//!
//! V1  No path but those of the page's own files can be asked for by another site's page (`origin`).
//! V2  Whatever a visitor does, it costs no more than a head, a response and, for a chat, what a client costs: each
//!     step has a limit in bytes and in time.
//! V3  When the server stops, a visitor that is not in the chat is dropped at once. A browser in the chat hears of it.
//!
//! Used by the server. Next: `server/mod`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_tungstenite::tungstenite::handshake::server::{create_response, write_response};
use async_tungstenite::tungstenite::http::{Method, StatusCode};
use executor::sync::broadcast::TryRecvError;
use executor::sync::mpsc;
use executor::task;
use futures_lite::{AsyncWriteExt, future};
use reactor::net::{TcpStream, UnixStream};
use reactor::time::{sleep, timeout};

use self::head::{Head, read_head};
use self::origin::{Hosts, is_own};
use self::recording::Recorder;
use self::response::Response;
use self::runtime::{Counts, Looks};
use super::common::Common;
use super::connection::{Stop, serve};
use super::stream::{Stream, prepare};

mod bridge;
mod head;
mod origin;
mod page;
mod recording;
mod response;
mod runtime;

/// How long a browser may take to read the response that begins a WebSocket, and, when the server stops, what its
/// session has written last.
const PATIENCE: Duration = Duration::from_secs(1);

/// What all visitors share.
#[derive(Debug)]
pub(super) struct Door {
    hosts: Hosts,
    looks: Looks,
    recorder: Recorder,
}

/// What a request comes to.
enum Outcome {
    Respond(Response),
    /// The visitor becomes a client: the response that says so, and what came after the request.
    Chat(Vec<u8>, Vec<u8>),
    Gone,
}

impl Door {
    /// Creates a door for requests to addresses, to `localhost` and to these names.
    pub(super) fn new(hosts: Vec<String>) -> Self {
        Self { hosts: Hosts(hosts), looks: Looks::default(), recorder: Recorder::default() }
    }

    /// Serves one connection to its end.
    pub(super) async fn visit(&self, stream: TcpStream, common: Arc<Common>, mut stop: Stop) {
        prepare(&stream, &common.options);
        let responding = async {
            match self.outcome(&stream, &common).await {
                // It fails if the visitor has gone.
                Outcome::Respond(response) => drop(response.send(&stream).await),
                Outcome::Chat(accepted, rest) => return Some((accepted, rest)),
                Outcome::Gone => {}
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

    async fn outcome(&self, stream: &TcpStream, common: &Arc<Common>) -> Outcome {
        match read_head(stream).await {
            Ok(head) => self.route(head, stream, common).await,
            Err(Some((status, reason))) => Outcome::Respond(Response::refusal(status, &reason)),
            Err(None) => Outcome::Gone,
        }
    }

    async fn route(&self, head: Head, stream: &TcpStream, common: &Arc<Common>) -> Outcome {
        let Head { request, rest } = head;
        let (method, path, headers) = (request.method(), request.uri().path(), request.headers());
        let refusal = |status, reason: &str| Outcome::Respond(Response::refusal(status, reason));
        // The WebSocket and the recording do something: a page that asks for them says which one it is.
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
            return Outcome::Respond(Response::wrong_method(&allowed));
        }
        match path {
            "/chat" => {
                let mut accepted = Vec::new();
                match create_response(&request).and_then(|response| write_response(&mut accepted, &response))
                {
                    Ok(()) => Outcome::Chat(accepted, rest),
                    Err(error) => {
                        refusal(StatusCode::BAD_REQUEST, &format!("this is for a WebSocket: {error}"))
                    }
                }
            }
            "/counts.json" => Outcome::Respond(Response::json(Counts::of(common).to_json())),
            "/runtime.json" => match self.looks.look(common).await {
                Some(seen) => Outcome::Respond(Response::json(seen.to_string())),
                None => refusal(StatusCode::SERVICE_UNAVAILABLE, "there is no thread to look at the tasks"),
            },
            "/recording" => {
                let recorded = async { Outcome::Respond(self.recorder.record(request.uri().query()).await) };
                let left = async {
                    let _ = stream.read_closed().await;
                    Outcome::Gone
                };
                future::or(recorded, left).await
            }
            _ => match page::file(path) {
                Some(file) => Outcome::Respond(file),
                None => refusal(StatusCode::NOT_FOUND, "there is no such page"),
            },
        }
    }
}

/// Serves a browser in the chat, until it leaves or its session ends.
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
    let (alive, mut session) = mpsc::channel::<Infallible>(1);
    let serving = serve(Stream::Pipe(near), common.clone(), stop.resubscribe());
    let session_task = task::Builder::new().name("session of a browser").spawn(async move {
        serving.await;
        drop(alive);
    });
    drop(session_task);
    let bridged = bridge::bridge(stream, rest, far, &common.options, stop.resubscribe());
    // What the session has written may still be on its way when it has ended. A browser that does not read it does
    // not hold the server up.
    let ended = async {
        session.recv().await;
        let stopping = matches!(stop.try_recv(), Err(TryRecvError::Closed));
        sleep(if stopping { 2 * PATIENCE } else { common.options.grace.max(PATIENCE) }).await;
    };
    future::or(bridged, ended).await;
    session.recv().await;
}
