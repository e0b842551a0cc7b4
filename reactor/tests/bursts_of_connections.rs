//! Hard case 24: a thousand clients connect before the server accepts: none fails, and none waits.
//!
//! In a process of its own, because it needs many descriptors.

use std::time::{Duration, Instant};

use executor::task::block_on;
use futures_lite::AsyncReadExt;
use reactor::net::{TcpListener, TcpStream};
use reactor::time::timeout;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const CLIENTS: usize = 1000;

#[test]
fn a_thousand_clients_wait_for_accept() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let wanted = 2 * CLIENTS as u64 + 100;
    let current = Some(maximum.map_or(wanted, |maximum| maximum.min(wanted)));
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();

    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut clients = Vec::new();
        let mut slow = 0;
        for number in 0..CLIENTS {
            let begin = Instant::now();
            // A client whose first packet is lost waits for a second.
            let client = timeout(Duration::from_secs(10), TcpStream::connect(address)).await;
            clients.push(client.unwrap_or_else(|_| panic!("{number} waits")).unwrap());
            slow += usize::from(begin.elapsed() > Duration::from_millis(900));
        }
        assert!(slow < 5, "{slow} had to wait");
        for client in &mut clients {
            let (far, from) = listener.accept().await.unwrap();
            assert_eq!(from, client.local_addr().unwrap(), "accepted in the order of their connects");
            drop(far);
            assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        }
    });
}
