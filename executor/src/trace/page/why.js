// "Why does this poll run now?": the chain of causes behind a poll, and where the time between its wake and its
// start went.
//
//     poll ◀─ wake ◀─ poll ◀─ spawn ◀─ poll ◀─ wake ◀─ socket
//
// The chain ends at a root: a socket, a timer, a foreign thread, the program's start, or where events are missing.
// Next: locks.js.

if (typeof module !== 'undefined') require('./life.js');

/**
 * @typedef {object} Step
 * @property {'poll'|'cause'|'root'|'gap'} type
 * @property {number} [poll]
 * @property {number} [event]  Of a cause: the wake, spawn, call-queued or gave-way. Of a root: the ready source or fired timer.
 * @property {'socket'|'timer'|'foreign'|'start'|'before'|'lost'} [root]
 * @property {number} [skipped]  Of a gap: how many polls the chain leaves out here.
 */

/** Whether wake `e` came from the budget: the task had used it up, and is woken to go on later. @param {Model} model @param {number} e */
function isBudgetWake({ events, by, poll }, e) {
    if (events.kind[e] === K.gave_way) return true;
    const own = (/** @type {number} */ near) => events.kind[near] === K.gave_way && by[near] === by[e];
    return by[e] >= 0 && poll.task[by[e]] === events.a[e] && (own(e - 1) || own(e + 1));
}

/** What stands before poll `p`: its cause, and the poll or root before that. @param {Model} model @param {number} p @returns {{cause: number, poll: number, root: Step|null}} */
function stepBefore(model, p) {
    const { poll, events, by, meta, task } = model;
    const cause = poll.cause[p];
    const number = poll.task[p];
    if (cause < 0) {
        const first = poll.previous[p] < 0;
        /** @type {Step['root']} */
        let root = 'lost';
        if (first && meta.tasks[number].kind === 'block_on' && task.spawn[number] < 0) root = 'start';
        else if (first && meta.tasks[number].site === null) root = 'before';
        return { cause, poll: -1, root: { type: 'root', root } };
    }
    const from = by[cause];
    // Causes come before what they cause; where clocks seem to say otherwise, the chain ends.
    if (from >= p) return { cause, poll: -1, root: { type: 'root', root: 'lost' } };
    if (from >= 0) return { cause, poll: from, root: null };
    if (from <= -2) {
        const event = -2 - from;
        return { cause, poll: -1, root: { type: 'root', root: events.kind[event] === K.timer_fired ? 'timer' : 'socket', event } };
    }
    const outside = events.kind[cause] === K.wake ? 'foreign' : 'start';
    return { cause, poll: -1, root: { type: 'root', root: outside, event: cause } };
}

/** The chain behind poll `p`, nearest first. Of a long one the middle is left out. @param {Model} model @param {number} p @param {number} head @param {number} tail @returns {Step[]} */
function chainOf(model, p, head = 12, tail = 4) {
    /** @type {number[]} */
    const polls = [];
    let root;
    for (let q = p; ; ) {
        polls.push(q);
        const before = stepBefore(model, q);
        if (before.root) {
            root = before.root;
            break;
        }
        q = before.poll;
    }
    /** @type {Step[]} */
    const steps = [];
    const short = polls.length <= head + tail + 1;
    polls.forEach((q, i) => {
        if (!short && i >= head && i < polls.length - tail) {
            if (i === head) steps.push({ type: 'gap', skipped: polls.length - head - tail });
            return;
        }
        steps.push({ type: 'poll', poll: q });
        if (model.poll.cause[q] >= 0) steps.push({ type: 'cause', event: model.poll.cause[q] });
    });
    steps.push(root);
    return steps;
}

/**
 * @typedef {object} Part  A part of the delay between what caused a wake and the start of the poll.
 * @property {'late'|'before-wake'|'running'|'leaving'|'behind'|'asleep'|'unpark'|'unborn'|'other'} what
 * @property {number} ns
 * @property {number} thread  Where it was spent.
 * @property {number[]} polls  For `behind`: the polls that ran meanwhile, the longest first, at most 8.
 * @property {number} count  For `behind`: how many they were.
 */

/** @param {Part['what']} what @param {number} ns @param {number} thread @returns {Part} */
function part(what, ns, thread) {
    return { what, ns, thread, polls: [], count: 0 };
}

