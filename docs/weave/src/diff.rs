//! How an item of one rung became that of the next: the difference of two listings, line by line.
//!
//! ```text
//!   old, new ──longest common part──▶ lines: kept, removed, added ──context──▶ what is shown
//! ```
//!
//! - D1  Indentation is no difference: a line that moves into a block is kept, and is shown as the new item has it.
//! - D2  A line that only closes brackets is never kept alone between two changes. It would cut one change in two.
//!
//! Called by `chapter`. A crate for this exists; for items of a screen's length the plain algorithm is enough.

/// The lines shown around each change, if not all are.
const CONTEXT: usize = 3;

/// A line of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    Kept(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

impl Line<'_> {
    fn is_kept(&self) -> bool {
        matches!(self, Line::Kept(_))
    }

    fn text(&self) -> &str {
        let (Line::Kept(text) | Line::Removed(text) | Line::Added(text)) = self;
        text
    }
}

/// Returns the difference of two listings as the lines of a unified diff. If it has more than `most` lines, those far
/// from any change are left out, and a line `@@` stands between what is shown.
///
/// # Errors
///
/// A message that nothing differs, or that no line is kept.
pub(crate) fn diff(old: &[&str], new: &[&str], most: usize) -> Result<Vec<String>, String> {
    let lines = without_lone_brackets(&compare(old, new));
    if lines.iter().all(Line::is_kept) {
        return Err("nothing differs".to_owned());
    }
    if !lines.iter().any(|line| line.is_kept() && says_something(line.text())) {
        return Err("no line is the same".to_owned());
    }
    let is_near = |at: usize| {
        let around = at.saturating_sub(CONTEXT)..lines.len().min(at + CONTEXT + 1);
        lines[around].iter().any(|line| !line.is_kept())
    };
    let mut shown: Vec<String> = Vec::new();
    let mut left_out = false;
    for (at, line) in lines.iter().enumerate() {
        if lines.len() > most && !is_near(at) {
            left_out = true;
            continue;
        }
        if std::mem::take(&mut left_out) && !shown.is_empty() {
            shown.push("@@".to_owned());
        }
        let mark = match line {
            Line::Kept(_) => ' ',
            Line::Removed(_) => '-',
            Line::Added(_) => '+',
        };
        shown.push(format!("{mark}{}", line.text()).trim_end().to_owned());
    }
    Ok(shown)
}

/// All lines of both. What is the same at the beginning and at the end is kept, and between them the lines that say
/// the most.
fn compare<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let is_same = |(old, new): &(&&str, &&str)| old.trim() == new.trim();
    let begin = old.iter().zip(new).take_while(is_same).count();
    let (old, kept_first, new) = (&old[begin..], &new[..begin], &new[begin..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(is_same).count();
    let (old, new, kept_last) = (&old[..old.len() - end], &new[..new.len() - end], &new[new.len() - end..]);

    let worth = |line: &str| if says_something(line) { 4 } else { 1 };
    // The worth of what can be kept of old[i..] and new[j..].
    let mut best = vec![vec![0; new.len() + 1]; old.len() + 1];
    let keeps = |i: usize, j: usize| is_same(&(&old[i], &new[j])).then(|| worth(old[i]));
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let kept = keeps(i, j).map_or(0, |worth| worth + best[i + 1][j + 1]);
            best[i][j] = kept.max(best[i + 1][j]).max(best[i][j + 1]);
        }
    }
    let mut lines: Vec<Line<'_>> = kept_first.iter().map(|line| Line::Kept(line)).collect();
    let mut added = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        let both = i < old.len() && j < new.len();
        if both && keeps(i, j).is_some_and(|worth| best[i][j] == worth + best[i + 1][j + 1]) {
            lines.append(&mut added);
            lines.push(Line::Kept(new[j]));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && best[i][j] == best[i + 1][j] {
            lines.push(Line::Removed(old[i]));
            i += 1;
        } else {
            // Within a change the removed lines come first.
            added.push(Line::Added(new[j]));
            j += 1;
        }
    }
    lines.append(&mut added);
    lines.extend(kept_last.iter().map(|line| Line::Kept(line)));
    lines
}

/// Counts kept lines that only close brackets, and stand between two changes, as removed and added again (D2).
fn without_lone_brackets<'a>(lines: &[Line<'a>]) -> Vec<Line<'a>> {
    let mut joined: Vec<Line<'a>> = Vec::new();
    let mut added: Vec<Line<'a>> = Vec::new();
    let runs: Vec<&[Line<'a>]> = lines.chunk_by(|one, next| one.is_kept() == next.is_kept()).collect();
    for (at, run) in runs.iter().enumerate() {
        let is_inside = at > 0 && at + 1 < runs.len();
        let is_lone = is_inside && !run.iter().any(|line| says_something(line.text()));
        for line in *run {
            match line {
                Line::Kept(text) if is_lone => {
                    joined.push(Line::Removed(text));
                    added.push(Line::Added(text));
                }
                Line::Kept(_) => {
                    joined.append(&mut added);
                    joined.push(*line);
                }
                Line::Removed(_) => joined.push(*line),
                Line::Added(_) => added.push(*line),
            }
        }
    }
    joined.append(&mut added);
    joined
}

fn says_something(line: &str) -> bool {
    line.chars().any(char::is_alphanumeric)
}

#[test]
fn indentation_is_no_difference() {
    let old = ["fn f() {", "    a();", "    b();", "    c();", "}"];
    let new = ["fn f() {", "    while d() {", "        a();", "        b();", "    }", "    c();", "}"];
    let expected =
        [" fn f() {", "+    while d() {", "         a();", "         b();", "+    }", "     c();", " }"];
    assert_eq!(diff(&old, &new, 40).unwrap(), expected);
    assert_eq!(diff(&["a();"], &["    a();"], 40).unwrap_err(), "nothing differs");
}

#[test]
fn a_bracket_alone_is_not_kept() {
    let old = ["fn f() {", "    if a {", "        b();", "    }", "    c();", "}"];
    let new = ["fn f() {", "    loop {", "        d();", "    }", "    e();", "}"];
    let expected = [
        " fn f() {",
        "-    if a {",
        "-        b();",
        "-    }",
        "-    c();",
        "+    loop {",
        "+        d();",
        "+    }",
        "+    e();",
        " }",
    ];
    assert_eq!(diff(&old, &new, 40).unwrap(), expected);
    assert_eq!(diff(&["{", "a", "}"], &["{", "b", "}"], 40).unwrap_err(), "no line is the same");
}

#[test]
fn what_is_far_from_a_change_is_left_out() {
    let old: Vec<String> = (0..20).map(|n| format!("line {n}")).collect();
    let mut new = old.clone();
    new[2] = "changed".to_owned();
    new.remove(16);
    let borrowed = [&old, &new].map(|lines| lines.iter().map(String::as_str).collect::<Vec<_>>());
    let shown = diff(&borrowed[0], &borrowed[1], 20).unwrap();
    assert_eq!(shown[..4], [" line 0", " line 1", "-line 2", "+changed"]);
    assert_eq!(shown[7..10], ["@@", " line 13", " line 14"]);
    assert_eq!(shown.last().unwrap(), " line 19");
}
