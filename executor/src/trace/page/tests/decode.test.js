// The decoder: every field arrives, and wrong input is named.

const test = require('node:test');
const assert = require('node:assert/strict');
const { Recorder, varint } = require('./recorder.js');
const { KINDS, K, duration, instant, count, waitName, sourceFile, WAITS } = require('../format.js');
const { decode, parseMeta, fromBase64, RecordingError } = require('../decode.js');

test('every kind arrives with its fields', () => {
    const recorder = new Recorder(1);
    const task = recorder.task('a');
    const thing = recorder.thing('socket');
    const first = { task, thing, thread: 0, site: 0, waited: thing };
    let time = 0;
    for (const [name, slots, what] of KINDS) {
        const fields = [...slots].map((slot) => (slot === 'a' && what ? first[what] : slot === 'b' ? 2 ** 40 + 3 : 2));
        recorder.at(0, (time += 1000), name, ...fields);
    }
    const events = decode(recorder.meta, recorder.bytes());
    assert.equal(events.count, KINDS.length);
    KINDS.forEach(([, slots, what], k) => {
        assert.equal(events.kind[k], k);
        assert.equal(events.time[k], (k + 1) * 1000);
        if (slots.includes('a')) assert.equal(events.a[k], what ? first[what] : 2);
        if (slots.includes('b')) assert.equal(events.b[k], 2 ** 40 + 3);
        if (slots.includes('c')) assert.equal(events.c[k], 2);
    });
});

test('a waits event has its class before its number', () => {
    const recorder = new Recorder(1);
    recorder.task();
    recorder.task();
    recorder.at(0, 5, 'waits', 6, 1);
    const { a, c } = decode(recorder.meta, recorder.bytes());
    assert.deepEqual([c[0], a[0]], [6, 1]);
});

test('varints of all lengths', () => {
    for (const value of [0, 1, 127, 128, 300, 16383, 16384, 2 ** 28, 2 ** 31, 2 ** 32 + 1, 2 ** 53 - 1]) {
        const recorder = new Recorder(1);
        recorder.at(0, 0, 'spin', value);
        assert.equal(decode(recorder.meta, recorder.bytes()).b[0], value);
    }
});

test('threads keep their own time', () => {
    const recorder = new Recorder(2);
    recorder.at(0, 500, 'thread-came').at(1, 20, 'thread-came').at(1, 30, 'thread-gone');
    const events = decode(recorder.meta, recorder.bytes());
    assert.deepEqual([...events.time], [500, 20, 30]);
    assert.deepEqual([...events.starts], [0, 1, 3]);
    assert.deepEqual([...events.thread], [0, 1, 1]);
});

test('an empty recording, and a thread without events', () => {
    const none = new Recorder(0);
    assert.equal(decode(none.meta, none.bytes()).count, 0);
    const silent = new Recorder(3);
    assert.equal(decode(silent.meta, silent.bytes()).count, 0);
});

const wrong = (name, change, message) =>
    test(`wrong input: ${name}`, () => {
        const recorder = new Recorder(1);
        recorder.task();
        recorder.at(0, 1000, 'poll-begin', 0).at(0, 70000, 'poll-end', 0);
        const bytes = change([...recorder.bytes()], recorder);
        assert.throws(() => decode(recorder.meta, Uint8Array.from(bytes)), (error) => {
            assert.ok(error instanceof RecordingError, String(error));
            assert.match(error.message, message);
            return true;
        });
    });

wrong('cut off', (bytes) => bytes.slice(0, -2), /thread 0 \(executor-worker-0\).*cut off, 2 bytes are missing/);
wrong('no bytes at all', () => [], /cut off before them/);
wrong('an event is cut off', (bytes) => [bytes[0] - 1, ...bytes.slice(1, -1)], /its last event is cut off/);
wrong('a number is cut off', (bytes) => [bytes[0] - 2, ...bytes.slice(1, -2)], /its last event is cut off/);
wrong('an unknown kind', (bytes) => [bytes[0], 99, ...bytes.slice(2)], /byte 0 is 99, which is no kind of event/);
wrong('bytes are left over', (bytes) => [...bytes, 1, 2, 3], /3 bytes are left over/);
wrong('an unknown task', (bytes) => [...bytes.slice(0, 4), 7, ...bytes.slice(5)], /poll-begin event names number 7/);
wrong('a number without end', () => [12, K.spin, 0, ...new Array(10).fill(255)], /too large|cut off/);

test('wrong input: the description', () => {
    assert.throws(() => parseMeta('{'), /not valid JSON/);
    assert.throws(() => parseMeta('null'), /empty/);
    assert.throws(() => parseMeta('{"format":2}'), /format 2; this page reads format 1/);
    assert.throws(() => parseMeta('{"format":1,"threads":[]}'), /no list of tasks/);
});

test('base64, with line breaks', () => {
    assert.deepEqual([...fromBase64('AAEC\nAwQ=\n')], [0, 1, 2, 3, 4]);
    assert.throws(() => fromBase64('AA*'), RecordingError);
});

test('a million events are decoded fast', () => {
    const recorder = new Recorder(1);
    for (let i = 0; i < 5000; i++) recorder.task();
    for (let i = 0; i < 500000; i++) recorder.at(0, i * 2000, 'poll-begin', i % 5000).at(0, i * 2000 + 900, 'poll-end', 0);
    const bytes = recorder.bytes();
    const before = performance.now();
    assert.equal(decode(recorder.meta, bytes).count, 1000000);
    // It takes some 20 ms; a machine that is busy takes longer.
    assert.ok(performance.now() - before < 1000);
});

test('durations and instants', () => {
    assert.equal(duration(0), '0 ns');
    assert.equal(duration(999), '999 ns');
    assert.equal(duration(1000), '1.00 µs');
    assert.equal(duration(12345), '12.3 µs');
    assert.equal(duration(999600), '1.00 ms');
    assert.equal(duration(123456789), '123 ms');
    assert.equal(duration(98765e9), '98,765 s');
    assert.equal(instant(1234567890, 1000), '1.234568 s');
    assert.equal(instant(1500, 500), '1.5 µs');
    assert.equal(count(1234567), '1,234,567');
});

test('names of waits and files', () => {
    const recorder = new Recorder(1);
    recorder.task('adder');
    recorder.thing('lock', 'table');
    assert.equal(waitName(recorder.meta, 6, 0), 'join of adder #0');
    assert.equal(waitName(recorder.meta, 3, 0), 'lock table');
    recorder.thing('semaphore', null);
    assert.equal(waitName(recorder.meta, 15, 1), 'permits: semaphore #1');
    assert.equal(waitName(recorder.meta, 99, 9), 'something else');
    assert.equal(sourceFile('executor/driver/mod'), 'executor/src/driver/mod.rs');
    assert.equal(sourceFile('reactor/spin'), 'reactor/src/spin.rs');
    assert.deepEqual(varint.length, 2);
});
