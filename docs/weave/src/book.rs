//! The whole book, from a [`Tree`] of the project's files to the pages that mdBook turns into HTML.
//!
//! ```text
//!   1  the sources in the order of docs/map.md, and the examples
//!   2  the chapters, woven; each records what it quotes
//!   3  a page for each source, with links to the chapters that quote it
//!   4  the table of contents, and a check of every link
//!   5  the chapters once more, for the repository
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::annotate::{Annotated, Links};
use crate::chapter::{Chapter, Quote};
use crate::form::{Form, Place};
use crate::source::{CRATES, Source, shipped_files};
use crate::tree::Tree;
use crate::{anchors, broken, links, markdown, names, repository};

/// Where the chapters are.
pub(crate) const CHAPTERS: &str = "docs/book/src/";

/// The source files in their reading order.
const MAP: &str = "docs/map.md";

/// The kinds of faults in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A chapter names a file that does not exist.
    MissingFile,
    /// A chapter names an item that does not exist, or a name that several items have.
    MissingItem,
    /// An anchor does not exist, or is there twice, empty, or not closed.
    BadAnchor,
    /// No chapter shows an anchor.
    UnusedAnchor,
    /// A listing has too many lines.
    TooLong,
    /// Two items do not differ, or have no line in common, so that their difference shows nothing.
    NoDifference,
    /// Code is pasted into the prose, where no compiler checks it.
    Pasted,
    /// A link leads nowhere, or a path in backticks does not exist.
    DeadLink,
    /// A source file is not in docs/map.md, or a chapter not in the table of contents.
    NotInOrder,
    /// A directive is not understood.
    Directive,
}

/// A fault, and its place.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Its kind.
    pub kind: Kind,
    /// The page, or the file.
    pub page: String,
    /// A description.
    pub what: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.page, self.what)
    }
}

/// The finished pages of the book.
#[derive(Debug, Default)]
pub struct Woven {
    /// The pages for mdBook, by their path under its `src`.
    pub pages: BTreeMap<String, String>,
    /// The chapters for the repository, by their path from its root.
    pub chapters: BTreeMap<String, String>,
    /// What the chapters show of the sources.
    pub quotes: Vec<Quote>,
    /// The faults found.
    pub problems: Vec<Problem>,
}

/// A source file that has a page.
struct Entry<'a> {
    source: &'a Source,
    annotated: Annotated<'a>,
    page: String,
    /// The map's description of it.
    about: String,
}

/// The sources and the tree, which the chapters quote.
pub(crate) struct Weaver<'a> {
    pub(crate) tree: &'a Tree,
    sources: &'a BTreeMap<String, Source>,
    entries: BTreeMap<String, Entry<'a>>,
}

impl Weaver<'_> {
    pub(crate) fn source(&self, file: &str) -> Option<&Source> {
        self.sources.get(file)
    }

    /// A link to the rule of that name, `claim` of `[claim]`, if a file defines it.
    pub(crate) fn rule(&self, place: Place<'_>, name: &str) -> Option<String> {
        let defines = |entry: &&Entry<'_>| entry.annotated.rules().any(|rule| rule == name);
        let entry = self.entries.values().find(defines)?;
        let target = match place.form {
            Form::Book => format!("{}#{name}", links::relative(place.page, &entry.page)),
            Form::Repository => place.to_file(&entry.source.path),
        };
        Some(format!("[\\[{name}\\]]({target})"))
    }

    /// The annotated page of a file, if it has one.
    pub(crate) fn page_of(&self, file: &str) -> Option<String> {
        self.entries.get(file).map(|entry| entry.page.clone())
    }

    /// The row of the annotated page that shows a line.
    pub(crate) fn row_of(&self, file: &str, line: usize) -> String {
        self.entries[file].annotated.row_of(line)
    }

    /// The chapter that another Markdown file is a part of.
    pub(crate) fn page_that_includes(&self, file: &str) -> Option<String> {
        let directive = format!("{{{{#page {file}}}}}");
        let mut chapters = self.tree.under(CHAPTERS);
        chapters
            .find(|(_, text)| text.contains(&directive))
            .map(|(path, _)| path[CHAPTERS.len()..].to_owned())
    }
}

/// The parts of the annotated source: the core path, the rest, the examples.
struct Order {
    core: Vec<(String, String)>,
    rest: Vec<(String, Vec<(String, String)>)>,
    examples: Vec<(String, String)>,
}

