//! The public interface as programs use it: this compiles, and each call keeps its shape.

mod chapter;
mod odd_uses;
mod shapes;
