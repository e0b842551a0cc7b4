// Where the reader is: positions in a run, the address of a position, and where two runs part. Next: game.js.
//
// Position 7 is that of the seventh step, after which what is shown holds. The position after the last step is the end.

if (typeof module !== 'undefined') require('./state.js');

/** The last position. @param {Run} run */
function lastPosition({ steps, open }) {
    return steps.length + (open ? 0 : 1);
}

/** @param {Run} run @param {number} at */
function clamp(run, at) {
    return Math.max(Math.min(1, lastPosition(run)), Math.min(lastPosition(run), at || 1));
}

/** Where a key leads, or null if the key does not move. @param {Run} run @param {number} at @param {string} key */
function moved(run, at, key) {
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 1, End: lastPosition(run) }[key];
    return to === undefined ? null : clamp(run, to);
}

/** The index of the first step in which two runs differ, or -1. @param {Run[]} runs */
function firstDifference([a, b]) {
    if (!a || !b) return -1;
    const same = (/** @type {Step} */ x, /** @type {Step|undefined} */ y) => [0, 1, 2, 5, 6, 7].every((part) => x[part] === y?.[part]);
    const at = a.steps.findIndex((step, i) => !same(step, b.steps[i]));
    return at < 0 && b.steps.length > a.steps.length ? a.steps.length : at;
}

/** The same position in another run, as far as the steps agree. @param {number} at @param {number} difference */
function carried(at, difference) {
    return difference < 0 ? at : Math.min(at, difference + 1);
}

/** @param {number} at @param {number} run */
function address(at, run) {
    return `#${at}${run ? '-without' : ''}`;
}

/** @param {string} hash */
function fromAddress(hash) {
    const found = /^#(\d+)(-without)?$/.exec(hash);
    return found && { at: Number(found[1]), run: found[2] ? 1 : 0 };
}

if (typeof module !== 'undefined') {
    module.exports = { lastPosition, clamp, moved, firstDifference, carried, address, fromAddress };
    Object.assign(globalThis, module.exports);
}
