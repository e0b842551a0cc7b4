//! The picture of the states is correct: for each of its arrows the transition is called.
//!
//! The picture is `docs/book/pictures/task-states.svg`. The attributes of an arrow give the state that it
//! starts from, the transition's method, the state that it leads to, and what the method returns.

use super::*;

const PICTURE: &str = include_str!("../../../../docs/book/pictures/task-states.svg");

/// The value of an attribute in an element's text.
fn attribute<'a>(element: &'a str, name: &str) -> &'a str {
    let (_, rest) = element.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("{name}: {element}"));
    rest.split('"').next().expect("a split has a first part")
}

/// The bits that a state's name lists; `idle` has none.
fn bits(name: &str) -> usize {
    let bit = |word| match word {
        "idle" => 0,
        "QUEUED" => QUEUED,
        "RUNNING" => RUNNING,
        "COMPLETE" => COMPLETE,
        "CANCELLED" => CANCELLED,
        other => panic!("the picture has a state {other}"),
    };
    name.split_whitespace().map(bit).fold(0, |all, bit| all | bit)
}

/// Follows an arrow, with a pool's task that has a handle and a waker. Returns what the method returned.
fn walk(method: &str, state: &State) -> String {
    let returned = match method {
        "start_poll" => format!("{:?}", state.start_poll()),
        "finish_poll" => format!("{:?}", state.finish_poll()),
        "wake" => format!("{:?}", state.wake()),
        "wake_by_ref" => format!("{:?}", state.wake_by_ref()),
        "cancel" => format!("{:?}", state.cancel()),
        "complete" => format!("{:?}", state.complete()),
        other => panic!("the picture has a method {other}"),
    };
    if method == "complete" { String::new() } else { returned }
}

#[test]
fn each_arrow_is_what_its_method_does() {
    let shown = QUEUED | RUNNING | COMPLETE | CANCELLED;
    let mut arrows = 0;
    for element in PICTURE.split("<g data-from").skip(1) {
        let element = format!("data-from{element}");
        let [from, method, to] =
            ["data-from", "data-method", "data-to"].map(|name| attribute(&element, name).to_owned());
        let state = if method == "new" {
            State::new()
        } else {
            let state = State(AtomicUsize::new(bits(&from) | HANDLE | (3 * REFERENCE)));
            let returned = walk(&method, &state);
            assert_eq!(returned, attribute(&element, "data-returns"), "{method} from {from}");
            state
        };
        let after = state.0.load(Ordering::Relaxed) & shown;
        assert_eq!(after, bits(&to), "{method} from {from} leads to {to}");
        arrows += 1;
    }
    assert_eq!(arrows, PICTURE.matches("data-method").count());
    for name in ["idle", "QUEUED", "RUNNING", "COMPLETE", "CANCELLED"] {
        assert!(PICTURE.contains(&format!("data-state=\"{name}\"")) || name == "CANCELLED", "no box {name}");
    }
}

#[test]
fn it_has_an_arrow_for_each_step_of_a_life() {
    for method in ["new", "start_poll", "finish_poll", "wake", "complete", "cancel"] {
        assert!(PICTURE.contains(&format!("data-method=\"{method}\"")), "no arrow {method}");
    }
}
