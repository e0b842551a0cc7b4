//! Just enough JSON to write a recording. A crate for it would be a dependency of every program on the runtime.
//!
//! Called by `html` and `chrome`. Next: `trace::html`.

use std::fmt::Write;

/// A string, in quotes. Its `<` are escaped: `</script>` would end the page's script element.
pub(super) fn string(text: &str) -> String {
    let mut json = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '<' | '\0'..=' ' if character != ' ' => {
                let _ = write!(json, "\\u{:04x}", u32::from(character)); // Cannot fail.
            }
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}

/// The value, or `null`.
pub(super) fn or_null(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

/// A list of values.
pub(super) fn list(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.collect::<Vec<_>>().join(",\n"))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        assert_eq!(string("käse \"x\" \\ \n\u{1}</script>"), r#""käse \"x\" \\ \u000a\u0001\u003c/script>""#);
        assert_eq!(or_null(None::<u8>), "null");
        assert_eq!(list(["1", "2"].map(str::to_owned).into_iter()), "[1,\n2]");
    }
}
