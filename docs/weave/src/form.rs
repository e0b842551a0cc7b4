//! The two forms of a chapter: a page of the book, and Markdown that can be read in the repository.
//!
//! A reader meets the project in its repository, where no book has been built. A host such as GitHub shows Markdown
//! there, but has neither the book's style nor its built pages. So a chapter is woven a second time, for that place:
//!
//! ```text
//!                          in the book                     in the repository
//!   a listing              leads to its annotated page     leads to its file
//!   a picture              inlined, in the page's colours  an image, with colours of its own
//!   a source file          its annotated page              the file
//!   an exhibit             museum/NAME.md                  docs/museum/exhibits/NAME.md
//!   a counterexample       counterexamples/NAME.html       docs/counterexamples/NAME.txt
//!   what is only built     a link                          the text, and where it is
//! ```
//!
//! - F1  In the repository a listing names its item, and neither it nor a link has the number of a line. Otherwise
//!   each line that is added to a source file would change every chapter that quotes what is below it.
//!
//! Called by `chapter` and `broken`. Next: `repository`.

use crate::links;

/// Where a chapter is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// In the book that mdBook builds.
    Book,
    /// In the repository, where Markdown is shown and nothing is built.
    Repository,
}

/// Where the chapters for the repository are.
pub(crate) const FOLDER: &str = "docs/chapters/";

/// The folders of the book whose pages exist only when it is built. What stands for some of them is below.
const BUILT: [&str; 4] = ["counterexamples/", "museum/", "recorded/", "source/"];

/// A page, in one of the forms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The page's name in the book: `05-run-queue.md`.
    pub(crate) page: &'a str,
    pub(crate) form: Form,
}

impl Place<'_> {
    /// A link to a page of the book, or to what stands for it here.
    pub(crate) fn link(self, to: &str, text: &str) -> String {
        match self.target(to) {
            Some(target) => format!("[{text}]({target})"),
            None => only_in_the_book(text),
        }
    }

    /// The target of such a link, or `None` if nothing stands for that page here.
    pub(crate) fn target(self, to: &str) -> Option<String> {
        if self.form == Form::Book {
            return Some(links::relative(self.page, to));
        }
        let path = |folder: &str| to.strip_prefix(folder).and_then(|name| name.rsplit_once('.'));
        let file = match to {
            "source/core.md" => "docs/map.md#the-core-path".to_owned(),
            "source/rest.md" => "docs/map.md#the-rest-of-the-source".to_owned(),
            "source/programs.md" => "docs/examples.md".to_owned(),
            _ => match (path("museum/"), path("counterexamples/")) {
                (Some((name, "md")), _) => format!("docs/museum/exhibits/{name}.md"),
                (_, Some((name, "html"))) => format!("docs/counterexamples/{name}.txt"),
                _ if BUILT.iter().any(|folder| to.starts_with(folder)) => return None,
                _ => return Some(to.to_owned()),
            },
        };
        Some(self.to_file(&file))
    }

    /// The target, in the repository, of a link to a file.
    pub(crate) fn to_file(self, file: &str) -> String {
        links::between(&format!("{FOLDER}{}", self.page), file)
    }
}

/// The text of a link to what only the built book has.
pub(crate) fn only_in_the_book(text: &str) -> String {
    match text.strip_suffix('.') {
        Some(sentence) => format!("{sentence}, in the built book."),
        None => format!("{text} (in the built book)"),
    }
}

#[test]
fn a_link_leads_to_what_stands_for_the_page() {
    let (book, repository) =
        (Place { page: "a.md", form: Form::Book }, Place { page: "a.md", form: Form::Repository });
    for (to, in_repository) in [
        ("b.md", "[it](b.md)"),
        ("museum/c.md", "[it](../museum/exhibits/c.md)"),
        ("counterexamples/c--d.html", "[it](../counterexamples/c--d.txt)"),
        ("source/core.md", "[it](../map.md#the-core-path)"),
        ("source/orderings.md", "it (in the built book)"),
        ("museum/c-with.html", "it (in the built book)"),
        ("counterexamples/c--d.html#quiz", "it (in the built book)"),
    ] {
        assert_eq!(book.link(to, "it"), format!("[it]({to})"));
        assert_eq!(repository.link(to, "it"), in_repository);
    }
    assert_eq!(repository.link("recorded/t.html", "Open it."), "Open it, in the built book.");
    assert_eq!(repository.to_file("executor/src/a.rs"), "../../executor/src/a.rs");
}
