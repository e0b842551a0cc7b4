//! A terminal: the end that a program has, and the screen that a user sees.
#![allow(dead_code, unreachable_pub, reason = "each test uses only some of it")]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::common::DEADLINE;

/// Returns the end that is the screen and the keyboard, and the end of a program.
pub fn terminal() -> (File, OwnedFd) {
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let program = rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (File::from(screen), program)
}

/// A screen without an end at its bottom. It obeys the control sequences that a line editor uses.
pub struct Screen {
    keyboard: File,
    printed: Receiver<Vec<u8>>,
    unread: Vec<u8>,
    pub rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    pub fn new(terminal: File) -> Self {
        let (sender, printed) = channel();
        let mut reader = terminal.try_clone().unwrap();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            // Without a program that has the terminal open, the read fails.
            while let Ok(count @ 1..) = reader.read(&mut piece) {
                if sender.send(piece[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { keyboard: terminal, printed, unread: Vec::new(), rows: vec![vec![]], row: 0, column: 0 }
    }

    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Returns the rows, without the empty ones at the end.
    pub fn lines(&self) -> Vec<String> {
        let rows = self.rows.iter().map(|row| row.iter().collect::<String>().trim_end().to_owned());
        let mut lines: Vec<String> = rows.collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// Waits until the last rows are these.
    #[track_caller]
    pub fn shows(&mut self, last: &[&str]) {
        let start = Instant::now();
        while !self.lines().ends_with(&last.iter().map(|&line| line.to_owned()).collect::<Vec<_>>()) {
            let left = DEADLINE.saturating_sub(start.elapsed());
            match self.printed.recv_timeout(left) {
                Ok(piece) => self.print(&piece),
                Err(end @ (RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)) => {
                    panic!("{end}, it shows {:#?}", self.lines())
                }
            }
        }
    }

    fn print(&mut self, piece: &[u8]) {
        self.unread.extend(piece);
        let unread = std::mem::take(&mut self.unread);
        let valid = match std::str::from_utf8(&unread) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let mut rest = std::str::from_utf8(&unread[..valid]).unwrap();
        while let Some(character) = rest.chars().next() {
            let used = match character {
                '\u{1b}' => match self.control(rest) {
                    Some(length) => length,
                    None => break, // The sequence has not come to its end.
                },
                '\r' => {
                    self.column = 0;
                    1
                }
                '\n' => {
                    self.row += 1;
                    if self.row == self.rows.len() {
                        self.rows.push(vec![]);
                    }
                    1
                }
                '\u{7}' => 1,
                character => {
                    let row = &mut self.rows[self.row];
                    if row.len() <= self.column {
                        row.resize(self.column + 1, ' ');
                    }
                    row[self.column] = character;
                    self.column += 1;
                    character.len_utf8()
                }
            };
            rest = &rest[used..];
        }
        self.unread = [rest.as_bytes(), &unread[valid..]].concat();
    }

    /// Obeys a control sequence. Returns its length; `None` if it is not complete.
    fn control(&mut self, text: &str) -> Option<usize> {
        let body = text.strip_prefix("\u{1b}[")?;
        let end = body.find(|character: char| character.is_ascii_alphabetic())?;
        let count = body[..end].parse().unwrap_or(1);
        match &body[end..=end] {
            "A" => self.row = self.row.saturating_sub(count),
            "B" => self.row += count,
            "C" => self.column += count,
            "D" => self.column = self.column.saturating_sub(count),
            "K" => self.rows[self.row].truncate(self.column),
            "h" | "l" => {} // Modes of the terminal.
            other => panic!("the control sequence {other:?} is unknown"),
        }
        Some(end + 3)
    }
}
