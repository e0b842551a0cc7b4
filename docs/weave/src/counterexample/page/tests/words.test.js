// Steps and ends in words.

const test = require('node:test');
const assert = require('node:assert/strict');
const { OPS, partsOf, shortWords, opWords, staleWords, stepWords, endWords } = require('../words.js');

const data = {
    objects: [['counts', 'atomic'], ['idle', 'lock'], ['future', 'cell'], ['thread 1', 'thread'], ['condition', 'lock']],
    invariant: '[push-then-read]', promise: 'Work is pushed before the counts are read.', follows: 'The task waits for ever.',
};
const step = (op, object = -1, order = '', read = null, written = null, extra = null) => [0, op, object, 0, 1, order, read, written, extra];
const run = (steps, rest = {}) => ({ threads: ['the model', 'thread 1'], steps, end: '', kind: '', lost: -1, ...rest });

test('each operation has its words', () => {
    const cases = [
        [step('load', 0, 'Relaxed', '0'), 'load counts: 0', 'loads counts, which returns 0, Relaxed'],
        [step('store', 0, 'Release', null, '1'), 'store counts: 1', 'stores 1 to counts, Release'],
        [step('store', 0, 'Release', '0', '1'), 'store counts: 0 → 1', 'stores 1 to counts, Release'],
        [step('rmw', 0, 'Release', '0', '1'), 'counts: 0 → 1', 'reads and writes counts in one step: 0 → 1, Release'],
        [step('cas', 0, 'AcqRel', '0', '1'), 'cas counts: 0 → 1', 'compares and exchanges counts: 0 → 1, AcqRel'],
        [step('cas-failed', 0, 'Acquire', '2'), 'cas-failed counts: 2', 'compares counts, reads 2, and exchanges nothing, Acquire'],
        [step('fence', -1, 'SeqCst'), 'fence', 'passes a SeqCst fence'],
        [step('blocked', 1), 'blocked idle', 'waits for the lock idle'],
        [step('lock', 1), 'lock idle', 'takes the lock idle'],
        [step('unlock', 1), 'unlock idle', 'releases the lock idle'],
        [step('try-lock', 1), 'try-lock idle', 'tries to take the lock idle, which is taken'],
        [step('wait', 4), 'wait condition', 'releases a lock, and waits on condition'],
        [step('woken', 4), 'woken condition', 'is woken, and takes the lock again'],
        [step('notify', 4), 'notify condition', 'wakes one thread that waits on condition'],
        [step('notify-all', 4), 'notify-all condition', 'wakes all threads that wait on condition'],
        [step('park'), 'park', 'parks: it waits until it is unparked'],
        [step('unparked'), 'unparked', 'goes on, since it was unparked'],
        [step('unpark', 3), 'unpark thread 1', 'unparks thread 1'],
        [step('read', 2), 'read future', 'reads future, which is not atomic'],
        [step('write', 2), 'write future', 'writes future, which is not atomic'],
        [step('spawn', 3), 'spawn thread 1', 'spawns thread 1'],
        [step('join', 3), 'join thread 1', 'waits for the end of thread 1'],
        [step('joined', 3), 'joined thread 1', 'goes on, since thread 1 has ended'],
        [step('yield'), 'yield', 'lets other threads run'],
        [step('end'), 'end', 'ends'],
        [step('panic'), 'panic', 'panics'],
        [step('note', -1, '', null, null, { text: 'a timer fires' }), 'a timer fires', 'notes: a timer fires'],
    ];
    for (const [one, short, long] of cases) {
        assert.equal(shortWords(data, one), short);
        assert.equal(opWords(data, one), long);
    }
    assert.deepEqual([...new Set(cases.map(([one]) => one[1]))].sort(), Object.keys(OPS).sort());
});

test('an operation and an object without words are still shown', () => {
    assert.equal(shortWords(data, step('swap', 9)), 'swap');
    assert.equal(opWords(data, step('swap', 0)), 'swap counts');
    assert.equal(opWords(data, step('unpark')), 'unparks something');
});

test('what looks like a mark in a value or a name stays as it is', () => {
    assert.equal(opWords({ objects: [['$w', 'atomic']] }, step('store', 0, '', null, '$o$&')), 'stores $o$& to $w');
});

test('a stale read names the write that it missed, and the other values', () => {
    const steps = [step('store', 0, 'Relaxed', null, '1'), step('load', 0, 'Relaxed', '0', null, { missed: 0, could: ['0', '1', '2'] })];
    const runs = [run(steps), run([])];
    assert.deepEqual(staleWords(runs, steps, 1), [
        'It read 0, though step 1 had already written 1: nothing orders that write before this load.',
        'It could also have returned 1 or 2.',
    ]);
    assert.deepEqual(staleWords(runs, steps, 0).filter(Boolean), []);
    assert.match(staleWords([run(steps), run(steps)], steps, 1)[0], /before this load\. Both runs read it\.$/);
});

