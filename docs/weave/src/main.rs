//! Writes the book's pages for mdBook: `cargo run -p weave`. The script `docs/build` also calls mdBook.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use weave::source::root;
use weave::{Kind, Tree, weave};

/// Writes a file, with the folders above it.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().expect("every file is in a folder"))?;
    fs::write(path, text)
}

fn main() -> ExitCode {
    let tree = Tree::load(root());
    let woven = weave(&tree);
    // An anchor that no chapter shows does not harm the book: only the tests report it.
    let problems: Vec<_> =
        woven.problems.iter().filter(|problem| problem.kind != Kind::UnusedAnchor).collect();
    for problem in &problems {
        eprintln!("{problem}");
    }
    let to = root().join("target/book");
    let written = || -> std::io::Result<()> {
        if to.exists() {
            fs::remove_dir_all(&to)?;
        }
        for (page, text) in &woven.pages {
            write(&to.join("src").join(page), text)?;
        }
        for (path, text) in tree.under("docs/book/").filter(|(path, _)| !path.starts_with("docs/book/src/")) {
            write(&to.join(&path["docs/book/".len()..]), text)?;
        }
        Ok(())
    };
    match written() {
        Err(error) => {
            eprintln!("cannot write {}: {error}", to.display());
            ExitCode::FAILURE
        }
        Ok(()) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
    }
}
