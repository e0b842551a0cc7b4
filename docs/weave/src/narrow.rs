//! The charts of the benchmarks in a second form, for a page as narrow as a phone's: the text keeps its size, and the
//! bars, curves and columns between the texts are moved together.
//!
//! ```text
//!   bars      name │█████████ 25,310         ──▶   name │████ 25,310
//!   curves    the plot, and the names beside it    the plot is narrower
//!   a table   six groups of columns in a row       two groups in a row, and the names of the rows again
//! ```
//!
//! A chart is drawn anew after each measurement, so its narrow form is derived from it, line by line: an element is a
//! line of the file. A picture is drawn by hand, and so is its narrow form, beside it in `docs/book/pictures/`.

use std::fmt::Write as _;

/// The width of the narrow form.
const WIDTH: f64 = 356.0;

/// Where a plot begins and ends in the wide form.
const PLOT: [f64; 2] = [90.0, 570.0];

/// Returns the narrow form of a chart, a line for each of its elements.
pub(crate) fn chart(svg: &str) -> String {
    let lines: Vec<&str> = svg.lines().collect();
    let (lines, height) = if svg.contains("class=\"heat") {
        table(&lines)
    } else {
        // The texts beside the plot need as much room as in the wide form.
        let to = if svg.contains("class=\"axis\"") { [64.0, 260.0] } else { [PLOT[0], 296.0] };
        (lines.iter().map(|line| plot(line, to)).collect(), number(svg, "height").unwrap_or(0.0))
    };
    let mut narrow = String::new();
    for line in lines {
        if line.starts_with("<svg") {
            let (_, rest) = line.split_once("role=").unwrap_or(("", "\"img\">"));
            writeln!(
                narrow,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
                 height=\"{height}\" role={rest}"
            )
            .expect("writing to a String cannot fail");
        } else {
            narrow.push_str(&line);
            narrow.push('\n');
        }
    }
    narrow
}

/// An element of bars or curves, with its x moved. `to` is where the plot begins and ends.
fn plot(line: &str, to: [f64; 2]) -> String {
    let share = (to[1] - to[0]) / (PLOT[1] - PLOT[0]);
    let moved = |x: f64| to[0] + (x - PLOT[0]) * share;
    if let Some(path) = attribute(line, "d") {
        return with(line, "d", &path_moved(path, moved, share));
    }
    let Some(x) = number(line, "x") else {
        return line.to_owned();
    };
    if line.contains("class=\"head\"") {
        return wrapped(line);
    }
    let is_curve = to[0] < PLOT[0];
    let legend = PLOT[1] + 16.0;
    let is_text = line.starts_with("<text");
    let new = match x {
        // A name before the plot.
        _ if is_text && x < 10.0 => x,
        // The names of the curves.
        _ if x >= legend && is_curve => x - legend + to[1] + 12.0 - if is_text { 2.0 } else { 0.0 },
        // A mark below the plot: smaller, and centred, for the next is close.
        _ if is_text && is_curve => {
            let centred = line.replace("class=\"small\"", "class=\"ratio\"").replace(" %<", "%<");
            return with(&centred, "x", &format!("{:.1}", moved(x + 10.0)));
        }
        // A figure five pixels after its bar.
        _ if is_text => moved(x - 5.0) + 5.0,
        _ => moved(x),
    };
    let line = with(line, "x", &format!("{new:.1}"));
    match number(&line, "width").filter(|_| x < legend) {
        Some(width) => with(&line, "width", &format!("{:.1}", width * share)),
        None => line,
    }
}

/// A path with absolute coordinates, and lines `h` and `V`.
fn path_moved(path: &str, moved: impl Fn(f64) -> f64, share: f64) -> String {
    let mut new = String::new();
    let mut number = String::new();
    let mut command = 'M';
    let mut is_x = true;
    for c in path.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_digit() || c == '.' {
            number.push(c);
            continue;
        }
        if let Ok(value) = number.parse::<f64>() {
            let value = match command {
                'h' => value * share,
                'M' | 'L' if is_x => moved(value),
                _ => value,
            };
            write!(new, "{value:.1}").expect("writing to a String cannot fail");
            is_x = !is_x;
            number.clear();
        }
        if c.is_ascii_alphabetic() {
            command = c;
            is_x = true;
        }
        new.push(c);
    }
    new.trim_end().to_owned()
}

/// A head that is longer than the width, in two lines.
fn wrapped(line: &str) -> String {
    let text = line.split_once('>').and_then(|(_, rest)| rest.split_once('<')).map_or("", |(text, _)| text);
    let Some(middle) = text
        .match_indices(' ')
        .map(|(at, _)| at)
        .filter(|_| text.chars().count() > 46)
        .min_by_key(|at| at.abs_diff(text.len() / 2))
    else {
        return line.to_owned();
    };
    let (first, second) = text.split_at(middle);
    let y = number(line, "y").unwrap_or(0.0);
    let at = |y: f64, text: &str| {
        let line = with(line, "y", &format!("{y}"));
        let opening = line.split_once('>').map_or("", |(opening, _)| opening);
        format!("{opening}>{}</text>", text.trim())
    };
    format!("{}\n{}", at(y - 5.0, first), at(y + 11.0, second))
}

