//! The public interface as programs use it: this compiles, and each call keeps its shape.

mod auto_traits;
mod chapter;
mod odd_uses;
mod shapes;
