// Any sequence of events, however senseless, gives a model that holds together. A recording whose oldest events were
// overwritten begins in the middle of everything.

const test = require('node:test');
const assert = require('node:assert/strict');
const { Recorder } = require('./recorder.js');
const { KINDS } = require('../format.js');
const { waitsOf } = require('../model.js');
const { lifeOf, endStateName, latencies } = require('../life.js');
const { chainOf, delayOf, causedBy } = require('../why.js');
const { findAll } = require('../findings.js');
const { eventWords, rootWords, causeName } = require('../words.js');

const senseless = (/** @type {number} */ seed) => {
    let state = seed;
    const random = (/** @type {number} */ below) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
    };
    const recorder = new Recorder(3);
    const kinds = ['pool', 'local', 'blocking', 'block_on'];
    for (let k = 0; k < 6; k++) {
        recorder.task(null, kinds[random(4)], k ? random(k) : null);
        recorder.meta.tasks[k].site = random(2) ? 0 : null;
    }
    for (const kind of ['socket', 'timer', 'lock', 'lock']) recorder.thing(kind);
    recorder.meta.threads[random(3)].lost = random(3) * 100;
    const limits = { task: 6, thing: 4, thread: 3, site: 1 };
    for (let i = 0; i < 600; i++) {
        const t = random(3);
        // Mostly polls and wakes, which have the most to do with each other.
        const number = random(2) ? 3 + random(3) : random(KINDS.length);
        const [name, slots, what] = KINDS[number];
        const waits = random(11);
        const fields = [...slots].map((slot) => {
            if (name === 'waits') return slot === 'c' ? waits : random(waits === 6 ? 6 : 4);
            return slot === 'a' && what ? random(limits[what]) : random(name === 'wake' ? 10 : 6);
        });
        recorder.at(t, recorder.last[t] + random(random(10) ? 3000 : 3000000), name, ...fields);
    }
    return recorder.model();
};

test('models of senseless recordings hold together', () => {
    for (let seed = 1; seed <= 300; seed++) {
        const model = senseless(seed);
        const { poll, task, events, caused } = model;
        for (let p = 0; p < poll.count; p++) {
            const said = `seed ${seed}, poll ${p}`;
            if (poll.cause[p] >= 0) assert.equal(caused[poll.cause[p]], p, said);
            const chain = chainOf(model, p);
            assert.equal(chain[chain.length - 1].type, 'root', said);
            assert.doesNotMatch(rootWords(model, chain[chain.length - 1]), /undefined|NaN/, said);
            assert.doesNotMatch(causeName(model, p), /undefined|NaN/, said);
            const delay = delayOf(model, p);
            if (delay) for (const { ns } of delay.parts) assert.ok(ns > 0, `${said}: ${JSON.stringify(delay)}`);
            for (const next of causedBy(model, p)) assert.ok(next < poll.count, said);
            for (const e of waitsOf(model, p)) assert.ok(e < events.count, said);
        }
        for (let k = 0; k < task.count; k++) {
            let last = -Infinity;
            for (const { begin, end } of lifeOf(model, k)) {
                assert.ok(begin >= last && end >= begin, `seed ${seed}, task ${k}: ${begin} to ${end} after ${last}`);
                last = begin;
            }
            assert.match(endStateName(model, k), /^[a-z]/);
        }
        for (let e = 0; e < events.count; e++) assert.doesNotMatch(eventWords(model, e), /undefined|NaN/, `seed ${seed}, event ${e}`);
        latencies(model);
        for (const { cases } of findAll(model)) for (const { text } of cases) assert.doesNotMatch(text, /undefined|NaN|#-1/, `seed ${seed}: ${text}`);
    }
});
