//! Text from other clients is made safe to print: a message is one line, and cannot control the terminal.
//!
//! Without this file a client could clear the screen of every member with an escape sequence, rename the
//! window, or forge a line that looks as if the server had sent it, with a newline or a return to the start
//! of the line. Such characters are shown as in a Rust string, `\u{1b}` or `\n`.
//!
//! A program that reads from a pipe does not obey escape sequences, and gets the text as it was sent. But
//! newlines show it where a message ends, so two characters are made visible there too: `\n` and `\r`.
//!
//! Used by `client/session`, `client/shown`, `client/output` and `client/terminal`. Next: `client/screen`.

/// The reader that a text is printed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// A user at a terminal, which obeys control characters.
    Terminal,
    /// A program, or a file. Only the ends of lines matter to it.
    Program,
}

impl Reader {
    /// Appends a text from another client.
    pub(super) fn append(self, text: &str, into: &mut String) {
        for character in text.chars() {
            match self.obeys(character) {
                true => into.extend(character.escape_default()),
                false => into.push(character),
            }
        }
    }

    /// Returns whether this reader would obey the character instead of showing it.
    pub(super) fn obeys(self, character: char) -> bool {
        match self {
            // The others separate lines and paragraphs, or change the direction of writing.
            Reader::Terminal => {
                character.is_control()
                    || matches!(character, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
                    || matches!(character, '\u{2066}'..='\u{2069}')
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
    fn control_characters_are_escaped() {
        let text = "\u{1b}[2J\u{7} a\rb\nc\0\u{7f}\u{9b}\t\u{202e}\u{e9}\u{1f375} \\";
        let terminal = r"\u{1b}[2J\u{7} a\rb\nc\u{0}\u{7f}\u{9b}\t\u{202e}é🍵 \";
        assert_eq!(shown(Reader::Terminal, text), terminal);
        assert_eq!(shown(Reader::Program, text), text.replace('\n', "\\n").replace('\r', "\\r"));
    }

    fn any_text() -> impl Strategy<Value = String> {
        let control =
            prop_oneof![0..0xa0_u32, 0x2000..0x2070_u32].prop_map(|code| char::from_u32(code).unwrap());
        prop::collection::vec(prop_oneof![control, any::<char>()], 0..40)
            .prop_map(|characters| characters.into_iter().collect())
    }

    proptest! {
        #[test]
        fn no_control_character_reaches_a_terminal(text in any_text()) {
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
