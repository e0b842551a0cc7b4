// The model: who woke whom, what caused a poll, the chain to the root, and the parts of a delay.

const test = require('node:test');
const assert = require('node:assert/strict');
const { Recorder } = require('./recorder.js');
const { K } = require('../format.js');
const { mergeOrder, readyAt } = require('../model.js');
const { within } = require('../lanes.js');
const { endStateName, lifeOf, latencies } = require('../life.js');
const { chainOf, delayOf, causedBy, isBudgetWake } = require('../why.js');

/** A chain in words: `poll 2 < wake < poll 0 < start`. */
const words = (model, p, ...limits) =>
    chainOf(model, p, ...limits)
        .map((step) => {
            if (step.type === 'poll') return `poll ${step.poll}`;
            if (step.type === 'gap') return `gap ${step.skipped}`;
            if (step.type === 'root') return step.root;
            return Object.keys(K).find((name) => K[name] === model.events.kind[step.event]);
        })
        .join(' < ');

test('events are merged by time, and those of a thread keep their order', () => {
    const recorder = new Recorder(3);
    recorder.at(0, 5, 'thread-came').at(0, 5, 'gave-way').at(0, 50, 'thread-gone');
    recorder.at(1, 7, 'thread-came').at(1, 40, 'thread-gone');
    recorder.at(2, 5, 'thread-came').at(2, 6, 'thread-gone');
    const { events } = recorder.model();
    const order = [...mergeOrder(events)];
    assert.deepEqual(order.map((e) => [events.thread[e], events.time[e]]), [[0, 5], [0, 5], [2, 5], [2, 6], [1, 7], [1, 40], [0, 50]]);
});

test('a spawned task: its first poll was caused by the spawn, in a poll of its parent', () => {
    const recorder = new Recorder(2);
    const main = recorder.task(null, 'block_on');
    const child = recorder.task('child', 'pool', main);
    recorder.poll(0, main, 100, 900, 0, [500, 'spawn', child], [600, 'waits', 6, child]);
    recorder.poll(1, child, 1500, 2000, 1, [1900, 'wake', main, 9]);
    recorder.poll(0, main, 2600, 2700, 1);
    const model = recorder.model();
    assert.equal(words(model, 1), 'poll 1 < spawn < poll 0 < start');
    assert.equal(words(model, 2), 'poll 2 < wake < poll 1 < spawn < poll 0 < start');
    assert.deepEqual(causedBy(model, 0), [1]);
    assert.deepEqual(causedBy(model, 1), [2]);
    assert.equal(readyAt(model, 1), 500);
});

test('a spawn outside any task, and a task from before the recording', () => {
    const recorder = new Recorder(2);
    const task = recorder.task('a');
    const old = recorder.task('old');
    recorder.meta.tasks[task].site = 0;
    recorder.at(0, 100, 'spawn', task);
    recorder.poll(1, task, 200, 300);
    recorder.poll(1, old, 400, 500);
    const model = recorder.model();
    assert.equal(words(model, 0), 'poll 0 < spawn < start');
    assert.equal(words(model, 1), 'poll 1 < before');
});

test('a wake from a socket, one from a timer, one from a foreign thread', () => {
    const recorder = new Recorder(2);
    const [reader, sleeper, other] = [recorder.task('reader'), recorder.task('sleeper'), recorder.task('other')];
    const [socket, timer] = [recorder.thing('socket', 'fd 7'), recorder.thing('timer')];
    recorder.at(0, 1000, 'park', 1);
    recorder.at(0, 5000, 'source-ready', socket, 1).at(0, 5010, 'due', reader);
    recorder.at(0, 5020, 'timer-fired', timer, 300).at(0, 5030, 'due', sleeper);
    recorder.at(0, 5100, 'turn', 4000, 1, 1);
    recorder.at(0, 5200, 'wake', reader, 1).at(0, 5300, 'wake', sleeper, 1).at(0, 5350, 'wake', other, 1).at(0, 5400, 'unpark', 1);
    recorder.poll(0, reader, 6000, 6100).poll(0, sleeper, 7000, 7100).poll(0, other, 8000, 8100);
    const model = recorder.model();
    assert.equal(words(model, 0), 'poll 0 < wake < socket');
    assert.equal(words(model, 1), 'poll 1 < wake < timer');
    assert.equal(words(model, 2), 'poll 2 < wake < foreign');
});

