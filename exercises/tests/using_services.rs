//! Exercises of the chapter "Datagrams, Unix sockets, signals, lagging receivers": `stubs/using_services.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/using_services.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/using_services.rs")]
mod using_services;

use std::io;
use std::time::Duration;

use executor::task;
use exercises::ends;
use reactor::net::UdpSocket;
use reactor::time::timeout;
use using_services::{ask, listen};

/// A server that ignores the first two requests of every three.
async fn lossy(socket: UdpSocket) -> io::Result<()> {
    let mut buffer = [0; 64];
    for number in 1.. {
        let (length, from) = socket.recv_from(&mut buffer).await?;
        if number % 3 == 0 {
            socket.send_to(&buffer[..length], from).await?;
        }
    }
    Ok(())
}

#[test]
fn exercise_1_a_lost_question_is_asked_again() {
    let response = ends("the request was lost, and is not sent again", || {
        task::block_on(async {
            let server = UdpSocket::bind("127.0.0.1:0").await?;
            let socket = UdpSocket::bind("127.0.0.1:0").await?;
            socket.connect(server.local_addr()?).await?;
            drop(task::spawn_local(lossy(server)));
            ask(&socket, b"tea?", Duration::from_millis(100), 100).await
        })
    });
    assert_eq!(response.expect("the third attempt gets a response"), b"tea?");
}

#[test]
fn exercise_1_in_the_end_it_gives_up() {
    let (outcome, asked) = ends("there is no response, but it asks forever", || {
        task::block_on(async {
            let silent = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
            let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
            socket.connect(silent.local_addr().expect("its address")).await.expect("it is connected");
            let outcome = ask(&socket, b"tea?", Duration::from_millis(1), 3).await;
            // They have all arrived: on one machine, a datagram that was sent is there to be received.
            let mut asked = 0;
            while timeout(Duration::from_millis(1), silent.recv(&mut [0; 64])).await.is_ok() {
                asked += 1;
            }
            (outcome, asked)
        })
    });
    assert_eq!(outcome.expect_err("there is no response").kind(), io::ErrorKind::TimedOut);
    assert_eq!(asked, 3, "it sends the request once for each attempt");
}

#[test]
fn exercise_2_a_service_that_lives_keeps_its_path() {
    let path = std::env::temp_dir().join(format!("unrolled-exercise-{}", std::process::id()));
    let path = path.as_path();
    let _ = std::fs::remove_file(path);
    task::block_on(async {
        let first = listen(path).await.expect("the path is free");
        let error = listen(path).await.expect_err("the first is running");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(first);
        assert!(path.exists(), "a service that has ended leaves its file behind");
        drop(listen(path).await.expect("no service is running"));
    });
    let _ = std::fs::remove_file(path);
}
