//! A recording as Chrome's trace JSON, which Perfetto and chrome://tracing open.
//!
//! A poll and a wait are slices of their thread. A wake is a flow: an arrow from where it happened to the poll
//! that it causes. All other events are marks, but for `Turn` and `Due`, which are left out.
//!
//! The format's phases used here: `M` names a thread, `X` is a slice, `s` and `f` are the start and the finish
//! of a flow, `i` is a mark.
//!
//! Called by `trace`. Next: `driver`.

use std::collections::HashMap;

use reactor::record::Recorded;

use super::encode::{Encoded, encode};
use super::format::{Code, Step, decode};
use super::json;

/// Returns the recording in the JSON of Chrome's "Trace Event Format".
pub(super) fn json(recorded: &Recorded) -> String {
    let encoded = encode(recorded);
    let mut writer = Writer::new(&encoded);
    let mut steps = Vec::new();
    for (thread, stream) in decode(&encoded.bytes).into_iter().enumerate() {
        let name = json::string(&recorded.threads[thread].name);
        let name = format!("\"name\":\"thread_name\",\"args\":{{\"name\":{name}}}");
        writer.event("M", thread, 0, &name);
        steps.extend(stream.into_iter().map(|step| (thread, step)));
    }
    steps.sort_by_key(|(_, step)| step.time);
    steps.iter().for_each(|(thread, step)| writer.step(*thread, step));
    writer.end_all(u64::try_from(recorded.duration.as_nanos()).unwrap_or(u64::MAX));
    format!("{{\"displayTimeUnit\":\"ns\",\"traceEvents\":{}}}", json::list(writer.events.into_iter()))
}

/// What became of a wake, in the page's format.
const QUEUED: u64 = 6;
const COMPLETE: u64 = 7;

struct Writer<'a> {
    encoded: &'a Encoded,
    events: Vec<String>,
    /// The open slices of each thread, the innermost last: when they began, and their names.
    open: HashMap<usize, Vec<(u64, String)>>,
    /// For each task, the flow of its last wake, until its next poll.
    wakes: HashMap<u64, u64>,
    /// How many flows there are; the last one's number.
    flows: u64,
}

impl<'a> Writer<'a> {
    fn new(encoded: &'a Encoded) -> Self {
        Self { encoded, events: Vec::new(), open: HashMap::new(), wakes: HashMap::new(), flows: 0 }
    }

    fn step(&mut self, thread: usize, step: &Step) {
        let [first, second, _] = step.numbers;
        match step.code {
            Code::PollBegin => {
                if let Some(flow) = self.wakes.remove(&first) {
                    self.flow("f", flow, thread, step.time);
                }
                self.begin(thread, step.time, self.task_name(first));
            }
            Code::Park => self.begin(thread, step.time, "waits".to_owned()),
            Code::PollEnd | Code::Unpark => self.end(thread, step.time),
            // One that queued nothing has an arrow only if the task is queued again because of it.
            Code::Wake if [QUEUED, COMPLETE].contains(&second) => {}
            Code::Wake => {
                self.flows += 1;
                self.wakes.insert(first, self.flows);
                self.flow("s", self.flows, thread, step.time);
            }
            Code::Turn | Code::Due => {}
            code => {
                let rest = format!("\"s\":\"t\",\"name\":\"{code:?}\",\"args\":{{\"number\":{first}}}");
                self.event("i", thread, step.time, &rest);
            }
        }
    }

    /// Adds an event; `rest` holds the fields that depend on its phase. The format counts in microseconds.
    fn event(&mut self, phase: &str, thread: usize, time: u64, rest: &str) {
        let micros = time as f64 / 1000.0;
        self.events.push(format!("{{\"ph\":\"{phase}\",\"pid\":1,\"tid\":{thread},\"ts\":{micros},{rest}}}"));
    }

    fn begin(&mut self, thread: usize, time: u64, name: String) {
        self.open.entry(thread).or_default().push((time, name));
    }

    fn end(&mut self, thread: usize, time: u64) {
        let Some((begin, name)) = self.open.get_mut(&thread).and_then(Vec::pop) else { return };
        let (name, micros) = (json::string(&name), time.saturating_sub(begin) as f64 / 1000.0);
        self.event("X", thread, begin, &format!("\"name\":{name},\"dur\":{micros}"));
    }

    /// Ends the slices that were open when the recording ended.
    fn end_all(&mut self, time: u64) {
        let open: Vec<_> =
            self.open.iter().flat_map(|(&thread, open)| open.iter().map(move |_| thread)).collect();
        open.into_iter().for_each(|thread| self.end(thread, time));
    }

    fn flow(&mut self, phase: &str, flow: u64, thread: usize, time: u64) {
        let rest = format!("\"bp\":\"e\",\"id\":{flow},\"name\":\"wake\",\"cat\":\"wake\"");
        self.event(phase, thread, time, &rest);
    }

    fn task_name(&self, number: u64) -> String {
        let task = &self.encoded.tasks[number as usize];
        task.name.as_deref().map_or_else(|| format!("{} task {number}", task.kind), str::to_owned)
    }
}
