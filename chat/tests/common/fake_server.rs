//! A server that a test plays line by line.
#![allow(dead_code, unreachable_pub, reason = "each test uses only some of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::common::{DEADLINE, eventually};

/// It listens, and has at most one connection at a time.
pub struct FakeServer {
    listener: TcpListener,
    connection: Option<BufReader<TcpStream>>,
}

impl FakeServer {
    pub fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into())
    }

    pub fn start_at(address: SocketAddr) -> Self {
        Self { listener: TcpListener::bind(address).unwrap(), connection: None }
    }

    pub fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    /// Waits for the next client. The connection before is closed.
    pub fn accept(&mut self) {
        let mut accepted = None;
        self.listener.set_nonblocking(true).unwrap();
        eventually("a client connects", || {
            accepted = self.listener.accept().ok();
            accepted.is_some()
        });
        let (stream, _) = accepted.unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        self.connection = Some(BufReader::new(stream));
    }

    fn connection(&mut self) -> &mut BufReader<TcpStream> {
        self.connection.as_mut().expect("accepted")
    }

    /// Expects this line as the next that the client sends.
    #[track_caller]
    pub fn expect(&mut self, line: &str) {
        let mut sent = String::new();
        self.connection().read_line(&mut sent).expect("the client sends");
        assert_eq!(sent, format!("{line}\n"));
    }

    #[track_caller]
    pub fn expect_join(&mut self, group: &str, after: Option<u64>) {
        let after = after.map(|after| format!(",\"after\":{after}")).unwrap_or_default();
        self.expect(&format!("{{\"Join\":{{\"group_name\":\"{group}\"{after}}}}}"));
    }

    #[track_caller]
    pub fn expect_post(&mut self, group: &str, message: &str) {
        self.expect(&format!("{{\"Post\":{{\"group_name\":\"{group}\",\"message\":\"{message}\"}}}}"));
    }

    /// Expects a request for history. Returns its limit.
    #[track_caller]
    pub fn expect_history(&mut self, group: &str, after: u64) -> u64 {
        let mut sent = String::new();
        self.connection().read_line(&mut sent).expect("the client sends");
        let begin = format!("{{\"History\":{{\"group_name\":\"{group}\",\"after\":{after},\"limit\":");
        let limit = sent.strip_prefix(&begin).and_then(|rest| rest.strip_suffix("}}\n"));
        limit.unwrap_or_else(|| panic!("{sent:?} is not {begin:?}...")).parse().unwrap()
    }

    pub fn send(&mut self, line: &str) {
        writeln!(self.connection().get_mut(), "{line}").unwrap();
    }

    /// Sends a message whose text is its number.
    pub fn send_number(&mut self, group: &str, number: u64) {
        self.send(&format!(
            "{{\"Message\":{{\"group_name\":\"{group}\",\"message\":\"{number}\",\"seq\":{number}}}}}"
        ));
    }

    pub fn send_end(&mut self, group: &str, last: u64, more: bool) {
        self.send(&format!("{{\"History\":{{\"group_name\":\"{group}\",\"last\":{last},\"more\":{more}}}}}"));
    }

    pub fn send_error(&mut self, text: &str) {
        self.send(&format!("{{\"Error\":\"{text}\"}}"));
    }

    pub fn close(&mut self) {
        self.connection = None;
    }

    /// Ends the connection by a reset.
    pub fn reset(&mut self) {
        let connection = self.connection.take().expect("accepted");
        rustix::net::sockopt::set_socket_linger(connection.get_ref(), Some(Duration::ZERO)).unwrap();
    }

    /// Reads until the client closes its half, and expects nothing more.
    #[track_caller]
    pub fn expect_end(&mut self) {
        let mut rest = String::new();
        self.connection().read_to_string(&mut rest).expect("the client closes its half");
        assert_eq!(rest, "");
    }
}
