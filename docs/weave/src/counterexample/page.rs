//! A counterexample as a page that opens from the disk: the steps, the source beside them, and the cured run.
//!
//! A list of steps says what happened. To see why it is wrong, a reader needs the line of each step, what each thread
//! knew, and the run that goes well.
//!
//! The page is a template with its style and its scripts, in `page/`. `page/words.js` says what the data is.
//!
//! Called by the tool.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};

use super::excerpt::Excerpt;
use super::game::Game;
use super::told::{Told, ToldStep};
use super::words::Words;
use crate::pairs::Model;
use crate::source::read;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPTS: [(&str, &str); 6] = [
    ("words.js", include_str!("page/words.js")),
    ("state.js", include_str!("page/state.js")),
    ("moves.js", include_str!("page/moves.js")),
    ("game.js", include_str!("page/game.js")),
    ("view.js", include_str!("page/view.js")),
    ("main.js", include_str!("page/main.js")),
];

/// The most bytes of a page.
pub const LIMIT: usize = 40_000;

/// What a page shows.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The model.
    pub model: &'a Model,
    /// What is said of the fault.
    pub words: &'a Words,
    /// File and line of the fault.
    pub site: &'a (String, usize),
    /// The failing run.
    pub failing: &'a Told,
    /// The same choices without the fault, as far as they can be followed.
    pub cured: &'a Told,
    /// The step from which on every continuation fails.
    pub lost: Option<usize>,
    /// All states, with the fault and without it, if there are few.
    pub games: Option<&'a [Game; 2]>,
}

/// The page. It shows as many lines of the source around each step as fit.
///
/// # Errors
///
/// If it is too large even with the fewest.
pub fn page(shown: Shown<'_>) -> Result<String, String> {
    // A reader without JavaScript has the list, but it says nothing that the scripts do not show.
    let most = Room { context: 4, named: true, list: true, indented: true };
    let no_list = Room { named: false, list: false, ..most };
    let rooms = [
        most,
        Room { context: 3, ..most },
        Room { context: 2, ..most },
        Room { context: 1, ..most },
        Room { context: 2, named: false, ..most },
        Room { context: 1, named: false, ..most },
        Room { context: 2, ..no_list },
        Room { context: 1, ..no_list },
        Room { context: 0, ..no_list },
        Room { context: 0, indented: false, ..no_list },
    ];
    let mut sizes = Vec::new();
    for room in rooms {
        let page = with_room(shown, room);
        if page.len() <= LIMIT {
            return Ok(page);
        }
        sizes.push(page.len());
    }
    Err(format!("{sizes:?} bytes, {LIMIT} at most"))
}

/// What a page has room for.
#[derive(Clone, Copy)]
struct Room {
    /// Lines of the source before and after that of a step.
    context: usize,
    /// Functions and constants that a line names.
    named: bool,
    /// The steps as a list.
    list: bool,
    /// The source is indented.
    indented: bool,
}

fn with_room(shown: Shown<'_>, room: Room) -> String {
    let is_used = |name: &str| name != "game.js" || shown.games.is_some();
    let scripts = SCRIPTS.iter().filter(|(name, _)| is_used(name));
    let script: String = scripts.map(|(_, text)| without_comments(text)).collect();
    let order = SCRIPTS.map(|(name, _)| name).join(" ");
    let list = if room.list { text(shown.failing) } else { format!("<p>{}</p>", escape(&shown.failing.end)) };
    // The data comes last, since it may contain the other placeholders.
    TEMPLATE
        .replace(&format!("<!-- scripts: {order} -->\n"), "")
        .replace("/*CSS*/", &without_style_comments(STYLE))
        .replace("/*JS*/", &script)
        .replace("<!--TEXT-->", &list)
        .replace("/*DATA*/", &data(shown, room).to_string().replace('<', "\\u003c"))
}

fn data(shown: Shown<'_>, room: Room) -> Value {
    let Shown { model, words, site, failing, cured, lost, games } = shown;
    let games = games.map_or(&[][..], |games| &games[..]);
    let steps = [&failing.steps, &cured.steps].into_iter().chain(games.iter().map(|game| &game.moves));
    let steps: Vec<&ToldStep> = steps.flatten().collect();
    let places = steps.iter().filter_map(|step| step.place.as_ref()).chain([site]);
    let files = Excerpt::of(places, room.context, room.named);
    let operations = steps.iter().map(|step| step.operation.as_str()).collect();
    let parts = &Parts { files, operations };
    let mut objects: Vec<(String, &'static str)> = Vec::new();
    // Objects that only the cured run or a game has come after those of the failing run.
    let mut number = |named: &'_ [(String, &'static str)]| -> Vec<usize> {
        let number = |object: &(String, &'static str)| {
            objects.iter().position(|other| other == object).unwrap_or_else(|| {
                objects.push(object.clone());
                objects.len() - 1
            })
        };
        named.iter().map(number).collect()
    };
    let (same, others) = (number(&failing.objects), number(&cured.objects));
    let mut moves: Vec<Value> = Vec::new();
    let games: Vec<Value> = games
        .iter()
        .map(|game| {
            let objects = number(&game.objects);
            let numbers: Vec<usize> = game
                .moves
                .iter()
                .map(|step| {
                    let step = step_json(step, parts, &objects);
                    moves.iter().position(|known| *known == step).unwrap_or_else(|| {
                        moves.push(step);
                        moves.len() - 1
                    })
                })
                .collect();
            game.json(&numbers)
        })
        .collect();
    let first = run(failing, parts, &same, lost);
    let mut second = run(cured, parts, &others, None);
    // The cured run begins as the failing one: only the number of those steps is written.
    let steps = |run: &Value| run["steps"].as_array().cloned().unwrap_or_default();
    let (ours, theirs) = (steps(&first), steps(&second));
    let begins = ours.iter().zip(&theirs).take_while(|(one, other)| one == other).count();
    second["same"] = json!(begins);
    second["steps"] = json!(theirs[begins..]);
    json!({
        "fault": words.fault, "model": model.name, "module": model.file, "about": model.about,
        "wrong": words.wrong, "follows": words.follows,
        "invariant": words.rule, "promise": words.promise, "defined": words.file,
        "site": [parts.files.number(&site.0), site.1],
        "files": parts.files.json(room.indented), "operations": parts.operations,
        "units": units([failing, cured], &objects),
        "objects": objects.iter().map(|(name, kind)| json!([name, kind])).collect::<Vec<_>>(),
        "runs": [first, second],
        "games": games, "moves": moves,
    })
}

