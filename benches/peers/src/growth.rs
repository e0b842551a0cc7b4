use std::path::Path;
pub fn growth(_: usize, _: &Path) -> Result<(), crate::all::Error> { Ok(()) }
