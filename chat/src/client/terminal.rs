//! A terminal where the user edits the lines: with the arrow keys, a history, and Tab.
//!
//! The system's own line editing knows no arrow keys. Rustyline does, but its calls block. So a thread of its own
//! reads the lines, and hands them to the loop for the commands, one at a time.
//!
//! - E1  The signals that end a process are waited for, since the terminal's modes must be restored
//!   (`screen`).
//! - E2  What was typed ahead is not lost between two lines: rustyline keeps it (its feature `buffer-redux`), and
//!   the terminal stays in raw mode.
//! - E3  Where a line cannot be edited, `open` returns `None`, and the input is read as from a pipe.
//!
//! Used by `client` and `client/session`. Next: `client/no_terminal`.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use executor::sync::mpsc;
use executor::task;
use futures_lite::future::block_on;
use reactor::explain::explain;
use reactor::signal::{SIGHUP, SIGINT, SIGTERM, Signals};
use reactor::time::timeout;
use rustyline::completion::{Completer, Pair};
use rustyline::config::{ColorMode, CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, ExternalPrinter, Helper};

use super::input::{LONGEST_LINE, Line};
use super::output::is_interactive;
use super::screen::Screen;
use super::visible::Reader;

const PROMPT: &str = "> ";

/// The lines that the user can get back with the arrow keys.
const REMEMBERED: usize = 1000;

/// After an escape, rustyline waits this long, in milliseconds, for the rest of an arrow key.
const REST_OF_A_KEY: u16 = 200;

/// How long the end waits for what is still being shown.
const LAST: Duration = Duration::from_millis(500);

/// The reading end: the lines that the user types. `None` is the end of the input.
pub(super) type Lines = mpsc::Receiver<io::Result<Line>>;

/// What there is while the client edits lines on a terminal.
pub(super) struct Opened {
    pub(super) terminal: Terminal,
    pub(super) lines: Lines,
    /// The signals that end the process (E1).
    pub(super) signals: Signals,
}

/// The terminal. Dropping it restores the terminal's modes.
pub(super) struct Terminal(Arc<Screen>);

impl Terminal {
    /// Begins to edit lines. Returns `None` if this is no terminal that can do it.
    pub(super) fn open() -> Option<Opened> {
        // Rustyline would take a missing name for a terminal that can do everything.
        std::env::var_os("TERM").filter(|name| !name.is_empty() && name != "dumb")?;
        if !is_interactive() {
            return None;
        }
        // Before rustyline, which has its own handler of SIGINT while it reads a line.
        let signals = Signals::new(&[SIGINT, SIGTERM, SIGHUP]).ok()?;
        let mut editor = editor().ok()?;
        let mut printer = editor.create_external_printer().ok()?;
        // It fails if the editor is gone, and then the screen is over.
        let hand_over = move |text| drop(printer.print(text));
        let screen = Screen::new(Box::new(hand_over)).ok()?;
        editor.set_helper(Some(Hand { screen: screen.clone(), drawn_for_key: Cell::new(false) }));
        let (sender, lines) = mpsc::channel(1);
        let reading = screen.clone();
        drop(task::spawn_blocking(move || read(&reading, editor, &sender)));
        screen.publish();
        Some(Opened { terminal: Self(screen), lines, signals })
    }

    /// A group's name was typed, or has come: Tab completes it from now on.
    pub(super) fn seen(&self, group: &str) {
        let unfit = |character: char| character.is_whitespace() || Reader::Terminal.obeys(character);
        if !group.is_empty() && !group.contains(unfit) {
            self.0.seen(group);
        }
    }

