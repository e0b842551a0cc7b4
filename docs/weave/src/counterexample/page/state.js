// What holds after some steps: which write of each atomic a thread knows, and what each thread waits for. Next: moves.js.

if (typeof module !== 'undefined') require('./words.js');

/** @typedef {{last: number, place: number, waits: number, ended: boolean, knows: Map<number, number>, released: number}} ThreadState  `last`: its last step; `place`: its last step that has a line; `waits`: the step in which it began to wait, or -1; `knows`: by atomic the step that wrote the newest value it knows, -1 for the first value; `released`: the lock that it takes again when it is woken. */
/** @typedef {{threads: ThreadState[], newest: Map<number, number>, first: Map<number, string|null>, owners: Map<number, number>}} State  `newest`: by atomic the step that wrote it last; `first`: its value before all writes, once it was read. */

/** @param {Data} data @param {Run} run @param {number} count @returns {State} */
function stateAfter({ objects }, { steps, threads: names }, count) {
    /** @type {ThreadState[]} */
    const threads = names.map(() => ({ last: -1, place: -1, waits: -1, ended: false, knows: new Map(), released: -1 }));
    /** @type {Map<number, any>[]} */
    const [newest, first, owners] = [new Map(), new Map(), new Map()];
    steps.slice(0, count).forEach(([t, op, object, file, , , read, written, extra], i) => {
        const thread = threads[t];
        Object.assign(thread, { last: i, place: file < 0 ? thread.place : i, waits: -1, ended: op === 'end' });
        if (objects[object]?.[1] === 'atomic') {
            const before = extra?.missed ?? -1;
            const source = steps.findLastIndex((step, at) => at < (before < 0 ? i : before) && step[2] === object && step[7] === read);
            if (source < 0 && read !== null && !first.has(object)) first.set(object, read);
            if (written !== null) newest.set(object, i);
            thread.knows.set(object, written !== null ? i : Math.max(source, thread.knows.get(object) ?? -1));
        }
        if (/^(park|join|wait|blocked)$/.test(op)) thread.waits = i;
        if (op === 'lock') owners.set(object, t);
        if (op === 'unlock') owners.delete(object);
        if (op === 'wait') {
            thread.released = [...owners].findLast(([, owner]) => owner === t)?.[0] ?? -1;
            owners.delete(thread.released);
        }
        if (op === 'woken') owners.set(thread.released, t);
    });
    return { threads, newest, first, owners };
}

/** By atomic: its newest value, and what each thread knows of it. @param {Data} data @param {Run} run @param {State} state */
function knowledge(data, run, { threads, newest }) {
    const { first, newest: used } = stateAfter(data, run, Infinity);
    return [...new Set([...first.keys(), ...used.keys()])].map((object) => {
        const value = (/** @type {number} */ step) => (step < 0 ? (first.get(object) ?? '?') : run.steps[step][7]);
        const since = newest.get(object) ?? -1;
        return {
            name: objectName(data, object),
            newest: value(since),
            since,
            known: threads.map(({ knows }) => {
                const step = knows.get(object);
                return step === undefined ? null : { value: value(step), old: step !== since };
            }),
        };
    });
}

/** Whose the lock of a step is, and who waits for it. @param {Data} data @param {Run} run @param {number} i @returns {any[]} */
function lockWords(data, run, i) {
    const [t, op, object] = run.steps[i];
    const { threads, owners } = stateAfter(data, run, i);
    const { released } = stateAfter(data, run, i + 1).threads[t];
    const waiting = run.threads.filter((_, other) => run.steps[threads[other].waits]?.slice(1, 3).join() === `blocked,${object}`);
    return [
        /blocked|try/.test(op) && owners.has(object) && `${run.threads[owners.get(object) ?? 0]} holds it.`,
        op === 'unlock' && waiting.length > 0 && `${waiting.join(' and ')} waited for it.`,
        /^(wait|woken)$/.test(op) && released >= 0 && `The lock is ${objectName(data, released)}.`,
    ];
}

/** What a thread does: `waits for the lock idle, which thread 1 holds`. @param {Data} data @param {Run} run @param {State} state @param {number} t */
function threadWords(data, run, { threads, owners }, t) {
    const { waits, ended, last } = threads[t];
    const held = [...owners].filter(([, owner]) => owner === t).map(([lock]) => objectName(data, lock));
    if (ended || waits < 0) return (ended ? 'has ended' : last < 0 ? 'has not begun' : `has come to step ${last + 1}`) + (held.length ? `, and holds ${held.join(' and ')}` : '');
    const [, op, object] = run.steps[waits];
    const name = objectName(data, object);
    /** @type {Record<string, string>} */
    const words = {
        park: 'is parked until it is unparked',
        join: `waits for the end of ${name}`,
        wait: `waits on ${name} until it is woken`,
        blocked: `waits for the lock ${name}, which ${run.threads[owners.get(object) ?? -1] ?? 'nobody'} holds`,
    };
    return `${words[op]}, since step ${waits + 1}`;
}

if (typeof module !== 'undefined') {
    module.exports = { stateAfter, knowledge, lockWords, threadWords };
    Object.assign(globalThis, module.exports);
}
