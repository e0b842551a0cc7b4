// Where the reader is: positions in a run, and where two runs part. Next: game.js.
//
// Position 7 is that of the seventh step, after which what is shown holds. The position after the last step is the end.

if (typeof module !== 'undefined') require('./state.js');

/** The last position. @param {Run} run */
const lastPosition = ({ steps, open }) => steps.length + (open ? 0 : 1);

/** @param {Run} run @param {number} at */
const clamp = (run, at) => Math.min(lastPosition(run), Math.max(1, at));

/** Where a key leads, or undefined if the key does not move. @param {Run} run @param {number} at @param {string} key */
const moved = (run, at, key) => /** @type {Record<string, number>} */ ({ ArrowLeft: at - 1, ArrowRight: at + 1, Home: 1, End: lastPosition(run) })[key];

/** The index of the first step in which two runs differ, or -1. @param {Run[]} runs */
function firstDifference([a, b]) {
    const parts = (/** @type {Step|undefined} */ step) => String(step?.slice(0, 8));
    return b ? [...a.steps, ...b.steps].findIndex((_, i) => parts(a.steps[i]) !== parts(b.steps[i])) : -1;
}

/** The same position in the other run, as far as the steps agree. @param {number} at @param {number} difference */
const carried = (at, difference) => (difference < 0 ? at : Math.min(at, difference + 1));

if (typeof module !== 'undefined') {
    module.exports = { lastPosition, clamp, moved, firstDifference, carried };
    Object.assign(globalThis, module.exports);
}
