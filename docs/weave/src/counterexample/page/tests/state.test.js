// What holds after some steps.

const test = require('node:test');
const assert = require('node:assert/strict');
const { stateAfter, knowledge, lockWords, threadWords } = require('../state.js');

const data = { objects: [['a', 'atomic'], ['idle', 'lock'], ['condition', 'lock'], ['thread 1', 'thread'], ['b', 'atomic']] };
const step = (thread, op, object = -1, read = null, written = null, extra = null) => [thread, op, object, 0, 1, '', read, written, extra];
const run = (...steps) => ({ threads: ['the model', 'thread 1'], steps, end: '', kind: '', lost: -1 });
const known = (one, count = one.steps.length) => knowledge(data, one, stateAfter(data, one, count));
const words = (one, t, count = one.steps.length) => threadWords(data, one, stateAfter(data, one, count), t);

test('a write is known to its thread, and to those that read it', () => {
    const one = run(step(0, 'store', 0, null, '1'), step(1, 'load', 0, '1'), step(0, 'rmw', 0, '1', '2'));
    assert.deepEqual(known(one, 1)[0].known, [{ value: '1', old: false }, null]);
    assert.deepEqual(known(one, 2)[0].known, [{ value: '1', old: false }, { value: '1', old: false }]);
    assert.deepEqual(known(one), [{ name: 'a', newest: '2', since: 2, known: [{ value: '2', old: false }, { value: '1', old: true }] }]);
});

test('a stale read does not teach what was written', () => {
    const one = run(step(1, 'load', 0, '0'), step(0, 'store', 0, null, '1'), step(1, 'load', 0, '0', null, { missed: 1 }));
    assert.deepEqual(known(one)[0].known[1], { value: '0', old: true });
});

test('a stale read may return a write in the middle, and a value may come twice', () => {
    const writes = ['1', '0', '1'].map((value) => step(0, 'store', 0, null, value));
    const stale = (read, missed) => stateAfter(data, run(...writes, step(1, 'load', 0, read, null, { missed })), 4).threads[1].knows.get(0);
    assert.equal(stale('0', 2), 1);
    assert.equal(stale('1', 2), 0);
    assert.equal(stale('0', 0), -1);
    assert.equal(stateAfter(data, run(...writes, step(1, 'load', 0, '1')), 4).threads[1].knows.get(0), 2);
});

test('a thread does not forget', () => {
    const one = run(step(0, 'store', 0, null, '1'), step(0, 'store', 0, null, '0'), step(0, 'cas-failed', 0, '0'));
    assert.equal(stateAfter(data, one, 3).threads[0].knows.get(0), 1);
});

test('the first value is known from whichever step reads it', () => {
    assert.equal(known(run(step(0, 'rmw', 0, '7', '8')), 0)[0].newest, '7');
    const late = run(step(0, 'store', 0, null, '1'), step(1, 'load', 0, '7', null, { missed: 0 }));
    assert.equal(known(late, 0)[0].newest, '7');
    assert.equal(known(run(step(0, 'store', 0, null, '1')), 0)[0].newest, '?');
    assert.deepEqual(known(run(step(0, 'lock', 1))), []);
});

test('who waits, and for what', () => {
    assert.equal(words(run(), 0), 'has not begun');
    assert.equal(words(run(step(0, 'fence')), 0), 'has come to step 1');
    assert.equal(words(run(step(0, 'end')), 0), 'has ended');
    assert.equal(words(run(step(0, 'park')), 0), 'is parked until it is unparked, since step 1');
    assert.equal(words(run(step(0, 'park'), step(0, 'unparked')), 0), 'has come to step 2');
    assert.equal(words(run(step(0, 'join', 3)), 0), 'waits for the end of thread 1, since step 1');
    assert.equal(words(run(step(0, 'wait', 2)), 0), 'waits on condition until it is woken, since step 1');
});

test('a lock that another thread holds is waited for, until it is taken', () => {
    const one = run(step(0, 'lock', 1), step(1, 'blocked', 1), step(0, 'unlock', 1), step(1, 'lock', 1), step(0, 'try-lock', 1));
    assert.equal(words(one, 0, 2), 'has come to step 1, and holds idle');
    assert.equal(words(one, 1, 2), 'waits for the lock idle, which the model holds, since step 2');
    assert.equal(words(one, 1, 3), 'waits for the lock idle, which nobody holds, since step 2');
    assert.equal(words(one, 1, 4), 'has come to step 4, and holds idle');
    const told = one.steps.map((_, i) => lockWords(data, one, i).filter(Boolean).join());
    assert.deepEqual(told, ['', 'the model holds it.', 'thread 1 waited for it.', '', 'thread 1 holds it.']);
});

test('waiting on a condition lets go of the lock, and waking takes it again', () => {
    const one = run(step(0, 'lock', 1), step(0, 'wait', 2), step(1, 'lock', 1), step(1, 'unlock', 1), step(0, 'woken', 2), step(1, 'blocked', 1));
    assert.equal(words(one, 1, 3), 'has come to step 3, and holds idle');
    assert.equal(words(one, 1), 'waits for the lock idle, which the model holds, since step 6');
    for (const i of [1, 4]) assert.deepEqual(lockWords(data, one, i).filter(Boolean), ['The lock is idle.']);
});

test('a step without a line stands at the last line of its thread', () => {
    const end = [0, 'end', -1, -1, 0, '', null, null, null];
    const { last, place } = stateAfter(data, run(step(0, 'lock', 1), end), 2).threads[0];
    assert.deepEqual([last, place], [1, 0]);
});
