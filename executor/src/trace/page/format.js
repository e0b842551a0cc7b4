// What a recording is made of: the kinds of events, their fields, and the words for them.
//
// Every other file of the page uses these tables. In the page all files share one script. Under node each file
// puts the names that it exports on `globalThis`, so that the files read the same in both places. Next: decode.js.

/** @typedef {{name: string, worker: number|null, lost: number}} ThreadInfo */
/** @typedef {{kind: string, name: string|null, site: number|null, parent: number|null}} TaskInfo */
/** @typedef {{class: string, label: string|null}} ThingInfo */
/**
 * @typedef {object} Meta  The recording's JSON.
 * @property {number} format
 * @property {string} program
 * @property {number} duration  In ns.
 * @property {string} clock
 * @property {string|null} book
 * @property {string|null} panic
 * @property {ThreadInfo[]} threads
 * @property {TaskInfo[]} tasks
 * @property {string[]} sites
 * @property {ThingInfo[]} things
 */

const FORMAT = 1;
/** The folder of the locks and channels. */
const SYNC = 'executor/sync/';

/**
 * The kinds, by number: name; the slot of each field in its order; what the field in slot `a` numbers; the page of
 * the annotated source; the words. The slots are `a` and `c`, 32 bits each, and `b`, a float for times. In the words
 * `{a}` is the name of what `a` numbers, `{b}` a duration, `{c task}` a number of tasks; kinds without words have
 * their own in words.js.
 * @type {[string, string, string, string, string][]}
 */
const KINDS = [
    ['thread-came', '', '', 'executor/driver/mod', 'the thread comes'],
    ['thread-gone', '', '', 'executor/driver/mod', 'the thread ends'],
    ['spawn', 'a', 'task', 'executor/raw_task/run', '{a} is spawned'],
    ['poll-begin', 'a', 'task', 'executor/raw_task/run', '{a} is polled'],
    ['poll-end', 'a', '', 'executor/raw_task/run', ''],
    ['wake', 'ac', 'task', 'executor/raw_task/waker', ''],
    ['due', 'a', 'task', 'reactor/reactor', '{a} will be woken after the turn'],
    ['steal', 'ac', 'thread', 'executor/pool/worker', 'steals {c task} from {a}'],
    ['rescue', 'ac', 'thread', 'executor/driver/rescue', 'takes {c task} from {a}, which is in a long poll, for others to run'],
    ['park', 'a', '', 'executor/driver/mod', ''],
    ['unpark', 'a', '', 'executor/driver/mod', ''],
    ['spin', 'b', '', 'reactor/spin', 'has spun for {b} of the wait'],
    ['notify', 'a', 'thread', 'executor/driver/parker', 'notifies {a}'],
    ['turn', 'bac', '', 'reactor/reactor', 'a turn of the reactor ends: waited {b}, {a event}, {c timer}'],
    ['source-new', 'a', 'thing', 'reactor/source', '{a} is registered'],
    ['source-ready', 'ac', 'thing', 'reactor/source', ''],
    ['source-gone', 'a', 'thing', 'reactor/source', '{a} is gone'],
    ['timer-armed', 'ab', 'thing', 'reactor/clock', ''],
    ['timer-fired', 'ab', 'thing', 'reactor/clock', '{a} fires, {b} after its deadline'],
    ['timer-cancelled', 'a', 'thing', 'reactor/clock', '{a} is cancelled'],
    ['waits', 'ca', 'waited', '', ''],
    ['lock-taken', 'a', 'thing', SYNC + 'mutex', '{a} is taken'],
    ['lock-handed', 'a', 'thing', SYNC + 'mutex', '{a} is handed to the first waiter'],
    ['lock-freed', 'a', 'thing', SYNC + 'mutex', '{a} is freed'],
    ['sent', 'a', 'thing', SYNC + 'mpsc', 'sends to {a}'],
    ['received', 'ab', 'thing', SYNC + 'mpsc', 'receives {b value} from {a}'],
    ['lagged', 'ab', 'thing', SYNC + 'broadcast', 'has missed {b message} of {a}'],
    ['closed', 'a', 'thing', SYNC + 'mpsc', '{a} is closed'],
    ['call-queued', 'a', 'task', 'executor/spawn_blocking', '{a} waits for a thread'],
    ['cancel', 'a', 'task', 'executor/raw_task/join_handle', '{a} is to be cancelled'],
    ['dropped', 'a', 'task', 'executor/raw_task/run', 'the future of {a} is dropped'],
    ['taken', 'a', 'task', 'executor/raw_task/join_handle', 'the outcome of {a} is taken'],
    ['pool-opened', 'ac', 'thing', 'executor/pool/mod', '{a} is opened with {c worker}'],
    ['pool-closed', 'a', 'thing', 'executor/pool/mod', '{a} is closed'],
    ['gave-way', '', '', 'reactor/budget', 'the budget is used up: the task yields'],
    ['mark', 'a', 'site', '', ''],
];

/** The number of each kind: `K.wake`, `K.poll_begin`. @type {Record<string, number>} */
const K = {};
KINDS.forEach(([name], number) => (K[name.replace('-', '_')] = number));

const OUTCOMES = [
    'pending',
    'ready',
    'panicked',
    'cancelled',
    'pending, and woken meanwhile: queued again',
    'gave way: its budget was used up, queued again',
];
const STILL_OPEN = 255;

