//! Tests of the book: what it quotes is there, what it links to is there, what it shows is what is printed.
//!
//! `docs/weave` says how the book is woven; `bash docs/build` builds it.

mod commands;
mod pages;
mod pictures;