/// A table of coloured cells: two groups of columns in a row, and the names of the rows before each two.
fn table(lines: &[&str]) -> (Vec<String>, f64) {
    // The wide form: where the first group begins, how far apart groups, cells, and tables are.
    let (first, group, cell, below) = (196.0, 114.0, 27.0, 278.0);
    let (names, narrow_group, narrow_cell) = (190.0, 85.0, 20.5);
    let (block, head) = (250.0, 36.0);
    let tables = lines.iter().filter(|line| line.contains("class=\"head\"")).count();
    let legend = f64::from(u32::try_from(tables).expect("a few")) * below;
    let height_of_table = head + 3.0 * block;
    let mut new = Vec::new();
    let mut entries = 0.0;
    let mut row = f64::from(u32::try_from(tables).expect("a few")) * height_of_table;
    for line in lines {
        let (Some(x), Some(y)) = (number(line, "x"), number(line, "y")) else {
            new.push((*line).to_owned());
            continue;
        };
        let at = |x: f64, y: f64| with(&with(line, "x", &format!("{x:.1}")), "y", &format!("{y:.1}"));
        if y >= legend {
            // What the colours mean: three in a row.
            if x < first {
                row += 60.0;
                entries = 0.0;
                new.push(at(x, row - 12.0));
                continue;
            }
            let (column, line_of) = (entries % 3.0, f64::trunc(entries / 3.0));
            let place = 4.0 + column * 112.0;
            if line.starts_with("<rect") {
                new.push(at(place, row + line_of * 24.0));
            } else {
                new.push(at(place + 32.0, row + 13.0 + line_of * 24.0));
                entries += 1.0;
                if (entries % 3.0, line_of) == (0.0, 1.0) {
                    row += 24.0;
                }
            }
            continue;
        }
        let number_of_table = f64::trunc(y / below);
        let top = number_of_table * height_of_table;
        let inside = y - number_of_table * below;
        if line.contains("class=\"head\"") {
            new.push(wrapped(&at(x, top + inside)));
        } else if x < first {
            new.extend([0.0, 1.0, 2.0].map(|part| at(x, top + head + part * block + inside - 22.0)));
        } else {
            let column = f64::trunc((x - first) / group);
            let part = f64::trunc(column / 2.0);
            let x = names + (column % 2.0) * narrow_group + (x - first - group * column) / cell * narrow_cell;
            let line = at(x, top + head + part * block + inside - 22.0);
            new.push(if number(&line, "width").is_some() { with(&line, "width", "19.5") } else { line });
        }
    }
    (new, row + 8.0)
}

/// The value of an attribute.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let opening = line.split('>').next()?;
    let from = opening.find(&format!(" {name}=\""))? + name.len() + 3;
    opening[from..].split('"').next()
}

fn number(line: &str, name: &str) -> Option<f64> {
    attribute(line, name)?.parse().ok()
}

/// The line with another value of an attribute that it has.
fn with(line: &str, name: &str, value: &str) -> String {
    let old = attribute(line, name).unwrap_or("");
    line.replacen(&format!(" {name}=\"{old}\""), &format!(" {name}=\"{value}\""), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARS: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 650 100\" width=\"650\" height=\"100\" role=\"img\"><title>t</title>
<text class=\"\" x=\"4\" y=\"41\">ours</text>
<rect class=\"ours\" x=\"90\" y=\"28\" width=\"480.0\" height=\"14\" rx=\"2\"/>
<text class=\"small\" x=\"575\" y=\"40\">3,494</text>
<path class=\"goal\" stroke-dasharray=\"3 2\" d=\"M330.0 26V118\"/>
</svg>
";

    #[test]
    fn bars_are_shorter_and_texts_keep_their_size() {
        let narrow = chart(BARS);
        assert!(narrow.contains("viewBox=\"0 0 356 100\" width=\"356\""), "{narrow}");
        assert!(narrow.contains("x=\"4.0\" y=\"41\">ours"), "{narrow}");
        assert!(narrow.contains("x=\"90.0\" y=\"28\" width=\"206.0\""), "{narrow}");
        assert!(narrow.contains("x=\"301.0\" y=\"40\">3,494"), "{narrow}");
        assert!(narrow.contains("d=\"M193.0 26.0V118.0\""), "{narrow}");
    }

    #[test]
    fn a_long_head_has_two_lines() {
        let head = format!("<text class=\"head\" x=\"4\" y=\"16\">{}</text>", "a word ".repeat(9).trim());
        let lines = wrapped(&head);
        assert_eq!(lines.lines().count(), 2, "{lines}");
        assert!(lines.contains("y=\"11\"") && lines.contains("y=\"27\""), "{lines}");
    }
}
