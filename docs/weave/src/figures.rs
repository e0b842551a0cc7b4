//! Figures in the prose, taken from the tables of `docs/benchmarks.md` and `docs/schedulers.md`, and from the source.
//!
//! A figure that is typed into a chapter is wrong after the next measurement. So a chapter names the cell of the
//! table, and the figure in it is the one measured last. The length of a file is counted when the book is built.
//!
//! ```text
//!   {{wall spawn_pool | ours}}     76.9 ns     nanoseconds of wall time: the figure before the brackets
//!   {{cpu spawn_pool | ours}}      124 ns      of processor time: the figure in the brackets
//!   {{cell mem | ours}}            88          the figure as it is in the table
//!   {{lines examples/x.rs}}        201         the lines of code of a file: no comments, blank lines or tests
//! ```
//!
//! A row is named by its first characters. If several rows begin with them, the first is used.

use crate::links;

/// Returns a line of prose with the figures filled in. `lines` counts the lines of code of a file.
///
/// # Errors
///
/// A message that names the row, column or file that is missing.
pub fn fill(line: &str, tables: &str, lines: impl Fn(&str) -> Option<usize>) -> Result<String, String> {
    let mut woven = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("{{") {
        let (asked, after) = after.split_once("}}").ok_or("a figure is not closed")?;
        let (kind, place) = asked.split_once(' ').unwrap_or((asked, ""));
        woven.push_str(before);
        rest = after;
        if kind == "lines" {
            let count = lines(place.trim()).ok_or_else(|| format!("there is no {place}"))?;
            woven.push_str(&count.to_string());
            continue;
        }
        let (row, column) = place.split_once('|').ok_or_else(|| format!("no such figure: {asked}"))?;
        let cell = cell(tables, row.trim(), column.trim())?;
        let (wall, cpu) = cell.split_once(" (").unwrap_or((&cell, ""));
        // A cell may go on, as in `2,313, 0.61 ms late`.
        let wall = wall.split(", ").next().expect("a split has a first part");
        match kind {
            "wall" => woven.push_str(&with_unit(wall)),
            "cpu" if !cpu.is_empty() => woven.push_str(&with_unit(cpu.trim_end_matches(')'))),
            "cell" => woven.push_str(wall),
            _ => return Err(format!("no such figure: {asked}")),
        }
    }
    Ok(woven + rest)
}

fn with_unit(figure: &str) -> String {
    let bare = figure.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
    if bare { format!("{figure} ns") } else { figure.to_owned() }
}

fn cell(tables: &str, row: &str, column: &str) -> Result<String, String> {
    let mut heads: Vec<String> = Vec::new();
    let mut before = Vec::new();
    let mut found = None;
    links::outside_fences(tables, |line| {
        let cells: Vec<String> =
            line.trim_matches('|').split('|').map(|cell| cell.replace("**", "").trim().to_owned()).collect();
        let is_rule = line.starts_with("|--") || line.starts_with("| -");
        if is_rule {
            heads = std::mem::take(&mut before);
        } else if line.starts_with('|') && found.is_none() && cells[0].starts_with(row) {
            let at = heads.iter().position(|head| head == column);
            found = at.and_then(|at| cells.get(at)).cloned();
        }
        before = cells;
        String::new()
    });
    found.ok_or_else(|| format!("no table has a {column} of {row}"))
}

#[test]
fn figures_come_from_the_tables() {
    let tables = "# B\n\n| | ours | threads |\n|---|---|---|\n| **spawn**: of many | 76.9 (124) | 49.4 µs (68.8 µs) |\n\
                  | **mem**: bytes | 88 | 10011 |\n\n| | a task |\n|---|---|\n| create one | 97.7 |\n| late | 1475, 1 ms |\n\
                  | many | 3,494 (5,347) |\n| later | 2,313, 0.61 ms late |\n";
    let filled = |line: &str| fill(line, tables, |file| (file == "a.rs").then_some(7));
    assert_eq!(filled("a {{wall spawn | ours}} b {{cpu spawn | ours}}.").unwrap(), "a 76.9 ns b 124 ns.");
    assert_eq!(filled("{{wall spawn | threads}}").unwrap(), "49.4 µs");
    assert_eq!(filled("{{cell mem | ours}} {{wall create one | a task}}").unwrap(), "88 97.7 ns");
    assert_eq!(filled("{{wall late | a task}}").unwrap(), "1475 ns");
    assert_eq!(filled("{{wall many | a task}}, {{cpu many | a task}}").unwrap(), "3,494 ns, 5,347 ns");
    assert_eq!(filled("{{wall later | a task}}").unwrap(), "2,313 ns");
    assert_eq!(filled("In {{lines a.rs}} lines.").unwrap(), "In 7 lines.");
    assert!(filled("{{lines b.rs}}").is_err());
    assert!(filled("{{wall spawn | smol}}").is_err());
    assert!(filled("{{wall drop | ours}}").is_err());
    assert!(filled("{{cpu mem | ours}}").is_err());
}
