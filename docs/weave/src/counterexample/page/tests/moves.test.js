// Positions, keys, and the step in which two runs part.

const test = require('node:test');
const assert = require('node:assert/strict');
const { lastPosition, clamp, moved, firstDifference, carried } = require('../moves.js');

const step = (thread, written = '1') => [thread, 'store', 0, 0, 1, '', null, written, null];
const run = (...steps) => ({ threads: [], steps, end: '', kind: '', lost: -1 });
const three = run(step(0), step(1), step(0));

test('the end comes after the last step, unless a game goes on', () => {
    assert.equal(lastPosition(three), 4);
    assert.equal(lastPosition({ ...three, open: true }), 3);
    assert.deepEqual([-1, 0, 1, 4, 5, Infinity].map((at) => clamp(three, at)), [1, 1, 1, 4, 4, 4]);
    assert.equal(clamp({ ...run(), open: true }, 1), 0, 'a game before its first step');
});

test('the keys', () => {
    assert.deepEqual(['ArrowLeft', 'ArrowRight', 'Home', 'End', 'x'].map((key) => moved(three, 2, key)), [1, 3, 1, 4, undefined]);
});

test('the first step that differs, by any of its parts', () => {
    assert.equal(firstDifference([three, run(step(0), step(1, '2'), step(0))]), 1);
    assert.equal(firstDifference([three, run(step(0), step(0))]), 1);
    assert.equal(firstDifference([three, three]), -1);
    assert.equal(firstDifference([three]), -1);
});

test('a run that goes on longer differs from there on', () => {
    assert.equal(firstDifference([three, run(step(0), step(1))]), 2);
    assert.equal(firstDifference([run(step(0), step(1)), three]), 2);
});

test('the position is kept as far as the steps agree', () => {
    assert.deepEqual([1, 5, 6, 9].map((at) => carried(at, 5)), [1, 5, 6, 6]);
    assert.equal(carried(9, -1), 9);
});
