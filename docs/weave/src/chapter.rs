//! A chapter's directives: each is alone on its line, and is replaced by what it names.
//!
//! ```text
//!   {{#item FILE ITEM}}                  an item of a source file, with the comments above it
//!   {{#code FILE ITEM}}                  the same without the comments
//!   {{#lines FILE ITEM | FROM | TO}}     an item's lines, from the one that contains FROM to the one that contains
//!                                        TO, and the lines that close their brackets
//!   {{#diff FILE ITEM | OLD_FILE OLD_ITEM}}  how one item became the other (see `diff`)
//!   {{#head FILE | FROM | TO}}           the same of the comment at the head of a file; without TO, to its end
//!   {{#anchor FILE NAME}}                the lines between an example's marks
//!   {{#output NAME | FROM | TO}}         what an example prints, as a test checks it: tests/ladder/NAME.txt
//!   {{#refused NAME}}                    a program that does not compile, and the compiler's message: tests/ui/NAME.rs
//!   {{#cures NAME}}                      what makes it compile: tests/ui/NAME.cures
//!   {{#picture NAME}}                    docs/book/pictures/NAME.svg
//!   {{#page FILE}}                       another Markdown file of the project
//!   {{#breaks}}                          at a chapter's end: the exhibits and counterexamples of its mechanism
//!   {{#museum}}  {{#counterexamples}}    the lists of all of them
//!   {{#book TEXT}}  {{#repository TEXT}} a line of text in one of the two forms only (see `form`)
//! ```
//!
//! In the text itself, figures of the benchmarks are filled in (see `figures`). A link to a source file, with an
//! item as its fragment, leads to the file's annotated page, and so does the path of a source file in backticks.

use std::fmt::Write as _;
use std::ops::Range;

use crate::anchors::is_mark;
use crate::annotate::invariant;
use crate::book::{Kind, Problem, Weaver};
use crate::form::{Form, Place};
use crate::links;
use crate::source::Source;
use crate::{broken, diff, figures, form, items, narrow, refused};

/// The most lines that a listing may have. Readers skip longer ones.
pub const LONGEST: usize = 40;

/// The lines of a file that a chapter shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The chapter's page.
    pub page: String,
    /// The file's path from the root.
    pub file: String,
    /// The lines, counted from zero.
    pub lines: Range<usize>,
    /// The anchor, if the lines were found by one.
    pub anchor: Option<String>,
}

/// The pages whose tables have the figures of the prose.
const TABLES: [&str; 2] = ["docs/benchmarks.md", "docs/schedulers.md"];

