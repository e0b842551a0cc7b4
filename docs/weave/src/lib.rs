//! Weaves the book: chapters that quote the source by name, and the source with its comments beside it.
//!
//! ```text
//!   docs/book/src/*.md ──┐  chapter: a directive becomes the listing
//!   README's map ────────┼──▶ weave ──▶ target/book ──▶ mdbook ──▶ HTML
//!   */src/**/*.rs ───────┘  annotate: a page a file
//! ```
//!
//! W1  The book holds no copy of the source: a chapter names an item, and its text is taken here.
//! W2  What is not found, ambiguous, too long or unused is a [`Problem`], and a problem fails a test.
//! W3  Weaving is a function of a [`Tree`] of texts, so that a test can weave a book of three lines.
//!
//! `cargo run -p weave` writes the woven pages; `docs/build` does that and calls mdBook. Read on in
//! [`book`], the whole; then [`chapter`], [`annotate`], and below them [`items`] and [`source`].
//!
//! What reads Rust for the checks is here too: the programs `seeded-faults` and `weaken`, over [`models`].

pub mod anchors;
pub mod annotate;
pub mod book;
pub mod chapter;
pub mod console;
pub mod figures;
pub mod items;
pub mod links;
pub mod models;
pub mod readme;
pub mod source;
pub mod tree;

pub use book::{Kind, Problem, Woven, weave};
pub use tree::Tree;
