// The findings: for each a recording that has it, and one that almost has it.

const test = require('node:test');
const assert = require('node:assert/strict');
const { Recorder } = require('./recorder.js');
const { findAll } = require('../findings.js');

const MS = 1e6;

/** The texts of the cases, by finding. */
const findings = (recorder) =>
    Object.fromEntries(findAll(recorder.model()).map(({ id, cases }) => [id, cases.map(({ text }) => text)]));

test('a poll over 1 ms', () => {
    const recorder = new Recorder(1);
    const [a, b, call] = [recorder.task('a'), recorder.task('b'), recorder.task(null, 'blocking')];
    recorder.poll(0, a, 0, 2 * MS).poll(0, b, 3 * MS, 4 * MS).poll(0, call, 5 * MS, 9 * MS, 1);
    assert.deepEqual(findings(recorder), { 'long-poll': ['a #0 was polled for 2.00 ms'] });
});

test('woken and not polled for more than 5 ms', () => {
    const recorder = new Recorder(1);
    const [a, b, c] = [recorder.task('a'), recorder.task('b'), recorder.task('c')];
    recorder.at(0, 0, 'wake', a, 2).at(0, 0, 'wake', b, 2).poll(0, b, 5 * MS, 5.1 * MS).poll(0, a, 6 * MS, 6.1 * MS);
    recorder.at(0, 7 * MS, 'wake', c, 2).at(0, 20 * MS, 'thread-gone');
    assert.deepEqual(findings(recorder), {
        'queued-long': ['c #2 was queued 13.0 ms before the end, and not polled', 'a #0 was polled 6.00 ms after it was queued'],
    });
});

test('woken and not polled: no verdict on times of which events are missing', () => {
    const recorder = new Recorder(2);
    const a = recorder.task('a');
    recorder.meta.threads[1].lost = 7;
    recorder.at(0, 0, 'wake', a, 2).at(1, 1 * MS, 'thread-gone').poll(0, a, 6 * MS, 6.1 * MS);
    assert.deepEqual(findings(recorder), {});
});

test('a wake while the task runs does not count as waiting', () => {
    const recorder = new Recorder(2);
    const a = recorder.task('a', 'blocking');
    recorder.poll(0, a, 0, 20 * MS, 4, [100, 'wake', a, 5]).poll(0, a, 20.1 * MS, 20.2 * MS);
    assert.deepEqual(findings(recorder), {});
});

test('a worker was parked while a task waited', () => {
    const make = (name, from) => {
        const recorder = new Recorder(2);
        const a = recorder.task('a');
        recorder.meta.threads[1].name = name;
        recorder.at(1, from, 'park', 0);
        recorder.at(0, 1 * MS, 'wake', a, 1).poll(0, a, 4 * MS, 4.1 * MS);
        recorder.at(1, 5 * MS, 'unpark', 0);
        return findings(recorder);
    };
    assert.deepEqual(make('executor-worker-1', 0), {
        'idle-worker': ['executor-worker-1 was parked for 3.00 ms while a #0 waited in a queue'],
    });
    assert.deepEqual(make('other-pool-1', 0), {}, 'a worker of another pool cannot help');
    assert.deepEqual(make('executor-worker-1', 3.5 * MS), {}, 'it was parked for half a millisecond');
});

test('a task wakes itself over and over', () => {
    const make = (times, other) => {
        const recorder = new Recorder(1);
        const a = recorder.task('a');
        for (let i = 0; i < times; i++) {
            if (i === other) recorder.at(0, i * 100, 'wake', a, 6);
            recorder.poll(0, a, i * 100, i * 100 + 50, 4, [i * 100 + 20, 'wake', a, 5]);
        }
        return findings(recorder);
    };
    assert.deepEqual(make(101, -1), { 'self-wake': ['a #0 woke itself 101 times in a row'] });
    assert.deepEqual(make(100, -1), {});
    assert.deepEqual(make(150, 75), {}, 'another woke it in between');
});

test('a task never gives way by itself', () => {
    const make = (between) => {
        const recorder = new Recorder(1);
        const a = recorder.task('a');
        for (let i = 0; i < 30; i++) {
            const at = i * 1000;
            recorder.poll(0, a, at, at + 50, i === between ? 0 : 5, [at + 20, 'gave-way'], [at + 30, 'wake', a, 5]);
        }
        return findings(recorder);
    };
    assert.deepEqual(make(-1), { budget: ['a #0 used up its budget in 30 polls in a row'] });
    assert.deepEqual(make(15), {});
});

/** `holder` takes the lock, awaits, and frees it at `freed`; `waiter` wants it meanwhile. */
const locked = (freed, inside = []) => {
    const recorder = new Recorder(2);
    const [holder, waiter] = [recorder.task('holder'), recorder.task('waiter')];
    const lock = recorder.thing('lock', 'table');
    recorder.poll(0, holder, 0, 1000, 0, [500, 'lock-taken', lock]);
    recorder.poll(1, waiter, 2000, 3000, 0, [2500, 'waits', 3, lock]);
    for (const [begin, ...events] of inside) recorder.poll(1, waiter, begin, begin + 1000, 0, ...events);
    recorder.at(0, freed - 100, 'wake', holder, 0);
    recorder.poll(0, holder, freed, freed + 500, 1, [freed + 100, 'lock-handed', lock], [freed + 200, 'wake', waiter, 2]);
    recorder.poll(1, waiter, freed + 1000, freed + 2000, 1, [freed + 1100, 'lock-taken', lock], [freed + 1500, 'lock-freed', lock]);
    return recorder;
};

