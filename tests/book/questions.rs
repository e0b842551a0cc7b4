//! The questions that people ask: the table of the book's page, and the same table in the README. Each row names a
//! program that exists, and a page that exists.

use weave::Tree;
use weave::links::{resolve, targets};
use weave::source::root;

/// The book's page.
const PAGE: &str = "docs/book/src/questions.md";
/// The heading in the README, at any level.
const HEADING: &str = "What people ask";
const QUESTIONS: usize = 12;

/// A question, and the paths of its program and of its page.
#[derive(Debug, PartialEq)]
struct Row {
    question: String,
    program: String,
    page: String,
}

/// The rows of the first table in `text`, which is the file `path`.
///
/// # Errors
///
/// What is wrong with a row, or with the table's head.
fn rows(path: &str, text: &str) -> Result<Vec<Row>, String> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with('|'));
    let head = lines.next().ok_or_else(|| format!("{path} has no table"))?;
    if head != "| question | program | page |" {
        return Err(format!("{path}: the table's head is {head}"));
    }
    let mut rows = Vec::new();
    for line in lines.skip(1).take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let &[question, program, page] = cells.as_slice() else {
            return Err(format!("{path}: a row with {} cells: {line}", cells.len()));
        };
        // In the README both cells are links. The book links the paths of programs itself.
        let program = match targets(program).as_slice() {
            [target] => resolve(path, target),
            _ => program.trim_matches('`').to_owned(),
        };
        let [page] = <[String; 1]>::try_from(targets(page))
            .map_err(|_| format!("{path}: the page is not one link: {line}"))?;
        let question = question.trim_start_matches('[').split("](").next().unwrap_or(question);
        // The README leads to the chapters that are woven for the repository.
        let page = resolve(path, &page).replace("docs/chapters/", "docs/book/src/");
        rows.push(Row { question: question.to_owned(), program, page });
    }
    Ok(rows)
}

/// The part of the README below the heading.
fn of_readme(readme: &str) -> Option<String> {
    let is_heading = |line: &&str| line.starts_with('#') && line.trim_start_matches('#').trim() == HEADING;
    let mut lines = readme.lines().skip_while(|line| !is_heading(line));
    let level = lines.next()?.find(' ')?;
    let ends = |line: &&str| line.starts_with('#') && line.find(' ').is_some_and(|other| other <= level);
    Some(lines.take_while(|line| !ends(line)).collect::<Vec<_>>().join("\n"))
}

/// What is wrong with a table.
fn faults(tree: &Tree, path: &str, rows: &[Row]) -> Vec<String> {
    let mut faults = Vec::new();
    if rows.len() != QUESTIONS {
        faults.push(format!("{path} has {} questions, and not {QUESTIONS}", rows.len()));
    }
    for row in rows {
        let program = row.program.strip_prefix("examples/").is_some_and(|name| name.ends_with(".rs"));
        if !program || !tree.has(&row.program) {
            faults.push(format!("{path}: {} is not a program: {}", row.program, row.question));
        }
        let page = row.page.strip_prefix("docs/book/src/").is_some_and(|name| name.ends_with(".md"));
        if !page || !tree.has(&row.page) {
            faults.push(format!("{path}: {} is not a page of the book: {}", row.page, row.question));
        }
        if !row.question.trim_end_matches(')').ends_with(['?', '.']) {
            faults.push(format!("{path}: not a question: {}", row.question));
        }
    }
    faults
}

#[test]
fn each_question_has_a_program_and_a_page() {
    let tree = Tree::load(root());
    let text = tree.text(PAGE).expect("the page exists");
    let rows = rows(PAGE, text).unwrap_or_else(|fault| panic!("{fault}"));
    let faults = faults(&tree, PAGE, &rows);
    assert!(faults.is_empty(), "{faults:#?}");
    // Below the table each question has a part of the page.
    let parts = text.matches("\n## ").count();
    assert_eq!(parts, rows.len(), "the number of parts below the table");
}

#[test]
fn the_readme_has_the_same_questions() {
    let tree = Tree::load(root());
    let readme = tree.text("README.md").expect("the README exists");
    let part = of_readme(readme).unwrap_or_else(|| panic!("README.md has no heading \"{HEADING}\""));
    let of_readme = rows("README.md", &part).unwrap_or_else(|fault| panic!("{fault}"));
    let faults = faults(&tree, "README.md", &of_readme);
    assert!(faults.is_empty(), "{faults:#?}");
    let of_book =
        rows(PAGE, tree.text(PAGE).expect("the page exists")).expect("the other test says what is wrong");
    for (readme, book) in of_readme.iter().zip(&of_book) {
        assert_eq!(
            (&readme.program, &readme.page),
            (&book.program, &book.page),
            "README.md, {:?}, and {PAGE}, {:?}",
            readme.question,
            book.question
        );
    }
}

#[test]
fn a_bad_table_is_noticed() {
    let table =
        |row: &str| format!("Text\n\n| question | program | page |\n|---|---|---|\n{row}\n\n## More\n");
    let good = "| [Why?](#why) | `examples/tour.rs` | [A page](index.md) |";
    let row = Row {
        question: "Why?".to_owned(),
        program: "examples/tour.rs".to_owned(),
        page: "docs/book/src/index.md".to_owned(),
    };
    assert_eq!(rows(PAGE, &table(good)).unwrap(), [row]);
    let in_readme = "| Why? | [`tour`](examples/tour.rs) | [A page](docs/book/src/index.md) |";
    assert_eq!(rows("README.md", &table(in_readme)).unwrap(), rows(PAGE, &table(good)).unwrap());
    assert!(rows(PAGE, &table("| Why? | `examples/tour.rs` |")).is_err(), "two cells");
    assert!(rows(PAGE, &table("| Why? | `examples/tour.rs` | index.md |")).is_err(), "the page is no link");
    assert!(rows(PAGE, "no table").is_err());

    let tree = Tree::load(root());
    let found = faults(&tree, PAGE, &rows(PAGE, &table(good)).unwrap());
    assert_eq!(found, [format!("{PAGE} has 1 questions, and not 12")]);
    for bad in [
        good.replace("tour", "nothing"),
        good.replace("examples/tour.rs", "README.md"),
        good.replace("index.md", "nothing.md"),
        good.replace("Why?", "Because"),
    ] {
        assert_eq!(faults(&tree, PAGE, &rows(PAGE, &table(&bad)).unwrap()).len(), 2, "{bad}");
    }
    assert_eq!(
        of_readme("# A\n\n### What people ask\nhere\n#### and\nhere\n### More\n"),
        Some("here\n#### and\nhere".to_owned())
    );
    assert_eq!(of_readme("# A\n"), None);
}
