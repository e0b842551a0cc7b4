//! The pictures agree with the code: their names are in the source, and their numbers are its constants.
//!
//! A test in `executor/src/raw_task/state` checks the picture of a task's states arrow by arrow.

use weave::Tree;
use weave::source::{root, words};

/// The words of the picture that are set as code.
fn names(svg: &str) -> Vec<&str> {
    let texts = svg.split("<text ").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let text = rest.split('<').next()?;
        attributes.contains("mono").then_some(text)
    });
    texts
        .flat_map(words)
        .filter(|word| word.len() > 1 && !word.starts_with(|c: char| c.is_ascii_digit()))
        .collect()
}

#[test]
fn their_names_are_in_the_source() {
    let tree = Tree::load(root());
    let source: Vec<&str> = ["reactor/src/", "executor/src/"]
        .iter()
        .flat_map(|folder| tree.under(folder))
        .map(|(_, text)| text)
        .collect();
    let pictures: Vec<(&str, &str)> = tree.under("docs/book/pictures/").collect();
    assert!(pictures.len() >= 6, "layers, states, a wake, the pool, sleeping, the broadcast's buffer");
    for (path, svg) in pictures {
        for name in names(svg) {
            let known = name == "idle" || source.iter().any(|text| words(text).any(|word| word == name));
            assert!(known, "{path} has the name {name}, which is not in the source");
        }
        assert!(svg.contains("<title>") && svg.contains("<desc>"), "{path} does not say what it shows");
        assert!(
            !svg.contains("http://") || svg.matches("http://").count() == 1,
            "{path} loads something from the network"
        );
    }
}

#[test]
fn their_numbers_are_the_constants() {
    let tree = Tree::load(root());
    let text = |path: &str| tree.text(path).unwrap_or_else(|| panic!("no {path}"));
    for (file, constant, picture, shown) in [
        ("executor/src/pool/pace.rs", "const FAIR: u32 = 61;", "pool", "after at most 61 the injector"),
        ("executor/src/pool/queue.rs", "const SLOT_RUNS: u32 = 3;", "pool", "three times in a row at most"),
        (
            "executor/src/driver/rescue.rs",
            "const TICK: Duration = Duration::from_millis(5);",
            "who-drives",
            "5 ms",
        ),
        ("executor/src/driver/rescue.rs", "duration_since(last) >= TICK", "who-drives", "7 ms old: drives"),
    ] {
        assert!(text(file).contains(constant), "{file} has a different number: change the picture {picture}");
        let picture = format!("docs/book/pictures/{picture}.svg");
        assert!(text(&picture).contains(shown), "{picture} does not show: {shown}");
    }
}

/// In the repository a picture is shown as an image, which takes no colours from the page: its own style has them.
#[test]
fn they_have_colours_of_their_own() {
    let tree = Tree::load(root());
    let folders = ["docs/book/pictures/", "docs/benchmarks/"];
    let pictures = folders.iter().flat_map(|folder| tree.under(folder));
    for (path, svg) in pictures.filter(|(path, _)| path.ends_with(".svg")) {
        let (_, style) = svg.split_once("<style>").unwrap_or_else(|| panic!("{path} has no style"));
        let (style, body) = style.split_once("</style>").expect("the style ends");
        let (light, dark) = style.split_once("(prefers-color-scheme: dark)").unwrap_or((style, ""));
        for scheme in [light, dark] {
            assert!(scheme.contains("background: #"), "{path}: a background, light and dark, is missing");
        }
        let classes = body.split("class=\"").skip(1).filter_map(|rest| rest.split('"').next());
        for class in classes.flat_map(str::split_whitespace) {
            assert!(style.contains(&format!(".{class}")), "{path}: no style for {class}");
        }
    }
}

/// The value of a constant in the wheel's source, in an ordinary build.
fn constant(source: &str, name: &str) -> u32 {
    let (_, rest) = source.split_once(&format!("const {name}: u32 = ")).expect("the constant is there");
    let (value, _) = rest.split_once(';').expect("the line ends");
    let value = value.rsplit("else {").next().expect("a split has a first part");
    value.trim_matches([' ', '}']).parse().expect("a number")
}

/// The number in an attribute of the picture, and those of its repetitions.
fn attributes(svg: &str, name: &str) -> Vec<u64> {
    let before = format!(" data-{name}=\"");
    let values = svg.split(&before).skip(1);
    values
        .map(|rest| rest.split('"').next().and_then(|value| value.parse().ok()).expect("a number"))
        .collect()
}