test('a step is told with what follows from it', () => {
    const steps = [step('load', 0, 'Relaxed', '0', null, { missed: -1 }), step('yield', -1, '', null, null, { text: 'A hint.' })];
    assert.deepEqual(stepWords(data, run(steps), 0), ['the model loads counts, which returns 0, Relaxed.']);
    assert.deepEqual(stepWords(data, run(steps, { lost: 1 }), 1), ['the model lets other threads run.', 'A hint.', 'From here on every continuation that was tried fails.']);
});

test('a run that panics ends with what it says', () => {
    const panics = run([step('panic'), step('panic')], { end: 'Thread 1 panics: 0 is not 1', kind: 'panic' });
    assert.deepEqual([0, 1].map((i) => stepWords(data, panics, i)), [['the model panics.'], ['Thread 1 panics: 0 is not 1.']]);
});

test('a packed value is told by its parts', () => {
    const units = [['REFERENCE', 512], ['RUNNING', 2], ['QUEUED', 1], ['IDLE', 0]];
    const cases = [['1026', '2 REFERENCE + RUNNING'], ['0', 'IDLE'], ['0x203', 'REFERENCE + RUNNING + QUEUED'], ['&1', '']];
    for (const [value, parts] of cases) assert.equal(partsOf(units, value), parts);
    assert.equal(partsOf(units.slice(0, 2), '3'), '');
    const packed = { ...data, units: { 0: units } };
    assert.deepEqual(stepWords(packed, run([step('rmw', 0, 'Release', '1', '512')]), 0)[1], 'In words: QUEUED → REFERENCE.');
    assert.equal(stepWords(packed, run([step('cas', 0, 'AcqRel', '&1', '1')]), 0)[1], 'In words: &1 → QUEUED.');
});

test('the end names what failed, the broken rule, and what follows', () => {
    assert.deepEqual(endWords(data, run([step('park')], { end: 'deadlock: all wait', kind: 'deadlock' })), [
        'deadlock: all wait.', 'This breaks [push-then-read]: Work is pushed before the counts are read.', 'The task waits for ever.',
    ]);
    assert.deepEqual(endWords(data, run([step('end')])), ['All is well: the model passes, and [push-then-read] holds.']);
});

test('a race names both accesses', () => {
    const by = (thread, op, object) => [thread, op, object, 0, 1, '', null, null, null];
    const words = (steps, kind = 'race') => endWords(data, run(steps, { end: 'race!', kind }))[1];
    const race = 'Steps 2 and 3 access future, and nothing orders one before the other.';
    assert.equal(words([by(0, 'write', 2), by(0, 'write', 2), by(1, 'read', 2)]), race);
    assert.equal(words([by(0, 'spawn', 3), by(0, 'read', 2), by(1, 'write', 2)]), race);
    for (const steps of [[by(0, 'read', 2), by(1, 'read', 2)], [by(1, 'write', 2), by(1, 'read', 2)]]) assert.match(words(steps), /^This breaks/);
    assert.match(words([by(0, 'write', 2), by(1, 'write', 2)], 'panic'), /^This breaks/);
});

test('the exercises take out what says which line is wrong', () => {
    const { withoutWords } = globalThis;
    const lines = ['if a && !fault("b") {', '    || fault("b")', 'let x = if fault("b") { 0 } else { 1 };', 'Some(_) if fault("b") => {}', 'fault("b") && c'];
    const quiz = { fault: 'b', promise: 'p', site: [0, 1], files: [{ path: 'a.rs', parts: [[1, [...lines]]] }] };
    withoutWords(quiz);
    assert.deepEqual(quiz.files[0].parts[0][1], ['if a {', '', 'let x = 1;', '…', 'c']);
    assert.deepEqual([quiz.promise, quiz.site], ['', [-1, 0]]);
});

test('where two runs part, the other one is told', () => {
    const { partWords } = globalThis;
    const one = { threads: ['the model'], steps: [[0, 'end', -1, -1, 0, '', null, null, null]] };
    const other = { threads: ['the model'], steps: [[0, 'lock', 0, -1, 0, '', null, null, null]] };
    const both = { objects: [['idle', 'lock']], runs: [one, other] };
    assert.equal(partWords(both, one, 0), 'Here the two runs part. In the other one the model takes the lock idle.');
    assert.equal(partWords({ ...both, runs: [one, { ...other, steps: [] }] }, one, 0), 'Here the two runs part. In the other one nothing follows.');
});
