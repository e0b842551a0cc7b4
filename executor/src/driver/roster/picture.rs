//! The picture of the driver's states is correct: for each of its arrows the transition is called.
//!
//! The picture is `docs/book/pictures/driver-states.svg`. The attributes of an arrow give the state that it
//! starts from, the transition's method, the state that it leads to, and what the method returns.

use super::Role::{BlockOn, Worker};
use super::*;

const PICTURE: &str = include_str!("../../../../docs/book/pictures/driver-states.svg");

/// The value of an attribute in an element's text.
fn attribute<'a>(element: &'a str, name: &str) -> &'a str {
    let (_, rest) = element.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("{name}: {element}"));
    rest.split('"').next().expect("a split has a first part")
}

/// The first word of what is returned: `Thread` of `Thread(1)`.
fn word(returned: &impl std::fmt::Debug) -> String {
    let text = format!("{returned:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().expect("a split has a first part").to_owned()
}

/// Two running threads: 0 is a worker, 1 is in `block_on`.
fn roster() -> Roster<usize> {
    let mut roster = Roster::new();
    let _ = (roster.enter(Worker), roster.enter(BlockOn));
    roster
}

fn role(roster: &Roster<usize>) -> &'static str {
    match roster.driver {
        Driver::Nobody => "Nobody",
        Driver::Offered => "Offered",
        Driver::Driving(..) => "Driving",
    }
}

fn thread(roster: &Roster<usize>) -> &'static str {
    match (&roster.driver, roster.standby.is_empty()) {
        (Driver::Driving(..), true) => "driving",
        (_, false) => "standby",
        (_, true) => "running",
    }
}

/// Follows an arrow between states of a worker. Returns the state it leads to, and what the method returned.
fn walk_thread(from: &str, method: &str, returned: &str) -> (&'static str, String) {
    let mut roster = roster();
    if from == "driving" || returned == "StandBy" {
        let _ = roster.drive(&if from == "driving" { 0 } else { 1 }, BlockOn);
    }
    let cause = match returned {
        "Run" => Cause::Notified,
        "Drive" => Cause::Ticked { overdue: true },
        _ => Cause::Called,
    };
    if from == "standby" {
        let _ = roster.stand_by(&0, Worker);
    }
    let said = match method {
        "wait" => match roster.wait(Worker, || false) {
            Wait::Drive => {
                let _ = roster.drive(&0, Worker);
                "Drive".to_owned()
            }
            Wait::StandBy => {
                let _ = roster.stand_by(&0, Worker);
                "StandBy".to_owned()
            }
        },
        "stop_driving" => {
            let _ = roster.stop_driving();
            String::new()
        }
        "awake" => {
            let (next, _) = roster.awake(&0, Worker, cause);
            if next == Next::Drive {
                let _ = roster.drive(&0, Worker);
            }
            word(&next)
        }
        other => panic!("the picture has a method {other}"),
    };
    (thread(&roster), said)
}

/// Follows an arrow between states of the driver's role.
fn walk_role(from: &str, method: &str, to: &str) -> (&'static str, String) {
    let mut roster = roster();
    if from == "Driving" {
        let _ = roster.drive(&1, BlockOn);
    }
    if from != "Nobody" && to == "Offered" || method == "leave" || from == "Offered" {
        let _ = roster.stand_by(&0, Worker);
    }
    if from == "Offered" {
        let _ = roster.leave(BlockOn);
    }
    assert_eq!(role(&roster), from);
    let said = match method {
        "leave" => word(&roster.leave(BlockOn)),
        "drive" => {
            let _ = roster.drive(&0, Worker);
            String::new()
        }
        "stop_driving" => word(&roster.stop_driving()),
        "awake" => {
            let cause = if to == "Driving" { Cause::Called } else { Cause::Notified };
            let (next, _) = roster.awake(&0, Worker, cause);
            if next == Next::Drive {
                let _ = roster.drive(&0, Worker);
            }
            word(&next)
        }
        other => panic!("the picture has a method {other}"),
    };
    (role(&roster), said)
}

#[test]
fn each_arrow_is_what_its_method_does() {
    let mut arrows = 0;
    for element in PICTURE.split("<g data-from").skip(1) {
        let element = format!("data-from{element}");
        let [from, method, to, returned] =
            ["data-from", "data-method", "data-to", "data-returns"].map(|name| attribute(&element, name));
        let of_the_role = from.starts_with(|first: char| first.is_uppercase());
        let walked =
            if of_the_role { walk_role(from, method, to) } else { walk_thread(from, method, returned) };
        assert_eq!(walked, (to, returned.to_owned()), "{method} from {from}");
        arrows += 1;
    }
    assert_eq!(arrows, 12);
    for state in ["running", "driving", "standby", "Nobody", "Offered", "Driving"] {
        assert!(PICTURE.contains(&format!("data-state=\"{state}\"")), "no box {state}");
    }
}
