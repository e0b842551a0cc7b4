//! Unix datagrams: whole, in order, and never lost; a sender waits for room, also where no event reports it.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use executor::task::block_on;
#[cfg(target_os = "linux")]
use executor::task::spawn_local;
use futures_lite::future::{self, zip};
use reactor::net::UnixDatagram;
#[cfg(target_os = "linux")]
use reactor::time::sleep;
use reactor::time::timeout;

/// Long enough for a machine under load.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a test that fails if it hangs.
fn run(test: impl Future<Output = ()>) {
    block_on(async { timeout(PATIENCE, test).await.expect("the test hangs") });
}

/// A path of its own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("unrolled-{name}-{}", std::process::id())))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn datagrams_arrive_whole_and_in_order() {
    run(async {
        let (one, other) = UnixDatagram::pair().unwrap();
        let send = async {
            for number in 0..1000_u32 {
                assert_eq!(one.send(&number.to_le_bytes()).await.unwrap(), 4);
            }
        };
        let receive = async {
            let mut buffer = [0; 8];
            for number in 0..1000_u32 {
                assert_eq!(other.recv(&mut buffer).await.unwrap(), 4);
                assert_eq!(buffer[..4], number.to_le_bytes());
            }
        };
        zip(send, receive).await;
        // What does not fit is cut off.
        one.send(b"longer").await.unwrap();
        let mut buffer = [0; 4];
        assert_eq!(other.recv(&mut buffer).await.unwrap(), 4);
        assert_eq!(&buffer, b"long");
    });
}

#[test]
fn a_reply_goes_to_the_path_of_the_sender() {
    let (server, client) = (Place::new("datagram-server"), Place::new("datagram-client"));
    run(async {
        let serving = UnixDatagram::bind(&server.0).unwrap();
        let asking = UnixDatagram::bind(&client.0).unwrap();
        asking.send_to(b"question", &server.0).await.unwrap();
        let mut buffer = [0; 16];
        let (length, from) = serving.recv_from(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"question");
        assert_eq!(from.as_pathname(), Some(client.0.as_path()));
        serving.send_to(b"reply", from.as_pathname().unwrap()).await.unwrap();
        assert_eq!(asking.recv(&mut buffer).await.unwrap(), 5);
        assert!(future::poll_once(asking.recv(&mut buffer)).await.is_none());
    });
}

#[test]
fn errors_name_the_operation_and_the_path() {
    let place = Place::new("datagram-errors");
    run(async {
        let shown = place.0.display().to_string();
        let socket = UnixDatagram::unbound().unwrap();
        let error = socket.connect(&place.0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().starts_with(&format!("connect {shown}: ")), "{error}");
        let bound = UnixDatagram::bind(&place.0).unwrap();
        let error = UnixDatagram::bind(&place.0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().starts_with(&format!("bind {shown}: ")), "{error}");
        assert_eq!(UnixDatagram::bind("").unwrap_err().kind(), ErrorKind::InvalidInput);
        // The path stays when the socket goes, and refuses then.
        drop(bound);
        let error = socket.send_to(b"x", &place.0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(socket.peer_addr().is_err() && socket.local_addr().unwrap().is_unnamed());
    });
}

/// Fills the queue of the socket at `path`, and returns how many datagrams fit.
#[cfg(target_os = "linux")]
fn fill(sender: &UnixDatagram, path: &PathBuf) -> usize {
    (0..)
        .find(|_| sender.try_send_to(b"x", path).is_err_and(|error| error.kind() == ErrorKind::WouldBlock))
        .unwrap()
}

/// The queue is full of another sender's datagrams: the system reports no event when there is room.
#[cfg(target_os = "linux")]
#[test]
fn a_sender_gets_room_that_others_have_filled() {
    let place = Place::new("datagram-full");
    run(async {
        let receiver = UnixDatagram::bind(&place.0).unwrap();
        let filler = UnixDatagram::unbound().unwrap();
        let filled = fill(&filler, &place.0);
        let sender = UnixDatagram::unbound().unwrap();
        let path = place.0.clone();
        let sending = spawn_local(async move { sender.send_to(b"mine", &path).await });
        sleep(Duration::from_millis(20)).await;
        assert!(!sending.is_finished(), "there is no room");
        let mut buffer = [0; 8];
        for _ in 0..filled {
            assert_eq!(receiver.try_recv(&mut buffer).unwrap(), 1);
        }
        assert_eq!(sending.await.unwrap(), 4);
        assert_eq!(receiver.recv(&mut buffer).await.unwrap(), 4);
        assert_eq!(&buffer[..4], b"mine");
    });
}

/// A sender that waits for room is polled now and then, and not all the time: on Linux each failed attempt to send
/// reports an event of its own, and a sender that waited for events would wake itself without a pause.
#[cfg(target_os = "linux")]
#[test]
fn a_sender_that_waits_for_room_costs_next_to_nothing() {
    let place = Place::new("datagram-idle");
    run(async {
        let _receiver = UnixDatagram::bind(&place.0).unwrap();
        fill(&UnixDatagram::unbound().unwrap(), &place.0);
        let sender = UnixDatagram::unbound().unwrap();
        let mut sending = Box::pin(sender.send_to(b"mine", &place.0));
        let mut polls = 0;
        let sending = future::poll_fn(|cx| {
            polls += 1;
            sending.as_mut().poll(cx)
        });
        timeout(Duration::from_millis(200), sending).await.unwrap_err();
        assert!(polls < 100, "{polls} polls in 200 ms");
    });
}

/// A connected sender is woken by the event, also if others have filled the queue.
#[cfg(target_os = "linux")]
#[test]
fn a_connected_sender_waits_for_room() {
    let place = Place::new("datagram-connected");
    run(async {
        let receiver = UnixDatagram::bind(&place.0).unwrap();
        let filler = UnixDatagram::unbound().unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.connect(&place.0).unwrap();
        for _ in 0..20 {
            let filled = fill(&filler, &place.0);
            let sending = {
                let sender = sender.clone();
                spawn_local(async move { sender.send(b"mine").await })
            };
            sleep(Duration::from_millis(1)).await;
            assert!(!sending.is_finished(), "there is no room");
            let mut buffer = [0; 8];
            for _ in 0..filled {
                receiver.recv(&mut buffer).await.unwrap();
            }
            assert_eq!(sending.await.unwrap(), 4);
            assert_eq!(receiver.recv(&mut buffer).await.unwrap(), 4);
        }
    });
}

/// A `send_to` that is dropped while it waits has sent nothing.
#[cfg(target_os = "linux")]
#[test]
fn a_cancelled_send_has_sent_nothing() {
    let place = Place::new("datagram-cancelled");
    run(async {
        let receiver = UnixDatagram::bind(&place.0).unwrap();
        let filler = UnixDatagram::unbound().unwrap();
        let filled = fill(&filler, &place.0);
        let sender = UnixDatagram::unbound().unwrap();
        timeout(Duration::from_millis(10), sender.send_to(b"never", &place.0)).await.unwrap_err();
        let mut buffer = [0; 8];
        for _ in 0..filled {
            assert_eq!(receiver.recv(&mut buffer).await.unwrap(), 1);
        }
        sleep(Duration::from_millis(5)).await;
        assert_eq!(receiver.try_recv(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}
