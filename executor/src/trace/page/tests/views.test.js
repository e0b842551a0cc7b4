// The views' own arithmetic: what the timeline leaves out, the axis, the table's order.

const test = require('node:test');
const assert = require('node:assert/strict');
const { Recorder } = require('./recorder.js');
const { gallop, walk, niceStep } = require('../scale.js');
const { searchTasks, sortTasks, taskColumns, TaskTable } = require('../tasks.js');
const { threadTotals } = require('../text.js');
const { KINDS, search } = require('../format.js');
const { eventWords } = require('../words.js');

/** Intervals that do not overlap, of very different lengths. */
const intervals = (n, seed) => {
    const begin = new Float64Array(n);
    const end = new Float64Array(n);
    let at = 0;
    for (let i = 0; i < n; i++) {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        at += (seed >>> 8) % 50;
        begin[i] = at;
        at += 2 ** ((seed >>> 20) % 12);
        end[i] = at;
    }
    return { begin, end };
};

test('each interval in view is drawn once, alone or with others of its pixel', () => {
    const all = intervals(5000, 7);
    const last = all.end[4999];
    for (const [from, to, ns] of [[0, last + 1, 1], [0, last + 1, 10], [0, last + 1, 1000], [last / 3, last / 2, 37], [0, 10, 0.01]]) {
        const seen = [];
        let calls = 0;
        walk(all, from, to, ns, (i) => {
            seen.push(i);
            calls++;
            assert.ok(all.end[i] - all.begin[i] >= ns * 1.5);
        }, (i, j, cell) => {
            calls++;
            for (let k = i; k < j; k++) {
                seen.push(k);
                assert.ok(all.end[k] - all.begin[k] < ns * 1.5);
                assert.ok(all.begin[k] >= cell - 1e-6 && all.begin[k] < cell + ns + 1e-6);
            }
        });
        const expected = [...all.begin.keys()].filter((i) => all.end[i] >= from && all.begin[i] < to);
        assert.deepEqual(seen, expected);
        assert.ok(calls <= 2 * Math.ceil((to - from) / ns) + 2, 'at most two calls a pixel');
    }
});

test('gallop and search agree', () => {
    const { begin } = intervals(1000, 3);
    for (let i = 0; i < 1000; i += 17) {
        for (const value of [0, begin[i], begin[i] + 1, begin[999] + 1]) {
            assert.equal(gallop(begin, value, i), i + search(1000 - i, (k) => begin[i + k] < value));
        }
    }
});

test('every kind has words', () => {
    const recorder = new Recorder(1);
    const first = { task: recorder.task('a'), thing: recorder.thing('socket', 'fd 7'), thread: 0, site: 0 };
    KINDS.forEach(([name, slots, what], k) => recorder.at(0, k, name, ...[...slots].map((slot) => (slot === 'a' ? first[what] ?? 0 : 1))));
    const model = recorder.model();
    const words = KINDS.map((_, e) => eventWords(model, e));
    for (const line of words) assert.match(line, /^[a-z][^{}]+$/);
    for (const line of words) assert.doesNotMatch(line, /undefined|NaN|null/);
    assert.equal(words[7], 'steals 1 task from executor-worker-0');
    assert.equal(words[13], 'a turn of the reactor ends: waited 1 ns, 0 events, 1 timer');
    assert.equal(words[15], 'socket fd 7 is ready: read');
});

test('the axis has round steps', () => {
    assert.deepEqual([0.5, 1, 3, 5, 6, 99, 101, 2e6].map(niceStep), [1, 1, 5, 5, 10, 100, 200, 2e6]);
});

const tasks = () => {
    const recorder = new Recorder(1);
    const [a, b, c] = [recorder.task('adder'), recorder.task('reader', 'local'), recorder.task('Adder', 'pool', 0)];
    recorder.meta.tasks[b].site = 0;
    recorder.poll(0, a, 0, 500).at(0, 600, 'wake', b, 2).poll(0, b, 700, 900).at(0, 950, 'wake', c, 2).poll(0, c, 1000, 1010, 1);
    return recorder.model();
};

test('the table is searched by name, kind, site and state', () => {
    const model = tasks();
    const columns = taskColumns(model);
    const found = (query) => searchTasks(columns, model.task.count, query);
    assert.deepEqual(found(''), [0, 1, 2]);
    assert.deepEqual(found('ADDER'), [0, 2]);
    assert.deepEqual(found('local'), [1]);
    assert.deepEqual(found('main.rs'), [1]);
    assert.deepEqual(found('adder ready'), [2]);
    assert.deepEqual(found('nobody'), []);
});

test('the table is sorted, and tasks without a value come last in both directions', () => {
    const model = tasks();
    const columns = taskColumns(model);
    const by = (title, direction) => sortTasks([0, 1, 2], columns.find(([name]) => name === title)[2], direction);
    assert.deepEqual(by('polled for', -1), [0, 1, 2]);
    assert.deepEqual(by('polled for', 1), [2, 1, 0]);
    assert.deepEqual(by('wake to poll p99', -1), [1, 2, 0]);
    assert.deepEqual(by('wake to poll p99', 1), [2, 1, 0]);
    assert.deepEqual(by('spawned at', 1), [1, 0, 2]);
});

test('a table of 100,000 tasks has as many rows as can be seen', () => {
    const recorder = new Recorder(1);
    for (let k = 0; k < 100000; k++) recorder.task(`t${k}`);
    const { openPage } = require('./dom.js');
    const { context, byId } = openPage(JSON.stringify(recorder.meta), Buffer.from(recorder.bytes()).toString('base64'));
    context.page.open('tasks');
    const rows = [...byId('tasks').all()].filter((node) => node.attributes.role === 'row');
    assert.ok(rows.length > 5 && rows.length < 60, `${rows.length} rows`);
    assert.match(byId('tasks').textContent, /100,000 tasks/);
});

test('the time of each thread', () => {
    assert.deepEqual(threadTotals(tasks()), [{ polls: 3, busy: 710, parked: 0, share: 710 / 1010 }]);
    assert.equal(typeof TaskTable, 'function');
});
