//! A program of `block_on` and `spawn_local` with sockets (numeric addresses), timers and signals
//! has exactly one thread. In a process of its own, without the test harness's threads: see the manifest.
#![cfg(not(loom))]

use std::time::Duration;

use executor::sync::mpsc;
use executor::task::{block_on, spawn_local, yield_now};
use futures_lite::StreamExt;
use futures_lite::io::{AsyncReadExt, AsyncWriteExt};
use reactor::net::{TcpListener, TcpStream, UdpSocket, UnixStream};
use reactor::signal::Signals;
use reactor::time::{sleep, timeout};

#[cfg(target_os = "linux")]
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").expect("procfs, of Linux").count()
}

#[cfg(not(target_os = "linux"))]
fn threads() -> usize {
    1
}

async fn echo(listener: TcpListener) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(spawn_local(async move {
            let mut bytes = [0; 64];
            loop {
                let read = stream.read(&mut bytes).await.unwrap();
                if read == 0 {
                    return;
                }
                stream.write_all(&bytes[..read]).await.unwrap();
            }
        }));
    }
}

fn main() {
    assert_eq!(threads(), 1);
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = spawn_local(echo(listener));

        let (done, mut end) = mpsc::channel(1);
        for n in 0..10_u8 {
            let done = done.clone();
            drop(spawn_local(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                for _ in 0..10 {
                    stream.write_all(&[n; 16]).await.unwrap();
                    let mut bytes = [0; 16];
                    stream.read_exact(&mut bytes).await.unwrap();
                    assert_eq!(bytes, [n; 16]);
                    sleep(Duration::from_millis(1)).await;
                    assert_eq!(threads(), 1);
                }
                done.send(()).await.unwrap();
            }));
        }
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        udp.send_to(b"one", udp.local_addr().unwrap()).await.unwrap();
        let mut bytes = [0; 8];
        assert_eq!(udp.recv(&mut bytes).await.unwrap(), 3);

        let (mut near, mut far) = UnixStream::pair().unwrap();
        near.write_all(b"two").await.unwrap();
        far.read_exact(&mut bytes[..3]).await.unwrap();
        let mut signals = Signals::new(&[15]).unwrap();
        timeout(Duration::from_millis(1), signals.next()).await.unwrap_err();
        yield_now().await;
        for _ in 0..10 {
            end.recv().await.unwrap();
        }
        assert_eq!(threads(), 1);
        server.cancel().await;
    });
    assert_eq!(threads(), 1);
    println!("one thread: ok");
}
