use crate::{all::Samples, rows::Row};
pub fn bars(_: &[&Row], _: &Samples) -> Vec<(String, String)> { vec![] }
