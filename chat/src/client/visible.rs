//! What others wrote, made fit to be shown: a message is one line, and does not drive the terminal.
//!
//! Otherwise a client that posts could clear the screen of every member, rename its window, or forge a line that
//! looks as if the server had sent it: by an escape sequence, a return to the line's beginning, a newline.
//! Such characters are shown in the form of a Rust string, `\u{1b}` or `\n`.
//!
//! A program that reads from a pipe does not obey escapes, and gets the text as it was sent. But newlines
//! tell it where a message ends, so two characters are made visible there too: `\n` and `\r`.
//!
//! Used by `client` and `client/output`. Next: `server/options`.

/// For whom text is made visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// A user at a terminal, which obeys control characters.
    Terminal,
    /// A program, or a file: lines are what counts.
    Program,
}

impl Reader {
    /// Appends what others wrote.
    pub(super) fn append(self, text: &str, into: &mut String) {
        for character in text.chars() {
            match self.obeys(character) {
                true => into.extend(character.escape_default()),
                false => into.push(character),
            }
        }
    }

    /// Whether this reader would obey it, instead of showing it as a character.
    fn obeys(self, character: char) -> bool {
        match self {
            // Also the separators of lines and paragraphs, and what turns the direction of writing.
            Reader::Terminal => {
                character.is_control()
                    || matches!(character, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            }
            Reader::Program => matches!(character, '\n' | '\r'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(reader: Reader, text: &str) -> String {
        let mut into = String::new();
        reader.append(text, &mut into);
        into
    }

    #[test]
    fn orders_are_shown() {
        let text = "\u{1b}[2J\u{7} a\rb\nc\0\u{7f}\u{9b}\t\u{202e}\u{e9}\u{1f375} \\";
        let terminal = r"\u{1b}[2J\u{7} a\rb\nc\u{0}\u{7f}\u{9b}\t\u{202e}é🍵 \";
        assert_eq!(shown(Reader::Terminal, text), terminal);
        assert_eq!(shown(Reader::Program, text), text.replace('\n', "\\n").replace('\r', "\\r"));
    }

    fn any_text() -> impl Strategy<Value = String> {
        let order =
            prop_oneof![0..0xa0_u32, 0x2000..0x2070_u32].prop_map(|code| char::from_u32(code).unwrap());
        prop::collection::vec(prop_oneof![order, any::<char>()], 0..40)
            .prop_map(|characters| characters.into_iter().collect())
    }

    proptest! {
        #[test]
        fn no_order_reaches_a_terminal(text in any_text()) {
            let shown = shown(Reader::Terminal, &text);
            prop_assert!(!shown.contains(char::is_control), "{shown:?}");
            prop_assert!(!shown.contains(|character| Reader::Terminal.obeys(character)), "{shown:?}");
        }

        #[test]
        fn a_program_gets_one_line_and_nothing_else_is_changed(text in any_text()) {
            let shown = shown(Reader::Program, &text);
            prop_assert!(!shown.contains(['\n', '\r']), "{shown:?}");
            prop_assert_eq!(shown, text.replace('\n', "\\n").replace('\r', "\\r"));
        }

        #[test]
        fn what_is_harmless_stays_as_it_is(text in r"[ -~\u{a1}-\u{ac}\u{370}-\u{377}\u{1f300}-\u{1f5ff}]*") {
            prop_assert_eq!(shown(Reader::Terminal, &text), text);
        }
    }
}
