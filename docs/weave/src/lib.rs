//! Builds the book's pages: chapters that quote the source by name, and the source with its comments beside it.
//!
//! A book that holds copies of code goes stale without anyone noticing. mdBook can include a file by line
//! numbers or by marks: numbers shift with each edit, and marks for the book would clutter the runtime's files.
//! So a chapter names an item, and this program finds it in the source.
//!
//! ```text
//!   docs/book/src/*.md ──┐  chapter: a directive becomes the listing
//!   docs/map.md ─────────┼──▶ weave ──▶ target/book ──▶ mdbook ──▶ HTML
//!   */src/**/*.rs ───────┘     │    annotate: one page per file
//!                              └────▶ docs/chapters: the chapters as Markdown, for readers of the repository
//! ```
//!
//! - W1  The book's own files hold no copy of the source: a chapter names an item, and its text is read here.
//! - W2  A name that is not found or ambiguous, a listing that is too long, and an anchor that no chapter shows are
//!   each a [`Problem`], and a problem fails a test.
//! - W3  Weaving is a function of a [`Tree`] of texts, so that a test can weave a book of three lines.
//!
//! `cargo run -p weave` writes the pages; `docs/build` does that and calls mdBook. Read [`book`] first, which
//! has the whole; then [`chapter`] and [`annotate`], and below them [`items`] and [`source`].
//!
//! The programs that run the models are here too, since two of them read Rust: `models`, `seeded-faults` and
//! `weaken`, over [`models`]. So is the program `wrong-solutions`, which tries the exercises' tests on mistakes, over
//! [`wrong`].

pub mod anchors;
pub mod annotate;
pub mod book;
mod broken;
mod changes;
pub mod chapter;
pub mod console;
pub mod counterexample;
mod diff;
pub mod exhibit;
pub mod figures;
mod form;
pub mod items;
pub mod links;
pub mod markdown;
pub mod models;
mod names;
mod narrow;
pub mod pairs;
pub mod refused;
pub mod repository;
pub mod source;
pub mod tree;
pub mod wrong;

pub use book::{Kind, Problem, Woven, weave};
pub use tree::Tree;
