// Who held each lock, and who waited for it, told from the events. Next: findings.js.

if (typeof module !== 'undefined') require('./why.js');

/**
 * @typedef {object} LockState
 * @property {number} holder  A task, or -1: nobody, or not known.
 * @property {number} since
 * @property {number} event  By which it got the lock.
 * @property {Map<number, {since: number, poll: number}>} waiters  By task. `poll`: the last one that waited.
 * @property {number} gaveUp  The longest wait of a task that gave up, and who.
 * @property {number} who
 */

/** Who holds each lock, and who waits for it, in the order of time. `ended` is called before a holder lets a lock go. @param {Model} model @param {(thing: number, lock: LockState, at: number) => void} ended @returns {Map<number, LockState>} */
function followLocks(model, ended) {
    const { events, order, by, poll } = model;
    /** @type {Map<number, LockState>} */
    const locks = new Map();
    const lockOf = (/** @type {number} */ thing) => {
        let lock = locks.get(thing);
        if (!lock) locks.set(thing, (lock = { holder: -1, since: 0, event: -1, waiters: new Map(), gaveUp: 0, who: -1 }));
        return lock;
    };
    /** By task: the locks that it waits for. @type {Map<number, Set<number>>} */
    const waitsFor = new Map();
    /** By thread: the lock that was handed over, until a wake names its new holder. @type {Map<number, number>} */
    const handed = new Map();
    const take = (/** @type {number} */ thing, /** @type {number} */ holder, /** @type {number} */ e) => {
        const lock = lockOf(thing);
        lock.waiters.delete(holder);
        waitsFor.get(holder)?.delete(thing);
        if (lock.holder === holder && holder >= 0) return;
        Object.assign(lock, { holder, since: events.time[e], event: e, gaveUp: 0, who: -1 });
    };
    const free = (/** @type {number} */ thing, /** @type {number} */ e) => {
        const lock = lockOf(thing);
        if (lock.holder >= 0) ended(thing, lock, events.time[e]);
        lock.holder = -1;
    };
    // A task that was polled and has not said again that it waits has given up.
    const polled = (/** @type {number} */ own, /** @type {number} */ p, /** @type {number} */ at) => {
        const mine = waitsFor.get(own);
        if (!mine) return;
        for (const thing of mine) {
            const lock = lockOf(thing);
            const wait = lock.waiters.get(own);
            if (wait && wait.poll === p) continue;
            mine.delete(thing);
            lock.waiters.delete(own);
            const ns = wait ? at - Math.max(wait.since, lock.since) : 0;
            if (lock.holder >= 0 && ns > lock.gaveUp) Object.assign(lock, { gaveUp: ns, who: own });
        }
        if (!mine.size) waitsFor.delete(own);
    };
    for (let i = 0; i < order.length; i++) {
        const e = order[i];
        const x = events.a[e];
        switch (events.kind[e]) {
            case K.waits: {
                if (events.c[e] !== WAIT.lock || by[e] < 0) break;
                const own = poll.task[by[e]];
                const { waiters } = lockOf(x);
                const wait = waiters.get(own);
                if (wait) wait.poll = by[e];
                else waiters.set(own, { since: events.time[e], poll: by[e] });
                const mine = waitsFor.get(own);
                if (mine) mine.add(x);
                else waitsFor.set(own, new Set([x]));
                break;
            }
            case K.poll_end:
                if (waitsFor.size && by[e] >= 0) polled(poll.task[by[e]], by[e], poll.begin[by[e]]);
                break;
            case K.lock_taken:
                take(x, by[e] >= 0 ? poll.task[by[e]] : -1, e);
                break;
            case K.lock_freed:
                free(x, e);
                break;
            case K.lock_handed:
                free(x, e);
                handed.set(events.thread[e], x);
                break;
            case K.wake: {
                const thing = handed.get(events.thread[e]);
                if (thing === undefined) break;
                handed.delete(events.thread[e]);
                // A waiter that is no task is woken without an event: this wake is another's.
                if (lockOf(thing).waiters.has(x)) take(thing, x, e);
                break;
            }
        }
    }
    return locks;
}

if (typeof module !== 'undefined') {
    module.exports = { followLocks };
    Object.assign(globalThis, module.exports);
}
