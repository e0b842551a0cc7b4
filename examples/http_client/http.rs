//! A web client: HTTP/1.1, with TLS if the URL says `https`.
//!
//! ```text
//!   get(url) ─▶ connect ─▶ handshake ─▶ send ─▶ head ─▶ body ─▶ Response
//!      ▲                                                 │
//!      └──────────────────── next URL ◀── redirect ──────┘
//! ```
//!
//! `ureq-proto` implements HTTP and `rustls` implements TLS. Neither does any I/O: both take bytes and return
//! bytes. The rest of a client is what a runtime is for: sockets, and waiting for them.
//!
//! - H1  One deadline covers the whole request, with its redirects. An error names the URL and the step.
//! - H2  Everything is bounded: the head, the body, the line before each chunk, the number of redirects.
//! - H3  The certificate is verified for the URL's host. A redirect never leads from https to http.
//! - H4  A body that was cut short is an error, however its end should have been marked.
//!
//! A connection serves one request. Called by `main`, and by the test `http_client`. Next: `local_server`.

use std::fmt;
use std::io;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use futures_rustls::TlsConnector;
use futures_rustls::client::TlsStream;
use futures_rustls::pki_types::ServerName;
use futures_rustls::rustls::{ClientConfig, RootCertStore};
use reactor::explain::explain;
use reactor::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use reactor::net::TcpStream;
use reactor::time::timeout;
use ureq_proto::BodyMode;
use ureq_proto::client::{
    Call, RecvBodyResult, RecvResponseResult, RedirectAuthHeaders, SendRequestResult, state,
};
use ureq_proto::http::{HeaderMap, Request as HttpRequest, Response as HttpResponse, StatusCode, Uri};

/// The longest head in bytes: the status and all headers, or the line before a chunk.
const MAX_HEAD: usize = 64 * 1024;

/// The size of one read, in bytes.
const READ: usize = 8 * 1024;

/// Returns a request for a URL, with the limits of [`Client::default`]. It is not sent yet.
pub(crate) fn get(url: &str) -> Request {
    Client::default().get(url)
}

/// The settings of requests: the authorities that they trust, and their limits.
#[derive(Clone)]
pub(crate) struct Client {
    tls: TlsConnector,
    /// The time from the first poll of a request to the last byte of the body.
    pub(crate) timeout: Duration,
    /// The number of redirects that are followed.
    pub(crate) max_redirects: usize,
    /// The longest body, in bytes.
    pub(crate) max_body: usize,
}

/// Trusts the authorities that Mozilla trusts.
impl Default for Client {
    fn default() -> Client {
        static MOZILLA: LazyLock<TlsConnector> =
            LazyLock::new(|| connector(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()));
        Client {
            tls: MOZILLA.clone(),
            timeout: Duration::from_secs(30),
            max_redirects: 10,
            max_body: 16 * 1024 * 1024,
        }
    }
}

fn connector(roots: RootCertStore) -> TlsConnector {
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Arc::new(config).into()
}

impl Client {
    /// A client that trusts these authorities and no others.
    pub(crate) fn trusting(roots: RootCertStore) -> Client {
        Client { tls: connector(roots), ..Client::default() }
    }

    /// Returns a request that is not sent yet.
    pub(crate) fn get(&self, url: &str) -> Request {
        Request { client: self.clone(), url: url.to_owned() }
    }
}

/// A request for a URL. It does nothing until one of its futures is polled.
pub(crate) struct Request {
    client: Client,
    url: String,
}

/// A response, whatever its status.
#[derive(Debug)]
pub(crate) struct Response {
    /// The URL that it came from, after all redirects.
    pub(crate) url: Uri,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Sends the request, and returns the body of a successful response as text.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send); a status that is not 2xx; a body that is not UTF-8.
    pub(crate) async fn recv_string(self) -> Result<String, Error> {
        let Response { url, status, body, .. } = self.send().await?;
        if !status.is_success() {
            return Err(Error::new(&url, Step::Status, status.to_string()));
        }
        String::from_utf8(body).map_err(|not_text| Error::new(&url, Step::Body, not_text))
    }

    // ANCHOR: http_client_send
    /// Sends the request, follows redirects, and receives the response.
    ///
    /// # Errors
    ///
    /// [`Error`] says at which URL and at which step it failed. A status other than 2xx is not an error.
    pub(crate) async fn send(self) -> Result<Response, Error> {
        let Request { client, url } = self;
        let begun = Instant::now(); // H1
        let mut call = prepare(&url).map_err(|cause| Error::new(&url, Step::Url, cause))?;
        let mut visited = Vec::new();
        loop {
            let exchange = Exchange { client: &client, url: call.uri().clone(), begun };
            let next = match exchange.run(call).await? {
                Followed::Here(response) => return Ok(response),
                Followed::Elsewhere(next) => next,
            };
            visited.push(exchange.url);
            may_follow(&visited, next.uri(), client.max_redirects)
                .map_err(|cause| Error::new(&visited[visited.len() - 1], Step::Redirect, cause))?;
            call = next;
        }
    }
    // ANCHOR_END: http_client_send
}

