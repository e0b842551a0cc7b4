// The findings: what in a recording looks wrong, each with its events and the chapter that explains it.
//
// A finding must be right: where the recording cannot tell, there is none. So what happened before `keptSince`, while
// some threads' events were overwritten, is not judged. The limits stand here. Next: words.js.

if (typeof module !== 'undefined') require('./locks.js');

const MS = 1e6;
const LIMIT = { poll: MS, queued: 5 * MS, selfWakes: 100, budget: 20, idle: MS, lock: 10 * MS };

/**
 * @typedef {object} Case  One occurrence. What it is about, if it has it: the page selects it.
 * @property {string} text
 * @property {number} weight  The worst come first.
 * @property {number} [poll]
 * @property {number} [task]
 * @property {number} [event]
 */
/**
 * @typedef {object} Finding
 * @property {string} id
 * @property {string} title
 * @property {string} says  What it means, and what helps.
 * @property {string} chapter  The book's page.
 * @property {string} source  The page of the annotated source.
 * @property {Case[]} cases
 */

/** Each finding: who looks for its cases, and all but those. @type {[(model: Model) => Case[], string, string, string, string, string][]} */
const FINDINGS = [
    [stuck, 'stuck', 'Tasks wait at the end, and nobody can wake them',
        'Each waits for another of them or for itself. None can go on until one is cancelled.',
        'sync', 'executor/sync/mutex'],
    [panics, 'panic', 'A task panicked',
        'A task that awaits its JoinHandle receives the panic. If none does, it is lost.',
        'task', 'executor/raw_task/join_error'],
    [longPolls, 'long-poll', 'A poll over 1 ms',
        'No other task runs on that thread meanwhile. Call yield_now in long computations, or move them to spawn_blocking.',
        'using-long', 'executor/yield_now'],
    [queuedLong, 'queued-long', 'Queued, and not polled for more than 5 ms',
        'The task was ready to go on and waited in a queue. Select the poll and ask why it runs now: it shows what the thread did meanwhile.',
        'watching', 'executor/pool/worker'],
    [idleWorkers, 'idle-worker', 'A worker was parked while a task waited in a queue for more than 1 ms',
        'The worker could have run the task. Either it was notified late, or the task waited in a slot or a queue from which others do not steal.',
        'sleep', 'executor/pool/sleep'],
    [heldLocks, 'held-lock', 'A lock was held for more than 10 ms while another task waited for it',
        'A lock that is held across an await is held as long as the await takes. Await first and lock then, or hold it for less.',
        'chat-async-mutex', 'executor/sync/mutex'],
    [selfWakes, 'self-wake', 'A task wakes itself over and over',
        'It woke itself more than 100 times, and nothing else woke it. It looks again and again for something that could wake it instead. If it computes and yields, this is as it should be.',
        '06-yield-now', 'executor/yield_now'],
    [usesUpBudget, 'budget', 'A task never gives way by itself',
        'What it waits for is always ready, so that only the budget ends its polls. The other tasks get their turns; each comes after a whole budget of this task.',
        '06-yield-now', 'reactor/budget'],
    [lagging, 'lag', 'A broadcast receiver missed messages',
        'It received more slowly than others sent, and the channel keeps a bounded number of messages.',
        'chat-broadcast', 'executor/sync/broadcast'],
];

/** @param {Model} model @returns {Finding[]} */
function findAll(model) {
    return FINDINGS.map(([find, id, title, says, chapter, source]) => ({
        id, title, says, chapter, source, cases: find(model).sort((x, y) => y.weight - x.weight),
    })).filter(({ cases }) => cases.length);
}

/** @param {Model} model @returns {Case[]} */
function longPolls({ poll, meta }) {
    const cases = [];
    for (let p = 0; p < poll.count; p++) {
        const took = poll.end[p] - poll.begin[p];
        if (took <= LIMIT.poll || meta.tasks[poll.task[p]].kind === 'blocking') continue;
        const open = poll.outcome[p] === STILL_OPEN ? ', and had not ended' : '';
        cases.push({ text: `${taskName(meta, poll.task[p])} was polled for ${duration(took)}${open}`, weight: took, poll: p });
    }
    return cases;
}

