//! A local web server to test a client with. The path of a request says what the server sends, or how it
//! fails.
//!
//! With TLS, its certificate comes from an authority that is generated at each start. No client trusts that
//! authority unless it is configured to. Called by `main`, and by the test `http_client`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use executor::{stream::StreamExt, task};
use futures_rustls::TlsAcceptor;
use futures_rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use futures_rustls::rustls::{RootCertStore, ServerConfig};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use reactor::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use reactor::net::{TcpListener, TcpStream};
use reactor::time::sleep;

/// Longer than any client waits. (A future that never becomes ready would not do: no waker would refer to its
/// task, so the task would be dropped, and its socket with it.)
const HOUR: Duration = Duration::from_secs(3600);

/// A certificate authority: it signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn new() -> Result<Authority, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.der().clone();
        Ok(Authority { issuer: Issuer::new(params, key), certificate })
    }

    /// Returns the root certificates for a client that should trust this authority.
    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("it is a certificate");
        roots
    }

    /// Returns the server's side of TLS, with a certificate for `host` that is valid until `year`.
    pub(crate) fn acceptor(&self, host: &str, year: i32) -> Result<TlsAcceptor, rcgen::Error> {
        let mut params = CertificateParams::new([host.to_owned()])?;
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?.der().clone();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
        Ok(TlsAcceptor::from(Arc::new(config.expect("the key belongs to the certificate"))))
    }
}

/// Starts a server as a task of the pool, with TLS or without, and returns its port.
pub(crate) async fn start(tls: Option<TlsAcceptor>) -> io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    drop(task::spawn(async move {
        let mut incoming = listener.incoming();
        while let Some(Ok(stream)) = incoming.next().await {
            // An error on one connection does not stop the server.
            drop(task::spawn(serve(stream, tls.clone())));
        }
    }));
    Ok(port)
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>) -> io::Result<()> {
    match tls {
        Some(acceptor) => respond(acceptor.accept(stream).await?).await,
        None => respond(stream).await,
    }
}

/// Reads one request, and sends what its path says.
async fn respond(stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let request = read_request(&mut stream).await?;
    let path = request.split(' ').nth(1).filter(|path| path.starts_with('/'));
    let path = path.ok_or_else(|| io::Error::other("not a request"))?;
    let stream = stream.get_mut();
    let (name, rest) = path[1..].split_once('?').unwrap_or((&path[1..], ""));
    match name {
        "hello" => say(stream, "200 OK", "Content-Type: text/plain\r\n", "Hello, client!\n").await?,
        "slow" => {
            sleep(Duration::from_millis(20)).await;
            say(stream, "200 OK", "", &format!("Response {rest}, after 20 ms.\n")).await?;
        }
        "nothing" => stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?,
        "missing" => say(stream, "404 Not Found", "", "There is no such page.\n").await?,
        "chunked" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
            for part in ["6\r\nHello,", "\r\n1;a=b\r\n \r", "\n8\r\nchunks!\n\r\n0\r\n", "Trailer: x\r\n\r\n"]
            {
                stream.write_all(part.as_bytes()).await?;
                stream.flush().await?;
                task::yield_now().await;
            }
        }
        "until-close" => stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nHello, till the end!\n").await?,
        "early-hints" => {
            stream.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n").await?;
            say(stream, "200 OK", "", "Hello, after a hint!\n").await?;
        }
        "request" => say(stream, "200 OK", "", &request).await?,
        // The rest of the path is the target: a relative path, or a URL.
        "to" => say(stream, "302 Found", &format!("Location: {rest}\r\n"), "Over there.\n").await?,
        "nowhere" => say(stream, "302 Found", "", "").await?,
        "steps" => {
            let left: u32 = rest.parse().map_err(io::Error::other)?;
            let next = if left == 0 { "hello".to_owned() } else { format!("steps?{}", left - 1) };
            say(stream, "307 Temporary Redirect", &format!("Location: {next}\r\n"), "").await?;
        }
        "circle" => say(stream, "301 Moved Permanently", "Location: /circle\r\n", "").await?,
        "silent" => sleep(HOUR).await,
        "slow-body" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nHello").await?;
            stream.flush().await?;
            sleep(HOUR).await;
        }
        "cut-head" => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le").await?,
        "cut-length" => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nHello").await?,
        "cut-chunk" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nHello").await?;
        }
        // As `until-close`, but without TLS's closing message. An attacker could have cut the connection.
        "cut-tls" => {
            stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nHello, till").await?;
            return stream.flush().await;
        }
        "endless-head" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await?;
            loop {
                stream.write_all(&[b'x'; 1000]).await?;
            }
        }
        "endless" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            loop {
                stream.write_all(&[b'x'; 1000]).await?;
            }
        }
        "endless-chunk" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;").await?;
            loop {
                stream.write_all(&[b'x'; 1000]).await?;
            }
        }
        "huge" => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n").await?,
        "latin-1" => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ncaf\xe9").await?,
        "nonsense" => stream.write_all(b"Who are you?\r\n\r\n").await?,
        _ => say(stream, "200 OK", "", &format!("You asked for {path}.\n")).await?,
    }
    stream.close().await
}

/// Reads a request to the end of its headers.
async fn read_request(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<String> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_until(b'\n', &mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    String::from_utf8(request).map_err(io::Error::other)
}

/// Sends a response with a body of known length.
async fn say(
    stream: &mut (impl AsyncWrite + Unpin),
    status: &str,
    headers: &str,
    body: &str,
) -> io::Result<()> {
    let length = body.len();
    let response = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
    stream.write_all(response.as_bytes()).await
}