/// What a step may fail with.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Returns the protocol's state of a request, not started.
fn prepare(url: &str) -> Result<Call<state::Prepare>, Cause> {
    if !url.contains("://") {
        return Err("it does not begin with http:// or https://".into());
    }
    let url: Uri = url.parse()?;
    Place::of(&url)?;
    let request = HttpRequest::get(url)
        .header("accept", "*/*")
        .header("accept-encoding", "identity")
        .header("connection", "close")
        .header("user-agent", concat!("unrolled/", env!("CARGO_PKG_VERSION")))
        .body(())?;
    Ok(Call::new(request)?)
}

/// Checks that a redirect from the last of `visited` to `next` may be followed.
fn may_follow(visited: &[Uri], next: &Uri, at_most: usize) -> Result<(), Cause> {
    let here = visited.last().expect("a redirect comes from somewhere");
    if here.scheme_str() == Some("https") && next.scheme_str() != Some("https") {
        return Err(format!("from https to {next}, which is not encrypted").into()); // H3
    }
    if visited.contains(next) {
        return Err(format!("a loop, back to {next}").into());
    }
    if visited.len() > at_most {
        return Err(format!("more than {at_most} in a row").into()); // H2
    }
    Place::of(next)
        .map(drop)
        .map_err(|cause| explain(format_args!("to {next}"), io::Error::other(cause)).into())
}

/// What a URL says to connect to.
struct Place {
    encrypted: bool,
    /// A name or an IP address. An IPv6 address is without its brackets.
    host: String,
    port: u16,
}

impl Place {
    fn of(url: &Uri) -> Result<Place, Cause> {
        let (encrypted, usual_port) = match url.scheme_str() {
            Some("http") => (false, 80),
            Some("https") => (true, 443),
            other => return Err(format!("unknown scheme {:?}", other.unwrap_or("")).into()),
        };
        let authority = url.authority().filter(|authority| !authority.host().is_empty());
        let authority = authority.ok_or("no host")?;
        if authority.as_str().contains('@') {
            return Err("a user name in a URL is not supported".into());
        }
        let port = match authority.as_str()[authority.host().len()..].trim_start_matches(':') {
            "" => usual_port,
            digits => digits
                .parse()
                .map_err(|error| explain(format_args!("port {digits}"), io::Error::other(error)))?,
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Place { encrypted, host, port })
    }
}

/// One request at one URL, without its redirects.
struct Exchange<'a> {
    client: &'a Client,
    url: Uri,
    /// When the request was first polled.
    begun: Instant,
}

/// The outcome of an exchange.
enum Followed {
    Here(Response),
    Elsewhere(Call<state::Prepare>),
}

impl Exchange<'_> {
    // ANCHOR: http_client_exchange
    async fn run(&self, call: Call<state::Prepare>) -> Result<Followed, Error> {
        let place = Place::of(&self.url).map_err(|cause| Error::new(&self.url, Step::Url, cause))?;
        let connecting = TcpStream::connect((place.host.as_str(), place.port));
        let stream = self.step(Step::Connect, connecting).await?;
        let stream: Box<dyn Duplex> = match place.encrypted {
            true => Box::new(self.step(Step::Handshake, self.encrypt(place.host, stream)).await?),
            false => Box::new(stream),
        };
        let mut wire = Wire { stream, unread: Vec::new() };
        let call = self.step(Step::Send, wire.send(call.proceed())).await?;
        let (head, result) = self.step(Step::Head, wire.receive_head(call)).await?;
        let (body, redirect) = match result {
            RecvResponseResult::RecvBody(call) => {
                self.step(Step::Body, wire.receive_body(call, self.client.max_body)).await?
            }
            RecvResponseResult::Redirect(call) => (Vec::new(), Some(call)),
            RecvResponseResult::Cleanup(_) => (Vec::new(), None),
        };
        if let Some(mut redirect) = redirect {
            let next = redirect.as_new_call(RedirectAuthHeaders::Never);
            let next = next.map_err(|cause| Error::new(&self.url, Step::Redirect, cause))?;
            return Ok(Followed::Elsewhere(next.expect("a GET can be sent again")));
        }
        let (head, ()) = head.into_parts();
        Ok(Followed::Here(Response {
            url: self.url.clone(),
            status: head.status,
            headers: head.headers,
            body,
        }))
    }
    // ANCHOR_END: http_client_exchange

    // ANCHOR: http_client_step
    /// Runs one step within the time that is left for all of them. An error says which step failed.
    async fn step<T, E: Into<Cause>>(
        &self,
        step: Step,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Error> {
        let left = self.client.timeout.saturating_sub(self.begun.elapsed());
        match timeout(left, work).await {
            Ok(outcome) => outcome.map_err(|cause| Error::new(&self.url, step, cause)),
            Err(_) => {
                let cause = format!("not done within {:?}", self.client.timeout);
                Err(Error::new(&self.url, step, io::Error::new(io::ErrorKind::TimedOut, cause)))
            }
        }
    }
    // ANCHOR_END: http_client_step

    /// H3: the certificate must be for this host, by an authority that the client trusts.
    async fn encrypt(&self, host: String, stream: TcpStream) -> Result<TlsStream<TcpStream>, Cause> {
        let host = ServerName::try_from(host)?;
        Ok(self.client.tls.connect(host, stream).await?)
    }
}

