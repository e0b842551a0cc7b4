//! The choices of an execution: which thread goes on, which of several values a load returns.
//!
//! Without them a failing run could neither be repeated nor left behind: loom starts again from its first one.
//!
//! loom keeps them as a list, which it can write as JSON and follow again. An entry also holds the other choices
//! that were there. To go on after an execution that failed, where loom itself stops, [`Path::step`] does what
//! loom does after one that passed: the last entry with another choice left takes it, and what is behind it goes.
//!
//! Called by `run` and `search`. Next: `run`.

use serde_json::{Value, json};

/// The choices of one execution.
#[derive(Clone, Debug)]
pub struct Path(Value);

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This thread goes on.
    Thread(usize),
    /// The load returns the value of the store in this slot.
    Load(usize),
    /// Whether a wait ends without a cause.
    Spurious(bool),
}

impl Path {
    /// Reads loom's JSON.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let path: Value = serde_json::from_str(text).map_err(|error| format!("loom's path: {error}"))?;
        path["branches"]["entries"].as_array().ok_or("loom's path has no entries")?;
        Ok(Self(path))
    }

    /// Returns loom's JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.0.to_string()
    }

    /// A path that follows these choices, and then goes on as loom likes.
    #[must_use]
    pub fn of(choices: &[Choice], preemptions: usize) -> Self {
        let mut last_thread = None;
        let entries: Vec<Value> = choices
            .iter()
            .enumerate()
            .map(|(index, choice)| match *choice {
                Choice::Thread(thread) => {
                    let prev = last_thread.map(|index| json!({ "index": index, "_p": null }));
                    last_thread = Some(index);
                    let mut threads = vec!["Disabled"; MAX_THREADS];
                    threads[thread] = "Active";
                    json!({ "Schedule": {
                        "preemptions": 0, "initial_active": null, "threads": threads, "prev": prev,
                        "exploring": false,
                    }})
                }
                Choice::Load(slot) => {
                    let mut values = [0; MAX_STORES];
                    values[0] = slot;
                    json!({ "Load": { "values": values, "pos": 0, "len": 1, "exploring": false } })
                }
                Choice::Spurious(spur) => json!({ "Spurious": { "spur": spur, "exploring": false } }),
            })
            .collect();
        Self(json!({
            "preemption_bound": preemptions, "pos": 0, "branches": { "entries": entries }, "exploring": true,
            "skipping": false, "exploring_on_start": true,
        }))
    }

    /// Returns the choices. In a deadlock the last entry is none: no thread could go on.
    #[must_use]
    pub fn choices(&self) -> Vec<Choice> {
        self.entries().iter().map_while(choice).collect()
    }

    /// Returns the number of choices.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there is no choice.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// The first `len` choices: they stay as they are, and all that can follow them is explored, with at most
    /// `preemptions` preemptions.
    #[must_use]
    pub fn prefix(&self, len: usize, preemptions: usize) -> Self {
        let mut prefix = self.clone();
        prefix.0["preemption_bound"] = json!(preemptions);
        prefix.entries_mut().truncate(len);
        for entry in prefix.entries_mut() {
            for (_, fields) in entry.as_object_mut().into_iter().flatten() {
                fields["exploring"] = json!(false);
            }
        }
        prefix.rewind();
        prefix
    }

    /// Goes to the next execution, depth first. Returns whether there is one.
    pub fn step(&mut self) -> bool {
        self.rewind();
        while let Some(entry) = self.entries_mut().last_mut() {
            if advance(entry) {
                return true;
            }
            self.entries_mut().pop();
        }
        false
    }

    /// The threads that could go on at this choice; none if it is another choice.
    #[must_use]
    pub fn enabled(&self, at: usize) -> Vec<usize> {
        let threads = self.entries().get(at).and_then(|entry| entry["Schedule"]["threads"].as_array());
        let enabled = threads.into_iter().flatten().enumerate().filter(|(_, state)| *state != "Disabled");
        enabled.map(|(thread, _)| thread).collect()
    }

    /// The stores that the load at this choice could have read instead; none if it is another choice.
    #[must_use]
    pub fn other_loads(&self, at: usize) -> Vec<usize> {
        let Some(load) = self.entries().get(at).map(|entry| &entry["Load"]) else { return Vec::new() };
        let number =
            |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
        let (len, taken) = (number(&load["len"]), number(&load["pos"]));
        let values = load["values"].as_array().into_iter().flatten().map(number).take(len).enumerate();
        values.filter(|(index, _)| *index != taken).map(|(_, slot)| slot).collect()
    }

    fn rewind(&mut self) {
        self.0["pos"] = json!(0);
        self.0["exploring"] = self.0["exploring_on_start"].clone();
        self.0["skipping"] = json!(false);
    }

    fn entries(&self) -> &Vec<Value> {
        self.0["branches"]["entries"].as_array().expect("looked at when it was read")
    }

    fn entries_mut(&mut self) -> &mut Vec<Value> {
        self.0["branches"]["entries"].as_array_mut().expect("looked at when it was read")
    }
}

