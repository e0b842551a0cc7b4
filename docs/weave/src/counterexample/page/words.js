// What a counterexample is made of, and its steps in words.
//
// In the page all files share one script. Under node each file puts the names that it exports on `globalThis`, so that
// the files read the same in both places. tests/assemble.mjs says which comments can be stripped. Next: state.js.

/** @typedef {{missed?: number, could?: string[], text?: string}} Extra  `missed`: the step whose newer value a load did not return. */
/** @typedef {[thread: number, op: string, object: number, file: number, line: number, order: string, read: string|null, written: string|null, extra: Extra|null]} Step */
/** @typedef {{threads: string[], steps: Step[], end: string, kind: string, lost: number, open?: boolean}} Run  `open`: the game goes on. */
/** @typedef {any[]} GameNode  `['end', text]`, or a list of choices `[thread, step, next node]`. */
/** @typedef {{nodes: GameNode[]}} Game */
/**
 * @typedef {object} Data  The JSON of the page.
 * @property {string} fault
 * @property {string} model
 * @property {string} module
 * @property {string} about
 * @property {string} wrong
 * @property {string} follows
 * @property {string} invariant
 * @property {string} promise
 * @property {string} defined
 * @property {[number, number]} site
 * @property {{path: string, parts: [number, string[]][]}[]} files
 * @property {[string, string][]} objects
 * @property {Run[]} runs
 * @property {Game[]} [games]
 */

/**
 * For each operation: the words in its lane, and those of a sentence that begins with the thread. `{o}` is the object,
 * `{r}` the value read, `{w}` the value written, `{c}` both, `{v}` the value if there is one, `{f}` the ordering.
 * @type {Record<string, [string, string]>}
 */
const OPS = {
    load: ['load {o}: {r}', 'loads {o}, which returns {r}'],
    store: ['{o}: {c}', 'stores {w} to {o}'],
    rmw: ['{o}: {c}', 'reads and writes {o} in one step: {c}'],
    cas: ['{o}: {c}', 'compares and exchanges {o}: {c}'],
    'cas-failed': ['{o} stays {r}', 'compares {o}, reads {r}, and exchanges nothing'],
    fence: ['{f} fence', 'passes a {f} fence'],
    lock: ['lock {o}', 'locks {o}'],
    unlock: ['unlock {o}', 'unlocks {o}'],
    'try-lock': ['try to lock {o}', 'tries to lock {o}'],
    wait: ['wait on {o}', 'unlocks, and waits on {o}'],
    woken: ['woken', 'is woken, and locks again'],
    notify: ['notify {o}', 'wakes one thread that waits on {o}'],
    'notify-all': ['notify all {o}', 'wakes all threads that wait on {o}'],
    park: ['park', 'parks: it waits until it is unparked'],
    unparked: ['unparked', 'goes on, since it was unparked'],
    unpark: ['unpark {o}', 'unparks {o}'],
    read: ['read {o}{v}', 'reads {o}{v}, without an atomic'],
    write: ['write {o}{v}', 'writes {o}{v}, without an atomic'],
    spawn: ['spawn {o}', 'spawns {o}'],
    join: ['join {o}', 'waits for the end of {o}'],
    joined: ['joined {o}', 'goes on, since {o} has ended'],
    yield: ['yield', 'lets other threads run'],
    end: ['end', 'ends'],
    note: ['{t}', 'notes: {t}'],
};

/** @param {Data} data @param {number} object @param {string} op */
function objectName({ objects }, object, op) {
    return objects[object]?.[0] ?? (/lock/.test(op) ? 'a lock' : /spawn|join|unpark/.test(op) ? 'a thread' : /wait|notify/.test(op) ? 'a condition' : 'something');
}

/** A step in words: 0 for its lane, 1 for a sentence without its thread and its full stop. @param {Data} data @param {Step} step @param {number} long */
function opWords(data, [, op, object, , , order, read, written, extra], long) {
    const value = written ?? read;
    const slots = {
        o: objectName(data, object, op), r: read ?? '?', w: written ?? '?', t: extra?.text ?? '', f: order,
        c: read === null ? (written ?? '?') : `${read} → ${written}`, v: value === null ? '' : `: ${value}`,
    };
    const words = (OPS[op] ?? [`${op} {o}`, `${op} {o}`])[long];
    return words.replace(/\{(\w)\}/g, (_, slot) => slots[/** @type {'o'} */ (slot)]) + (long && order && op !== 'fence' ? `, ${order}` : '');
}

/** `0, 1 or 2`. @param {string[]} values @param {string} last */
function listWords(values, last) {
    return values.length < 2 ? values.join() : `${values.slice(0, -1).join(', ')} ${last} ${values.at(-1)}`;
}

/** Which newer value a load did not return, and what else it could have returned. @param {Step[]} steps @param {number} i */
function staleWords(steps, i) {
    const [, , , , , , read, , extra] = steps[i];
    const missed = steps[extra?.missed ?? -1];
    const others = [...new Set(extra?.could ?? [])].filter((value) => value !== read);
    return [
        missed && `It read ${read}, though step ${Number(extra?.missed) + 1} had already written ${missed[7]}: nothing orders that write before this load.`,
        others.length && `It could also have returned ${listWords(others, 'or')}.`,
    ].filter(Boolean).join(' ');
}

/** The step in sentences. @param {Data} data @param {Run} run @param {number} i */
function stepWords(data, { threads, steps, lost }, i) {
    const [thread, , , , , , , , extra] = steps[i];
    return [
        `${threads[thread] ?? `thread ${thread}`} ${opWords(data, steps[i], 1)}.`,
        staleWords(steps, i),
        steps[i][1] !== 'note' && extra?.text ? `${sentence(extra.text)}` : '',
        lost === i ? 'From here on every continuation fails.' : '',
    ].filter(Boolean);
}

/** With a capital and a full stop. @param {string} text */
function sentence(text) {
    const trimmed = text.trim();
    return trimmed && trimmed[0].toUpperCase() + trimmed.slice(1) + (/[.!?:]$/.test(trimmed) ? '' : '.');
}

/** Two accesses that race, of which the run's last one is one: `Steps 4 and 9 …`. @param {Data} data @param {Run} run */
function raceWords(data, { kind, steps, threads }) {
    const isAccess = (/** @type {Step} */ step) => step[1] === 'read' || step[1] === 'write';
    const late = kind === 'race' ? steps.findLastIndex(isAccess) : -1;
    if (late < 0) return '';
    const [thread, op, object] = steps[late];
    const early = steps.findLastIndex((step, i) => i < late && isAccess(step) && step[2] === object && step[0] !== thread && (op === 'write' || step[1] === 'write'));
    if (early < 0) return '';
    return `Step ${early + 1} of ${threads[steps[early][0]]} and step ${late + 1} of ${threads[thread]} access ${objectName(data, object, op)}, and nothing orders one before the other.`;
}

/** What the end of a run says. @param {Data} data @param {Run} run @returns {string[]} */
function endWords(data, run) {
    if (!run.end) return [`All is well: the model passes, and ${data.invariant} holds.`];
    const rule = `This breaks ${data.invariant}${data.promise ? `: ${data.promise}` : '.'}`;
    return [sentence(run.end), raceWords(data, run), rule, data.follows].filter(Boolean);
}

if (typeof module !== 'undefined') {
    module.exports = { OPS, objectName, opWords, listWords, staleWords, stepWords, sentence, raceWords, endWords };
    Object.assign(globalThis, module.exports);
}
