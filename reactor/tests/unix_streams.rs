//! Unix streams, connected at a path or created as a pair; and what is left when they are dropped.

use std::io::ErrorKind;
use std::net::Shutdown;
use std::path::PathBuf;

use executor::task::block_on;
use futures_lite::future::{or, zip};
use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt};
use reactor::net::{UnixListener, UnixStream};
use rustix::net::{AddressFamily, SocketType};

/// A directory of its own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = std::env::temp_dir().join(format!("unrolled-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        Self(place)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn an_echo_over_a_path() {
    let place = Place::new("echo");
    block_on(async {
        let listener = UnixListener::bind(place.socket()).await.unwrap();
        let bound = listener.local_addr().unwrap();
        assert_eq!(bound.as_pathname(), Some(&*place.socket()));
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut text = Vec::new();
            stream.read_to_end(&mut text).await.unwrap();
            stream.write_all(&text).await.unwrap();
        };
        let ask = async {
            let mut stream = UnixStream::connect(place.socket()).await.unwrap();
            let peer = stream.peer_addr().unwrap();
            assert_eq!(peer.as_pathname(), Some(&*place.socket()));
            let text: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
            stream.write_all(&text).await.unwrap();
            stream.close().await.unwrap();
            let mut echoed = Vec::new();
            stream.read_to_end(&mut echoed).await.unwrap();
            assert!(echoed == text, "{} bytes came back", echoed.len());
        };
        zip(serve, ask).await;
    });
}

#[test]
fn incoming_gives_one_stream_after_the_other() {
    fn assert_unpin<T: Unpin>(value: T) -> T {
        value
    }
    let place = Place::new("incoming");
    block_on(async {
        let listener = UnixListener::bind(place.socket()).await.unwrap();
        let mut incoming = assert_unpin(listener.incoming());
        for number in 0..10_u8 {
            let connect = UnixStream::connect(place.socket());
            let (stream, accepted) = zip(connect, incoming.next()).await;
            (&stream.unwrap()).write_all(&[number]).await.unwrap();
            let mut byte = [0];
            let mut accepted = accepted.unwrap().unwrap();
            accepted.read_exact(&mut byte).await.unwrap();
            assert_eq!(byte, [number]);
            assert_eq!(accepted.read(&mut byte).await.unwrap(), 0);
        }
    });
}

#[test]
fn the_path_stays_when_the_listener_goes() {
    let place = Place::new("stays");
    block_on(async {
        drop(UnixListener::bind(place.socket()).await.unwrap());
        assert!(place.socket().exists());
        let path = place.socket();

        let error = UnixListener::bind(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let said = error.to_string();
        assert!(said.starts_with(&format!("bind {}: ", path.display())), "{said}");

        let error = UnixStream::connect(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let said = error.to_string();
        assert!(said.starts_with(&format!("connect {}: ", path.display())), "{said}");

        std::fs::remove_file(&path).unwrap();
        UnixListener::bind(&path).await.unwrap();
    });
}

#[test]
fn close_shuts_the_write_half_only() {
    block_on(async {
        let (mut one, mut other) = UnixStream::pair().unwrap();
        one.write_all(b"last words").await.unwrap();
        one.close().await.unwrap();
        let mut text = String::new();
        other.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "last words");
        let error = one.write(b"more").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);

        other.write_all(b"heard").await.unwrap();
        let mut heard = [0; 5];
        one.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"heard");
        drop(other);
        // Closed again, without a peer: there is nothing left to do.
        one.close().await.unwrap();
    });
}

#[test]
fn shutdown_wakes_a_waiting_read_of_a_clone() {
    block_on(async {
        let (stream, _other) = UnixStream::pair().unwrap();
        let mut clone = stream.clone();
        let mut byte = [0];
        let read = clone.read(&mut byte);
        let shut = async { stream.shutdown(Shutdown::Both).unwrap() };
        let (count, ()) = zip(read, shut).await;
        assert_eq!(count.unwrap(), 0);
    });
}

#[test]
fn a_clone_costs_no_descriptor() {
    block_on(async {
        let (one, mut other) = UnixStream::pair().unwrap();
        let clones: Vec<UnixStream> = (0..10_000).map(|_| one.clone()).collect();
        drop(one);
        for clone in &clones[..10] {
            let mut clone: &UnixStream = clone;
            clone.write_all(b"x").await.unwrap();
        }
        drop(clones);
        let mut text = String::new();
        other.read_to_string(&mut text).await.unwrap();
        assert_eq!(text.len(), 10);
    });
}

#[test]
fn both_directions_at_once_by_reference() {
    block_on(async {
        let (one, other) = UnixStream::pair().unwrap();
        let text = vec![7_u8; 1_000_000];
        let write = async {
            let mut writer = &one;
            writer.write_all(&text).await.unwrap();
            writer.close().await.unwrap();
        };
        let echo = async {
            let copied = futures_lite::io::copy(&other, &mut &other).await.unwrap();
            other.shutdown(Shutdown::Write).unwrap();
            copied
        };
        let read = async {
            let mut echoed = Vec::new();
            let mut reader = &one;
            reader.read_to_end(&mut echoed).await.unwrap();
            echoed.len()
        };
        let (((), copied), read) = zip(zip(write, echo), read).await;
        assert_eq!((copied, read), (1_000_000, 1_000_000));
    });
}