/// A chapter that is being built.
pub(crate) struct Chapter<'a> {
    weaver: &'a Weaver<'a>,
    place: Place<'a>,
    page: &'a str,
    pub(crate) quotes: Vec<Quote>,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Chapter<'a> {
    pub(crate) fn new(weaver: &'a Weaver<'a>, place: Place<'a>) -> Self {
        Chapter { weaver, place, page: place.page, quotes: Vec::new(), problems: Vec::new() }
    }

    fn problem(&mut self, kind: Kind, what: impl Into<String>) {
        self.problems.push(Problem { kind, page: self.page.to_owned(), what: what.into() });
    }

    /// Returns the chapter's text with its directives replaced.
    pub(crate) fn weave(&mut self, text: &str) -> String {
        let mut woven = String::new();
        let mut fence = false;
        let mut before = "";
        for line in text.lines() {
            let marks = line.trim_start().strip_prefix("```");
            if let Some(language) = marks {
                fence = !fence;
                let is_exhibits = language == "diff" && self.page.starts_with("museum/");
                if fence && !is_exhibits && !matches!(language, "text" | "console" | "json") {
                    self.problem(
                        Kind::Pasted,
                        format!("a block of `{language}`: quote a file that is compiled"),
                    );
                }
            }
            if !fence && marks.is_none() && line.starts_with("    ") && before.trim().is_empty() {
                self.problem(
                    Kind::Pasted,
                    format!("an indented block, without its language: {}", line.trim()),
                );
            }
            let directive = line.strip_prefix("{{#").and_then(|rest| rest.strip_suffix("}}"));
            if let Some((form, text)) = directive.filter(|_| !fence).and_then(only) {
                if form == self.place.form {
                    woven.push_str(&self.prose(text));
                    woven.push('\n');
                    before = text;
                }
                continue;
            }
            match directive {
                Some(directive) if !fence => woven.push_str(&self.directive(directive)),
                _ if fence || marks.is_some() => woven.push_str(line),
                _ => woven.push_str(&self.prose(line)),
            }
            woven.push('\n');
            before = line;
        }
        woven
    }

    fn directive(&mut self, directive: &str) -> String {
        let mut parts = directive.split('|').map(str::trim);
        let named = parts.next().expect("a split has a first part");
        let rest: Vec<&str> = parts.collect();
        let mut words = named.splitn(3, ' ');
        let (kind, file, name) =
            (words.next().unwrap_or(""), words.next().unwrap_or(""), words.next().unwrap_or(""));
        let woven = match kind {
            "item" | "code" | "lines" | "anchor" => self.listing(kind, file, name, &rest),
            "diff" => self.difference(file, name, &rest),
            "head" => self.head(file, &rest),
            "output" => self.output(file, &rest),
            "refused" => self.refused(file).map_err(|what| (Kind::MissingFile, what)),
            "cures" => refused::cures(self.weaver.tree, file).map_err(|what| (Kind::MissingFile, what)),
            "picture" => self.picture(&format!("docs/book/pictures/{file}.svg")),
            "page" => self.other_page(file),
            "breaks" => {
                let quoted: Vec<&str> = self.quotes.iter().map(|quote| quote.file.as_str()).collect();
                let broken = broken::end_of_chapter(self.weaver.tree, self.place, &quoted);
                let none = || (Kind::MissingItem, "no exhibit and no counterexample belongs here".to_owned());
                (!broken.trim().is_empty()).then_some(broken).ok_or_else(none)
            }
            "museum" => Ok(broken::museum(self.weaver.tree, self.place)),
            "counterexamples" => Ok(broken::table(self.weaver.tree, self.place)),
            _ => Err((Kind::Directive, format!("no such directive: {directive}"))),
        };
        woven.unwrap_or_else(|(kind, what)| {
            self.problem(kind, what);
            String::new()
        })
    }

    fn listing(
        &mut self,
        kind: &str,
        file: &str,
        name: &str,
        rest: &[&str],
    ) -> Result<String, (Kind, String)> {
        let source =
            self.weaver.source(file).ok_or_else(|| (Kind::MissingFile, format!("there is no {file}")))?;
        let missing = |what: String| (Kind::MissingItem, what);
        let (lines, anchor) = match (kind, rest) {
            ("item", []) => (items::find(source, name).map_err(missing)?.lines, None),
            ("code", []) => (items::find(source, name).map_err(missing)?.bare, None),
            ("lines", [from, to]) => {
                let item = items::find(source, name).map_err(missing)?;
                let lines = between(source, item.lines.clone(), from, to).map_err(missing)?;
                (with_what_closes(source, lines, item.lines.end), None)
            }
            ("anchor", []) => {
                let anchors = crate::anchors::anchors(source);
                let lines = anchors.lines.get(name).cloned();
                let error = || (Kind::BadAnchor, format!("{file} has no anchor {name}"));
                (lines.ok_or_else(error)?, Some(name.to_owned()))
            }
            _ => return Err((Kind::Directive, format!("{kind} {file} {name} with {} parts", rest.len()))),
        };
        let code = shown(source, &lines);
        self.look_at_length(&format!("{file} {name}"), code.len());
        let link = self.link_to_lines(file, &lines);
        let from = match (self.place.form, &anchor) {
            (Form::Book, _) => link,
            (Form::Repository, Some(_)) => format!("From {link}"),
            (Form::Repository, None) => format!("From {link}, `{name}`"),
        };
        self.quotes.push(Quote { page: self.page.to_owned(), file: file.to_owned(), lines, anchor });
        Ok(self.listed("rust", &code.join("\n"), &from))
    }

    fn look_at_length(&mut self, what: &str, lines: usize) {
        if lines > LONGEST {
            self.problem(Kind::TooLong, format!("{what}: {lines} lines, and {LONGEST} are the most"));
        }
    }

    /// How an item of another file became this one.
    fn difference(&mut self, file: &str, name: &str, rest: &[&str]) -> Result<String, (Kind, String)> {
        let [old] = rest else {
            return Err((Kind::Directive, format!("diff {file} {name} with {} parts", rest.len())));
        };
        let (old_file, old_name) = old.split_once(' ').unwrap_or((old, ""));
        let find = |file: &str, name: &str| {
            let source = self.weaver.source(file);
            let source = source.ok_or_else(|| (Kind::MissingFile, format!("there is no {file}")))?;
            let item = items::find(source, name).map_err(|what| (Kind::MissingItem, what))?;
            Ok((source, item.bare))
        };
        let (new, new_lines) = find(file, name)?;
        let (old, old_lines) = find(old_file, old_name)?;
        let what = format!("{old_file} {old_name} and {file} {name}");
        let lines = diff::diff(&shown(old, &old_lines), &shown(new, &new_lines), LONGEST)
            .map_err(|why| (Kind::NoDifference, format!("{what}: {why}")))?;
        self.look_at_length(&format!("the difference of {what}"), lines.len());
        let from = self.link_to_lines(old_file, &old_lines);
        let to = self.link_to_lines(file, &new_lines);
        let from = format!("From `{old_name}` in {from} to `{name}` in {to}");
        for (file, lines) in [(old_file, old_lines), (file, new_lines)] {
            let (page, file) = (self.page.to_owned(), file.to_owned());
            self.quotes.push(Quote { page, file, lines, anchor: None });
        }
        Ok(self.listed("diff", &lines.join("\n"), &from))
    }

    /// A listing in the chapter's form, above the line that says where it is from.
    fn listed(&self, language: &str, code: &str, from: &str) -> String {
        let code = code.trim_matches('\n');
        match self.place.form {
            Form::Book => {
                // mdBook would offer to run what is marked as Rust alone.
                let language = if language == "rust" { "rust,ignore" } else { language };
                format!("<div class=\"listing\">\n\n```{language}\n{code}\n```\n\n{from}\n\n</div>")
            }
            Form::Repository => format!("```{language}\n{code}\n```\n\n{from}"),
        }
    }

    /// A program that the compiler refuses, and its message.
    fn refused(&self, name: &str) -> Result<String, String> {
        let (file, program) = refused::text_of(self.weaver.tree, name, "rs")?;
        let (_, message) = refused::text_of(self.weaver.tree, name, "stderr")?;
        let from = match self.place.form {
            Form::Book => file,
            Form::Repository => format!("From [{file}]({})", self.place.to_file(&file)),
        };
        let message = message.trim_end();
        Ok(self.listed("rust", program, &from) + "\n\nThe compiler says:\n\n```text\n" + message + "\n```")
    }

    /// A link to lines of a source file. In the repository it has no numbers (see `form`).
    fn link_to_lines(&self, file: &str, lines: &Range<usize>) -> String {
        let place = format!("{file}, lines {} to {}", lines.start + 1, lines.end);
        match (self.place.form, self.weaver.page_of(file)) {
            (Form::Book, Some(page)) => {
                let row = self.weaver.row_of(file, lines.start);
                format!("[{place}]({}#{row})", links::relative(self.page, &page))
            }
            (Form::Book, None) => place,
            (Form::Repository, _) => format!("[{file}]({})", self.place.to_file(file)),
        }
    }

    /// Lines of the comment at a file's head, unchanged, with a line that says where they are from.
    fn head(&mut self, file: &str, rest: &[&str]) -> Result<String, (Kind, String)> {
        let source =
            self.weaver.source(file).ok_or_else(|| (Kind::MissingFile, format!("there is no {file}")))?;
        let head = source.text.lines().take_while(|line| line.starts_with("//!")).count();
        let (from, to) = match rest {
            [from] => (from, None),
            [from, to] => (from, Some(to)),
            _ => return Err((Kind::Directive, format!("head {file} with {} parts", rest.len()))),
        };
        let missing = |what: String| (Kind::MissingItem, what);
        let mut lines = between(source, 0..head, from, to.unwrap_or(&"")).map_err(missing)?;
        if to.is_none() {
            lines.end = head;
        }
        // A rule goes on in the indented lines below it.
        let text: Vec<&str> = source.text.lines().take(head).map(|line| &line["//!".len()..]).collect();
        if text[..lines.end]
            .iter()
            .rfind(|line| !line.starts_with("   "))
            .is_some_and(|line| invariant(line.trim_start()).is_some())
        {
            lines.end += text[lines.end..].iter().take_while(|line| line.starts_with("   ")).count();
        }
        let text: Vec<&str> = source
            .text
            .lines()
            .skip(lines.start)
            .take(lines.len())
            .map(|line| line.trim_start_matches("//!"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .filter(|line| !line.starts_with("```")) // The listing has marks of its own.
            .collect();
        let from = match (self.place.form, self.weaver.page_of(file)) {
            (Form::Book, Some(page)) => {
                format!("[{file}, at its head]({}#head)", links::relative(self.page, &page))
            }
            (Form::Book, None) => file.to_owned(),
            (Form::Repository, _) => format!("From [{file}]({}), at its head", self.place.to_file(file)),
        };
        self.quotes.push(Quote { page: self.page.to_owned(), file: file.to_owned(), lines, anchor: None });
        Ok(self.listed("text", &text.join("\n"), &from))
    }

    /// What an example prints, or its lines from `FROM` to `TO`, below the command.
    fn output(&mut self, name: &str, rest: &[&str]) -> Result<String, (Kind, String)> {
        let file = format!("tests/ladder/{name}.txt");
        let text =
            self.weaver.tree.text(&file).ok_or_else(|| (Kind::MissingFile, format!("there is no {file}")))?;
        let source = Source::new(&file, text.to_owned());
        let all = 0..text.lines().count();
        let missing = |what: String| (Kind::MissingItem, what);
        let lines = match rest {
            [] => all,
            [from, to] => between(&source, all, from, to).map_err(missing)?,
            _ => return Err((Kind::Directive, format!("output {name} with {} parts", rest.len()))),
        };
        let mut block = format!("```console\n$ cargo run --example {name}\n");
        if lines.start > 0 {
            block.push_str("…\n");
        }
        for line in text.lines().skip(lines.start).take(lines.len()) {
            block.push_str(line);
            block.push('\n');
        }
        if lines.end < text.lines().count() {
            block.push_str("…\n");
        }
        Ok(block + "```")
    }

    /// A picture. The book inlines it, so that it takes the page's colours, with its form for a narrow page.
    fn picture(&mut self, file: &str) -> Result<String, (Kind, String)> {
        let tree = self.weaver.tree;
        let svg = tree.text(file).ok_or_else(|| (Kind::MissingFile, format!("there is no {file}")))?;
        if self.place.form == Form::Repository {
            let part = |tag: &str| {
                let (_, rest) = svg.split_once(&format!("<{tag}>"))?;
                Some(rest.split_once(&format!("</{tag}>"))?.0)
            };
            let said: Vec<&str> = ["title", "desc"].into_iter().filter_map(part).collect();
            return Ok(format!("![{}]({})", said.join(": "), self.place.to_file(file)));
        }
        let (class, narrow) = if file.starts_with("docs/book/") {
            let other = file.replace(".svg", "-narrow.svg");
            let narrow =
                tree.text(&other).ok_or_else(|| (Kind::MissingFile, format!("there is no {other}")))?;
            ("picture", narrow.to_owned())
        } else {
            ("chart", narrow::chart(svg))
        };
        // Both are on the page, so a name in one is not one in the other.
        let narrow =
            narrow.replace("id=\"tip\"", "id=\"narrow-tip\"").replace("url(#tip)", "url(#narrow-tip)");
        Ok(format!(
            "<figure class=\"{class}\">\n{}\n{}\n</figure>",
            inlined(svg, "wide"),
            inlined(&narrow, "narrow")
        ))
    }

    /// Another Markdown file as part of this page: without its title, and with its links adapted.
    fn other_page(&mut self, file: &str) -> Result<String, (Kind, String)> {
        let text =
            self.weaver.tree.text(file).ok_or_else(|| (Kind::MissingFile, format!("there is no {file}")))?;
        let mut woven = links::outside_fences(text, |line| {
            if line.starts_with("# ") {
                return String::new();
            }
            let image =
                line.strip_prefix("![").and_then(|rest| rest.split_once("](")?.1.strip_suffix(".svg)"));
            if let Some(image) = image {
                let picture = self.picture(&format!("{}.svg", links::resolve(file, image)));
                return picture.unwrap_or_else(|(kind, what)| {
                    self.problem(kind, what);
                    String::new()
                });
            }
            let led = links::rewrite(line, |target| self.lead(file, target));
            self.link_paths(&led)
        });
        woven.truncate(woven.trim_end().len());
        Ok(woven)
    }

    /// The target, in the book, of a link in another file.
    fn lead(&mut self, file: &str, target: &str) -> String {
        if target.starts_with("http") || target.starts_with('#') {
            return target.to_owned();
        }
        let path = links::resolve(file, target);
        let page = self.weaver.page_that_includes(&path);
        let led = match self.place.form {
            Form::Book => self.weaver.page_of(&path).or(page).map(|page| links::relative(self.page, &page)),
            Form::Repository => page.or_else(|| self.in_repository(&path)),
        };
        led.unwrap_or_else(|| {
            self.problem(Kind::DeadLink, format!("{file} links to {target}, which is not in the book"));
            target.to_owned()
        })
    }

    fn prose(&mut self, line: &str) -> String {
        let tables = TABLES.map(|file| self.weaver.tree.text(file).unwrap_or("")).join("\n");
        let lines = |file: &str| self.weaver.source(file).map(Source::code_lines);
        let filled = figures::fill(line, &tables, lines).unwrap_or_else(|what| {
            self.problem(Kind::MissingItem, what);
            String::new()
        });
        let line = &filled;
        if self.place.form == Form::Repository {
            let led =
                links::rewrite_or_drop(line, |target| self.in_repository(target), form::only_in_the_book);
            return self.link_paths(&led);
        }
        let led = links::rewrite(line, |target| {
            let (path, item) = target.split_once('#').unwrap_or((target, ""));
            let Some(page) = self.weaver.page_of(path) else { return target.to_owned() };
            let page = links::relative(self.page, &page);
            if item.is_empty() {
                return page;
            }
            let source = self.weaver.source(path).expect("what has a page has a source");
            match items::find(source, item) {
                Ok(item) => format!("{page}#{}", self.weaver.row_of(path, item.bare.start)),
                Err(what) => {
                    self.problem(Kind::MissingItem, what);
                    page
                }
            }
        });
        self.link_paths(&led)
    }

    /// The target, in the repository, of a link to a file or to a page of the book. An item of a file has no link of its
    /// own, since it would be to a line.
    fn in_repository(&self, target: &str) -> Option<String> {
        let (path, _) = target.split_once('#').unwrap_or((target, ""));
        if target.starts_with("https://") || target.starts_with('#') {
            return Some(target.to_owned());
        }
        let is_file = path.contains('/') && self.weaver.tree.has(path);
        if is_file { Some(self.place.to_file(path)) } else { self.place.target(target) }
    }

    /// Links the rules that are named, such as `[claim]`.
    fn link_rules(&self, text: &str) -> String {
        let mut woven = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('[') {
            woven.push_str(before);
            let named = after.split_once(']').filter(|(_, behind)| !behind.starts_with('('));
            let link = named.and_then(|(name, behind)| Some((self.weaver.rule(self.place, name)?, behind)));
            (rest, _) = match link {
                Some((link, behind)) => (behind, woven.push_str(&link)),
                None => (after, woven.push('[')),
            };
        }
        woven + rest
    }

    /// Links the paths of source files that are in backticks, and checks that other paths exist.
    fn link_paths(&mut self, line: &str) -> String {
        let mut woven = String::new();
        for (number, part) in line.split('`').enumerate() {
            if number % 2 == 0 {
                woven.push_str(&self.link_rules(part));
                continue;
            }
            let there = is_path(part) && self.weaver.tree.has(part);
            let target = match self.place.form {
                Form::Book => self.weaver.page_of(part).map(|page| links::relative(self.page, &page)),
                Form::Repository => there.then(|| self.place.to_file(part)),
            };
            match target.filter(|_| !links::is_inside(&woven)) {
                Some(target) => {
                    write!(woven, "[`{part}`]({target})").expect("writing to a String cannot fail");
                }
                None => {
                    if is_path(part) && !there {
                        self.problem(Kind::DeadLink, format!("`{part}` does not exist"));
                    }
                    write!(woven, "`{part}`").expect("writing to a String cannot fail");
                }
            }
        }
        woven
    }
}

/// The form for which a line is, and its text, if it is for one only.
fn only(directive: &str) -> Option<(Form, &str)> {
    let (kind, text) = directive.split_once(' ')?;
    match kind {
        "book" => Some((Form::Book, text)),
        "repository" => Some((Form::Repository, text)),
        _ => None,
    }
}

/// Lines of a source as a listing shows them: without the marks of anchors, and without what all are indented by.
fn shown<'a>(source: &'a Source, lines: &Range<usize>) -> Vec<&'a str> {
    let numbered = source.text.lines().enumerate().skip(lines.start).take(lines.len());
    let shown: Vec<&str> =
        numbered.filter(|(number, _)| !is_mark(source, *number)).map(|(_, line)| line).collect();
    let says = shown.iter().filter(|line| !line.trim().is_empty());
    let indent = says.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    shown.iter().map(|line| line.get(indent..).unwrap_or("").trim_end()).collect()
}

