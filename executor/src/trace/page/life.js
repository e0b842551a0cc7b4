// The life of a task: queued, running, waiting for what; its state at the end; how long its polls came after its wakes.
// Next: why.js.

if (typeof module !== 'undefined') require('./model.js');

const STATES = ['not polled yet', 'waiting', 'queued', 'running', 'ready', 'panicked', 'cancelled'];

/** The state of a task at the recording's end: an index into STATES. @param {Model} model @param {number} number */
function endState({ poll, task }, number) {
    const last = task.lastPoll[number];
    if (last >= 0) {
        const outcome = poll.outcome[last];
        if (outcome === STILL_OPEN) return 3;
        if (outcome >= 1 && outcome <= 3) return 3 + outcome;
    }
    if (task.dropped[number] >= 0) return 6;
    if (task.pending[number] >= 0) return 2;
    if (last < 0) return task.spawn[number] >= 0 || task.queuedCall[number] >= 0 ? 2 : 0;
    return poll.outcome[last] >= 4 ? 2 : 1;
}

/** `waiting for lock #4`, `ready`. @param {Model} model @param {number} number */
function endStateName(model, number) {
    const state = endState(model, number);
    if (state !== 1) return STATES[state];
    const waits = waitsOf(model, model.task.lastPoll[number]);
    if (!waits.length) return STATES[state];
    const { c, a } = model.events;
    return `waiting for ${waits.map((e) => waitName(model.meta, c[e], a[e])).join(', or ')}`;
}

/** Wake-to-poll by task: the median and the 99th percentile; NaN where no wake is known. @param {Model} model */
function latencies(model) {
    const { polls, task } = model;
    const p50 = new Float64Array(task.count).fill(NaN);
    const p99 = new Float64Array(task.count).fill(NaN);
    const delays = new Float64Array(polls.list.length);
    for (let k = 0; k < task.count; k++) {
        let n = 0;
        for (let i = polls.start[k]; i < polls.start[k + 1]; i++) {
            const p = polls.list[i];
            const ready = readyAt(model, p);
            if (ready >= 0) delays[n++] = model.poll.begin[p] - ready;
        }
        if (!n) continue;
        const sorted = delays.subarray(0, n).sort();
        p50[k] = sorted[(n - 1) >> 1];
        p99[k] = sorted[Math.ceil(n * 0.99) - 1];
    }
    return { p50, p99 };
}

/**
 * The life of a task: what it did from when to when. `event` is the event or -1 that the segment began with.
 * @typedef {{what: 'queued'|'running'|'waiting', begin: number, end: number, poll: number, event: number}} Segment
 */

/** The task's polls number `from` to `to`, without `to` itself, each with what preceded it; after the last poll also what followed. @param {Model} model @param {number} number @param {number} from @param {number} to @returns {Segment[]} */
function lifeOf(model, number, from = 0, to = Infinity) {
    const { polls, poll, task, events, end } = model;
    /** @type {Segment[]} */
    const life = [];
    const first = polls.start[number];
    const total = polls.start[number + 1] - first;
    const wait = (/** @type {number} */ begin, /** @type {number} */ until, /** @type {number} */ after) => {
        if (until > begin) life.push({ what: 'waiting', begin, end: until, poll: after, event: after >= 0 ? poll.waits[after] : -1 });
    };
    for (let i = from; i < Math.min(to, total); i++) {
        const p = polls.list[first + i];
        const previous = poll.previous[p];
        const ready = readyAt(model, p);
        if (previous >= 0) wait(poll.end[previous], ready >= 0 ? ready : poll.begin[p], previous);
        if (ready >= 0 && ready < poll.begin[p]) life.push({ what: 'queued', begin: ready, end: poll.begin[p], poll: p, event: poll.cause[p] });
        life.push({ what: 'running', begin: poll.begin[p], end: poll.end[p], poll: p, event: poll.first[p] });
    }
    if (to < total) return life;
    const last = task.lastPoll[number];
    const state = endState(model, number);
    const after = last >= 0 ? poll.end[last] : 0;
    if (state === 1) wait(after, end, last);
    else if (state === 2) {
        let cause = task.pending[number];
        if (cause < 0 && last < 0) cause = task.queuedCall[number] >= 0 ? task.queuedCall[number] : task.spawn[number];
        const queued = cause >= 0 ? Math.max(after, events.time[cause]) : after;
        if (last >= 0) wait(after, queued, last);
        life.push({ what: 'queued', begin: queued, end, poll: -1, event: cause });
    } else if (state === 6 && task.dropped[number] >= 0) wait(after, events.time[task.dropped[number]], last);
    return life;
}

if (typeof module !== 'undefined') {
    module.exports = { STATES, endState, endStateName, latencies, lifeOf };
    Object.assign(globalThis, module.exports);
}