impl Order {
    fn of(tree: &Tree) -> Order {
        let map = tree.text(MAP).unwrap_or("");
        let core = markdown::section(map, "## The core path").map(markdown::map).unwrap_or_default();
        let rest =
            markdown::section(map, "## The rest of the source").map(markdown::groups).unwrap_or_default();
        let examples = tree.under("examples/").filter(|(path, _)| path.ends_with(".rs"));
        let examples = examples.map(|(path, text)| (path.to_owned(), first_sentence(text))).collect();
        Order { core, rest, examples }
    }

    /// All files, in the order in which they are read.
    fn files(&self) -> Vec<(String, String)> {
        let rest = self.rest.iter().flat_map(|(_, files)| files);
        self.core.iter().chain(rest).chain(&self.examples).cloned().collect()
    }
}

/// The first sentence of the comment at a file's head.
fn first_sentence(text: &str) -> String {
    let head = text.lines().map_while(|line| line.strip_prefix("//!"));
    let head: Vec<&str> = head.map(str::trim).take_while(|line| !line.is_empty()).collect();
    let head = head.join(" ");
    let end = head.find(". ").unwrap_or(head.trim_end_matches('.').len());
    head[..end].to_owned()
}

/// The page of a source file: `executor/src/raw_task/state.rs` has `source/executor/raw_task/state.md`.
fn page_name(file: &str) -> String {
    format!("source/{}.md", file.trim_end_matches(".rs").replacen("/src/", "/", 1))
}

/// Builds all pages of the book from the files in `tree`.
pub fn weave(tree: &Tree) -> Woven {
    let mut woven = Woven::default();
    let order = Order::of(tree);
    let files = order.files();
    let rust =
        ["reactor/src/", "executor/src/", "chat/src/", "examples/", "exercises/", "benches/schedulers/"];
    let rust = rust.iter().flat_map(|folder| tree.under(folder)).filter(|(path, _)| path.ends_with(".rs"));
    let sources: BTreeMap<String, Source> =
        rust.map(|(path, text)| (path.to_owned(), Source::new(path, text.to_owned()))).collect();
    let mut entries = BTreeMap::new();
    for (file, about) in &files {
        match sources.get(file) {
            Some(source) => {
                let annotated = Annotated::new(source);
                let entry = Entry { source, annotated, page: page_name(file), about: about.clone() };
                entries.insert(file.clone(), entry);
            }
            None => woven.problem(Kind::MissingFile, MAP, format!("it names {file}")),
        }
    }
    for name in CRATES {
        let of_crate = tree.under(name).filter(|(path, _)| path.starts_with(&format!("{name}/src/")));
        let of_crate = of_crate.filter(|(path, _)| path.ends_with(".rs"));
        let shipped =
            shipped_files(of_crate.map(|(path, text)| Source::new(path, text.to_owned())).collect());
        for source in shipped.iter().filter(|source| !entries.contains_key(&source.path)) {
            woven.problem(Kind::NotInOrder, MAP, format!("it lacks {}", source.path));
        }
    }

    let weaver = Weaver { tree, sources: &sources, entries };
    let mut titles = BTreeMap::new();
    for (path, text) in tree.under(CHAPTERS).filter(|(path, _)| path.ends_with(".md")) {
        let page = &path[CHAPTERS.len()..];
        if page == "SUMMARY.md" {
            continue;
        }
        let title = text.lines().next().unwrap_or("").trim_start_matches('#').trim();
        titles.insert(page.to_owned(), title.to_owned());
        let mut chapter = Chapter::new(&weaver, Place { page, form: Form::Book });
        let text = chapter.weave(text);
        woven.problems.append(&mut chapter.problems);
        woven.quotes.append(&mut chapter.quotes);
        woven.pages.insert(page.to_owned(), text);
    }
    let order_of_chapters = links::targets(tree.text(&format!("{CHAPTERS}SUMMARY.md")).unwrap_or(""));
    if order_of_chapters.iter().any(|page| page == names::PAGE) {
        let index = names::index(&woven.pages, &titles, &order_of_chapters);
        woven.pages.insert(names::PAGE.to_owned(), index);
    }
    woven.pages.extend(broken::pages(&weaver, &mut woven.problems));
    look_at_anchors(&sources, &mut woven);
    source_pages(&weaver, &files, &titles, &mut woven);
    orderings(&weaver, &files, &mut woven);
    lists(&weaver, &order, &mut woven);
    summary(tree, &order, &mut woven);
    look_at_links(tree, &mut woven);
    repository::chapters(&weaver, &titles, &mut woven);
    woven
}

impl Woven {
    pub(crate) fn problem(&mut self, kind: Kind, page: &str, what: String) {
        self.problems.push(Problem { kind, page: page.to_owned(), what });
    }