/** @param {Model} model @returns {Case[]} */
function queuedLong(model) {
    const { poll, meta, task } = model;
    const kept = keptSince(model);
    const cases = [];
    for (let p = 0; p < poll.count; p++) {
        const ready = readyAt(model, p);
        const delay = poll.begin[p] - ready;
        if (ready < kept || delay <= LIMIT.queued) continue;
        cases.push({ text: `${taskName(meta, poll.task[p])} was polled ${duration(delay)} after it was queued`, weight: delay, poll: p });
    }
    for (let k = 0; k < task.count; k++) {
        if (endState(model, k) !== 2) continue;
        const [life] = lifeOf(model, k, Infinity).slice(-1);
        const delay = life && life.what === 'queued' && life.begin >= kept ? life.end - life.begin : 0;
        if (delay <= LIMIT.queued) continue;
        cases.push({ text: `${taskName(meta, k)} was queued ${duration(delay)} before the end, and not polled`, weight: delay, task: k });
    }
    return cases;
}

/** A thread's name without its number: the threads of a pool have it in common. @param {Meta} meta @param {number} t */
function poolOf(meta, t) {
    return threadName(meta, t).replace(/\d+$/, '');
}

/** @param {Model} model @returns {Case[]} */
function idleWorkers(model) {
    const { poll, meta, lanes } = model;
    const kept = keptSince(model);
    const cases = [];
    for (let p = 0; p < poll.count; p++) {
        const ready = readyAt(model, p);
        if (ready < kept || poll.begin[p] - ready <= LIMIT.idle) continue;
        const here = poll.thread[p];
        if (meta.tasks[poll.task[p]].kind !== 'pool' || meta.threads[here].worker === null) continue;
        let [most, who] = [0, -1];
        meta.threads.forEach(({ worker }, t) => {
            if (worker === null || poolOf(meta, t) !== poolOf(meta, here)) return;
            const idle = within(lanes[t].idle, ready, poll.begin[p]);
            if (idle > most) [most, who] = [idle, t];
        });
        if (most <= LIMIT.idle) continue;
        const text = `${threadName(meta, who)} was parked for ${duration(most)} while ${taskName(meta, poll.task[p])} waited in a queue`;
        cases.push({ text, weight: most, poll: p });
    }
    return cases;
}

/** @param {Model} model @returns {Case[]} */
function selfWakes(model) {
    const { events, order, by, poll, meta, task } = model;
    const kept = keptSince(model);
    const run = new Uint32Array(task.count);
    const longest = new Uint32Array(task.count);
    const where = filled(task.count, -1);
    for (let i = 0; i < order.length; i++) {
        const e = order[i];
        if (events.kind[e] !== K.wake || events.c[e] === PLACE.complete || events.time[e] < kept) continue;
        const k = events.a[e];
        const self = by[e] >= 0 && poll.task[by[e]] === k;
        if (!self) run[k] = 0;
        else if (!isBudgetWake(model, e) && ++run[k] > longest[k]) {
            longest[k] = run[k];
            where[k] = by[e];
        }
    }
    const cases = [];
    for (let k = 0; k < task.count; k++) {
        if (longest[k] <= LIMIT.selfWakes) continue;
        cases.push({ text: `${taskName(meta, k)} woke itself ${count(longest[k])} times in a row`, weight: longest[k], poll: where[k], task: k });
    }
    return cases;
}

/** @param {Model} model @returns {Case[]} */
function usesUpBudget({ poll, meta, task, polls }) {
    const cases = [];
    for (let k = 0; k < task.count; k++) {
        let run = 0;
        let [longest, where] = [0, -1];
        for (let i = polls.start[k]; i < polls.start[k + 1]; i++) {
            run = poll.outcome[polls.list[i]] === 5 ? run + 1 : 0;
            if (run > longest) [longest, where] = [run, polls.list[i]];
        }
        if (longest <= LIMIT.budget) continue;
        cases.push({ text: `${taskName(meta, k)} used up its budget in ${count(longest)} polls in a row`, weight: longest, poll: where, task: k });
    }
    return cases;
}

/** @param {Model} model @returns {Case[]} */
function heldLocks(model) {
    const { meta, end } = model;
    const kept = keptSince(model);
    /** @type {Case[]} */
    const cases = [];
    const look = (/** @type {number} */ thing, /** @type {LockState} */ lock, /** @type {number} */ at) => {
        if (lock.since < kept) return;
        let [waited, who] = [lock.gaveUp, lock.who];
        for (const [waiter, { since }] of lock.waiters) {
            const ns = at - Math.max(since, lock.since);
            if (ns > waited && waiter !== lock.holder) [waited, who] = [ns, waiter];
        }
        if (waited <= LIMIT.lock) return;
        const text = `${taskName(meta, lock.holder)} held ${thingName(meta, thing)} for ${duration(at - lock.since)}; ${taskName(meta, who)} waited for it for ${duration(waited)}`;
        cases.push({ text, weight: waited, event: lock.event, task: lock.holder });
    };
    const locks = followLocks(model, look);
    for (const [thing, lock] of locks) if (lock.holder >= 0) look(thing, lock, end);
    return cases;
}