#[test]
fn a_cancelled_read_loses_nothing() {
    block_on(async {
        let (mut one, mut other) = UnixStream::pair().unwrap();
        let mut byte = [0];
        or(
            async {
                let _ = other.read(&mut byte).await;
                unreachable!("nothing was written");
            },
            async {},
        )
        .await;
        one.write_all(b"x").await.unwrap();
        other.read_exact(&mut byte).await.unwrap();
        assert_eq!(byte, *b"x");
    });
}

#[test]
fn connect_waits_while_the_line_is_full() {
    let place = Place::new("full");
    block_on(async {
        // A listener of std's, for a short backlog: no connection is accepted yet.
        let listener = std::os::unix::net::UnixListener::bind(place.socket()).unwrap();
        rustix::net::listen(&listener, 1).unwrap();
        let mut waiting = Vec::new();
        let full = loop {
            let connect = Box::pin(UnixStream::connect(place.socket()));
            let mut connect = connect;
            match futures_lite::future::poll_once(&mut connect).await {
                Some(stream) => waiting.push(stream.unwrap()),
                None => break connect,
            }
            assert!(waiting.len() < 100, "the backlog is never full");
        };
        let listener = UnixListener::try_from(listener).unwrap();
        let accept_all = async {
            for _ in 0..=waiting.len() {
                listener.accept().await.unwrap();
            }
        };
        let (last, ()) = zip(full, accept_all).await;
        last.unwrap();
    });
}

/// The system would choose a name that no client knows.
#[test]
fn an_empty_path_is_an_error() {
    block_on(async {
        let error = UnixListener::bind("").await.unwrap_err();
        assert_eq!(error.to_string(), "bind \"\": the path is empty");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        let error = UnixStream::connect("").await.unwrap_err();
        assert_eq!(error.to_string(), "connect \"\": the path is empty");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    });
}

/// An abstract name is in no folder: it goes with its listener, and can be taken again at once.
#[cfg(target_os = "linux")]
#[test]
fn an_abstract_name_goes_with_its_listener() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    block_on(async {
        let name = format!("unrolled-abstract-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let error = UnixStream::connect_addr(&address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(error.to_string().starts_with(&format!("connect @{name}: ")), "{error}");
        for _ in 0..3 {
            let listener = UnixListener::bind_addr(&address).unwrap();
            assert_eq!(listener.local_addr().unwrap().as_abstract_name(), Some(name.as_bytes()));
            let (accepted, connected) = zip(listener.accept(), UnixStream::connect_addr(&address)).await;
            let (mut accepted, mut connected) = (accepted.unwrap().0, connected.unwrap());
            connected.write_all(b"!").await.unwrap();
            assert_eq!(accepted.read(&mut [0; 8]).await.unwrap(), 1);
            let error = UnixListener::bind_addr(&address).unwrap_err();
            assert!(error.to_string().starts_with(&format!("bind @{name}: ")), "{error}");
        }
    });
}

/// The same functions take a path.
#[test]
fn an_address_may_be_a_path() {
    use std::os::unix::net::SocketAddr;

    let place = Place::new("address");
    block_on(async {
        let address = SocketAddr::from_pathname(place.socket()).unwrap();
        let listener = UnixListener::bind_addr(&address).unwrap();
        let (accepted, connected) = zip(listener.accept(), UnixStream::connect_addr(&address)).await;
        accepted.unwrap();
        assert_eq!(connected.unwrap().peer_addr().unwrap().as_pathname(), Some(&*place.socket()));
        let unnamed = UnixStream::pair().unwrap().0.local_addr().unwrap();
        let error = UnixStream::connect_addr(&unnamed).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

/// The peer is this process itself, so its numbers are known.
#[test]
fn a_peer_is_who_the_system_says() {
    let place = Place::new("peer");
    block_on(async {
        let listener = UnixListener::bind(place.socket()).await.unwrap();
        let (accepted, connected) = zip(listener.accept(), UnixStream::connect(place.socket())).await;
        for stream in [accepted.unwrap().0, connected.unwrap()] {
            let peer = stream.peer_cred().unwrap();
            assert_eq!(peer.uid(), rustix::process::geteuid().as_raw());
            assert_eq!(peer.gid(), rustix::process::getegid().as_raw());
            if cfg!(target_os = "linux") {
                assert_eq!(peer.pid(), Some(std::process::id().cast_signed()));
            }
        }
    });
}

/// Linux returns credentials for it, with -1 for both ids. That is not the user `nobody`.
#[test]
fn a_stream_without_a_peer_has_no_peer_cred() {
    let unconnected = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    let stream = UnixStream::try_from(std::os::unix::net::UnixStream::from(unconnected)).unwrap();
    assert_eq!(stream.peer_cred().unwrap_err().kind(), ErrorKind::NotConnected);
}
