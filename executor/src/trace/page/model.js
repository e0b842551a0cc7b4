// The model: what the events mean together.
//
// One pass over all events in the order of time finds the polls, whom each wake came from, and which wake each poll
// was caused by. Polls are numbered in the order of their starts and, like events, are indices into arrays.
//
//     wake ──caused[e]──▶ poll        by[e]: the poll during which event e was recorded,
//      ▲                   │          or -1: outside any poll,
//      └────── by[e] ──────┘          or -2 - s: event s (a socket or a timer) took the waker
//
// Clocks of threads differ by some 100 ns, so a wake may stand a little after the start of the poll that it caused.
// Each poll follows a wake that queues its task, and no wake queues a task that runs. So a wake that seems to queue a
// task that runs or is complete caused a poll that has begun. If the task is queued already, its earlier wake did so.
// That poll is the task's last, if it has no cause yet and is less than SKEW older. Next: life.js.

if (typeof module !== 'undefined') require('./lanes.js');

const SKEW = 2000;

/** The order of all events by time; those of one thread keep theirs. @param {Events} events @returns {Uint32Array} */
function mergeOrder(events) {
    const { time, starts } = events;
    const order = new Uint32Array(events.count);
    const next = starts.slice(0, -1);
    // A heap of threads by the time of their next event.
    /** @type {number[]} */
    const heap = [];
    const before = (/** @type {number} */ x, /** @type {number} */ y) =>
        time[next[x]] < time[next[y]] || (time[next[x]] === time[next[y]] && x < y);
    const sink = (/** @type {number} */ i) => {
        for (;;) {
            let least = 2 * i + 1;
            if (least >= heap.length) return;
            if (least + 1 < heap.length && before(heap[least + 1], heap[least])) least++;
            if (!before(heap[least], heap[i])) return;
            [heap[i], heap[least]] = [heap[least], heap[i]];
            i = least;
        }
    };
    for (let t = 0; t < next.length; t++) if (next[t] < starts[t + 1]) heap.push(t);
    for (let i = heap.length >> 1; i >= 0; i--) sink(i);
    let n = 0;
    while (heap.length) {
        const t = heap[0];
        // All events up to the next of another thread.
        let limit = Infinity;
        for (let i = 1; i <= 2 && i < heap.length; i++) limit = Math.min(limit, time[next[heap[i]]]);
        let e = next[t];
        const end = starts[t + 1];
        do order[n++] = e++;
        while (e < end && time[e] < limit);
        next[t] = e;
        if (e === end) {
            const last = /** @type {number} */ (heap.pop());
            if (heap.length) heap[0] = last;
        }
        sink(0);
    }
    return order;
}

/** @param {number} length @param {number} value */
function filled(length, value) {
    return new Int32Array(length).fill(value);
}