    /// Ends the editing, and restores the terminal's modes. Waits a moment for what is being shown.
    pub(super) async fn close(self, at_once: fn(&[u8]) -> io::Result<()>) {
        let editing = self.0.end();
        let screen = self.0.clone();
        let shown = task::spawn_blocking(move || {
            // The cursor leaves the line, and a text that is pasted is no longer marked as one.
            let last = if editing { "\x1b[?2004l\n" } else { "" };
            let _ = screen.show(last, at_once);
        });
        let _ = timeout(LAST, shown).await;
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The thread's loop: reads lines until the user leaves, or the client is over.
fn read(screen: &Screen, mut editor: Editor<Hand, MemHistory>, lines: &mpsc::Sender<io::Result<Line>>) {
    let send = |line| block_on(lines.send(line)).is_ok();
    while screen.begin() {
        let goes_on = match editor.readline(PROMPT) {
            Ok(text) => {
                screen.rest();
                // A text that was pasted may have several.
                text.split(['\n', '\r']).all(|line| send(Ok(line_of(line))))
            }
            Err(ReadlineError::Interrupted) => screen.rest(),
            // Bytes that are not UTF-8: the line is dropped.
            Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                screen.rest();
                true
            }
            Err(ReadlineError::Eof) => false,
            Err(error) => {
                let error = match error {
                    ReadlineError::Io(error) => error,
                    other => io::Error::other(other),
                };
                send(Err(explain("read from the terminal", error)));
                false
            }
        };
        if !goes_on {
            break;
        }
    }
    screen.end();
    // Only now: a thread that waits to hand over a text gets an error, and finds that the editing is over.
    drop(editor);
}

/// What rustyline asks while a line is edited.
struct Hand {
    screen: Arc<Screen>,
    /// The next drawing is because of a key. Rustyline calls `highlight_char` before each drawing of this kind.
    /// When it has shown a text, it draws the line again below that, without the call: so the screen learns that
    /// the text is shown.
    drawn_for_key: Cell<bool>,
}

impl Helper for Hand {}

impl Validator for Hand {}

impl Hinter for Hand {
    type Hint = String;

    fn hint(&self, line: &str, _cursor: usize, _: &Context<'_>) -> Option<String> {
        self.screen.drawn(line);
        None
    }
}

impl Highlighter for Hand {
    fn highlight<'l>(&self, line: &'l str, _cursor: usize) -> Cow<'l, str> {
        if !self.drawn_for_key.take() {
            self.screen.text_shown();
        }
        Cow::Borrowed(line)
    }

    fn highlight_char(&self, _line: &str, _cursor: usize, _: CmdKind) -> bool {
        self.drawn_for_key.set(true);
        true
    }
}

impl Completer for Hand {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(self.screen.with_names(|names| complete(&line[..cursor], names)))
    }
}

/// Completes the last word of a text: the first is a command, the second a group's name. Returns where the word
/// begins, and what it may be.
fn complete(text: &str, names: &BTreeSet<String>) -> (usize, Vec<Pair>) {
    let begin = text
        .rfind(char::is_whitespace)
        .map_or(0, |at| text[at..].chars().next().map_or(at, |space| at + space.len_utf8()));
    let (before, word) = text.split_at(begin);
    let candidates = |names: &mut dyn Iterator<Item = &str>| {
        let fitting = names.filter(|name| name.starts_with(word));
        fitting.map(|name| Pair { display: name.to_owned(), replacement: format!("{name} ") }).collect()
    };
    let found = match before.trim() {
        "" => candidates(&mut ["history", "join", "post"].into_iter()),
        "history" | "join" | "post" => candidates(&mut names.iter().map(String::as_str)),
        _ => Vec::new(),
    };
    (begin, found)
}

fn editor() -> rustyline::Result<Editor<Hand, MemHistory>> {
    let config = Config::builder()
        .max_history_size(REMEMBERED)?
        .auto_add_history(true)
        // Rustyline shows no text while it waits for a second Tab.
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .keyseq_timeout(Some(REST_OF_A_KEY))
        // Without it rustyline would not call `highlight` where the environment says NO_COLOR.
        .color_mode(ColorMode::Forced)
        .build();
    let history = MemHistory::with_config(&config);
    Editor::with_history(config, history)
}

fn line_of(text: &str) -> Line {
    if text.len() > LONGEST_LINE { Line::TooLong } else { Line::Typed(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_completes_commands_and_then_groups() {
        let names = ["tea", "teapot", "coffee"].map(str::to_owned).into();
        let completed = |text: &str| {
            let (begin, found) = complete(text, &names);
            (begin, found.into_iter().map(|pair| pair.replacement).collect::<Vec<_>>())
        };
        assert_eq!(completed(""), (0, ["history ", "join ", "post "].map(str::to_owned).into()));
        assert_eq!(completed("  jo"), (2, vec!["join ".to_owned()]));
        assert_eq!(completed("post te"), (5, ["tea ", "teapot "].map(str::to_owned).into()));
        assert_eq!(completed("post\u{2003}c"), (7, vec!["coffee ".to_owned()]));
        assert_eq!(completed("post tea te"), (9, vec![]));
        assert_eq!(completed("leave te"), (6, vec![]));
    }
}