/** @param {Model} model @returns {Case[]} */
function lagging({ events, meta, by, poll }) {
    const cases = [];
    for (let e = 0; e < events.count; e++) {
        if (events.kind[e] !== K.lagged) continue;
        const who = by[e] >= 0 ? taskName(meta, poll.task[by[e]]) : 'A receiver';
        cases.push({ text: `${who} missed ${plural(events.b[e], 'message')} of ${thingName(meta, events.a[e])}`, weight: events.b[e], event: e });
    }
    return cases;
}

/** @param {Model} model @returns {Case[]} */
function panics({ poll, meta, polls, task }) {
    const cases = [];
    for (let k = 0; k < task.count; k++) {
        const p = task.lastPoll[k];
        if (p >= 0 && poll.outcome[p] === 2) cases.push({ text: `${taskName(meta, k)} panicked`, weight: -poll.end[p], poll: p });
    }
    return cases;
}

/**
 * The tasks that wait at the end for each other. A task is stuck if all that its last poll waits for is a join of a
 * task that is stuck, or a lock that such a task holds. So we start with all tasks that wait for joins and known
 * holders only, and take out those that one of their causes can still wake, until none is left to take out.
 * @param {Model} model @returns {Case[]}
 */
function stuck(model) {
    const { events, meta, poll, task } = model;
    const kept = keptSince(model);
    const locks = followLocks(model, () => {});
    const holderOf = (/** @type {number} */ thing) => {
        const lock = locks.get(thing);
        return lock && lock.since >= kept ? lock.holder : -1;
    };
    /** @type {Map<number, {on: number, event: number}[]>} */
    const waiting = new Map();
    for (let k = 0; k < task.count; k++) {
        if (endState(model, k) !== 1 || poll.begin[task.lastPoll[k]] < kept) continue;
        const waits = waitsOf(model, task.lastPoll[k]);
        const edges = waits.map((e) => {
            const what = events.c[e];
            if (what === WAIT.join) return { on: events.a[e], event: e };
            return { on: what === WAIT.lock ? holderOf(events.a[e]) : -1, event: e };
        });
        if (edges.length && edges.every((edge) => edge.on >= 0)) waiting.set(k, edges);
    }
    for (let again = true; again; ) {
        again = false;
        for (const [k, edges] of waiting) {
            if (edges.every((edge) => waiting.has(edge.on))) continue;
            waiting.delete(k);
            again = true;
        }
    }
    const cases = [];
    const behind = (/** @type {number} */ waiter) => {
        const { event } = /** @type {any} */ (waiting.get(waiter))[0];
        const text = `${taskName(meta, waiter)} waits behind such tasks: for the ${waitName(meta, events.c[event], events.a[event])}`;
        cases.push({ text, weight: 1, task: waiter, poll: task.lastPoll[waiter] });
    };
    const seen = new Set();
    for (const start of waiting.keys()) {
        // Along the first edges: a path that ends in a cycle, new or seen before.
        const path = [];
        let k = start;
        while (!seen.has(k)) {
            seen.add(k);
            path.push(k);
            k = /** @type {any} */ (waiting.get(k))[0].on;
        }
        const at = path.indexOf(k);
        path.slice(0, at < 0 ? path.length : at).forEach(behind);
        if (at < 0) continue;
        const cycle = path.slice(at);
        const words = cycle.map((member) => {
            const { on, event } = /** @type {any} */ (waiting.get(member))[0];
            const name = `${taskName(meta, member)} waits for the ${waitName(meta, events.c[event], events.a[event])}`;
            return events.c[event] === WAIT.lock ? `${name}, which ${on === member ? 'it holds itself' : `${taskName(meta, on)} holds`}` : name;
        });
        cases.push({ text: words.join('; '), weight: 1 + cycle.length, task: cycle[0], poll: task.lastPoll[cycle[0]] });
    }
    return cases;
}

if (typeof module !== 'undefined') {
    module.exports = { LIMIT, FINDINGS, findAll };
    Object.assign(globalThis, module.exports);
}
