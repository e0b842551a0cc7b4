// The lanes: for each thread, what the timeline draws, as intervals and points in the order of time.
//
// Each column stands in an array of its own, so that a frame finds its part by binary search, and sums tell how much
// of any span of time was spent in polls or in waits. Next: model.js, which builds them last.

if (typeof module !== 'undefined') require('./decode.js');

/**
 * @typedef {object} Intervals  They do not overlap.
 * @property {Float64Array} begin
 * @property {Float64Array} end
 * @property {Float64Array} sum  Of the lengths before each, and of all.
 */
/**
 * @typedef {object} Lane  What one thread did. Arrays of the same length belong together, in the order of time.
 * @property {Int32Array} polls  Not nested in another.
 * @property {Intervals} busy  Their times.
 * @property {Int32Array} nested  The polls inside other polls.
 * @property {Float64Array} nestedBegin
 * @property {Intervals} idle  When it was parked.
 * @property {Uint8Array} how  How it parked, and why it was unparked. 255: it was not.
 * @property {Uint8Array} why
 * @property {Float64Array} spin  How long it spun.
 * @property {Float64Array} turns  When each turn of the reactor ended.
 * @property {Int32Array} marks  Events of sockets and timers.
 * @property {Float64Array} markTime
 */

/** For each number in `keys`, the indices that hold it: those of `k` are `list[start[k]]` up to `list[start[k + 1]]`. @param {ArrayLike<number>} keys @param {number} range @param {number} length */
function groupBy(keys, range, length) {
    const start = new Uint32Array(range + 1);
    for (let i = 0; i < length; i++) start[keys[i] + 1]++;
    for (let k = 0; k < range; k++) start[k + 1] += start[k];
    const next = start.slice();
    const list = new Int32Array(length);
    for (let i = 0; i < length; i++) list[next[keys[i]]++] = i;
    return { start, list };
}

/** `column[i]` for each of `indices`: a loop is many times faster than `from`. @param {ArrayLike<number>} indices @param {ArrayLike<number>} column */
function pick(indices, column) {
    const values = new Float64Array(indices.length);
    for (let i = 0; i < values.length; i++) values[i] = column[indices[i]];
    return values;
}

/** @param {Float64Array} begin @param {Float64Array} end @returns {Intervals} */
function intervals(begin, end) {
    const sum = new Float64Array(begin.length + 1);
    for (let i = 0; i < begin.length; i++) sum[i + 1] = sum[i] + end[i] - begin[i];
    return { begin, end, sum };
}

/** How much of the time between `from` and `to` lies in the intervals. @param {Intervals} intervals @param {number} from @param {number} to */
function within({ begin, end, sum }, from, to) {
    const until = (/** @type {number} */ time) => {
        const i = lowerBound(end, time);
        return sum[i] + (i < begin.length ? Math.max(0, time - begin[i]) : 0);
    };
    return Math.max(0, until(to) - until(from));
}

/** @param {Meta} meta @param {Events} events @param {any} poll @param {number} end @returns {Lane[]} */
function buildLanes(meta, events, poll, end) {
    const { time, a, starts } = events;
    const { start, list } = groupBy(poll.thread, meta.threads.length, poll.count);
    return meta.threads.map((_, t) => {
        const all = list.subarray(start[t], start[t + 1]);
        const nested = all.filter((p) => poll.outer[p] >= 0);
        const polls = nested.length ? all.filter((p) => poll.outer[p] < 0) : all;
        const { park, unpark, spin, turns, marks } = sortEvents(events, starts[t], starts[t + 1]);
        const parked = pick(unpark, time);
        const why = Uint8Array.from(pick(unpark, a));
        // A wait without an end lasts until the next.
        for (let i = 0; i < park.length; i++) {
            if (unpark[i] >= 0) continue;
            parked[i] = i + 1 < park.length ? time[park[i + 1]] : end;
            why[i] = 255;
        }
        return {
            polls, busy: intervals(pick(polls, poll.begin), pick(polls, poll.end)),
            nested, nestedBegin: pick(nested, poll.begin),
            idle: intervals(pick(park, time), parked), how: Uint8Array.from(pick(park, a)), why, spin,
            turns: pick(turns, time), marks, markTime: pick(marks, time),
        };
    });
}

/** The events of a thread that its lane shows. @param {Events} events @param {number} from @param {number} to */
function sortEvents({ kind, b }, from, to) {
    const room = to - from;
    const [park, unpark, turns, marks] = [0, 1, 2, 3].map(() => new Int32Array(room));
    const spin = new Float64Array(room);
    let [parks, turn, mark] = [0, 0, 0];
    let spun = 0;
    for (let e = from; e < to; e++) {
        switch (kind[e]) {
            case K.park:
                park[parks] = e;
                unpark[parks++] = -1;
                break;
            case K.spin:
                spun = b[e];
                break;
            case K.unpark:
                if (!parks || unpark[parks - 1] >= 0) break;
                unpark[parks - 1] = e;
                spin[parks - 1] = spun;
                spun = 0;
                break;
            case K.turn:
                turns[turn++] = e;
                break;
            case K.source_ready:
            case K.timer_fired:
            case K.lagged:
                marks[mark++] = e;
                break;
        }
    }
    return {
        park: park.subarray(0, parks), unpark: unpark.subarray(0, parks), spin: spin.subarray(0, parks),
        turns: turns.subarray(0, turn), marks: marks.subarray(0, mark),
    };
}

/** The events that are drawn as arrows, with their times. @param {Events} events @param {Uint32Array} order @param {Int32Array} caused */
function buildArrows({ kind, time }, order, caused) {
    const event = new Int32Array(order.length);
    let n = 0;
    for (let i = 0; i < order.length; i++) {
        const e = order[i];
        if (caused[e] >= 0 || kind[e] === K.steal || kind[e] === K.rescue) event[n++] = e;
    }
    return { event: event.subarray(0, n), time: pick(event.subarray(0, n), time) };
}

if (typeof module !== 'undefined') {
    module.exports = { groupBy, pick, intervals, within, buildLanes, buildArrows };
    Object.assign(globalThis, module.exports);
}
