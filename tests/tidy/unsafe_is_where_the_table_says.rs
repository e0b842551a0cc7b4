//! Only a few files have unsafe code, and docs/unsafe.md names each of them.
//!
//! The table is generated from the source: the file, its lines of code, how often it says `unsafe`,
//! and the reason in its `allow` attribute. `UPDATE=1 cargo test --test tidy unsafe` writes the table again.

use std::{env, fs};

use crate::source::{CRATES, Source, crate_sources, read, root};

const PAGE: &str = "docs/unsafe.md";
const HEAD: &str = "| file | lines of code | `unsafe` | what for |\n|---|--:|--:|---|\n";

#[test]
fn unsafe_is_where_the_table_says() {
    let mut table = HEAD.to_owned();
    for name in CRATES {
        for source in crate_sources(name) {
            let unsafe_words = source.count_word("unsafe");
            if !allows_unsafe(&source) {
                assert_eq!(unsafe_words, 0, "{} has unsafe code", source.path);
                continue;
            }
            table += &format!(
                "| `{}` | {} | {unsafe_words} | {} |\n",
                source.path,
                source.code_lines(),
                reason(&source)
            );
        }
    }
    let page = read(PAGE);
    let start = page.find(HEAD).expect("the page ends with the table");
    if page[start..] == table {
        return;
    }
    if env::var_os("UPDATE").is_some() {
        let updated = [&page[..start], &table].concat();
        fs::write(root().join(PAGE), updated).expect("the page can be written");
    } else {
        panic!(
            "the table in {PAGE} should be this \
             (UPDATE=1 cargo test --test tidy unsafe writes it):\n{table}"
        );
    }
}

/// Whether the file allows unsafe code, which the workspace denies.
fn allows_unsafe(source: &Source) -> bool {
    let code: String = source.shipped().map(|(_, line)| line.code.trim()).collect();
    code.contains("allow(unsafe_code")
}

/// The text of `reason = "..."` beside the first `allow(unsafe_code`.
fn reason(source: &Source) -> String {
    let reason = || {
        let (_, after) = source.text.split_once("unsafe_code")?;
        let (_, after) = after.split_once("reason = \"")?;
        Some(after.split_once('"')?.0)
    };
    let reason = reason().unwrap_or_else(|| panic!("{} gives no reason", source.path));
    // A string that continues on the next line is one line in the table.
    reason.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ")
}