test('a due is forgotten when the thread parks or polls again', () => {
    const recorder = new Recorder(1);
    const task = recorder.task();
    const socket = recorder.thing('socket');
    recorder.at(0, 10, 'source-ready', socket, 1).at(0, 20, 'due', task).at(0, 30, 'park', 1).at(0, 40, 'unpark', 0);
    recorder.at(0, 50, 'wake', task, 2);
    recorder.poll(0, task, 60, 70);
    assert.equal(words(recorder.model(), 0), 'poll 0 < wake < foreign');
});

test('a wake during a poll counts for that poll, even if a due stands before it', () => {
    const recorder = new Recorder(1);
    const [a, b] = [recorder.task('a'), recorder.task('b')];
    recorder.poll(0, a, 100, 300, 0, [200, 'wake', b, 0]);
    recorder.poll(0, b, 400, 500);
    assert.equal(words(recorder.model(), 1), 'poll 1 < wake < poll 0 < before');
});

test('a wake while the task runs causes its next poll, and does not count as delay before its end', () => {
    const recorder = new Recorder(2);
    const [a, b] = [recorder.task('a'), recorder.task('b')];
    recorder.at(0, 100, 'poll-begin', a);
    recorder.poll(1, b, 300, 400, 0, [350, 'wake', a, 5]);
    recorder.at(0, 9000, 'poll-end', 4);
    recorder.poll(0, a, 9500, 9600);
    const model = recorder.model();
    assert.equal(words(model, 2), 'poll 2 < wake < poll 1 < before');
    assert.equal(readyAt(model, 2), 9000);
    const { parts } = delayOf(model, 2);
    assert.deepEqual(parts.map(({ what, ns }) => [what, ns]), [['running', 8650], ['other', 500]]);
});

test('a second wake of a queued task causes nothing', () => {
    const recorder = new Recorder(1);
    const [a, b] = [recorder.task('a'), recorder.task('b')];
    recorder.poll(0, b, 100, 900, 0, [200, 'wake', a, 0], [300, 'wake', a, 6]);
    recorder.poll(0, a, 1000, 1100);
    recorder.at(0, 1200, 'wake', b, 7);
    const { poll, events, caused } = recorder.model();
    assert.equal(events.time[poll.cause[1]], 200);
    assert.deepEqual([...caused].filter((p) => p >= 0), [1]);
});

test('clocks differ: a wake that seems later than its poll', () => {
    const recorder = new Recorder(2);
    const [a, b] = [recorder.task('a'), recorder.task('b')];
    // b wakes a; a's thread is behind by 100 ns, so a's poll seems to begin before the wake.
    recorder.poll(0, b, 10000, 20000, 0, [15000, 'wake', a, 2]);
    recorder.poll(1, a, 14950, 19000);
    const model = recorder.model();
    const p = model.polls.list[model.polls.start[a]];
    assert.equal(model.events.time[model.poll.cause[p]], 15000);
    assert.equal(delayOf(model, p).total, 0);
    assert.equal(readyAt(model, p), 14950);
});

test('clocks differ: a spawn that seems later than the first poll', () => {
    const recorder = new Recorder(2);
    const [a, b] = [recorder.task('a'), recorder.task('b', 'pool', 0)];
    recorder.poll(0, a, 100, 900, 0, [500, 'spawn', b]);
    recorder.poll(1, b, 450, 480, 1);
    const model = recorder.model();
    const p = model.polls.list[model.polls.start[b]];
    assert.equal(words(model, p), `poll ${p} < spawn < poll 0 < before`);
});

