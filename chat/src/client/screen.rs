//! The screen of a terminal on which a line is being edited: what is printed appears above that line.
//!
//! What is printed would land in the middle of the line that is being typed. Only the thread that edits the line
//! knows where the cursor is, so a text is handed to that thread; while no line is edited it is written at once.
//!
//! ```text
//!   the thread: Resting ──▶ Starting ──▶ Editing ──▶ a line ──▶ the loop for the commands
//!                  ▲    (readline begins)   │
//!                  └────────────────────────┘        Over: Control-D, or the end of the client
//!
//!   show: Resting, Over ──▶ written at once; Editing ──▶ handed to rustyline, and waited for
//! ```
//!
//! - T1  Nothing is written to the terminal between the beginning of a readline and its first drawing.
//! - T2  `show` returns when the text is on the terminal. Rustyline holds a text that was handed over until the
//!   user types no more for a moment; if the user leaves instead, it is written after that.
//! - T3  The terminal stays in raw mode from line to line: otherwise the system would act on a Control-D between
//!   two lines, and the client would never see it.
//! - T4  The terminal's modes are restored when the editing ends, also if the thread is in the middle of a line: such a
//!   read cannot be ended from outside, and the process exits with it.
//! - T5  A note does not block its caller: another thread shows it. At most [`NOTES`] wait; the others are counted.
//!
//! Used by `client/output` and `client/terminal`. Next: `client/terminal`.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use executor::task;
use rustix::termios::{InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// The names of groups that are kept: this many, none longer than this many bytes.
const NAMES: usize = 1000;
const LONGEST_NAME: usize = 200;

/// How many notes wait to be shown, at most.
const NOTES: usize = 64;

/// How long the end waits for a readline to have begun.
const BEGUN: Duration = Duration::from_millis(500);

/// The screen that edits a line, if there is one: the notes of the whole process go there.
static SCREEN: Mutex<Option<Arc<Screen>>> = Mutex::new(None);

/// Returns the screen on which a line is being edited.
pub(super) fn screen() -> Option<Arc<Screen>> {
    lock(&SCREEN).clone()
}

/// What the threads share that read lines and show texts.
pub(super) struct Screen {
    /// The terminal's modes at the beginning.
    modes: Termios,
    state: Mutex<State>,
    changed: Condvar,
    /// Hands a text to the thread that edits the line. Held by the one that shows something.
    hand_over: Mutex<HandOver>,
    notes: Mutex<Notes>,
}

/// Takes a text that is to be shown above the line.
pub(super) type HandOver = Box<dyn FnMut(String) + Send>;

#[derive(Default)]
struct State {
    stage: Stage,
    /// Something is written at once: editing must not begin (T1).
    writing: bool,
    /// How many texts rustyline has shown.
    shown: u64,
    /// How many lines were begun.
    lines: u64,
    /// Something is typed on the line that is edited.
    typed: bool,
    names: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Stage {
    #[default]
    Resting,
    Starting,
    Editing,
    Over,
}

#[derive(Default)]
struct Notes {
    waiting: VecDeque<String>,
    dropped: u64,
    /// A thread shows them.
    showing: bool,
}

impl Screen {
    /// # Errors
    ///
    /// Stdin is no terminal.
    pub(super) fn new(hand_over: HandOver) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            modes: tcgetattr(io::stdin())?,
            state: Mutex::default(),
            changed: Condvar::new(),
            hand_over: Mutex::new(hand_over),
            notes: Mutex::default(),
        }))
    }

    /// From now on `screen` returns it, until it is over.
    pub(super) fn publish(self: &Arc<Self>) {
        *lock(&SCREEN) = Some(self.clone());
    }

    /// A group's name was seen.
    pub(super) fn seen(&self, group: &str) {
        let mut state = self.lock();
        let room = state.names.len() < NAMES && group.len() <= LONGEST_NAME;
        if room && !state.names.contains(group) {
            state.names.insert(group.to_owned());
        }
    }

    /// Returns what a function makes of the names that were seen.
    pub(super) fn with_names<T>(&self, f: impl FnOnce(&BTreeSet<String>) -> T) -> T {
        f(&self.lock().names)
    }

    /// Shows a text above the line that is being edited, or writes it `at_once` if none is. Blocks until it is
    /// done (T2).
    ///
    /// # Errors
    ///
    /// The error of `at_once`.
    pub(super) fn show(&self, text: &str, at_once: fn(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut hand_over = lock(&self.hand_over);
        let mut state = self.wait_while(self.lock(), |state| state.stage == Stage::Starting);
        if state.stage == Stage::Editing {
            let (shown, lines) = (state.shown, state.lines);
            drop(state);
            hand_over(text.to_owned());
            let waits =
                |state: &State| state.shown == shown && state.lines == lines && state.stage != Stage::Over;
            state = self.wait_while(self.lock(), waits);
            if state.shown != shown || state.stage != Stage::Over {
                return Ok(());
            }
        }
        state.writing = true;
        drop(state);
        let written = at_once(text.as_bytes());
        self.lock().writing = false;
        self.changed.notify_all();
        written
    }

    /// Shows a note, which ends with a newline, from another thread (T5).
    pub(super) fn note(self: Arc<Self>, note: String, at_once: fn(&[u8]) -> io::Result<()>) {
        let mut notes = lock(&self.notes);
        if notes.waiting.len() == NOTES {
            notes.dropped += 1;
        } else {
            notes.waiting.push_back(note);
        }
        if !mem::replace(&mut notes.showing, true) {
            drop(notes);
            drop(task::spawn_blocking(move || self.show_notes(at_once)));
        }
    }

    fn show_notes(&self, at_once: fn(&[u8]) -> io::Result<()>) {
        loop {
            let mut notes = lock(&self.notes);
            let mut text: String = notes.waiting.drain(..).collect();
            match mem::take(&mut notes.dropped) {
                0 => {}
                dropped => text.push_str(&format!("{dropped} notes were dropped here.\n")),
            }
            notes.showing = !text.is_empty();
            drop(notes);
            if text.is_empty() {
                return;
            }
            // A terminal that takes nothing has nobody to tell.
            let _ = self.show(&text, at_once);
        }
    }

    /// Begins a line. Returns false if it is over.
    pub(super) fn begin(&self) -> bool {
        let mut state = self.wait_while(self.lock(), |state| state.writing);
        if state.stage == Stage::Over {
            return false;
        }
        // T3. If it fails, readline will fail too.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &raw(&self.modes));
        state.stage = Stage::Starting;
        state.lines += 1;
        true
    }

    /// The line was ended. Returns false if the user leaves: by an interrupt of a line where nothing is typed.
    pub(super) fn rest(&self) -> bool {
        let mut state = self.lock();
        if state.stage != Stage::Over {
            state.stage = Stage::Resting;
        }
        self.changed.notify_all();
        mem::take(&mut state.typed)
    }

    /// The line was drawn: it was begun, or its text has changed.
    pub(super) fn drawn(&self, line: &str) {
        let mut state = self.lock();
        state.typed = !line.is_empty();
        if state.stage == Stage::Starting {
            state.stage = Stage::Editing;
            self.changed.notify_all();
        }
    }

    /// A text was shown above the line.
    pub(super) fn text_shown(&self) {
        self.lock().shown += 1;
        self.changed.notify_all();
    }

    /// Ends the editing (T4). Returns whether a line was being edited.
    pub(super) fn end(&self) -> bool {
        *lock(&SCREEN) = None;
        let starting = |state: &mut State| state.stage == Stage::Starting;
        let (mut state, _) = self
            .changed
            .wait_timeout_while(self.lock(), BEGUN, starting)
            .unwrap_or_else(PoisonError::into_inner);
        let stage = mem::replace(&mut state.stage, Stage::Over);
        // If it fails, the terminal is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.modes);
        drop(state);
        self.changed.notify_all();
        matches!(stage, Stage::Starting | Stage::Editing)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn wait_while<'a>(
        &self,
        state: MutexGuard<'a, State>,
        mut waits: impl FnMut(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_while(state, |state| waits(state));
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the modes that rustyline sets, too: each key is read at once, and the system does not act on it.
fn raw(modes: &Termios) -> Termios {
    let mut raw = modes.clone();
    let by_line = LocalModes::ECHO | LocalModes::ICANON | LocalModes::IEXTEN | LocalModes::ISIG;
    raw.local_modes.remove(by_line);
    raw.input_modes.remove(InputModes::BRKINT | InputModes::ICRNL | InputModes::INPCK);
    raw.input_modes.remove(InputModes::ISTRIP | InputModes::IXON);
    raw
}

/// Locks. A poisoned lock does no harm: nothing that runs under one leaves its value half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
