//! `--redis rediss://...`: the certificate is verified, and then it is a Redis like any other.

mod common;
#[path = "common/redis.rs"]
mod redis;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::Program;
use redis::RedisServer;

/// Calls `openssl` in a directory.
#[track_caller]
fn openssl(directory: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).current_dir(directory).stderr(Stdio::null());
    assert!(command.status().expect("openssl is installed").success(), "openssl {arguments}");
}

/// Makes an authority, and a certificate that it has signed for `localhost`.
fn certificates() -> PathBuf {
    let directory =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("certificates-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&directory, &format!("req -x509 {key} -keyout ca.key -out ca.crt -subj /CN=authority -days 2"));
    openssl(&directory, &format!("req {key} -keyout key -out request -subj /CN=redis"));
    std::fs::write(directory.join("names"), "subjectAltName=DNS:localhost").unwrap();
    openssl(
        &directory,
        "x509 -req -in request -CA ca.crt -CAkey ca.key -CAcreateserial -out crt -days 2 -extfile names",
    );
    directory
}

#[test]
fn the_certificate_is_verified() {
    let directory = certificates();
    let [authority, certificate, key] = ["ca.crt", "crt", "key"].map(|name| directory.join(name));
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let (tls_certificate, tls_key) = (path(&certificate), path(&key));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    // The last address is bound too: `localhost`, for the port with TLS.
    let arguments = ["--tls-port", &port, "--tls-cert-file", &tls_certificate, "--tls-key-file", &tls_key];
    let Some(_redis) =
        RedisServer::start(&[&["127.0.0.1"], &arguments[..], &["--tls-auth-clients", "no"]].concat())
    else {
        return;
    };
    let server = |url: &str, authority: Option<&Path>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        command.args(["127.0.0.1:0", "--redis", url]).env_remove("SSL_CERT_FILE");
        if let Some(authority) = authority {
            command.env("SSL_CERT_FILE", authority);
        }
        command
    };
    let url = format!("rediss://localhost:{port}");
    let program = Program::start_command(server(&url, Some(&authority)));
    let mut client = program.client();
    client.join_and_wait("tea");
    let long = "x".repeat(60_000);
    for number in 1..=100 {
        client.post("tea", &long);
        let line = client.line();
        assert!(line.ends_with(&format!(",\"seq\":{number}}}}}\n")), "{} bytes", line.len());
    }
    for (url, authority, reason) in [
        (&*url, None, "UnknownIssuer"),
        (&format!("rediss://127.0.0.1:{port}"), Some(&*authority), "not valid for name"),
        (&url, Some(&*key), "it contains no certificate"),
        (&url, Some(Path::new("/nowhere")), "SSL_CERT_FILE: /nowhere: No such file"),
    ] {
        let output = server(url, authority).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && said.contains(reason), "{url}: {said}");
        println!("{said}");
    }
    let _ = std::fs::remove_dir_all(directory);
}
