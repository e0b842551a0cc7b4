//! What outlives a connection: the input, what is not sent, and where the client is in its groups.
//!
//! If these belonged to a connection, a line that was typed while it broke would be lost with it, and the next
//! one would not know after which messages to go on.
//!
//! ```text
//!   input ──▶ typed ──▶ Machine ──▶ requests ──▶ unsent ──▶ the server
//!                         │  ▲                                   │
//!                  stdout ┘  └────────────── received ◀──────────┘
//! ```
//!
//! The loop for the replies does not send: a request in the middle of another one's bytes would spoil both. It
//! leaves its requests in `Shared`, and wakes the loop for the commands.
//!
//! Used by `client` and `client/connecting`. Next: `client/connecting`.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use executor::sync::mpsc;
use futures_lite::future;
use reactor::io::{BufReader, Stdin, stdin};
use reactor::signal::Signals;

use super::command::{Command, command};
use super::input::{Input, LONGEST_LINE, Line};
use super::machine::{Machine, Output};
use super::options::{CatchUp, Ended, Options};
use super::output::{is_interactive, reader_of, tell};
use super::shown::{Shown, describe};
use super::terminal::{self, Opened, Terminal};
use super::unsent::Unsent;
use super::visible::Reader;
use crate::history::{Reply, Request};

/// Requests that the server does not read are queued up to this many bytes. Then no more commands are read.
pub(super) const AHEAD: usize = 16 << 20;

/// What outlives a connection. Dropping it loses what is not sent, and restores the terminal's modes.
pub(super) struct Session {
    pub(super) shared: Rc<Shared>,
    pub(super) lines: Lines,
    /// When the input ended.
    pub(super) ended: Option<Instant>,
    pub(super) unsent: Unsent,
    /// Receives when the loop for the replies has requests.
    pub(super) requested: mpsc::Receiver<()>,
    /// The signals that are waited for.
    pub(super) signals: Option<Signals>,
}

/// What both loops use. They run on one thread.
pub(super) struct Shared {
    pub(super) machine: RefCell<Machine>,
    /// The requests that the loop for the replies wants to be sent.
    requests: RefCell<Vec<Request>>,
    request: mpsc::Sender<()>,
    pub(super) terminal: RefCell<Option<Terminal>>,
    reader: Reader,
    /// It was the connection that failed or was closed, not a standard stream.
    pub(super) lost: Cell<bool>,
    /// The server has sent something other than an error.
    pub(super) heard: Cell<bool>,
}

/// Where the lines come from.
pub(super) enum Lines {
    Read(Input<BufReader<Stdin>>),
    Edited(terminal::Lines),
}

impl Lines {
    /// Returns the next line; `None` at the end. Cancel-safe.
    ///
    /// # Errors
    ///
    /// The standard input, or the terminal, fails.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line>> {
        match self {
            Lines::Read(input) => input.next().await,
            Lines::Edited(lines) => lines.recv().await.transpose(),
        }
    }
}

impl Session {
    /// Begins to read the standard input. On a terminal the user can edit the lines, until the session is dropped.
    pub(super) fn new(options: &Options) -> Self {
        let confirms = match options.catch_up {
            CatchUp::Auto => is_interactive(),
            CatchUp::Always => true,
            CatchUp::Never => false,
        };
        let (terminal, lines, signals) = match Terminal::open() {
            Some(Opened { terminal, lines, signals }) => {
                (Some(terminal), Lines::Edited(lines), Some(signals))
            }
            None => (None, Lines::Read(Input::new(BufReader::new(stdin()))), None),
        };
        let (request, requested) = mpsc::channel(1);
        let shared = Rc::new(Shared {
            machine: RefCell::new(Machine::new(options.catch_up != CatchUp::Never, confirms)),
            requests: RefCell::default(),
            request,
            terminal: RefCell::new(terminal),
            reader: reader_of(&io::stdout()),
            lost: Cell::new(false),
            heard: Cell::new(false),
        });
        Self { shared, lines, ended: None, unsent: Unsent::default(), requested, signals }
    }

    /// The input has ended. What is left may take as long as the grace period.
    pub(super) fn end(&mut self) {
        self.ended.get_or_insert_with(Instant::now);
    }

    /// Returns how much of the grace period is left: all of it before the end of the input.
    pub(super) fn left_of(&self, grace: Duration) -> Duration {
        self.ended.map_or(grace, |ended| grace.saturating_sub(ended.elapsed()))
    }

