use crate::{all::Samples, rows::Row};
pub fn benchmarks(_: &[&Row], _: &Samples, _: usize, _: &str, _: &str) -> String { String::new() }
