// A small encoder: makes the recordings that the tests read.
//
//     const { meta, model } = new Recorder(2).spawn(0, 100, 'adder') ... .model()
//
// Times are absolute, in ns; each thread's events must be given in order.

const KIND_NUMBERS = require('../format.js').K;

class Recorder {
    /** @param {number} threads */
    constructor(threads = 1) {
        this.meta = {
            format: 1, program: 'test', duration: 0, clock: 'tsc', book: null, panic: null,
            threads: Array.from({ length: threads }, (_, t) => ({ name: `executor-worker-${t}`, worker: t, lost: 0 })),
            tasks: [], sites: ['src/main.rs:1:1'], things: [],
        };
        this.streams = Array.from({ length: threads }, () => []);
        this.last = new Array(threads).fill(0);
    }

    /** A task's number. */
    task(name = null, kind = 'pool', parent = null) {
        return this.meta.tasks.push({ kind, name, site: null, parent }) - 1;
    }

    /** A thing's number. */
    thing(kind, label = null) {
        return this.meta.things.push({ class: kind, label }) - 1;
    }

    /** Records an event: `at(0, 100, 'wake', task, 1)`. */
    at(thread, time, kind, ...fields) {
        const number = KIND_NUMBERS[kind.replace('-', '_')];
        if (number === undefined) throw new Error(`no kind ${kind}`);
        if (time < this.last[thread]) throw new Error(`thread ${thread} goes back to ${time}`);
        const stream = this.streams[thread];
        stream.push(number);
        varint(stream, time - this.last[thread]);
        for (const field of fields) varint(stream, field);
        this.last[thread] = time;
        this.meta.duration = Math.max(this.meta.duration, time);
        return this;
    }

    /** A poll from `begin` to `end`, with what happens in it: `[time, kind, ...fields]`. */
    poll(thread, task, begin, end, outcome = 0, ...inside) {
        this.at(thread, begin, 'poll-begin', task);
        for (const [time, ...event] of inside) this.at(thread, time, ...event);
        return this.at(thread, end, 'poll-end', outcome);
    }

    bytes() {
        const all = [];
        for (const stream of this.streams) {
            varint(all, stream.length);
            for (const byte of stream) all.push(byte);
        }
        return Uint8Array.from(all);
    }

    model() {
        const { decode } = require('../decode.js');
        const { buildModel } = require('../model.js');
        return buildModel(this.meta, decode(this.meta, this.bytes()));
    }
}

/** @param {number[]} to @param {number} value */
function varint(to, value) {
    while (value >= 128) {
        to.push((value % 128) + 128);
        value = Math.floor(value / 128);
    }
    to.push(value);
}

module.exports = { Recorder, varint };
