//! A browser in the chat is a client like any other: the same requests and replies, the same limits, and nothing
//! of it stays when it has gone.

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use async_tungstenite::tungstenite::client::IntoClientRequest;
use async_tungstenite::tungstenite::error::Error;
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use async_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use async_tungstenite::{WebSocketStream, client_async};
use chat::server::Options;
use common::{DEADLINE, InProcess, message_line, posted};
use executor::task;
use futures_lite::{AsyncReadExt, StreamExt};
use reactor::net::TcpStream;
use reactor::time::timeout;

/// A browser with the server's page, without the page.
struct Browser {
    socket: WebSocketStream<TcpStream>,
}

impl Browser {
    fn open(server: &InProcess) -> Self {
        let address = server.web.expect("it listens for browsers");
        within(async { Self { socket: connect(address).await.unwrap() } })
    }

    #[track_caller]
    fn send(&mut self, text: &str) {
        within(self.socket.send(Message::text(text))).unwrap();
    }

    /// Returns the next message, but for pings and pongs.
    #[track_caller]
    fn next(&mut self) -> Option<Result<Message, Error>> {
        within(async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => return other,
                }
            }
        })
    }

    #[track_caller]
    fn line(&mut self) -> String {
        match self.next() {
            Some(Ok(Message::Text(text))) => text.to_string(),
            other => panic!("not a line: {other:?}"),
        }
    }

    #[track_caller]
    fn expect(&mut self, line: &str) {
        assert_eq!(self.line(), line);
    }

    /// Expects the server's close frame, and then the end.
    #[track_caller]
    fn expect_close(&mut self, code: CloseCode) -> String {
        let reason = match self.next() {
            Some(Ok(Message::Close(Some(CloseFrame { code: found, reason })))) if found == code => reason,
            other => panic!("not closed with {code}: {other:?}"),
        };
        // Either side may be the first to see the other's end.
        assert!(!matches!(self.next(), Some(Ok(_))));
        reason.to_string()
    }

    fn join_and_wait(&mut self, group: &str) {
        self.send(&format!("{{\"Join\":{{\"group_name\":\"{group}\"}}}}"));
        self.send(&posted("no such group", ""));
        self.expect("{\"Error\":\"Group 'no such group' does not exist\"}");
    }
}

async fn connect(address: SocketAddr) -> Result<WebSocketStream<TcpStream>, Error> {
    let mut request = format!("ws://{address}/chat").into_client_request()?;
    request.headers_mut().insert("Origin", format!("http://{address}").parse().unwrap());
    Ok(client_async(request, TcpStream::connect(address).await?).await?.0)
}

#[track_caller]
fn within<F: Future>(future: F) -> F::Output {
    task::block_on(async { timeout(DEADLINE, future).await.expect("in time") })
}

#[test]
fn a_browser_and_a_client_talk() {
    let server = InProcess::start_web(Options::default(), &[]);
    let mut browser = Browser::open(&server);
    let mut client = server.client();
    browser.join_and_wait("tea");
    client.join_and_wait("tea");
    server.settles_at(2, 1, 2);
    browser.send(posted("tea", "from a browser").trim_end());
    browser.expect(&message_line("tea", "from a browser"));
    client.expect_message("tea", "from a browser");
    client.post("tea", "from a client");
    client.expect_message("tea", "from a client");
    browser.expect(&message_line("tea", "from a client"));
}

#[test]
fn a_frame_is_one_line_whatever_is_in_it() {
    let server = InProcess::start_web(Options::default(), &[]);
    let mut browser = Browser::open(&server);
    browser.send("{\n  \"Join\": {\n    \"group_name\": \"tea\"\n  }\r\n}\n");
    browser.send("");
    browser.send(" \n ");
    browser.send(posted("tea", "one").trim_end());
    browser.expect(&message_line("tea", "one"));
    // A newline inside a string is an error, and two values are no value.
    browser.send("{\"Post\":{\"group_name\":\"tea\",\"message\":\"a\nb\"}}");
    assert!(browser.line().contains("malformed request: control character"), "as in a line");
    browser.send(&posted("tea", "two").repeat(2));
    assert!(browser.line().contains("malformed request: trailing characters"), "as in a line");
    browser.send(posted("tea", "three").trim_end());
    browser.expect(&message_line("tea", "three"));
}

#[test]
fn what_cannot_be_understood_ends_the_connection_with_its_code() {
    let server = InProcess::start_web(Options { line_limit: 1000, ..Options::default() }, &[]);
    let mut browser = Browser::open(&server);
    browser.join_and_wait("tea");
    browser.send(&"x".repeat(1001));
    browser.expect("{\"Error\":\"line longer than 1000 bytes\"}");
    browser.expect_close(CloseCode::Size);

    // The longest line is a frame, too.
    let mut browser = Browser::open(&server);
    browser.send(&" ".repeat(1000));
    browser.join_and_wait("tea");
    drop(browser);

    let mut browser = Browser::open(&server);
    within(browser.socket.send(Message::binary(vec![1, 2, 3]))).unwrap();
    assert!(browser.expect_close(CloseCode::Unsupported).contains("text"));

    let mut browser = Browser::open(&server);
    for _ in 0..31 {
        browser.send("[]");
        browser.line();
    }
    browser.send("[]");
    assert!(browser.line().contains("too many in a row"));
    browser.expect_close(CloseCode::Policy);
    server.settles_at(0, 0, 0);
}

