//! "You schedule": every state that a small model can reach, so that a reader can choose which thread goes next.
//!
//! A choice lets one thread go on until its next operation has been made. If that is a load that could return
//! several values, each value is a choice. Two ways to the same state lead to the same node: a state is what each
//! thread has done and read, and in which order the threads have accessed each object. States after which the same can
//! happen are made one, so that no choice is shown twice.
//!
//! Called by the tool. Next: `page`.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::{Value, json};

use super::path::{Choice, Path};
use super::run::{Execution, Model, Until};
use super::told::{Told, ToldStep, tell};

/// The most states of a game: more do not fit on a page.
const MOST_STATES: usize = 1000;

/// The most preemptions: a reader may switch as often as they like.
const PREEMPTIONS: usize = 200;

/// The states, with what leads from each to the next ones.
#[derive(Debug, Default)]
pub struct Game {
    /// The operations, each once.
    pub moves: Vec<ToldStep>,
    /// What the objects are called.
    pub objects: Vec<(String, &'static str)>,
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node {
    /// Nothing can follow: how it ended; empty if it passed.
    End(String),
    /// Thread, move, and the state that it leads to.
    Choices(Vec<(usize, usize, usize)>),
}

/// What each thread has done, and how the objects were accessed.
type State = (Vec<Vec<String>>, BTreeMap<String, Vec<usize>>);

/// Explores all states of a model; `None` if there are too many.
///
/// # Errors
///
/// If the model cannot be run.
pub fn explore(model: &Model) -> Result<Option<Game>, String> {
    let mut game = Game::default();
    let mut known: HashMap<State, usize> = HashMap::new();
    let first = follow(model, &[])?;
    let mut queue = VecDeque::from([(0, Vec::new(), 0, first)]);
    game.nodes.push(Node::End(String::new()));
    while let Some((node, prefix, steps, execution)) = queue.pop_front() {
        let told = tell(&execution);
        if told.steps.len() == steps {
            game.nodes[node] = Node::End(told.end);
            continue;
        }
        let mut choices = Vec::new();
        for next in nexts(model, &prefix, steps, &execution)? {
            let told = tell(&next);
            let Some(step) = told.steps.get(steps) else { continue };
            let number = game.number_of(step, &told);
            let state = state(&told, steps + 1);
            let to = match known.get(&state) {
                Some(&known) => known,
                None => {
                    game.nodes.push(Node::End(String::new()));
                    let to = game.nodes.len() - 1;
                    known.insert(state, to);
                    let prefix = next.path.choices()[..step.choices].to_vec();
                    queue.push_back((to, prefix, steps + 1, next.clone()));
                    to
                }
            };
            if !choices.contains(&(step.thread, number, to)) {
                choices.push((step.thread, number, to));
            }
        }
        if choices.is_empty() {
            return Err(format!("{}: a state without an end has no choices", model.test));
        }
        game.nodes[node] = Node::Choices(choices);
        if game.nodes.len() > MOST_STATES {
            return Ok(None);
        }
    }
    game.nodes = merged(game.nodes);
    Ok(Some(game))
}

impl Game {
    /// The nodes for the page, whose moves have these numbers.
    #[must_use]
    pub fn json(&self, numbers: &[usize]) -> Value {
        let node = |node: &Node| match node {
            Node::End(end) => json!(["end", end]),
            Node::Choices(choices) => {
                choices.iter().flat_map(|&(thread, step, to)| [thread, numbers[step], to]).collect()
            }
        };
        json!({ "nodes": self.nodes.iter().map(node).collect::<Vec<_>>() })
    }

    fn number_of(&mut self, step: &ToldStep, told: &Told) -> usize {
        let object = step.object.map(|object| {
            let named = &told.objects[object];
            self.objects.iter().position(|known| known == named).unwrap_or_else(|| {
                self.objects.push(named.clone());
                self.objects.len() - 1
            })
        });
        let step =
            ToldStep { choices: 0, object, missed: None, could: Vec::new(), store: None, ..step.clone() };
        self.moves.iter().position(|known| *known == step).unwrap_or_else(|| {
            self.moves.push(step);
            self.moves.len() - 1
        })
    }
}

/// The nodes, of which those from which the same can happen are one. Each leads only to later ones.
fn merged(nodes: Vec<Node>) -> Vec<Node> {
    let (mut known, mut numbers) = (HashMap::new(), vec![0; nodes.len()]);
    let mut kept: Vec<Node> = Vec::new();
    for (number, mut node) in nodes.into_iter().enumerate().rev() {
        if let Node::Choices(choices) = &mut node {
            choices.iter_mut().for_each(|choice| choice.2 = numbers[choice.2]);
            choices.sort_unstable();
            choices.dedup();
        }
        numbers[number] = *known.entry(node).or_insert_with_key(|node| {
            kept.push(node.clone());
            kept.len() - 1
        });
    }
    // The first one comes first.
    let last = kept.len() - 1;
    for node in &mut kept {
        if let Node::Choices(choices) = node {
            choices.iter_mut().for_each(|choice| choice.2 = last - choice.2);
        }
    }
    kept.reverse();
    kept
}

/// The executions that begin with `prefix`, of which each makes another operation next.
fn nexts(
    model: &Model,
    prefix: &[Choice],
    steps: usize,
    execution: &Execution,
) -> Result<Vec<Execution>, String> {
    let mut nexts = vec![execution.clone()];
    let taken = execution.path.choices().get(prefix.len()).copied();
    for thread in execution.path.enabled(prefix.len()) {
        if taken != Some(Choice::Thread(thread)) {
            nexts.push(follow(model, &[prefix, &[Choice::Thread(thread)]].concat())?);
        }
    }
    // The values that a load could have returned.
    for next in nexts.clone() {
        let Some(step) = tell(&next).steps.get(steps).cloned() else { continue };
        let Some(load) = step.choices.checked_sub(1) else { continue };
        for slot in next.path.other_loads(load) {
            let choices = [&next.path.choices()[..load], &[Choice::Load(slot)]].concat();
            nexts.push(follow(model, &choices)?);
        }
    }
    Ok(nexts)
}

fn follow(model: &Model, choices: &[Choice]) -> Result<Execution, String> {
    let path = Path::of(choices, PREEMPTIONS);
    model.run(Some(&path), PREEMPTIONS, Until::First)?.ok_or_else(|| format!("{} has no end", model.test))
}

/// The state after the first `steps` operations.
fn state(told: &Told, steps: usize) -> State {
    let mut state = State::default();
    state.0.resize(told.threads.len().max(1), Vec::new());
    for step in &told.steps[..steps] {
        let object = step.object.map_or("", |object| &told.objects[object].0);
        let values = (&step.read, &step.written, step.store);
        let did = format!("{} {object} {:?} {values:?}", step.operation, step.place);
        if step.thread >= state.0.len() {
            state.0.resize(step.thread + 1, Vec::new());
        }
        state.0[step.thread].push(did);
        // Two loads in another order are the same state. Fences are ordered among themselves.
        let ordered = if step.operation == "fence" { "a fence" } else { object };
        if !ordered.is_empty() && step.operation != "load" {
            state.1.entry(ordered.to_owned()).or_default().push(step.thread);
        }
    }
    state
}

#[test]
fn states_with_the_same_future_are_one() {
    let end = |says: &str| Node::End(says.to_owned());
    let nodes = vec![
        Node::Choices(vec![(1, 7, 2), (0, 7, 1), (0, 7, 3)]),
        Node::Choices(vec![(0, 8, 4), (0, 8, 5)]),
        Node::Choices(vec![(0, 8, 6)]),
        Node::Choices(vec![(0, 8, 5)]),
        end(""),
        end(""),
        end("broken"),
    ];
    let merged = merged(nodes);
    assert_eq!(
        merged,
        [
            Node::Choices(vec![(0, 7, 2), (1, 7, 1)]),
            Node::Choices(vec![(0, 8, 4)]),
            Node::Choices(vec![(0, 8, 3)]),
            end(""),
            end("broken"),
        ]
    );
}