/** @param {Meta} meta @param {Events} events */
function buildModel(meta, events) {
    const { count: n, kind, time, a, b, c, thread } = events;
    const tasks = meta.tasks.length;
    const threads = meta.threads.length;
    const order = mergeOrder(events);
    const end = n ? Math.max(meta.duration || 0, time[order[n - 1]]) : meta.duration || 0;
    let room = 0;
    for (let e = 0; e < n; e++) if (kind[e] === K.poll_begin) room++;

    const by = filled(n, -1);
    const caused = filled(n, -1);
    const poll = {
        count: 0,
        task: new Uint32Array(room),
        thread: new Uint16Array(room),
        begin: new Float64Array(room),
        end: new Float64Array(room).fill(end),
        outcome: new Uint8Array(room).fill(STILL_OPEN),
        /** The wake, spawn, call-queued or gave-way event that caused it, or -1. */
        cause: filled(room, -1),
        /** Its poll-begin and poll-end events; -1 if it has not ended. */
        first: new Uint32Array(room),
        last: filled(room, -1),
        /** The poll that it is nested in, or -1. */
        outer: filled(room, -1),
        /** The task's poll before, or -1. */
        previous: filled(room, -1),
        /** The first `waits` event in it, or -1. */
        waits: filled(room, -1),
    };
    const task = {
        count: tasks,
        spawn: filled(tasks, -1),
        queuedCall: filled(tasks, -1),
        cancel: filled(tasks, -1),
        dropped: filled(tasks, -1),
        taken: filled(tasks, -1),
        lastPoll: filled(tasks, -1),
        /** The wake that has caused no poll yet, or -1. */
        pending: filled(tasks, -1),
        polls: new Uint32Array(tasks),
        total: new Float64Array(tasks),
        longest: new Float64Array(tasks),
    };
    const early = filled(tasks, -1);
    const open = filled(threads, -1);
    const gaveWay = filled(threads, -1);
    /** What stands before a due: the last ready source or fired timer of the thread. */
    const cause = filled(threads, -1);
    /** By thread: the tasks to be woken after the turn, each followed by the cause. @type {number[][]} */
    const dues = Array.from({ length: threads }, () => []);
    const causes = (/** @type {number} */ e, /** @type {number} */ p) => {
        poll.cause[p] = e;
        caused[e] = p;
    };
    // The poll that `e` caused, though it seems to have begun before `e`.
    const latecomer = (/** @type {number} */ e) => {
        const p = kind[e] === K.gave_way ? -1 : task.lastPoll[a[e]];
        return p >= 0 && poll.cause[p] < 0 && time[e] - poll.begin[p] < SKEW ? p : -1;
    };

    for (let i = 0; i < n; i++) {
        const e = order[i];
        const t = thread[e];
        const current = open[t];
        by[e] = current;
        const x = a[e];
        switch (kind[e]) {
            case K.spawn: {
                task.spawn[x] = e;
                const p = latecomer(e);
                if (p >= 0 && poll.previous[p] < 0) causes(e, p);
                break;
            }
            case K.call_queued:
                task.queuedCall[x] = e;
                break;
            case K.poll_begin: {
                const p = poll.count++;
                const previous = task.lastPoll[x];
                poll.task[p] = x;
                poll.thread[p] = t;
                poll.begin[p] = time[e];
                poll.first[p] = e;
                poll.outer[p] = current;
                poll.previous[p] = previous;
                let from = task.pending[x];
                if (from < 0 && previous < 0) from = task.queuedCall[x] >= 0 ? task.queuedCall[x] : task.spawn[x];
                if (from >= 0) causes(from, p);
                task.pending[x] = early[x];
                early[x] = -1;
                task.lastPoll[x] = p;
                task.polls[x]++;
                open[t] = p;
                by[e] = p;
                gaveWay[t] = -1;
                if (dues[t].length) dues[t].length = 0;
                break;
            }
            case K.poll_end: {
                if (current < 0) break;
                const own = poll.task[current];
                poll.end[current] = time[e];
                poll.outcome[current] = x;
                poll.last[current] = e;
                const took = time[e] - poll.begin[current];
                task.total[own] += took;
                if (took > task.longest[own]) task.longest[own] = took;
                if (x === 5 && task.pending[own] < 0) task.pending[own] = gaveWay[t];
                if (x >= 1 && x <= 3) task.pending[own] = -1;
                open[t] = poll.outer[current];
                gaveWay[t] = -1;
                break;
            }
            case K.gave_way:
                gaveWay[t] = e;
                break;
            case K.source_ready:
            case K.timer_fired:
                cause[t] = e;
                break;
            case K.due:
                by[e] = cause[t] >= 0 ? -2 - cause[t] : -1;
                dues[t].push(x, cause[t]);
                break;
            case K.park:
                dues[t].length = 0;
                cause[t] = -1;
                break;
            case K.wake: {
                if (current < 0) {
                    const list = dues[t];
                    let at = 0;
                    while (at < list.length && list[at] !== x) at += 2;
                    if (at < list.length) {
                        if (list[at + 1] >= 0) by[e] = -2 - list[at + 1];
                        list.splice(at, 2);
                    }
                }
                const place = c[e];
                if (place === PLACE.queued || place === PLACE.complete) break;
                const last = task.lastPoll[x];
                const running = last >= 0 && poll.outcome[last] === STILL_OPEN;
                if (place === PLACE.running) {
                    if (running || (last >= 0 && poll.outcome[last] === 4)) {
                        if (task.pending[x] < 0) task.pending[x] = e;
                    } else early[x] = e;
                    break;
                }
                const over = last >= 0 && poll.outcome[last] >= 1 && poll.outcome[last] <= 3;
                if (place !== PLACE.flag) {
                    const waited = task.pending[x];
                    const late = running || over ? e : waited;
                    const p = late >= 0 ? latecomer(late) : -1;
                    if (p >= 0) causes(late, p);
                    if (running || over) break;
                }
                task.pending[x] = e;
                break;
            }
            case K.waits:
                if (current >= 0 && poll.waits[current] < 0) poll.waits[current] = e;
                break;
            case K.cancel:
                task.cancel[x] = e;
                break;
            case K.dropped:
                task.dropped[x] = e;
                break;
            case K.taken:
                task.taken[x] = e;
                break;
        }
    }
    // A poll that has not ended lasts until the recording's end.
    for (let t = 0; t < threads; t++) {
        for (let p = open[t]; p >= 0; p = poll.outer[p]) {
            const own = poll.task[p];
            task.total[own] += end - poll.begin[p];
            task.longest[own] = Math.max(task.longest[own], end - poll.begin[p]);
        }
    }
    return {
        meta, events, order, end, by, caused, poll, task,
        polls: pollsByTask(task, poll),
        children: childrenByTask(meta),
        lanes: buildLanes(meta, events, poll, end),
        arrows: buildArrows(events, order, caused),
    };
}