test('clocks differ: a wake that seems later than the end of its poll', () => {
    const recorder = new Recorder(2);
    const [a, b] = [recorder.task('a'), recorder.task('b')];
    recorder.poll(0, b, 10000, 20000, 0, [11000, 'wake', a, 2], [13000, 'wake', a, 2]);
    recorder.poll(1, a, 10900, 10980).poll(1, a, 14000, 14100);
    const model = recorder.model();
    const [first, second] = model.polls.list.subarray(model.polls.start[a]);
    assert.equal(model.events.time[model.poll.cause[first]], 11000);
    assert.equal(model.events.time[model.poll.cause[second]], 13000);
});

test('a first poll without a cause does not take a later wake', () => {
    const recorder = new Recorder(1);
    const a = recorder.task('a');
    recorder.poll(0, a, 100, 200).at(0, 300, 'wake', a, 2).poll(0, a, 400, 500);
    const { poll } = recorder.model();
    assert.equal(poll.cause[0], -1);
    assert.ok(poll.cause[1] >= 0);
});

test('a budget that is used up causes the next poll, with a wake or without', () => {
    for (const withWake of [false, true]) {
        const recorder = new Recorder(1);
        const a = recorder.task('a');
        recorder.poll(0, a, 100, 200, 5, [150, 'gave-way'], ...(withWake ? [[160, 'wake', a, 5]] : []));
        recorder.poll(0, a, 300, 400);
        const model = recorder.model();
        assert.equal(words(model, 1), `poll 1 < ${withWake ? 'wake' : 'gave_way'} < poll 0 < before`);
        assert.ok(isBudgetWake(model, model.poll.cause[1]));
    }
});

test('a blocking call: queued, and woken up by nobody else', () => {
    const recorder = new Recorder(2);
    const a = recorder.task('a');
    const call = recorder.task(null, 'blocking', a);
    recorder.poll(0, a, 100, 500, 0, [200, 'call-queued', call], [300, 'waits', 7, 0]);
    recorder.at(1, 800, 'thread-came').poll(1, call, 900, 5000, 1, [4900, 'wake', a, 2]);
    recorder.poll(0, a, 6000, 6100, 1);
    const model = recorder.model();
    assert.equal(words(model, 1), 'poll 1 < call_queued < poll 0 < before');
    assert.equal(words(model, 2), 'poll 2 < wake < poll 1 < call_queued < poll 0 < before');
    assert.deepEqual(delayOf(model, 1).parts.map(({ what, ns }) => [what, ns]), [['unborn', 600], ['other', 100]]);
});

test('polls nest: a block_on inside a blocking call', () => {
    const recorder = new Recorder(1);
    const [call, inside] = [recorder.task(null, 'blocking'), recorder.task(null, 'block_on')];
    recorder.at(0, 100, 'poll-begin', call);
    recorder.poll(0, inside, 200, 300, 1).at(0, 400, 'poll-end', 1);
    const { poll, lanes } = recorder.model();
    assert.deepEqual([...poll.outer], [-1, 0]);
    assert.deepEqual([...poll.end], [400, 300]);
    assert.deepEqual([...lanes[0].polls], [0]);
    assert.deepEqual([...lanes[0].nested], [1]);
});

test('a long chain leaves out its middle', () => {
    const recorder = new Recorder(1);
    const a = recorder.task('a');
    for (let i = 0; i < 100; i++) recorder.poll(0, a, i * 100, i * 100 + 50, 4, [i * 100 + 20, 'wake', a, 5]);
    const model = recorder.model();
    assert.equal(words(model, 99, 2, 1), 'poll 99 < wake < poll 98 < wake < gap 97 < poll 0 < before');
});

