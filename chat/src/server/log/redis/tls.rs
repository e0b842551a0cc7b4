//! The two halves of a connection to Redis, encrypted if the URL begins with `rediss`.
//!
//! rustls and its cryptography take longer to build than the rest of the chat. So they are a feature of the crate,
//! `rediss`, and a server that was built without it says so.
//!
//! The certificate is verified for the URL's host. A Redis is seldom in public, and its certificate seldom from a
//! public authority: the file that the environment variable `SSL_CERT_FILE` names has the authorities to trust.
//! Without it, the authorities that Mozilla trusts are trusted.
//!
//! Used by `log/redis/connection`. Next: `log/redis/connection`.

use std::io;

use reactor::io::{AsyncRead, AsyncWrite};
use reactor::net::TcpStream;

use crate::server::redis_url::RedisUrl;

/// What is received, and what is sent.
type Halves = (Box<dyn AsyncRead + Send + Unpin>, Box<dyn AsyncWrite + Send + Unpin>);

/// Encrypts the connection if the URL asks for it.
///
/// # Errors
///
/// The other side does not speak TLS, or has no certificate that is valid for the host and trusted; or the
/// authorities cannot be read.
pub(super) async fn halves(url: &RedisUrl, stream: TcpStream) -> io::Result<Halves> {
    if url.tls {
        return encrypted::halves(&url.host, stream).await;
    }
    Ok((Box::new(stream.clone()), Box::new(stream)))
}

#[cfg(not(feature = "rediss"))]
mod encrypted {
    pub(super) async fn halves(_: &str, _: super::TcpStream) -> std::io::Result<super::Halves> {
        Err(std::io::Error::other("this server was built without TLS, which is its feature `rediss`"))
    }
}

#[cfg(feature = "rediss")]
mod encrypted {
    use std::error::Error;
    use std::ffi::OsString;
    use std::io;
    use std::sync::Arc;

    use executor::task;
    use futures_rustls::TlsConnector;
    use futures_rustls::pki_types::pem::PemObject;
    use futures_rustls::pki_types::{CertificateDer, ServerName};
    use futures_rustls::rustls::{ClientConfig, RootCertStore};
    use reactor::explain::explain;

    use super::{Halves, TcpStream};

    pub(super) async fn halves(host: &str, stream: TcpStream) -> io::Result<Halves> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let roots = match std::env::var_os("SSL_CERT_FILE") {
            Some(file) => authorities(file).await?,
            None => webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
        };
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        let (incoming, outgoing) = futures_lite::io::split(stream);
        Ok((Box::new(incoming), Box::new(outgoing)))
    }

    async fn authorities(file: OsString) -> io::Result<RootCertStore> {
        let named = format!("SSL_CERT_FILE: {}", file.display());
        let unusable = |error: Box<dyn Error + Send + Sync>| explain(&named, io::Error::other(error));
        let reading = task::spawn_blocking(move || std::fs::read(file)).try_join().await;
        let bytes = reading.map_err(|_| io::Error::other("no thread to read it on"))?;
        let bytes = bytes.map_err(|error| explain(&named, error))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&bytes) {
            let certificate = certificate.map_err(|error| unusable(error.into()))?;
            roots.add(certificate).map_err(|error| unusable(error.into()))?;
        }
        if roots.is_empty() { Err(unusable("it contains no certificate".into())) } else { Ok(roots) }
    }
}
