//! What can be shown only in a network of one's own: each test runs this program again in new namespaces
//! (`unshare`), where it may set addresses, names and limits, and take the network away.
#![cfg(target_os = "linux")]

use std::io::ErrorKind;
use std::process::Command;
use std::time::Duration;

use executor::task::block_on;
use futures_lite::AsyncReadExt;
use reactor::net::{TcpListener, TcpStream};

const INSIDE: &str = "OWN_NETWORK";

/// Runs `test` in a network of its own, after the shell commands of `setup`. It ends in a minute or fails.
fn alone(name: &str, setup: &str, test: impl Future<Output = ()>) {
    if std::env::var(INSIDE).is_ok() {
        block_on(test);
        return println!("{name} was here");
    }
    let setup = format!("set -e\nip link set lo up\n{setup}\nexec \"$@\"");
    let program = std::env::current_exe().unwrap();
    let output = Command::new("timeout")
        .args(["60", "unshare", "--map-root-user", "--mount", "--net", "sh", "-c", &setup, "sh"])
        .arg(program)
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "")
        .output()
        .expect("`timeout` of coreutils");
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    let was_here = said.contains(&format!("{name} was here"));
    assert!(
        output.status.success() && was_here,
        "needs `unshare` and `ip`, and the right to use them. {}\n{said}{failed}",
        output.status
    );
}

fn shell(commands: &str) {
    assert!(Command::new("sh").args(["-c", commands]).status().unwrap().success(), "{commands}");
}

#[test]
fn keepalive_notices_a_peer_that_has_vanished() {
    alone("keepalive_notices_a_peer_that_has_vanished", "", async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (_far, _) = listener.accept().await.unwrap();
        near.set_keepalive(Some(Duration::from_secs(1))).unwrap();
        shell("ip link set lo down");
        let error = near.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    });
}
