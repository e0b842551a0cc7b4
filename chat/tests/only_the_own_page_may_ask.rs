//! The listener for browsers: the page, who may ask for what, and what a browser costs.

mod common;

use std::io::Read;
use std::net::SocketAddr;
use std::process::Command;

use chat::server::Options;
use common::{Client, InProcess, eventually};

/// What a server responds to a request.
struct Response {
    status: u16,
    head: String,
    body: String,
}

/// Sends a request, with the lines of its head that follow the first, and returns the response.
#[track_caller]
fn ask(address: SocketAddr, request: &str, lines: &[&str]) -> Response {
    let client = Client::connect(address);
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    client.send(format!("{request} HTTP/1.1\r\n{lines}\r\n"));
    response(client)
}

#[track_caller]
fn response(mut client: Client) -> Response {
    let mut text = String::new();
    client.stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("a response has a head");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Response { status, head: head.to_string(), body: body.to_string() }
}

/// The lines of a head that asks for a WebSocket, but for the host and the origin.
const UPGRADE: [&str; 4] = [
    "Connection: keep-alive, Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

fn upgrade<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    [lines, &UPGRADE].concat()
}

#[test]
fn the_page_and_its_files_are_served() {
    let server = InProcess::start_web(Options::default(), &[]);
    let address = server.web.unwrap();
    let host = format!("Host: {address}");
    // A link on another site may lead here.
    let page = ask(address, "GET /", &[&host, "Sec-Fetch-Site: cross-site"]);
    assert_eq!(page.status, 200);
    assert!(page.body.starts_with("<!doctype html>"));
    for header in [
        "Content-Type: text/html; charset=utf-8",
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'",
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: same-origin",
        "Cache-Control: no-store",
    ] {
        assert!(page.head.contains(header), "{header} is not in {}", page.head);
    }
    for (path, media) in [("/page/page.css", "text/css"), ("/page/main.mjs", "text/javascript")] {
        let file = ask(address, &format!("GET {path}"), &[&host]);
        assert!(file.status == 200 && file.head.contains(&format!("Content-Type: {media}")), "{}", file.head);
    }
    assert_eq!(ask(address, "GET /page/../../Cargo.toml", &[&host]).status, 404);
    assert_eq!(ask(address, "GET /favicon.ico", &[&host]).status, 404);
    let posted = ask(address, "POST /", &[&host]);
    assert!(posted.status == 405 && posted.head.contains("\r\nAllow: GET\r\n"), "{}", posted.head);
    let got = ask(address, "GET /recording?seconds=1", &[&host, &format!("Origin: http://{address}")]);
    assert!(got.status == 405 && got.head.contains("\r\nAllow: POST\r\n"), "{}", got.head);
}

#[test]
fn a_page_of_another_site_is_refused() {
    let server = InProcess::start_web(Options::default(), &[]);
    let address = server.web.unwrap();
    let host = format!("Host: {address}");
    let own = format!("Origin: http://{address}");
    let others = ["Origin: http://evil.example", "Origin: null", &format!("Origin: http://{address}0")];
    for origin in others {
        let chat = ask(address, "GET /chat", &upgrade(&[&host, origin]));
        assert!(chat.status == 403 && chat.body.contains("only this server's own page may"), "{}", chat.body);
        for request in ["GET /runtime.json", "GET /counts.json", "POST /recording?seconds=1"] {
            assert_eq!(ask(address, request, &[&host, origin]).status, 403, "{request}, {origin}");
        }
    }
    let no_origin = ask(address, "GET /chat", &upgrade(&[&host]));
    assert!(no_origin.status == 403 && no_origin.body.contains("Origin"), "{}", no_origin.body);
    // An image or a script in another page has no origin.
    for site in ["cross-site", "same-site"] {
        let site = format!("Sec-Fetch-Site: {site}");
        assert_eq!(ask(address, "GET /runtime.json", &[&host, &site]).status, 403);
        assert_eq!(ask(address, "GET /chat", &upgrade(&[&host, &own, &site])).status, 403);
    }
    let no_upgrade = ask(address, "GET /chat", &[&host, &own]);
    assert!(no_upgrade.status == 400 && no_upgrade.body.contains("WebSocket"), "{}", no_upgrade.body);
    let mut own_page = Client::connect(address);
    own_page.send(format!("GET /chat HTTP/1.1\r\n{}\r\n\r\n", upgrade(&[&host, &own]).join("\r\n")));
    assert_eq!(own_page.line(), "HTTP/1.1 101 Switching Protocols\r\n");
}

#[test]
fn a_name_that_is_not_the_servers_is_refused() {
    let server = InProcess::start_web(Options::default(), &["chat.example.org"]);
    let address = server.web.unwrap();
    let port = address.port();
    for name in ["localhost", "127.0.0.1", "[::1]", "10.0.0.7", "chat.example.org", "CHAT.example.ORG"] {
        let (host, origin) = (format!("Host: {name}:{port}"), format!("Origin: http://{name}:{port}"));
        assert_eq!(ask(address, "GET /", &[&host]).status, 200, "{name}");
        assert_eq!(ask(address, "GET /runtime.json", &[&host, &origin]).status, 200, "{name}");
    }
    // Its owner has let the name point here: the page, and what it asks for, have the same origin.
    for name in ["evil.example", "chat.example.org.evil.example", "localhost.evil.example"] {
        let (host, origin) = (format!("Host: {name}:{port}"), format!("Origin: http://{name}:{port}"));
        for request in ["GET /", "GET /page/main.mjs", "GET /runtime.json", "POST /recording?seconds=1"] {
            let refused = ask(address, request, &[&host, &origin, "Sec-Fetch-Site: same-origin"]);
            assert!(
                refused.status == 403 && refused.body.contains("--web-host"),
                "{request}: {}",
                refused.body
            );
        }
        assert_eq!(ask(address, "GET /chat", &upgrade(&[&host, &origin])).status, 403, "{name}");
    }
    assert_eq!(ask(address, "GET /", &[]).status, 403, "no Host");
    let two = [format!("Host: {address}"), "Host: evil.example".to_string()];
    assert_eq!(ask(address, "GET /", &[&two[0], &two[1]]).status, 403, "two Hosts");
}