/// A picture's lines, without its own style, which is for viewing the file alone.
fn inlined(svg: &str, class: &str) -> String {
    let (before, rest) = svg.split_once("<style>").unwrap_or((svg, ""));
    let after = rest.split_once("</style>").map_or("", |(_, after)| after);
    let lines = before.lines().chain(after.lines()).filter(|line| !line.trim().is_empty());
    lines.collect::<Vec<_>>().join("\n").replacen("<svg ", &format!("<svg class=\"{class}\" "), 1)
}

/// Whether a word in backticks is the path of a file or a folder of the project.
fn is_path(word: &str) -> bool {
    let first = word.split('/').next().unwrap_or("");
    let ours = ["reactor", "executor", "chat", "examples", "exercises", "docs", "tests", "benches", ".ci"]
        .contains(&first);
    ours && word.contains('/') && word.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c))
}

/// The lines, and the lines after them that only close their brackets.
fn with_what_closes(source: &Source, mut lines: Range<usize>, end: usize) -> Range<usize> {
    let count = |range: Range<usize>, brackets: &str| {
        let code = source.lines[range].iter().flat_map(|line| line.code.chars());
        code.filter(|c| brackets.contains(*c)).count()
    };
    while lines.end < end {
        let next = source.lines[lines.end].code.trim();
        let closes = !next.is_empty() && next.chars().all(|c| ")]};,".contains(c));
        if !closes || count(lines.clone(), "([{") <= count(lines.clone(), ")]}") {
            break;
        }
        lines.end += 1;
    }
    lines
}

/// The lines in a range from the first that contains `from` to the next that contains `to`.
fn between(source: &Source, range: Range<usize>, from: &str, to: &str) -> Result<Range<usize>, String> {
    let lines: Vec<&str> = source.text.lines().collect();
    let find = |from: usize, text: &str| (from..range.end).find(|&line| lines[line].contains(text));
    let first =
        find(range.start, from).ok_or_else(|| format!("{}: no line there has {from}", source.path))?;
    let last = find(first, to).ok_or_else(|| format!("{}: no line after {from} has {to}", source.path))?;
    Ok(first..last + 1)
}
