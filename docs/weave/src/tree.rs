//! The files of the project as texts by path, so that a test can build a book from a few lines, without a disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The folders that are not read: built files, git's own files, and packages of node.
const LEFT_OUT: [&str; 3] = ["target", ".git", "node_modules"];

/// Files by their path from the root, `executor/src/local/mod.rs`. A file that is not UTF-8 has an empty text.
#[derive(Debug)]
pub struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads all files under `root`.
    ///
    /// # Panics
    ///
    /// If a folder or a file cannot be read.
    pub fn load(root: &Path) -> Tree {
        let mut files = BTreeMap::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let entries =
                fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            for entry in entries {
                let path = entry.expect("a folder's entry can be read").path();
                let name =
                    path.strip_prefix(root).expect("it is under the root").to_string_lossy().into_owned();
                if !path.is_dir() {
                    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
                    files.insert(name, String::from_utf8(bytes).unwrap_or_default());
                } else if !LEFT_OUT.iter().any(|left| path.ends_with(left)) {
                    folders.push(path);
                }
            }
        }
        Tree { files }
    }

    /// Makes a tree of a few files, for tests.
    pub fn of(files: &[(&str, &str)]) -> Tree {
        let owned = |&(path, text): &(&str, &str)| (path.to_owned(), text.to_owned());
        Tree { files: files.iter().map(owned).collect() }
    }

    /// Returns the text of a file, or `None` if there is no such file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Returns whether there is a file, or a folder, of that name.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.contains_key(path) || self.under(&folder).next().is_some()
    }

    /// Returns the files whose path begins with `start`, sorted.
    pub fn under<'a>(&'a self, start: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let from = self.files.range(start.to_owned()..);
        from.take_while(move |(path, _)| path.starts_with(start))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }
}