test('the delay is split: late timer, behind polls, asleep, the rest', () => {
    const recorder = new Recorder(2);
    const [a, b, c] = [recorder.task('a'), recorder.task('b'), recorder.task('c')];
    const timer = recorder.thing('timer');
    recorder.at(0, 10000, 'timer-fired', timer, 700).at(0, 10010, 'due', a).at(0, 10100, 'turn', 1, 0, 1).at(0, 10200, 'wake', a, 2);
    recorder.poll(1, b, 9000, 11000).poll(1, c, 11100, 11500);
    recorder.at(1, 11600, 'park', 0).at(1, 12600, 'unpark', 0);
    recorder.poll(1, a, 12700, 12800);
    const model = recorder.model();
    const p = model.polls.list[model.polls.start[a]];
    const { parts, total } = delayOf(model, p);
    assert.deepEqual(parts.map(({ what, ns, thread, count }) => [what, ns, thread, count]), [
        ['late', 700, 0, 0], ['before-wake', 200, 0, 0], ['behind', 1200, 1, 2], ['asleep', 1000, 1, 0], ['other', 300, 1, 0],
    ]);
    assert.equal(total, 12700 - 10000 + 700);
    assert.deepEqual(parts[2].polls.map((q) => model.poll.task[q]), [b, c]);
});

test('of the time asleep, what came after the notification is the unpark latency', () => {
    const recorder = new Recorder(2);
    const [a, b] = [recorder.task('a'), recorder.task('b')];
    recorder.at(1, 100, 'park', 0);
    recorder.poll(0, b, 1000, 9000, 0, [2000, 'wake', a, 2], [2300, 'notify', 1]);
    recorder.at(1, 7300, 'unpark', 0);
    recorder.poll(1, a, 7500, 7600);
    const model = recorder.model();
    const { parts } = delayOf(model, 1);
    assert.deepEqual(parts.map(({ what, ns }) => [what, ns]), [['asleep', 300], ['unpark', 5000], ['other', 200]]);
});

test('a thread that wakes after its own turn of the reactor is not asleep', () => {
    const recorder = new Recorder(1);
    const a = recorder.task('a');
    const socket = recorder.thing('socket');
    recorder.at(0, 100, 'park', 1).at(0, 9000, 'source-ready', socket, 1).at(0, 9010, 'due', a).at(0, 9100, 'wake', a, 1).at(0, 9400, 'unpark', 1);
    recorder.poll(0, a, 9600, 9700);
    const { parts } = delayOf(recorder.model(), 0);
    assert.deepEqual(parts.map(({ what, ns }) => [what, ns]), [['before-wake', 100], ['leaving', 300], ['other', 200]]);
});

test('a stolen task: what the first thread did meanwhile', () => {
    const recorder = new Recorder(2);
    const [a, b] = [recorder.task('a'), recorder.task('b')];
    recorder.poll(0, b, 1000, 9000, 0, [2000, 'wake', a, 1]);
    recorder.at(1, 500, 'park', 0).at(1, 5000, 'unpark', 0).at(1, 5100, 'steal', 0, 1);
    recorder.poll(1, a, 5200, 5300);
    const model = recorder.model();
    const p = model.polls.list[model.polls.start[a]];
    const { parts, queuedOn } = delayOf(model, p);
    assert.deepEqual(parts.map(({ what, ns }) => [what, ns]), [['asleep', 3000], ['other', 200]]);
    assert.equal(queuedOn.thread, 0);
    assert.deepEqual(queuedOn.parts.map(({ what, ns }) => [what, ns]), [['behind', 3200]]);
    assert.equal(model.arrows.event.length, 2);
});

test('the life of a task', () => {
    const recorder = new Recorder(2);
    const a = recorder.task('a');
    const socket = recorder.thing('socket', 'fd 7');
    recorder.at(1, 50, 'spawn', a);
    recorder.poll(0, a, 100, 200, 0, [150, 'waits', 0, socket]);
    recorder.at(1, 5000, 'wake', a, 2);
    recorder.poll(0, a, 6000, 6100, 1);
    const model = recorder.model();
    assert.deepEqual(lifeOf(model, a).map(({ what, begin, end }) => [what, begin, end]), [
        ['queued', 50, 100], ['running', 100, 200], ['waiting', 200, 5000], ['queued', 5000, 6000], ['running', 6000, 6100],
    ]);
    assert.equal(endStateName(model, a), 'ready');
    const { p50, p99 } = latencies(model);
    assert.deepEqual([p50[a], p99[a]], [50, 1000]);
    assert.deepEqual([model.task.polls[a], model.task.total[a], model.task.longest[a]], [2, 200, 100]);
});