#[test]
fn a_slow_browser_loses_the_oldest_lines_and_is_told_how_many() {
    const POSTS: usize = 20_000;
    let server = InProcess::start_web(Options::default(), &[]);
    let mut browser = Browser::open(&server);
    browser.join_and_wait("tea");
    let mut poster = server.client();
    let text = "x".repeat(1000);
    for number in 0..POSTS {
        poster.post("tea", &format!("{number} {text}"));
    }
    // When this has come back, all has been posted.
    poster.join_and_wait("tea");
    browser.send(posted("tea", "the last").trim_end());
    let (mut received, mut lost, mut next) = (0, 0, 0);
    loop {
        let line = browser.line();
        if line == message_line("tea", "the last") {
            break;
        }
        if let Some(error) = line.strip_prefix("{\"Error\":\"Dropped ") {
            let number: usize = error.split(' ').next().unwrap().parse().unwrap();
            lost += number;
            next += number;
        } else {
            assert!(line.contains(&format!("\"message\":\"{next} x")), "{next}: {}", &line[..80]);
            received += 1;
            next += 1;
        }
    }
    assert!(lost > 0, "all of {POSTS} lines were kept for it");
    assert_eq!(received + lost, POSTS);
}

#[test]
fn a_stop_delivers_what_is_queued_and_says_so() {
    let mut server = InProcess::start_web(Options::default(), &[]);
    let mut browser = Browser::open(&server);
    browser.join_and_wait("tea");
    let mut client = server.client();
    for number in 0..100 {
        client.post("tea", &number.to_string());
    }
    client.join_and_wait("tea");
    server.handle.stop();
    for number in 0..100 {
        browser.expect(&message_line("tea", &number.to_string()));
    }
    assert_eq!(browser.expect_close(CloseCode::Away), "the server stops");
    server.wait().unwrap();
    server.settles_at(0, 0, 0);
}

#[test]
fn a_browser_that_never_reads_does_not_hold_the_stop_up() {
    let options = Options { drain: Duration::from_millis(100), ..Options::default() };
    let mut server = InProcess::start_web(options, &[]);
    let mut browser = Browser::open(&server);
    browser.join_and_wait("tea");
    let mut client = server.client();
    for _ in 0..10_000 {
        client.post("tea", &"x".repeat(1000));
    }
    client.join_and_wait("another");
    server.handle.stop();
    server.wait().unwrap();
    server.settles_at(0, 0, 0);
}

#[test]
fn nothing_of_a_departed_browser_stays() {
    let server = InProcess::start_web(Options::default(), &[]);
    let enter = || {
        let mut browser = Browser::open(&server);
        browser.join_and_wait("tea");
        browser.join_and_wait("coffee");
        browser
    };
    let mut leaves = enter();
    let vanishes = enter();
    let resets = enter();
    server.settles_at(3, 2, 6);
    // What it has sent before it leaves is carried out.
    let mut client = server.client();
    client.join_and_wait("tea");
    leaves.send(posted("tea", "goodbye").trim_end());
    within(leaves.socket.close(None)).unwrap();
    client.expect_message("tea", "goodbye");
    while leaves.next().is_some_and(|message| message.is_ok()) {}
    server.settles_at(3, 2, 5);
    drop(vanishes);
    server.settles_at(2, 2, 3);
    rustix::net::sockopt::set_socket_linger(resets.socket.get_ref(), Some(Duration::ZERO)).unwrap();
    drop(resets);
    server.settles_at(1, 1, 1);
    drop(client);
    server.settles_at(0, 0, 0);
}

#[test]
fn a_browser_that_gives_no_sign_of_life_is_given_up() {
    let options = Options { keepalive: Some(Duration::from_millis(50)), ..Options::default() };
    let server = InProcess::start_web(options, &[]);
    let browser = Browser::open(&server);
    // It is read, but not by the library, which would reply to the pings.
    let mut stream = browser.socket.get_ref().clone();
    let mut read = Vec::new();
    within(stream.read_to_end(&mut read)).unwrap();
    assert_eq!(read, [0x89, 0], "a ping, and then the end");
    server.settles_at(0, 0, 0);
}

#[test]
fn a_silent_browser_that_replies_to_pings_stays() {
    // Longer than a busy machine may let the browser wait before it replies.
    let options = Options { keepalive: Some(Duration::from_secs(3)), ..Options::default() };
    let server = InProcess::start_web(options, &[]);
    let mut browser = Browser::open(&server);
    for _ in 0..3 {
        // The library replies while it waits for the next.
        let ping = within(browser.socket.next());
        assert!(matches!(ping, Some(Ok(Message::Ping(_)))), "{ping:?}");
    }
    browser.join_and_wait("tea");
}
