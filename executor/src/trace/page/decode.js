// The decoder: from the page's two data elements to typed arrays.
//
// A million events as a million objects would cost seconds; here an event is an index into a few arrays. The events
// of a thread stand together, in the order in which it recorded them; `starts[t]` is the first of thread `t`.
// Wrong input ends in a `RecordingError`, whose message the page shows. Next: lanes.js.

if (typeof module !== 'undefined') require('./format.js');

/**
 * @typedef {object} Events
 * @property {number} count
 * @property {Uint8Array} kind
 * @property {Float64Array} time  Ns since the recording's start.
 * @property {Uint32Array} a  The field that numbers a task, a thing or a thread.
 * @property {Float64Array} b  The field that is a time or may be large.
 * @property {Uint32Array} c
 * @property {Uint32Array} starts  By thread, and one more: the end.
 * @property {Uint16Array} thread  The thread of each event.
 */

class RecordingError extends Error {}

/** @param {string} text @returns {Meta} */
function parseMeta(text) {
    let meta;
    try {
        meta = JSON.parse(text);
    } catch (error) {
        throw new RecordingError(`The description of the recording is not valid JSON: ${/** @type {Error} */ (error).message}`);
    }
    if (meta === null || typeof meta !== 'object') throw new RecordingError('The description of the recording is empty.');
    if (meta.format !== FORMAT) {
        throw new RecordingError(`The recording has format ${meta.format}; this page reads format ${FORMAT}.`);
    }
    for (const list of ['threads', 'tasks', 'sites', 'things']) {
        if (!Array.isArray(meta[list])) throw new RecordingError(`The description of the recording has no list of ${list}.`);
    }
    return meta;
}

/** @param {string} text @returns {Uint8Array} */
function fromBase64(text) {
    try {
        // @ts-ignore: newer than the type library.
        if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
        const binary = atob(text);
        const bytes = new Uint8Array(binary.length);
        for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
        return bytes;
    } catch {
        throw new RecordingError('The events are not valid base64: the file is damaged or cut off.');
    }
}

/** @param {Meta} meta @param {Uint8Array} bytes @returns {Events} */
function decode(meta, bytes) {
    const SLOT = { a: 1, b: 2, c: 3 };
    const fields = KINDS.map(([, slots]) => [...slots].map((slot) => SLOT[/** @type {'a'|'b'|'c'} */ (slot)]));
    /** @type {Record<string, number>} */
    const sizes = {
        task: meta.tasks.length, thing: meta.things.length, thread: meta.threads.length, site: meta.sites.length,
    };
    const limits = KINDS.map(([, , what]) => sizes[what] ?? Infinity);

    // An event has two bytes at least. The system gives pages of these arrays only where they are written.
    const room = (bytes.length >> 1) + 1;
    const kind = new Uint8Array(room);
    const time = new Float64Array(room);
    const a = new Uint32Array(room);
    const b = new Float64Array(room);
    const c = new Uint32Array(room);
    const thread = new Uint16Array(room);
    const starts = new Uint32Array(meta.threads.length + 1);

    let at = 0;
    let n = 0;
    for (let t = 0; t < meta.threads.length; t++) {
        const fail = (/** @type {string} */ what) => {
            throw new RecordingError(`The events of thread ${t} (${threadName(meta, t)}) cannot be read: ${what}.`);
        };
        let size = 0;
        for (let scale = 1, byte = 128; byte >= 128; scale *= 128) {
            if (at >= bytes.length) fail('the recording is cut off before them');
            byte = bytes[at++];
            size += (byte & 127) * scale;
        }
        const begin = at;
        const end = at + size;
        if (end > bytes.length) fail(`the recording is cut off, ${count(end - bytes.length)} bytes are missing`);
        let now = 0;
        while (at < end) {
            const k = bytes[at++];
            if (k >= KINDS.length) fail(`byte ${count(at - 1 - begin)} is ${k}, which is no kind of event`);
            const slots = fields[k];
            kind[n] = k;
            thread[n] = t;
            for (let f = -1; f < slots.length; f++) {
                let value = bytes[at++];
                if (value >= 128) {
                    value &= 127;
                    let byte = 128;
                    for (let scale = 128; byte >= 128; scale *= 128) {
                        byte = bytes[at++];
                        value += (byte & 127) * scale;
                        if (at > end) fail('its last event is cut off');
                        if (value > Number.MAX_SAFE_INTEGER) fail(`the number that ends at byte ${count(at - 1 - begin)} is too large`);
                    }
                }
                if (f < 0) {
                    now += value;
                    continue;
                }
                const slot = slots[f];
                if (slot === 1) {
                    if (value >= limits[k] || (k === K.waits && c[n] === WAIT.join && value >= sizes.task)) {
                        fail(`a ${KINDS[k][0]} event names number ${count(value)}, which is not in the recording's lists`);
                    }
                    a[n] = value;
                } else if (slot === 2) b[n] = value;
                else c[n] = value;
            }
            time[n++] = now;
        }
        if (at > end) fail('its last event is cut off');
        starts[t + 1] = n;
    }
    if (at !== bytes.length) {
        throw new RecordingError(`After the last thread's events, ${plural(bytes.length - at, 'byte')} are left over.`);
    }
    return {
        count: n, kind: kind.subarray(0, n), time: time.subarray(0, n), a: a.subarray(0, n), b: b.subarray(0, n),
        c: c.subarray(0, n), thread: thread.subarray(0, n), starts,
    };
}

if (typeof module !== 'undefined') {
    module.exports = { RecordingError, parseMeta, fromBase64, decode };
    Object.assign(globalThis, module.exports);
}
