//! Tests of the book: what it quotes and what it links to exist, and the output that it shows is what
//! programs print.
//!
//! `docs/weave` describes how the book is woven; `bash docs/build` builds it.

mod chapters;
mod commands;
mod pages;
mod pictures;
mod questions;