#[test]
fn a_head_is_bounded_and_what_is_no_http_gets_a_reply() {
    let server = InProcess::start_web(Options::default(), &[]);
    let address = server.web.unwrap();
    let client = Client::connect(address);
    client.send(format!("GET / HTTP/1.1\r\nCookie: {}", "x".repeat(16 * 1024)));
    assert_eq!(response(client).status, 431);
    let client = Client::connect(address);
    client.send("{\"Join\":{\"group_name\":\"tea\"}}\n\n");
    let response = response(client);
    assert!(response.status == 400 && response.body.contains("HTTP"), "{}", response.body);
    // One that says nothing does not hold the stop up.
    let silent = Client::connect(address);
    silent.send("GET / HT");
    drop(server);
    drop(silent);
}

#[test]
fn what_the_runtime_does_is_shown_and_recorded() {
    let server = InProcess::start_web(Options::default(), &[]);
    let address = server.web.unwrap();
    let (host, origin) = (format!("Host: {address}"), format!("Origin: http://{address}"));
    let mut client = server.client();
    client.join_and_wait("tea");
    let counts = ask(address, "GET /counts.json", &[&host]);
    assert!(
        counts.body.starts_with("{\"connections\":1,\"groups\":1,\"memberships\":1,\"tasks\":"),
        "{}",
        counts.body
    );
    eventually("the tasks of the connection are seen", || {
        let seen = ask(address, "GET /runtime.json", &[&host]).body;
        let seen: serde_json::Value = serde_json::from_str(&seen).unwrap();
        let tasks = seen["task_list"].as_array().unwrap();
        seen["groups"] == 1
            && tasks.iter().any(|task| task["waits_for"].to_string().contains("socket to read from"))
    });

    for query in ["", "?seconds=0", "?seconds=1000", "?minutes=1"] {
        let refused = ask(address, &format!("POST /recording{query}"), &[&host, &origin]);
        assert!(refused.status == 400 && refused.body.contains("from 1 to 60"), "{}", refused.body);
    }
    // One at a time. The first may not have begun when the second asks: then that one records, and the first is
    // refused.
    let lines = format!("{host}\r\n{origin}\r\nContent-Length: 0\r\n\r\n");
    let clients = [0, 1].map(|_| {
        let client = Client::connect(address);
        client.send(format!("POST /recording?seconds=1 HTTP/1.1\r\n{lines}"));
        client
    });
    let mut responses = clients.map(response);
    responses.sort_by_key(|response| response.status);
    let [page, refused] = responses;
    assert_eq!((page.status, refused.status), (200, 409), "{}", refused.body);
    assert!(page.body.starts_with("<!doctype html>") && page.body.contains("id=\"recording\""));
    assert!(page.head.contains("Content-Security-Policy: sandbox allow-scripts"), "{}", page.head);

    // A browser that leaves ends its recording: the next one may begin.
    // The first to ask may be refused: the page before has come, but its turn may not be over yet.
    let mut leaves = Vec::new();
    eventually("it records", || {
        let client = Client::connect(address);
        client.send(format!("POST /recording?seconds=60 HTTP/1.1\r\n{lines}"));
        leaves.push(client);
        executor::trace::snapshot().is_some()
    });
    drop(leaves);
    eventually("it is over", || executor::trace::snapshot().is_none());
    // What the operator records is given at once, and goes on.
    executor::trace::start(1000).unwrap();
    let page = ask(address, "POST /recording?seconds=60", &[&host, &origin, "Content-Length: 0"]);
    assert_eq!(page.status, 200);
    assert!(executor::trace::stop().is_some());
}

#[test]
fn the_program_refuses_what_it_cannot_serve() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_server")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, text) = run(&["127.0.0.1:0", "--web-host", "chat.example.org"]);
    assert!(code == Some(2) && text.contains("--web-host") && text.contains("--web"), "{text}");
    // Names that no request can ask for. The address is one that cannot be listened on, so the program ends anyway.
    for name in [
        "chat.example.org:8090",
        "http://chat.example.org",
        "chat.example.org/",
        "*.example.org",
        "ü.org",
        "",
    ] {
        let (code, text) = run(&["127.0.0.1:0", "--web", "192.0.2.1:80", "--web-host", name]);
        assert!(code == Some(2) && text.contains("--web-host") && text.contains(name), "{name}: {text}");
    }
    let (code, text) = run(&["127.0.0.1:0", "--web", "192.0.2.1:80", "--web-host", "Chat-2.example.org"]);
    assert!(code == Some(1) && text.contains("192.0.2.1:80"), "{text}");
    let (code, text) = run(&["127.0.0.1:0", "--web", "192.0.2.1:80"]);
    assert!(code == Some(1) && text.contains("192.0.2.1:80"), "{text}");
}