test('the state at the end', () => {
    const recorder = new Recorder(2);
    const [waits, queued, runs, panicked, never] = ['waits', 'queued', 'runs', 'panicked', 'never'].map((name) => recorder.task(name));
    const [socket, timer] = [recorder.thing('socket', 'fd 7 127.0.0.1:4000'), recorder.thing('timer')];
    recorder.poll(0, waits, 100, 200, 0, [150, 'waits', 0, socket], [160, 'waits', 2, timer]);
    recorder.poll(0, queued, 300, 400).at(0, 500, 'wake', queued, 2);
    recorder.poll(0, panicked, 600, 700, 2);
    recorder.at(1, 800, 'poll-begin', runs);
    recorder.at(0, 10000, 'thread-gone');
    const model = recorder.model();
    assert.equal(endStateName(model, waits), 'waiting for data to read: socket fd 7 127.0.0.1:4000, or timer #1');
    assert.equal(endStateName(model, queued), 'queued');
    assert.equal(endStateName(model, runs), 'running');
    assert.equal(endStateName(model, panicked), 'panicked');
    assert.equal(endStateName(model, never), 'not polled yet');
    assert.equal(model.poll.end[model.task.lastPoll[runs]], 10000);
    assert.equal(model.task.longest[runs], 9200);
});

test('a task whose future was dropped while it waited was cancelled', () => {
    const recorder = new Recorder(1);
    const a = recorder.task('a');
    recorder.poll(0, a, 100, 200).at(0, 900, 'dropped', a).at(0, 5000, 'thread-gone');
    const model = recorder.model();
    assert.equal(endStateName(model, a), 'cancelled');
    assert.deepEqual(lifeOf(model, a).map(({ what, begin, end }) => [what, begin, end]), [['running', 100, 200], ['waiting', 200, 900]]);
});

test('parks, spins and turns', () => {
    const recorder = new Recorder(1);
    recorder.at(0, 100, 'park', 1).at(0, 900, 'spin', 300).at(0, 900, 'unpark', 1).at(0, 950, 'turn', 500, 2, 1).at(0, 1000, 'park', 0).at(0, 2000, 'notify', 0);
    const { idle, how, why, spin, turns } = recorder.model().lanes[0];
    assert.deepEqual([...idle.begin], [100, 1000]);
    assert.deepEqual([...idle.end], [900, 2000]);
    assert.deepEqual([...how], [1, 0]);
    assert.deepEqual([...why], [1, 255]);
    assert.deepEqual([...spin], [300, 0]);
    assert.deepEqual([within(idle, 0, 2000), within(idle, 200, 1100), within(idle, 900, 1000)], [1800, 800, 0]);
    assert.deepEqual([...turns], [950]);
});

test('events are missing: a poll that began before, a wake that was overwritten', () => {
    const recorder = new Recorder(1);
    recorder.meta.threads[0].lost = 12345;
    const a = recorder.task('a');
    recorder.meta.tasks[a].site = 0;
    recorder.at(0, 100, 'poll-end', 0).poll(0, a, 200, 300).poll(0, a, 400, 500);
    const model = recorder.model();
    assert.equal(model.poll.count, 2);
    assert.equal(words(model, 1), 'poll 1 < lost');
    assert.equal(delayOf(model, 1), null);
});

test('empty recordings', () => {
    for (const threads of [0, 1, 3]) {
        const model = new Recorder(threads).model();
        assert.equal(model.poll.count, 0);
        assert.equal(model.lanes.length, threads);
        assert.equal(latencies(model).p50.length, 0);
    }
});
