//! What the source calls an object: `Sleep.counts` for `self.counts.load(..)` in `impl Sleep`.
//!
//! loom numbers its objects, and a step has a place in the source. The name is what stands before the method's name
//! there, so no list of names has to be kept beside the source. A field of `self` alone would say little, `more` or
//! `state`, so its type is found too.
//!
//! Called by `told`; `excerpt` reads names too. Next: `stored`.

/// The name of what a method is called on, `Sleep.counts` for `self.counts.load` in `impl Sleep`, or of a function's
/// argument, `DRIVER` for `lock(&DRIVER)`. Line and column count from 1.
pub(super) fn name_before(lines: &[String], line: usize, column: usize) -> Option<String> {
    let text = lines.get(line - 1)?;
    let (before, after) = (text.get(..column - 1)?, text.get(column - 1..)?);
    let owner = match before.trim_end().strip_suffix('.') {
        Some(receiver) if receiver.trim().is_empty() => lines.get(line.checked_sub(2)?)?,
        Some(receiver) => receiver,
        None => after.split_once('(')?.1.split(')').next()?,
    };
    // An element of an array is told by the array's name.
    let owner =
        owner.strip_suffix(']').and_then(|owner| owner.rsplit_once('[')).map_or(owner, |(owner, _)| owner);
    let owner = owner.trim_end_matches(|c: char| !is_name(c));
    let path = &owner[owner.rfind(|c: char| !is_name(c) && c != '.').map_or(0, |at| at + 1)..];
    let is_number = |part: &&str| part.chars().all(|c| c.is_ascii_digit());
    let fields: Vec<&str> = path.split('.').filter(|part| !is_number(part)).collect();
    match fields[..] {
        // A field without a name is told by its type's.
        ["self"] => type_around(lines, line),
        ["self", field] => {
            Some(type_around(lines, line).map_or(field.to_owned(), |of| format!("{of}.{field}")))
        }
        [.., field] => Some(field.to_owned()),
        [] => None,
    }
}

/// The type in whose `impl` a line is, or the trait.
fn type_around(lines: &[String], line: usize) -> Option<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let inside = indent(lines.get(line - 1)?);
    let head = |line: &String| {
        let head = line.trim_start();
        let is_around = indent(line) < inside && !head.is_empty();
        let begins = |word: &str| head.split(|c| !is_name(c)).any(|other| other == word);
        (is_around && (head.starts_with("impl") || begins("trait"))).then(|| head.to_owned())
    };
    let head = lines[..line].iter().rev().find_map(head)?;
    let name = match (head.split_once("trait "), head.split_once(" for ")) {
        (Some((_, name)), _) | (None, Some((_, name))) => name,
        (None, None) => head.strip_prefix("impl")?.trim_start_matches(|c: char| c != ' ' && c != '>'),
    };
    let name = name.split(['<', '{']).find(|name| !name.trim_matches([' ', '>']).is_empty())?;
    name.split(|c| !is_name(c)).rfind(|name| !name.is_empty()).map(str::to_owned)
}

pub(super) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_the_name_that_stands_before_the_method() {
        let lines: Vec<String> = "impl<T> Slot<T> {
    self.counts.load(Acquire)
    lock(&self.idle)
    self.0.swap(x)
    self.word
        .store(1)
    lock(&WORLD.0)
    self.parkers[worker].get()
}
impl<T: Into<X>> Wake for own::Queue<T> {
    fn wake() { state.value.load(x) }
    self.tasks.0.load(x)"
            .lines()
            .map(str::to_owned)
            .collect();
        let name = |line, column| name_before(&lines, line, column).unwrap();
        assert_eq!(name(2, 17), "Slot.counts");
        assert_eq!(name(3, 5), "Slot.idle");
        assert_eq!(name(4, 12), "Slot");
        assert_eq!(name(6, 10), "Slot.word");
        assert_eq!(name(7, 5), "WORLD");
        assert_eq!(name(8, 26), "Slot.parkers");
        assert_eq!(name(11, 29), "value");
        assert_eq!(name(12, 18), "Queue.tasks");
    }
}
