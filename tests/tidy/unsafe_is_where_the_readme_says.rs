//! Only a few files have unsafe code, and the README names each of them.
//!
//! The README's table is generated from the source: the file, its lines of code, how often it says `unsafe`,
//! and the reason in its `allow` attribute. `UPDATE=1 cargo test --test tidy` writes the table again.

use std::{env, fs};

use crate::source::{CRATES, Source, crate_sources, read, root};

const HEAD: &str = "| file | lines of code | `unsafe` | what for |\n|---|--:|--:|---|\n";

#[test]
fn unsafe_is_where_the_readme_says() {
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
    let readme = read("README.md");
    let start = readme.find(HEAD).expect("the README has the table's head");
    let length = readme[start..].find("\n\n").expect("a blank line ends the table") + 1;
    if readme[start..start + length] == table {
        return;
    }
    if env::var_os("UPDATE").is_some() {
        let updated = [&readme[..start], &table, &readme[start + length..]].concat();
        fs::write(root().join("README.md"), updated).expect("the README can be written");
    } else {
        panic!(
            "the README's table of unsafe files should be this \
             (UPDATE=1 cargo test --test tidy writes it):\n{table}"
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
