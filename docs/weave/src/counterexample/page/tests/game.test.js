// The game: each choice leads to a state, and what can still happen there is known.

const test = require('node:test');
const assert = require('node:assert/strict');
const sample = require('./game.json');
const { stateOf, choicesAfter, playedRun, outlook, gameWords } = require('../game.js');

const data = { ...sample, objects: [['a', 'atomic'], ['b', 'atomic']] };
const [broken, cured] = sample.games;
const threads = ['thread 1', 'thread 2'];
const words = (game, path) => gameWords(data, game, path, playedRun(game, path, threads));

/** Every path to an end. */
function* ends(game, path = []) {
    const choices = choicesAfter(game, path);
    if (!choices.length) yield path;
    for (let i = 0; i < choices.length; i++) yield* ends(game, [...path, i]);
}

test('the choices are those of the state', () => {
    assert.equal(stateOf(broken, []), 0);
    assert.deepEqual(choicesAfter(broken, []).map(([thread]) => thread), [0, 1]);
    const [end] = ends(broken);
    assert.equal(broken.nodes[stateOf(broken, end)][0], 'end');
    assert.deepEqual(choicesAfter(broken, end), []);
});

test('the played run has the steps of the path, and is open until an end', () => {
    const [end] = ends(broken);
    const run = playedRun(broken, end, threads);
    assert.equal(run.steps.length, end.length);
    assert.equal(run.open, false);
    assert.equal(playedRun(broken, end.slice(0, -1), threads).open, true);
    assert.deepEqual(playedRun(broken, [], threads), { threads, steps: [], end: '', kind: '', lost: -1, open: true });
});

test('a stale read names the write that this path has made', () => {
    let stale = 0;
    for (const path of ends(broken)) {
        const { steps } = playedRun(broken, path, threads);
        for (const [i, step] of steps.entries()) {
            const missed = step[8].missed;
            if (step[1] !== 'load') assert.equal(missed, -1);
            else if (missed < 0) assert.ok(!steps.slice(0, i).some((other) => other[2] === step[2] && other[7] !== null && other[7] !== step[6]));
            else assert.ok(++stale && missed < i && steps[missed][2] === step[2] && steps[missed][7] === '1' && step[6] === '0');
        }
    }
    assert.ok(stale > 0);
});

test('the outlook is what a search of all paths finds', () => {
    for (const game of [broken, cured]) {
        const reach = outlook(game);
        const found = game.nodes.map(() => 0);
        for (const path of ends(game)) {
            const fails = playedRun(game, path, threads).end ? 2 : 1;
            for (let i = 0; i <= path.length; i++) found[stateOf(game, path.slice(0, i))] |= fails;
        }
        assert.deepEqual(reach, found);
    }
    assert.equal(outlook(broken)[0], 3);
    assert.equal(outlook(cured)[0], 1);
});

test('states that lead back to themselves have an outlook too', () => {
    const nodes = [[[0, [], 1]], [[0, [], 0], [1, [], 2]], ['end', 'panic']];
    assert.deepEqual(outlook({ nodes }), [2, 2, 2]);
});

test('the words at each stage', () => {
    assert.deepEqual(words(broken, []), ['Choose which thread goes next, and break it.']);
    assert.deepEqual(words(cured, []), [`No choice breaks it: ${cured.nodes.length} states, all of them end well.`]);
    const seen = new Set();
    for (const path of ends(broken)) {
        for (let i = 1; i <= path.length; i++) seen.add(words(broken, path.slice(0, i))[0] ?? '');
    }
    assert.deepEqual([...seen].filter(Boolean).sort(), [
        'From here on every continuation that was tried fails.',
        'It cannot be broken any more: undo.',
        'It held. Try again.',
        'You have broken it: panic: both threads read 0.',
    ]);
    const lost = [...ends(broken)].find((path) => playedRun(broken, path, threads).end);
    assert.deepEqual(words(broken, lost).slice(1), [`This breaks ${data.invariant}: ${data.promise}`, data.follows]);
});