    /// Returns the problems of some kinds, one per line.
    pub fn report(&self, kinds: &[Kind]) -> String {
        let of_kind = self.problems.iter().filter(|problem| kinds.contains(&problem.kind));
        of_kind.map(|problem| format!("{problem}\n")).collect()
    }
}

fn look_at_anchors(sources: &BTreeMap<String, Source>, woven: &mut Woven) {
    for source in sources.values() {
        let found = anchors::anchors(source);
        for fault in found.faults {
            woven.problem(Kind::BadAnchor, &source.path, fault);
        }
        for name in found.lines.keys() {
            let shows = |quote: &Quote| quote.file == source.path && quote.anchor.as_ref() == Some(name);
            if !woven.quotes.iter().any(shows) {
                woven.problem(
                    Kind::UnusedAnchor,
                    &source.path,
                    format!("no chapter shows the anchor {name}"),
                );
            }
        }
    }
}

/// Adds a page for each source, with links to the page before, the page after, and the chapters that quote it.
fn source_pages(
    weaver: &Weaver<'_>,
    files: &[(String, String)],
    titles: &BTreeMap<String, String>,
    woven: &mut Woven,
) {
    let there: Vec<&Entry<'_>> = files.iter().filter_map(|(file, _)| weaver.entries.get(file)).collect();
    for (at, entry) in there.iter().enumerate() {
        let link =
            |to: &Entry<'_>| format!("[{}]({})", to.source.path, links::relative(&entry.page, &to.page));
        let to_chapter = |page: &str| format!("[{}]({})", titles[page], links::relative(&entry.page, page));
        let mut notes: BTreeMap<String, String> = BTreeMap::new();
        let mut chapters: Vec<&str> = Vec::new();
        for quote in woven.quotes.iter().filter(|quote| quote.file == entry.source.path) {
            if !chapters.contains(&quote.page.as_str()) {
                chapters.push(&quote.page);
            }
            let note = notes.entry(entry.annotated.row_of(quote.lines.start)).or_default();
            let chapter = to_chapter(&quote.page);
            if note.is_empty() {
                *note = format!("Quoted in {chapter}");
            } else if !note.contains(&chapter) {
                write!(note, ", {chapter}").expect("writing to a String cannot fail");
            }
        }
        let mut page = format!("# {}\n\n*{}*\n\n", entry.source.path, capital(&entry.about));
        if !chapters.is_empty() {
            let chapters: Vec<String> = chapters.iter().map(|page| to_chapter(page)).collect();
            writeln!(page, "The book quotes it in {}.\n", chapters.join(", "))
                .expect("writing to a String cannot fail");
        }
        let orderings = links::relative(&entry.page, "source/orderings.md");
        page.push_str(
            &entry.annotated.page(&notes, &PageLinks { weaver, page: &entry.page, orderings: &orderings }),
        );
        let before = at.checked_sub(1).map(|at| format!("Before it: {}. ", link(there[at])));
        let after = there.get(at + 1).map(|next| format!("Next: {}.", link(next)));
        writeln!(page, "\n{}{}", before.unwrap_or_default(), after.unwrap_or_default())
            .expect("writing to a String cannot fail");
        woven.pages.insert(entry.page.clone(), page);
    }
}

/// Makes the links for the names in the comments of one annotated page.
struct PageLinks<'a> {
    weaver: &'a Weaver<'a>,
    page: &'a str,
    orderings: &'a str,
}