/** What became of a woken task. */
const PLACES = [
    "queued in the worker's slot",
    "queued in the worker's deque",
    'queued in the injector',
    'queued on this thread',
    "sent to another thread's inbox",
    'it was running, and is queued after its poll',
    'it was queued already',
    'it was complete',
    'queued for a thread that makes blocking calls',
    "block_on's thread is notified",
];
/** Places by name, for those that the model tells apart. */
const PLACE = { slot: 0, deque: 1, injector: 2, running: 5, queued: 6, complete: 7, flag: 9 };

const PARKS = ['parked', 'driver: waits in the reactor', 'monitor', 'monitor and driver', 'idle thread for blocking calls'];
const UNPARKS = ['notified', 'a reactor event or a timer', "the monitor's tick", 'called to another role, or spurious'];

/** What a task waits for, by class: the words, and the page of the source. @type {[string, string][]} */
const WAITS = [
    ['data to read', 'reactor/source'],
    ['room to write', 'reactor/source'],
    ['timer', 'reactor/time'],
    ['lock', SYNC + 'mutex'],
    ['room in channel', SYNC + 'mpsc'],
    ['message from channel', SYNC + 'mpsc'],
    ['join of', 'executor/raw_task/join_handle'],
    ['blocking call', 'reactor/blocking'],
    ['oneshot', SYNC + 'oneshot'],
    ['broadcast', SYNC + 'broadcast'],
    ['receiver to go', SYNC + 'closed'],
    ['receiver to go', SYNC + 'oneshot'],
    ['receivers to go', SYNC + 'closed'],
    ['task of set', 'executor/join_set'],
    ['watch', SYNC + 'watch'],
    ['permits', SYNC + 'semaphore'],
    ['rwlock', SYNC + 'rwlock'],
    ['notice', SYNC + 'notify'],
    ['barrier', SYNC + 'barrier'],
];
/** The same for a number that is not in the list. @type {[string, string]} */
const OTHER_WAIT = ['something else', ''];
const WAIT = { lock: 3, join: 6 };

/** A duration to three digits: `12.3 µs`. @param {number} ns @returns {string} */
function duration(ns) {
    if (ns < 0) return '−' + duration(-ns);
    const units = ['ns', 'µs', 'ms', 's'];
    let unit = 0;
    while (ns >= 999.5 && unit < 3) {
        ns /= 1000;
        unit++;
    }
    const digits = unit === 0 || ns >= 99.95 ? 0 : ns >= 9.995 ? 1 : 2;
    return `${count(Number(ns.toFixed(digits)), digits)} ${units[unit]}`;
}

/** A number with commas: `12,345`. @param {number} number @param {number} digits */
function count(number, digits = 0) {
    const [whole, part] = number.toFixed(digits).split('.');
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
    return part ? `${grouped}.${part}` : grouped;
}

/** `1 poll`, `3 polls`. @param {number} number @param {string} noun */
function plural(number, noun) {
    return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** A point in time to the last digit that `step` can tell apart: `1.234567 s`. @param {number} ns @param {number} step */
function instant(ns, step = 1) {
    const [size, unit] = ns >= 1e9 ? [1e9, 's'] : ns >= 1e6 ? [1e6, 'ms'] : ns >= 1e3 ? [1e3, 'µs'] : [1, 'ns'];
    const digits = Math.max(0, Math.min(9, Math.ceil(Math.log10(Number(size) / Math.max(1, step)) - 1e-9)));
    return `${count(ns / Number(size), digits)} ${unit}`;
}

/** The words for task `number`: `adder #17`. @param {Meta} meta @param {number} number */
function taskName(meta, number) {
    const task = meta.tasks[number];
    if (!task) return `task #${number}`;
    return `${task.name ?? task.kind} #${number}`;
}

/** @param {Meta} meta @param {number} number */
function thingName(meta, number) {
    const thing = meta.things[number];
    if (!thing) return `#${number}`;
    return thing.label ? `${thing.class} ${thing.label}` : `${thing.class} #${number}`;
}

/** @param {Meta} meta @param {number} number */
function threadName(meta, number) {
    return meta.threads[number]?.name || `thread ${number}`;
}

/** What a `waits` event says: `lock #4`, `join of adder #17`. @param {Meta} meta @param {number} what @param {number} number */
function waitName(meta, what, number) {
    const [words] = WAITS[what] ?? OTHER_WAIT;
    if (what === WAIT.join) return `${words} ${taskName(meta, number)}`;
    const thing = meta.things[number];
    if (!thing) return words;
    const name = thingName(meta, number);
    return name.startsWith(words) ? name : `${words}: ${name}`;
}

/** The file behind a page of the annotated source. @param {string} page */
function sourceFile(page) {
    const [crate, ...rest] = page.split('/');
    return `${crate}/src/${rest.join('/')}.rs`;
}

/** The first of `n` indices for which `before` is false; it is true for all up to that one. @param {number} n @param {(i: number) => boolean} before */
function search(n, before) {
    let low = 0;
    while (low < n) {
        const middle = (low + n) >>> 1;
        if (before(middle)) low = middle + 1;
        else n = middle;
    }
    return low;
}

/** The first index whose value is at least `value`. @param {ArrayLike<number>} sorted @param {number} value @param {number} low @param {number} high */
function lowerBound(sorted, value, low = 0, high = sorted.length) {
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (sorted[middle] < value) low = middle + 1;
        else high = middle;
    }
    return low;
}

if (typeof module !== 'undefined') {
    module.exports = {
        FORMAT, KINDS, K, OUTCOMES, STILL_OPEN, PLACES, PLACE, PARKS, UNPARKS, WAITS, WAIT, OTHER_WAIT,
        duration, count, plural, instant, taskName, thingName, threadName, waitName, sourceFile, search, lowerBound,
    };
    Object.assign(globalThis, module.exports);
}