/// The numbers in a line, from the left.
fn numbers(line: &str) -> Vec<u64> {
    line.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

/// Follows a timer through the wheel by the rules of `reactor/src/timers.rs`, and compares the picture and the
/// table of the chapter.
#[test]
fn the_wheel_is_worked_out_correctly() {
    let tree = Tree::load(root());
    let source = tree.text("reactor/src/timers.rs").expect("the wheel");
    for rule in [
        "if tick <= self.tick {",
        "let level = (tick ^ self.tick).ilog2() / DIGIT_BITS;",
        "let digit = (tick >> (level * DIGIT_BITS)) as usize % BUCKETS;",
        "self.tick = ((self.tick >> (shift + DIGIT_BITS) << DIGIT_BITS) | digit as u64) << shift;",
    ] {
        assert!(source.contains(rule), "the wheel has another rule than: {rule}");
    }
    let bits = constant(source, "DIGIT_BITS");
    let svg = tree.text("docs/book/pictures/timer-wheel.svg").expect("the picture");
    let narrow = tree.text("docs/book/pictures/timer-wheel-narrow.svg").expect("its narrow form");
    let (mut tick, due) = (attributes(svg, "added")[0], attributes(svg, "due")[0]);
    assert_eq!(due - tick, 5000, "the text says so");
    let nanoseconds = (due - tick) << constant(source, "TICK_BITS");
    assert!((4_900_000_000..5_500_000_000).contains(&nanoseconds), "about five seconds");
    for level in 0..3 {
        let size = 1 << (level * bits);
        let label = format!("of {size} tick{}<", if size == 1 { "" } else { "s" });
        assert!([svg, narrow].iter().all(|svg| svg.contains(&label)), "a picture does not show: {label}");
    }

    let digits = |tick: u64| [2, 1, 0].map(|level| tick >> (level * bits) & ((1 << bits) - 1));
    let (mut ticks, mut places, mut table) = (Vec::new(), Vec::new(), Vec::new());
    while due > tick {
        let level = (due ^ tick).ilog2() / bits;
        let digit = digits(due)[2 - level as usize];
        places.push((u64::from(level), digit));
        table.push([&[tick][..], &digits(tick), &[u64::from(level), digit]].concat());
        let shift = level * bits;
        tick = ((tick >> (shift + bits) << bits) | digit) << shift;
        ticks.push(tick);
    }
    table.push([&[tick][..], &digits(tick)].concat());
    for svg in [svg, narrow] {
        let shown: Vec<_> = attributes(svg, "level").into_iter().zip(attributes(svg, "bucket")).collect();
        assert_eq!(shown, places, "the levels and buckets of the picture");
        assert_eq!(attributes(svg, "tick"), ticks, "the ticks of the picture");
    }
    let chapter = tree.text("docs/book/src/reactor.md").expect("the chapter");
    let (_, rest) =
        chapter.split_once("in base 64       the deadline 5100 = 1 15 44\n").expect("the table's head");
    assert_eq!(digits(due), [1, 15, 44]);
    let lines: Vec<_> = rest.lines().take_while(|line| !line.starts_with("```")).map(numbers).collect();
    assert_eq!(lines, table, "the table of the chapter");
}

/// The states and transitions of a picture, and its texts, word by word: a line may be broken elsewhere.
fn shown(svg: &str) -> (Vec<&str>, Vec<&str>) {
    let mut arrows: Vec<&str> = svg.lines().filter(|line| line.starts_with("<g data-")).collect();
    let texts = svg.split("<text ").skip(1).filter_map(|rest| rest.split_once('>')?.1.split('<').next());
    let mut said: Vec<&str> = texts.flat_map(words).collect();
    arrows.sort_unstable();
    said.sort_unstable();
    (arrows, said)
}

/// A picture has a second form for a narrow page, which shows the same.
#[test]
fn their_narrow_forms_show_the_same() {
    let tree = Tree::load(root());
    let pictures = tree.under("docs/book/pictures/").filter(|(path, _)| !path.ends_with("-narrow.svg"));
    for (path, svg) in pictures {
        let narrow = path.replace(".svg", "-narrow.svg");
        let narrow = tree.text(&narrow).unwrap_or_else(|| panic!("no {narrow}"));
        let (arrows, said) = shown(svg);
        let (narrow_arrows, mut narrow_said) = shown(narrow);
        assert_eq!(arrows, narrow_arrows, "{path}: the transitions of its narrow form");
        narrow_said.dedup();
        let mut once = said;
        once.dedup();
        assert_eq!(once, narrow_said, "{path}: the words of its narrow form");
    }
}