impl Links for PageLinks<'_> {
    fn label(&self, label: &str) -> String {
        format!("[\\[{label}\\]]({}#{label})", self.orderings)
    }

    fn rule(&self, name: &str) -> Option<String> {
        self.weaver.rule(Place { page: self.page, form: Form::Book }, name)
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

/// Adds a page of all memory orderings by their labels: both ends of each.
fn orderings(weaver: &Weaver<'_>, files: &[(String, String)], woven: &mut Woven) {
    let mut by_label: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in files.iter().filter_map(|(file, _)| weaver.entries.get(file)) {
        for (label, row) in entry.annotated.orderings() {
            let page = links::relative("source/orderings.md", &entry.page);
            let places = by_label.entry(label).or_default();
            let place = format!("[{}, line {}]({page}#{row})", entry.source.path, &row[1..]);
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    let mut page = "# The memory orderings, by label\n\nEvery atomic access has a comment that says which ordering it has, and why. Two \
                    accesses that make a pair have the same label: here are the places of each.\n"
        .to_owned();
    for (label, places) in by_label {
        write!(page, "\n<h2 id=\"{label}\">{label}</h2>\n\n").expect("writing to a String cannot fail");
        for place in places {
            writeln!(page, "- {place}").expect("writing to a String cannot fail");
        }
    }
    woven.pages.insert("source/orderings.md".to_owned(), page);
}

/// Adds the pages that list the annotated sources.
fn lists(weaver: &Weaver<'_>, order: &Order, woven: &mut Woven) {
    let list = |page: &str, files: &[(String, String)], mark: &str| {
        let mut text = String::new();
        for entry in files.iter().filter_map(|(file, _)| weaver.entries.get(file)) {
            let to = links::relative(page, &entry.page);
            writeln!(text, "{mark} [{}]({to}): {}", entry.source.path, entry.about)
                .expect("writing to a String cannot fail");
        }
        text
    };
    let core = "source/core.md";
    let text = "# The core path\n\nFrom a bare `Future` to a byte from a socket, read on a work-stealing pool. Read the files in this order: the comments \
                are beside the code they explain, and each page leads to the next.\n\n";
    woven.pages.insert(core.to_owned(), text.to_owned() + &list(core, &order.core, "1."));
    let rest = "source/rest.md";
    let mut text =
        "# The rest of the source\n\nThe files that a first reading can skip. Their heads name the next \
                    to read.\n"
            .to_owned();
    for (name, files) in &order.rest {
        write!(text, "\n## {name}\n\n{}", list(rest, files, "-")).expect("writing to a String cannot fail");
    }
    woven.pages.insert(rest.to_owned(), text);
    let programs = "source/programs.md";
    let text = "# The programs\n\nEvery example, whole: the rungs of the ladder in their order, then programs on the real runtime. Each \
                runs with no arguments: `cargo run --example NAME`.\n\n";
    woven.pages.insert(programs.to_owned(), text.to_owned() + &list(programs, &order.examples, "-"));
}

/// Adds the table of contents, with the sources in the place of `{{#sources}}`, the exhibits in that of `{{#exhibits}}`.
fn summary(tree: &Tree, order: &Order, woven: &mut Woven) {
    let text = tree.text(&format!("{CHAPTERS}SUMMARY.md")).unwrap_or("");
    let place = Place { page: "SUMMARY.md", form: Form::Book };
    let mut sources = String::new();
    let rest: Vec<(String, String)> = order.rest.iter().flat_map(|(_, files)| files.clone()).collect();
    let parts = [
        ("The core path", "core", &order.core),
        ("The rest of the source", "rest", &rest),
        ("The programs", "programs", &order.examples),
    ];
    for (title, page, files) in parts {
        writeln!(sources, "- [{title}](source/{page}.md)").expect("writing to a String cannot fail");
        for (file, _) in files {
            let name = file.replacen("/src/", "/", 1);
            let name = name.strip_prefix("examples/").unwrap_or(&name);
            writeln!(sources, "  - [{name}]({})", page_name(file)).expect("writing to a String cannot fail");
        }
    }
    sources.push_str("- [The memory orderings](source/orderings.md)");
    let text = text.replace("{{#sources}}", &sources).replace("{{#exhibits}}", &broken::summary(tree, place));
    let listed: BTreeSet<String> = links::targets(&text).into_iter().collect();
    let missing: Vec<String> = woven.pages.keys().filter(|page| !listed.contains(*page)).cloned().collect();
    for page in missing {
        woven.problem(Kind::NotInOrder, "SUMMARY.md", format!("it lacks {page}"));
    }
    woven.pages.insert("SUMMARY.md".to_owned(), text);
}

fn look_at_links(tree: &Tree, woven: &mut Woven) {
    let built = broken::built_pages(tree);
    let ids: BTreeMap<&String, BTreeSet<String>> =
        woven.pages.iter().map(|(page, text)| (page, links::ids(text))).collect();
    let mut dead = Vec::new();
    for (page, text) in &woven.pages {
        for target in links::targets(text) {
            if target.starts_with("https://") {
                continue;
            }
            let (path, fragment) = target.split_once('#').unwrap_or((&target, ""));
            let to = if path.is_empty() { page.clone() } else { links::resolve(page, path) };
            if built.contains(&to) {
                continue;
            }
            let lives = ids.get(&to).is_some_and(|ids| fragment.is_empty() || ids.contains(fragment));
            if !lives {
                dead.push((page.clone(), format!("the link to {target} leads nowhere")));
            }
        }
    }
    for (page, what) in dead {
        woven.problem(Kind::DeadLink, &page, what);
    }
}