test('a lock held across a long wait', () => {
    assert.deepEqual(findings(locked(20 * MS)), {
        'held-lock': ['holder #0 held lock table for 20.0 ms; waiter #1 waited for it for 20.0 ms'],
    });
    assert.deepEqual(findings(locked(9 * MS)), {});
});

test('a lock: a waiter that gave up early does not count', () => {
    assert.deepEqual(findings(locked(20 * MS, [[3 * MS]])), {});
    assert.deepEqual(findings(locked(30 * MS, [[15 * MS]])), {
        'held-lock': ['holder #0 held lock table for 30.0 ms; waiter #1 waited for it for 15.0 ms'],
    });
});

test('a lock: nobody waits for it', () => {
    const recorder = new Recorder(1);
    const a = recorder.task('a');
    const lock = recorder.thing('lock');
    recorder.poll(0, a, 0, 1000, 0, [500, 'lock-taken', lock]).at(0, 50 * MS, 'wake', a, 0);
    recorder.poll(0, a, 50.1 * MS, 50.2 * MS, 1, [50.15 * MS, 'lock-freed', lock]);
    assert.deepEqual(findings(recorder), {});
});

test('lag', () => {
    const recorder = new Recorder(1);
    const a = recorder.task('a');
    const channel = recorder.thing('broadcast', 'group tea');
    recorder.poll(0, a, 0, 1000, 0, [500, 'lagged', channel, 1234]);
    assert.deepEqual(findings(recorder), { lag: ['a #0 missed 1,234 messages of broadcast group tea'] });
});

test('a panic', () => {
    const recorder = new Recorder(1);
    recorder.poll(0, recorder.task('a'), 0, 1000, 2);
    assert.deepEqual(findings(recorder), { panic: ['a #0 panicked'] });
});

/** Tasks that each wait, in their last poll, for `waits(...)`. */
const waiting = (waits, locks = []) => {
    const recorder = new Recorder(1);
    waits.forEach((_, i) => recorder.task(`t${i}`));
    const things = [recorder.thing('lock', 'x'), recorder.thing('lock', 'y')];
    recorder.thing('timer');
    let time = 0;
    waits.forEach((list, i) => {
        const inside = locks.filter(([task]) => task === i).map(([, lock]) => [time + 10, 'lock-taken', things[lock]]);
        inside.push(...list.map(([what, number]) => [time + 20, 'waits', what, number]));
        recorder.poll(0, i, time, time + 100, 0, ...inside);
        time += 1000;
    });
    return recorder;
};

test('nobody can wake them: a cycle of joins, and a task behind it', () => {
    const recorder = waiting([[[6, 1]], [[6, 0]], [[6, 0]], [[2, 2]]]);
    assert.deepEqual(findings(recorder).stuck, [
        't0 #0 waits for the join of t1 #1; t1 #1 waits for the join of t0 #0',
        't2 #2 waits behind such tasks: for the join of t0 #0',
    ]);
});

test('nobody can wake them: two locks in two orders', () => {
    const recorder = waiting([[[3, 1]], [[3, 0]]], [[0, 0], [1, 1]]);
    assert.deepEqual(findings(recorder).stuck, [
        't0 #0 waits for the lock y, which t1 #1 holds; t1 #1 waits for the lock x, which t0 #0 holds',
    ]);
});

test('nobody can wake them: a task that waits for the lock that it holds', () => {
    const recorder = waiting([[[3, 0]]], [[0, 0]]);
    assert.deepEqual(findings(recorder).stuck, ['t0 #0 waits for the lock x, which it holds itself']);
});

test('nobody can wake them: a holder that joins its waiter', () => {
    const recorder = waiting([[[6, 1]], [[3, 0]]], [[0, 0]]);
    assert.equal(findings(recorder).stuck.length, 1);
});

test('somebody can wake them: a timer beside the join, a chain that ends at a timer, a free lock', () => {
    assert.deepEqual(findings(waiting([[[6, 1], [2, 2]], [[6, 0]]])), {});
    assert.deepEqual(findings(waiting([[[6, 1]], [[6, 2]], [[2, 2]]])), {});
    assert.deepEqual(findings(waiting([[[3, 0]], [[3, 1]]])), {});
    assert.deepEqual(findings(waiting([[[6, 1]], []])), {});
});

test('no verdict where events are missing', () => {
    const recorder = waiting([[[6, 1]], [[6, 0]]]);
    recorder.meta.threads.push({ name: 'executor-worker-1', worker: 1, lost: 10 });
    recorder.streams.push([]);
    recorder.last.push(0);
    recorder.at(1, 50 * MS, 'thread-gone');
    assert.deepEqual(findings(recorder), {});
});

test('an empty recording has no findings', () => {
    assert.deepEqual(findings(new Recorder(0)), {});
    assert.deepEqual(findings(new Recorder(2)), {});
});
