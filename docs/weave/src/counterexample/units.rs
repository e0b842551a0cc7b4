//! The constants that a packed value is made of: 1042 in `State` is `RUNNING + HANDLE + 2 REFERENCE`.
//!
//! A state with a reference count in one word is one number in a run. Its parts have names in the source: the
//! constants at the top of the file whose code makes the step, if one of them is 1, the smallest part. So no decoder
//! has to be kept beside the source.
//!
//! Called by `page`. Next: `excerpt`.

/// The names and values of a file's parts, the largest first; none if its constants are no parts of a value.
#[must_use]
pub fn units(text: &str) -> Vec<(&str, u64)> {
    let mut units: Vec<(&str, u64)> = text.lines().filter_map(constant).collect();
    units.sort_by_key(|&(_, value)| std::cmp::Reverse(value));
    if units.iter().any(|&(_, value)| value == 1) { units } else { Vec::new() }
}

/// `pub(super) const NOTIFIED: u8 = 1;`
fn constant(line: &str) -> Option<(&str, u64)> {
    let (name, rest) = without_visibility(line).strip_prefix("const ")?.split_once(": ")?;
    let (kind, value) = rest.strip_suffix(';')?.split_once(" = ")?;
    if !matches!(kind, "usize" | "u64" | "u32" | "u8") {
        return None;
    }
    let value = match value.strip_prefix("1 << ") {
        Some("(usize::BITS / 2)") => 1 << (usize::BITS / 2),
        Some(shift) => 1_u64.checked_shl(shift.parse().ok()?)?,
        None => value.parse().ok()?,
    };
    Some((name, value))
}

/// An item's line without `pub` or `pub(super)`.
pub(super) fn without_visibility(line: &str) -> &str {
    match line.strip_prefix("pub") {
        Some(line) => line.trim_start_matches(|c| c != ' ').trim_start(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_constants_at_the_top() {
        let text = "const QUEUED: usize = 1;\npub(super) const REFERENCE: usize = 1 << 9;\n/// A const X: u8 = 4;\n    const IN: u8 = 7;\nconst MOST: usize = usize::MAX / 2;\n";
        assert_eq!(units(text), [("REFERENCE", 512), ("QUEUED", 1)]);
        assert_eq!(units("const MANY: usize = 64;\n"), []);
    }
}