/** @typedef {ReturnType<typeof buildModel>} Model */

/** @param {{count: number}} task @param {{task: Uint32Array, count: number}} poll */
function pollsByTask(task, poll) {
    return groupBy(poll.task, task.count, poll.count);
}

/** The tasks without a parent are the children of number `tasks.length`. @param {Meta} meta */
function childrenByTask(meta) {
    const none = meta.tasks.length;
    const parents = Uint32Array.from(meta.tasks, ({ parent }) => (parent !== null && parent >= 0 && parent < none ? parent : none));
    return groupBy(parents, none + 1, none);
}

/** When poll `p` became due: when its wake came, or its previous poll ended if it was woken before that. @param {Model} model @param {number} p */
function readyAt({ poll, events, by }, p) {
    const cause = poll.cause[p];
    if (cause < 0) return -1;
    const previous = poll.previous[p];
    const woken = events.time[cause];
    const ready = previous >= 0 ? Math.max(woken, poll.end[previous]) : woken;
    return Math.min(ready, poll.begin[p]);
}

/** The `waits` events of poll `p`. @param {Model} model @param {number} p */
function waitsOf({ poll, events, by }, p) {
    /** @type {number[]} */
    const found = [];
    if (poll.waits[p] < 0) return found;
    const end = poll.last[p] >= 0 ? poll.last[p] : events.starts[poll.thread[p] + 1];
    for (let e = poll.waits[p]; e < end; e++) if (events.kind[e] === K.waits && by[e] === p) found.push(e);
    return found;
}

/** From when on no thread's events are lost. What was true before may have changed unseen. @param {Pick<Model, 'meta'|'events'|'end'>} model */
function keptSince({ meta, events, end }) {
    let since = 0;
    meta.threads.forEach(({ lost }, t) => {
        if (lost > 0) since = Math.max(since, events.starts[t] < events.starts[t + 1] ? events.time[events.starts[t]] : end);
    });
    return since;
}

if (typeof module !== 'undefined') {
    module.exports = { SKEW, filled, mergeOrder, buildModel, readyAt, waitsOf, keptSince };
    Object.assign(globalThis, module.exports);
}