/// A stream that can be read and written, encrypted or not.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection, and the bytes received from it that are not parsed yet.
struct Wire {
    stream: Box<dyn Duplex>,
    unread: Vec<u8>,
}

impl Wire {
    /// Waits for more bytes. Returns `false` at the end of the stream.
    async fn more(&mut self) -> io::Result<bool> {
        let before = self.unread.len();
        self.unread.resize(before + READ, 0);
        let outcome = self.stream.read(&mut self.unread[before..]).await;
        let count = *outcome.as_ref().unwrap_or(&0);
        self.unread.truncate(before + count);
        outcome.map(|count| count > 0)
    }

    async fn send(&mut self, mut call: Call<state::SendRequest>) -> Result<Call<state::RecvResponse>, Cause> {
        let mut buffer = vec![0; MAX_HEAD];
        while !call.can_proceed() {
            let length = call.write(&mut buffer)?;
            self.stream.write_all(&buffer[..length]).await?;
        }
        self.stream.flush().await?;
        match call.proceed()? {
            Some(SendRequestResult::RecvResponse(call)) => Ok(call),
            _ => unreachable!("the whole request is sent, and a GET has no body"),
        }
    }

    /// Reads until the protocol has parsed a whole head. Bytes of the body that came with it stay unread.
    async fn receive_head(
        &mut self,
        mut call: Call<state::RecvResponse>,
    ) -> Result<(HttpResponse<()>, RecvResponseResult), Cause> {
        loop {
            let (used, head) = call.try_response(&self.unread, false)?;
            self.unread.drain(..used);
            if let Some(head) = head {
                return Ok((head, call.proceed().expect("there is a head")));
            }
            if self.unread.len() > MAX_HEAD {
                return Err(format!("longer than {MAX_HEAD} bytes").into()); // H2
            }
            // Bytes used without a head were an interim response. The rest may contain the head.
            if used == 0 && !self.more().await? {
                return Err(cut_short());
            }
        }
    }

    // ANCHOR: http_client_body
    /// Reads the whole body: of the length that the head gave, or in chunks, or until the connection closes.
    /// Returns it, and the protocol's next state if the response is a redirect.
    async fn receive_body(
        &mut self,
        mut call: Call<state::RecvBody>,
        at_most: usize,
    ) -> Result<(Vec<u8>, Option<Call<state::Redirect>>), Cause> {
        let too_long = || format!("longer than {at_most} bytes"); // H2
        let mode = call.body_mode();
        if matches!(mode, BodyMode::LengthDelimited(length) if length > at_most as u64) {
            return Err(too_long().into());
        }
        let mut body = Vec::new();
        let mut part = vec![0; READ];
        while mode == BodyMode::CloseDelimited || !call.can_proceed() {
            let (used, length) = call.read(&self.unread, &mut part)?;
            self.unread.drain(..used);
            body.extend_from_slice(&part[..length]);
            if body.len() > at_most {
                return Err(too_long().into());
            }
            if used == 0 && self.unread.len() > MAX_HEAD {
                return Err(format!("a chunk's head is longer than {MAX_HEAD} bytes").into()); // H2
            }
            if used == 0 && !self.more().await? {
                break;
            }
        }
        match call.proceed() {
            Some(RecvBodyResult::Redirect(call)) => Ok((body, Some(call))),
            Some(RecvBodyResult::Cleanup(_)) => Ok((body, None)),
            None => Err(cut_short()), // H4
        }
    }
    // ANCHOR_END: http_client_body
}

fn cut_short() -> Cause {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed before its end").into()
}

/// The steps of a request, and what else can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Url,
    Connect,
    Handshake,
    Send,
    Head,
    Body,
    Redirect,
    Status,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Url => "the URL",
            Step::Connect => "connecting",
            Step::Handshake => "the TLS handshake",
            Step::Send => "sending the request",
            Step::Head => "the head of the response",
            Step::Body => "the body of the response",
            Step::Redirect => "a redirect",
            Step::Status => "the status of the response",
        })
    }
}

/// Why a request failed: at which URL, at which step, and the cause.
#[derive(Debug)]
pub(crate) struct Error {
    url: String,
    pub(crate) step: Step,
    cause: Cause,
}

impl Error {
    fn new(url: &(impl fmt::Display + ?Sized), step: Step, cause: impl Into<Cause>) -> Error {
        Error { url: url.to_string(), step, cause: cause.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.url, self.step, self.cause)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.cause)
    }
}