/// What steps are written with.
struct Parts<'a> {
    files: Excerpt,
    operations: BTreeSet<&'a str>,
}

/// The parts of the values of each atomic, by its number, as the file of its first step has them.
fn units(told: [&Told; 2], objects: &[(String, &'static str)]) -> Value {
    let of = |(number, (name, kind)): (usize, &(String, &'static str))| {
        let mut steps = told.into_iter().flat_map(|told| told.steps.iter().map(move |step| (told, step)));
        let is_its = |(told, step): &(&Told, &ToldStep)| {
            step.object.is_some_and(|object| told.objects[object].0 == *name && *kind == "atomic")
        };
        let text = read(&steps.find(is_its)?.1.place.as_ref()?.0);
        let units = super::units::units(&text);
        (!units.is_empty()).then(|| (number.to_string(), json!(units)))
    };
    objects.iter().enumerate().filter_map(of).collect::<serde_json::Map<_, _>>().into()
}

fn run(told: &Told, parts: &Parts<'_>, objects: &[usize], lost: Option<usize>) -> Value {
    let step = |step: &ToldStep| step_json(step, parts, objects);
    json!({
        "threads": told.threads, "steps": told.steps.iter().map(step).collect::<Vec<_>>(), "end": told.end,
        "kind": told.kind, "lost": lost.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1),
    })
}

/// A step as a list, without the nulls at its end. `expand` of `page/words.js` undoes what makes it short.
fn step_json(step: &ToldStep, parts: &Parts<'_>, objects: &[usize]) -> Value {
    let file = step.place.as_ref().map(|(file, _)| parts.files.number(file));
    let line = step.place.as_ref().map(|(_, line)| line);
    let operation = parts.operations.iter().position(|operation| *operation == step.operation);
    let object = step.object.map(|object| objects[object]);
    let orders = ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"];
    let order = orders.iter().position(|order| *order == step.order);
    let others = step.could.len() > 1;
    let extra = match (&step.text, step.missed, others) {
        (Some(text), ..) => json!({ "text": text }),
        (None, Some(missed), true) => json!({ "missed": missed, "could": step.could }),
        (None, Some(missed), false) => json!({ "missed": missed }),
        (None, None, true) => json!({ "could": step.could }),
        (None, None, false) => Value::Null,
    };
    let mut fields =
        json!([step.thread, operation, object, file, line, order, step.read, step.written, extra]);
    while let Some(fields) = fields.as_array_mut().filter(|fields| fields.last().is_some_and(Value::is_null))
    {
        fields.pop();
    }
    fields
}

/// The steps as a list, for readers without JavaScript.
fn text(told: &Told) -> String {
    let mut text = String::from("<ol>");
    for (step, line) in told.steps.iter().zip(super::stored::steps(told)) {
        let line = line.split_once(' ').map_or("", |(_, line)| line);
        let line = line.split(" | ").next().unwrap_or(line);
        let _ = write!(text, "<li>{}: {}", told.threads[step.thread], escape(line));
    }
    let _ = write!(text, "</ol><p>{}</p>", escape(&told.end));
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A script without comments, and without what node needs: see `page/tests/assemble.mjs`.
fn without_comments(script: &str) -> String {
    let mut kept = String::new();
    for line in script.lines().map(str::trim) {
        if line == "if (typeof module !== 'undefined') {" {
            break;
        }
        let is_comment = line.starts_with("//") || line.starts_with("* ") || line == "*/";
        let is_doc = line.starts_with("/**") && (line.ends_with("*/") || !line.contains("*/"));
        let is_nodes = line.starts_with("if (typeof module") && line.ends_with(';');
        if line.is_empty() || is_comment || is_doc || is_nodes {
            continue;
        }
        let mut line = line.to_owned();
        while let Some(at) = line.find("/** @type") {
            let end = line[at..].find("*/").map_or(line.len(), |end| at + end + 2);
            line = format!("{}{}", &line[..at], line[end..].trim_start());
        }
        kept.push_str(&line);
        kept.push('\n');
    }
    kept
}

fn without_style_comments(style: &str) -> String {
    let mut kept = String::new();
    let mut rest = style;
    while let Some((before, after)) = rest.split_once("/*") {
        kept.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    let lines: Vec<&str> = kept.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n").replace(": ", ":").replace("; ", ";")
}
