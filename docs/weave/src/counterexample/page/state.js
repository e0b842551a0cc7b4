// What holds after some steps: which write of each atomic a thread knows, and what each thread waits for. Next: moves.js.

if (typeof module !== 'undefined') require('./words.js');

/** @typedef {{op: string, object: number, since: number}} Wait */
/** @typedef {{last: number, waits: Wait|null, ended: boolean, knows: Map<number, number>, released: number}} ThreadState  `knows`: by atomic the step that wrote the newest value it knows, -1 for the first value. */
/** @typedef {{threads: ThreadState[], writes: Map<number, number[]>, owners: Map<number, number>}} State */

/** The step whose value a load returned, -1 for the value before all of them. @param {Step[]} steps @param {number[]} writes @param {Step} step */
function sourceOf(steps, writes, [, , , , , , read, , extra]) {
    const missed = extra?.missed ?? Infinity;
    const found = writes.findLast((write) => write < missed && steps[write][7] === read);
    return found ?? (missed < Infinity ? -1 : writes.findLast((write) => steps[write][7] === null) ?? -1);
}

/** @param {Data} data @param {Step[]} steps @param {number} count @param {number} width How many threads there are. @returns {State} */
function stateAfter({ objects }, steps, count, width) {
    /** @type {ThreadState[]} */
    const threads = Array.from({ length: width }, () => ({ last: -1, waits: null, ended: false, knows: new Map(), released: -1 }));
    /** @type {State['writes']} */
    const writes = new Map();
    /** @type {State['owners']} */
    const owners = new Map();
    steps.slice(0, count).forEach((step, i) => {
        const [t, op, object, , , , read, written] = step;
        const thread = threads[t];
        // It goes on, so it has what it waited for.
        if (thread.waits?.op === 'lock') owners.set(thread.waits.object, t);
        thread.waits = null;
        thread.last = i;
        thread.ended = op === 'end';
        const wait = () => (thread.waits = { op, object, since: i });
        if (objects[object]?.[1] === 'atomic') {
            if (!writes.has(object)) writes.set(object, []);
            const known = /** @type {number[]} */ (writes.get(object));
            if (written !== null) known.push(i);
            if (written !== null || read !== null) thread.knows.set(object, written !== null ? i : Math.max(sourceOf(steps, known, step), thread.knows.get(object) ?? -1));
        }
        if (op === 'park' || op === 'join') wait();
        if (op === 'lock' && (owners.get(object) ?? t) !== t) wait();
        else if (op === 'lock' || (op === 'try-lock' && read !== 'false' && !owners.has(object))) owners.set(object, t);
        if (op === 'unlock') owners.delete(object);
        if (op === 'wait') {
            thread.released = [...owners].findLast(([, owner]) => owner === t)?.[0] ?? -1;
            owners.delete(thread.released);
            wait();
        }
        if (op === 'woken' && thread.released >= 0) owners.set(thread.released, t);
    });
    return { threads, writes, owners };
}

/** The value of an atomic before all writes, as far as a step has read it. @param {Step[]} steps @param {number} object */
function firstValue(steps, object) {
    /** @type {number[]} */
    const writes = [];
    for (const [i, step] of steps.entries()) {
        if (step[2] !== object) continue;
        if (step[6] !== null && (step[7] !== null ? !writes.length : sourceOf(steps, writes, step) < 0)) return step[6];
        if (step[7] !== null) writes.push(i);
    }
    return '?';
}

/**
 * By atomic: its newest value, and what each thread knows of it.
 * @param {Data} data @param {Run} run @param {State} state
 */
function knowledge({ objects }, { steps }, { threads, writes }) {
    const used = [...new Set(steps.map((step) => step[2]))].filter((object) => objects[object]?.[1] === 'atomic');
    return used.map((object) => {
        const first = firstValue(steps, object);
        const value = (/** @type {number} */ write) => (write < 0 ? first : String(steps[write][7]));
        const newest = writes.get(object)?.at(-1) ?? -1;
        return {
            name: objects[object][0],
            newest: value(newest),
            since: newest,
            known: threads.map(({ knows }) => {
                const write = knows.get(object);
                return write === undefined ? null : { value: value(write), old: write !== newest };
            }),
        };
    });
}

/** What a thread does: `waits for idle, which thread 1 holds`. @param {Data} data @param {Run} run @param {State} state @param {number} t */
function threadWords(data, { threads: names }, { threads, owners }, t) {
    const { waits, ended, last } = threads[t];
    if (ended) return 'has ended';
    if (last < 0) return 'has not begun';
    if (!waits) return 'can go on';
    const name = objectName(data, waits.object, waits.op);
    const holder = owners.get(waits.object);
    const since = `, since step ${waits.since + 1}`;
    if (waits.op === 'park') return `is parked until it is unparked${since}`;
    if (waits.op === 'join') return `waits for the end of ${name}${since}`;
    if (waits.op === 'wait') return `waits on ${name} until it is woken${since}`;
    return holder === undefined || holder === t ? 'can go on' : `waits for ${name}, which ${names[holder]} holds${since}`;
}

if (typeof module !== 'undefined') {
    module.exports = { sourceOf, stateAfter, firstValue, knowledge, threadWords };
    Object.assign(globalThis, module.exports);
}