/// loom's limits.
pub(super) const MAX_THREADS: usize = 5;
pub(super) const MAX_STORES: usize = 7;

fn choice(entry: &Value) -> Option<Choice> {
    if let Some(threads) = entry["Schedule"]["threads"].as_array() {
        threads.iter().position(|state| state == "Active").map(Choice::Thread)
    } else if let Some(values) = entry["Load"]["values"].as_array() {
        let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
        let taken = values.get(number(&entry["Load"]["pos"])?)?;
        number(taken).map(Choice::Load)
    } else {
        Some(Choice::Spurious(entry["Spurious"]["spur"] == true))
    }
}

/// Takes the next choice of an entry. Returns whether there was one.
fn advance(entry: &mut Value) -> bool {
    let Some((kind, fields)) = entry.as_object_mut().and_then(|entry| entry.iter_mut().next()) else {
        return false;
    };
    if fields["exploring"] != true {
        return false;
    }
    match kind.as_str() {
        "Schedule" => {
            let Some(threads) = fields["threads"].as_array_mut() else { return false };
            if let Some(active) = threads.iter_mut().find(|state| *state == "Active") {
                *active = json!("Visited");
            }
            let pending = threads.iter_mut().find(|state| *state == "Pending");
            pending.map(|state| *state = json!("Active")).is_some()
        }
        "Load" => {
            let next = fields["pos"].as_u64().unwrap_or(0) + 1;
            fields["pos"] = json!(next);
            next < fields["len"].as_u64().unwrap_or(0)
        }
        _ => {
            let was = fields["spur"] == true;
            fields["spur"] = json!(true);
            !was
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_made_of_its_choices() {
        let choices = [Choice::Thread(0), Choice::Load(3), Choice::Thread(2), Choice::Spurious(true)];
        let path = Path::of(&choices, 2);
        assert_eq!(path.choices(), choices);
        assert_eq!(Path::parse(&path.to_json()).unwrap().choices(), choices);
        assert_eq!(path.prefix(2, 3).choices(), choices[..2]);
        assert!(!path.clone().step(), "nothing else is to be explored");
    }

    /// Two threads, and a load of two values, in the order in which loom tries them.
    #[test]
    fn a_step_goes_to_the_next_execution() {
        let mut path = Path::of(&[Choice::Thread(0), Choice::Load(0)], 2);
        path.0["branches"]["entries"][0]["Schedule"]["threads"][1] = json!("Pending");
        path.0["branches"]["entries"][0]["Schedule"]["exploring"] = json!(true);
        path.0["branches"]["entries"][1] =
            json!({ "Load": { "values": [0, 4, 0, 0, 0, 0, 0], "pos": 0, "len": 2, "exploring": true } });
        assert!(path.step());
        assert_eq!(path.choices(), [Choice::Thread(0), Choice::Load(4)]);
        assert!(path.step());
        assert_eq!(path.choices(), [Choice::Thread(1)]);
        assert!(!path.step());
    }
}
