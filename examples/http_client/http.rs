//! A web client: HTTP/1.1, over TLS where the URL says `https`.
//!
//! ```text
//!   get(url) ─▶ connect ─▶ handshake ─▶ send ─▶ head ─▶ body ─▶ Response
//!      ▲                                                 │
//!      └────────────────── another URL ◀── redirect ─────┘
//! ```
//!
//! `ureq-proto` knows HTTP and `rustls` knows TLS, and neither does any input or output: they take bytes and
//! give bytes. What is left for a client is what a runtime is for: sockets, and waiting for them.
//!
//! H1  One deadline for all: redirects do not start the clock anew. An error names the URL and the step.
//! H2  Bounded: the head, the body, the line before each chunk, the redirects.
//! H3  A certificate is verified, for the host of the URL. What began encrypted goes on encrypted.
//! H4  A body that was cut short is an error, however its end should have been told.
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
use reactor::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use reactor::net::TcpStream;
use reactor::time::timeout;
use ureq_proto::BodyMode;
use ureq_proto::client::{
    Call, RecvBodyResult, RecvResponseResult, RedirectAuthHeaders, SendRequestResult, state,
};
use ureq_proto::http::{HeaderMap, Request as HttpRequest, Response as HttpResponse, StatusCode, Uri};

/// A head may be so long: the status and all headers, or the line before a chunk.
const MAX_HEAD: usize = 64 * 1024;

/// Bytes that a read asks for at least.
const READ: usize = 8 * 1024;

/// Asks for a URL, with the limits of [`Client::default`].
pub(crate) fn get(url: &str) -> Request {
    Client::default().get(url)
}

/// Whom a request trusts, and what it may cost.
#[derive(Clone)]
pub(crate) struct Client {
    tls: TlsConnector,
    /// From the first poll of a request to the last byte of the body.
    pub(crate) timeout: Duration,
    /// How many redirects are followed.
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

    /// A request that is not sent yet.
    pub(crate) fn get(&self, url: &str) -> Request {
        Request { client: self.clone(), url: url.to_owned() }
    }
}

/// A request for a URL. Nothing is done before one of its futures is polled.
pub(crate) struct Request {
    client: Client,
    url: String,
}

/// A response, whatever its status.
#[derive(Debug)]
pub(crate) struct Response {
    /// Where it came from, after all redirects.
    pub(crate) url: Uri,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The body of a successful response, as text.
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
    /// [`Error`] tells at which URL, and at which step. Another status than 2xx is none.
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

/// The protocol's side of a request, not begun.
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

/// Whether a redirect from the last of `visited` to `next` may be followed.
fn may_follow(visited: &[Uri], next: &Uri, at_most: usize) -> Result<(), Cause> {
    let here = visited.last().expect("a redirect comes from somewhere");
    if here.scheme_str() == Some("https") && next.scheme_str() != Some("https") {
        return Err(format!("from https to {next}, which is not encrypted").into()); // H3
    }
    if visited.contains(next) {
        return Err(format!("in a circle, to {next} again").into());
    }
    if visited.len() > at_most {
        return Err(format!("more than {at_most} in a row").into()); // H2
    }
    Place::of(next).map(drop).map_err(|cause| format!("to {next}: {cause}").into())
}

/// Where a URL leads.
struct Place {
    encrypted: bool,
    /// A name or a number, an IPv6 address without its brackets.
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
            digits => digits.parse().map_err(|error| format!("port {digits}: {error}"))?,
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

/// What came of it.
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
    /// One step, with the time that is left for all of them. Whatever goes wrong, the error says where.
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

/// What can be read and written, encrypted or not.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection, and the bytes that have come over it and are not understood yet.
struct Wire {
    stream: Box<dyn Duplex>,
    unread: Vec<u8>,
}

impl Wire {
    /// Waits for more bytes. False: none will come any more.
    async fn more(&mut self) -> io::Result<bool> {
        let had = self.unread.len();
        self.unread.resize(had + READ, 0);
        let outcome = self.stream.read(&mut self.unread[had..]).await;
        let came = *outcome.as_ref().unwrap_or(&0);
        self.unread.truncate(had + came);
        outcome.map(|came| came > 0)
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
            _ => unreachable!("all of it is sent, and a GET has no body"),
        }
    }

    /// Reads until the protocol has understood a whole head. What has come of the body stays unread.
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
            // Used bytes without a head: an interim response, and there may be more in what is left.
            if used == 0 && !self.more().await? {
                return Err(cut_short());
            }
        }
    }

    // ANCHOR: http_client_body
    /// Reads the whole body: as long as its head said, or in chunks, or until the connection is closed. With it
    /// comes the way on, if there is one.
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

/// What a request does, one after the other.
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

/// Why a request has failed: at which URL, at which step, and what went wrong there.
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

impl std::error::Error for Error {}
