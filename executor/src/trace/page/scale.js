// The timeline's arithmetic: its sizes, the steps of its axis, and what it leaves out.
//
// The cost of a frame depends on the pixels and not on the events: what is narrower than a pixel is drawn together
// with all that begins in the same pixel, and `gallop` finds where the next pixel begins. Next: overview.js.

if (typeof module !== 'undefined') require('./words.js');

/** In px: a lane, and in it the polls' top and height, and the bottom of the marks. */
const LANE = { height: 48, poll: 15, thick: 20, mark: 41 };
const OVERVIEW = 26;
const AXIS = 22;
const LIFE = 40;
/** What is as wide as this many px is drawn by itself. */
const WIDE = 1.5;
const HUES = 24;

/** The first index from `i` on whose value is at least `value`, found from near to far. @param {ArrayLike<number>} sorted @param {number} value @param {number} i */
function gallop(sorted, value, i) {
    let step = 1;
    while (i + step < sorted.length && sorted[i + step] < value) step *= 2;
    return lowerBound(sorted, value, i, Math.min(sorted.length, i + step));
}

/**
 * Walks over intervals that do not overlap: calls `wide` for each that is wider than a pixel, and `narrow` once for
 * all others that begin in the same pixel. Pixels are cells of `ns` from time 0, so that they stay when one pans.
 * @param {{begin: Float64Array, end: Float64Array}} intervals @param {number} from @param {number} to @param {number} ns
 * @param {(i: number) => void} wide @param {(i: number, j: number, cell: number) => void} narrow
 */
function walk({ begin, end }, from, to, ns, wide, narrow) {
    for (let i = lowerBound(end, from); i < begin.length && begin[i] < to; ) {
        if (end[i] - begin[i] >= ns * WIDE) {
            wide(i++);
            continue;
        }
        const cell = Math.floor(begin[i] / ns) * ns;
        let j = gallop(begin, cell + ns, i + 1);
        // Only the last that begins in a pixel can be wide.
        if (end[j - 1] - begin[j - 1] >= ns * WIDE) j--;
        narrow(i, j, cell);
        i = j;
    }
}

/** A step of the axis: 1, 2 or 5 times a power of ten, at least `least`. @param {number} least */
function niceStep(least) {
    const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
    for (const factor of [1, 2, 5]) if (power * factor >= least) return power * factor;
    return power * 10;
}

if (typeof module !== 'undefined') {
    module.exports = { LANE, OVERVIEW, AXIS, LIFE, HUES, gallop, walk, niceStep };
    Object.assign(globalThis, module.exports);
}