    /// Keeps what can be sent on another connection, and tells what may be lost. Returns whether it is nothing.
    ///
    /// # Errors
    ///
    /// A request has no form in JSON.
    pub(super) fn lose_connection(&mut self) -> io::Result<bool> {
        let mut machine = self.shared.machine.borrow_mut();
        self.unsent.rewind(|line| machine.sent(line));
        machine.lost();
        self.unsent.retain(|request| machine.takes(request));
        let is_known = !machine.tells();
        drop(machine);
        self.shared.requests.borrow_mut().clear();
        self.take_requests()?;
        Ok(is_known)
    }

    /// Returns whether the connection was lost and is to be replaced. After the end of the input it is replaced only if
    /// anything is left to be sent, which the caller checks. Asked once for each connection.
    pub(super) fn comes_back(&self, ended: &io::Result<Ended>) -> bool {
        let machine = self.shared.machine.borrow();
        self.shared.lost.take() && (machine.is_cut_off() || ended.is_err()) && machine.reconnects()
    }

    /// There is another connection: queues the requests that come first on it.
    ///
    /// # Errors
    ///
    /// A request has no form in JSON.
    pub(super) fn go_on(&mut self) -> io::Result<()> {
        self.shared.machine.borrow_mut().connected();
        let mut first = Vec::new();
        self.shared.carry_out(&mut String::new(), |request| first.push(request));
        self.unsent.put_first(&first)
    }

    /// Reads what is typed while there is no connection. Returns when the input has ended. Cancel-safe.
    ///
    /// # Errors
    ///
    /// The standard input, or the terminal, fails.
    pub(super) async fn read_ahead(&mut self) -> io::Result<()> {
        while self.ended.is_none() {
            if self.unsent.len() >= AHEAD {
                future::pending::<()>().await;
            }
            match self.lines.next().await? {
                Some(line) => self.typed(line)?,
                None => self.end(),
            }
        }
        Ok(())
    }

    /// A line was typed: queues its request, or tells the user why there is none.
    ///
    /// # Errors
    ///
    /// The request has no form in JSON.
    pub(super) fn typed(&mut self, line: Line) -> io::Result<()> {
        match line {
            Line::Typed(line) => {
                if let Some(command) = command(&line) {
                    self.shared.typed(command);
                }
                self.take_requests()
            }
            Line::TooLong => {
                tell(format_args!("A line of more than {LONGEST_LINE} bytes is not sent."));
                Ok(())
            }
        }
    }

    /// Queues what the machine wants to be sent.
    ///
    /// # Errors
    ///
    /// A request has no form in JSON.
    pub(super) fn take_requests(&mut self) -> io::Result<()> {
        let mut requests = self.shared.requests.take();
        self.shared.carry_out(&mut String::new(), |request| requests.push(request));
        requests.iter().try_for_each(|request| self.unsent.push(request))
    }
}

impl Shared {
    fn typed(&self, command: Command) {
        if let Some(terminal) = &*self.terminal.borrow() {
            let (Command::Join { group } | Command::Post { group, .. } | Command::History { group, .. }) =
                &command;
            terminal.seen(group);
        }
        self.machine.borrow_mut().typed(command);
    }

    /// Carries out what a reply leads to.
    pub(super) fn received(&self, reply: Reply, text: &mut String) {
        if !matches!(reply, Reply::Error(_)) {
            self.heard.set(true);
        }
        let busy = !self.machine.borrow().is_idle();
        self.machine.borrow_mut().received(reply);
        let mut requests = self.requests.borrow_mut();
        self.carry_out(text, |request| requests.push(request));
        if busy || !requests.is_empty() {
            self.wake();
        }
    }

    /// The connection has failed, or the server has closed it.
    pub(super) fn connection_is_lost(&self) {
        self.lost.set(true);
        self.wake();
    }

    /// Wakes the loop for the commands, which then looks for something to do.
    fn wake(&self) {
        let _ = self.request.try_send(()); // If it is full, the loop will look.
    }

    /// Carries out what the machine wants: appends to `text`, tells the user, and calls `send`.
    pub(super) fn carry_out(&self, text: &mut String, mut send: impl FnMut(Request)) {
        for output in self.machine.borrow_mut().outputs() {
            match output {
                Output::Show(shown) => {
                    if let (Some(terminal), Shown::Message { group, .. }) = (&*self.terminal.borrow(), &shown)
                    {
                        terminal.seen(group);
                    }
                    describe(&shown, self.reader, text);
                }
                Output::Tell(what) => tell(format_args!("{what}")),
                Output::Send(request) => send(request),
            }
        }
    }
}