/** What thread `t` did between two times: it did not exist, ran polls, was asleep; and the rest. @param {Model} model @param {number} t @param {number} from @param {number} to @returns {Part[]} */
function spentOn(model, t, from, to) {
    const { polls, busy, idle } = model.lanes[t];
    const { poll, events } = model;
    const behind = part('behind', within(busy, from, to), t);
    const [first, last] = [search(polls.length, (i) => busy.end[i] <= from), lowerBound(busy.begin, to)];
    behind.count = Math.max(0, last - first);
    behind.polls = Array.from(polls.subarray(first, Math.min(last, first + 10000)))
        .sort((x, y) => poll.end[y] - poll.begin[y] - (poll.end[x] - poll.begin[x]))
        .slice(0, 8);
    // In a poll that waits itself (block_on inside a blocking call), the time counts once.
    const asleep = part('asleep', Math.min(within(idle, from, to), to - from - behind.ns), t);
    const came = events.starts[t];
    const unborn = part('unborn', events.kind[came] === K.thread_came ? Math.min(events.time[came], to) - from : 0, t);
    const rest = to - from - behind.ns - asleep.ns - Math.max(0, unborn.ns);
    return [unborn, behind, asleep, part('other', rest, t)].filter(({ ns }) => ns > 0);
}

/**
 * The delay of poll `p`, split. `parts` add up to the time from the cause (a timer's deadline, a socket's event, or
 * the wake) to the poll's start. If it was in another thread's queue before, `queuedOn` says what that thread did.
 * @param {Model} model @param {number} p
 * @returns {{wake: number, ready: number, total: number, parts: Part[], queuedOn: {thread: number, parts: Part[]}|null}|null}
 */
function delayOf(model, p) {
    const { poll, events, by } = model;
    const wake = poll.cause[p];
    if (wake < 0) return null;
    const begin = poll.begin[p];
    const woken = Math.min(events.time[wake], begin);
    const ready = readyAt(model, p);
    const here = poll.thread[p];
    /** @type {Part[]} */
    const parts = [];
    const add = (/** @type {Part['what']} */ what, /** @type {number} */ ns, /** @type {number} */ thread) => {
        if (ns > 0) parts.push(part(what, ns, thread));
    };
    if (by[wake] <= -2) {
        const event = -2 - by[wake];
        if (events.kind[event] === K.timer_fired) add('late', events.b[event], events.thread[event]);
        add('before-wake', woken - events.time[event], events.thread[event]);
    }
    if (poll.previous[p] >= 0) add('running', ready - woken, poll.thread[poll.previous[p]]);
    const there = events.thread[wake];
    const { idle } = model.lanes[here];
    // A thread that calls a waker after its own turn of the reactor is not asleep, though its wait has not ended yet.
    const turn = lowerBound(idle.end, woken);
    const left = there === here && idle.begin[turn] <= woken ? Math.max(ready, Math.min(idle.end[turn], begin)) : ready;
    add('leaving', left - ready, here);
    parts.push(...spentOn(model, here, left, begin));
    // Of the time asleep: from the notification to the end of the wait. The notification follows the wake soon.
    const asleep = parts.findIndex(({ what }) => what === 'asleep');
    for (let e = wake + 1; asleep >= 0 && e < Math.min(wake + 20, events.starts[there + 1]); e++) {
        if (events.kind[e] !== K.notify || events.a[e] !== here || events.time[e] > begin) continue;
        const unpark = Math.min(parts[asleep].ns, within(idle, Math.max(ready, events.time[e]), begin));
        parts[asleep].ns -= unpark;
        if (unpark > 0) parts.splice(asleep + 1, 0, part('unpark', unpark, here));
        if (!parts[asleep].ns) parts.splice(asleep, 1);
        break;
    }
    const own = events.kind[wake] !== K.wake || events.c[wake] === PLACE.slot || events.c[wake] === PLACE.deque;
    const queuedOn = own && there !== here && begin > ready ? { thread: there, parts: spentOn(model, there, ready, begin) } : null;
    return { wake, ready, total: parts.reduce((sum, part) => sum + part.ns, 0), parts, queuedOn };
}

/** The polls that were caused by what happened in poll `p`, at most `most`. @param {Model} model @param {number} p @param {number} most */
function causedBy({ poll, events, by, caused }, p, most = 50) {
    const found = [];
    const end = poll.last[p] >= 0 ? poll.last[p] : events.starts[poll.thread[p] + 1];
    for (let e = poll.first[p]; e < end && found.length < most; e++) if (caused[e] >= 0 && by[e] === p) found.push(caused[e]);
    return found;
}

if (typeof module !== 'undefined') {
    module.exports = { isBudgetWake, stepBefore, chainOf, spentOn, delayOf, causedBy };
    Object.assign(globalThis, module.exports);
}
