// What a counterexample is made of, and its steps in words.
//
// In the page all files share one script. Under node each file puts the names that it exports on `globalThis`, so that
// the files read the same in both places. tests/assemble.mjs says which comments can be stripped. Next: state.js.

/** @typedef {{missed?: number, could?: string[], text?: string}} Extra  `missed`: the step whose newer value a load did not return. */
/** @typedef {[thread: number, op: string, object: number, file: number, line: number, order: string, read: string|null, written: string|null, extra: Extra|null]} Step */
/** @typedef {{threads: string[], steps: Step[], end: string, kind: string, lost: number, open?: boolean, same?: number}} Run  `open`: the game goes on; `same`: see expand. */
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
 * @property {string[]} operations  By their numbers in the steps.
 * @property {Record<string, [string, number][]>} units  By object, the constants that its value is made of, the largest first.
 * @property {Run[]} runs
 * @property {Game[]} [games]
 * @property {Step[]} [moves]  What the choices of the games do.
 */

/**
 * A sentence for each operation, without its thread. `$o` is the object, `$r` the value read, `$w` the value written,
 * `$c` both, `$f` the ordering, `$t` the text.
 * @type {Record<string, string>}
 */
const OPS = {
    load: 'loads $o, which returns $r',
    store: 'stores $w to $o',
    rmw: 'reads and writes $o in one step: $c',
    cas: 'compares and exchanges $o: $c',
    'cas-failed': 'compares $o, reads $r, and exchanges nothing',
    fence: 'passes a $f fence',
    blocked: 'waits for the lock $o',
    lock: 'takes the lock $o',
    unlock: 'releases the lock $o',
    'try-lock': 'tries to take the lock $o, which is taken',
    wait: 'releases a lock, and waits on $o',
    woken: 'is woken, and takes the lock again',
    notify: 'wakes one thread that waits on $o',
    'notify-all': 'wakes all threads that wait on $o',
    park: 'parks: it waits until it is unparked',
    unparked: 'goes on, since it was unparked',
    unpark: 'unparks $o',
    read: 'reads $o, which is not atomic',
    write: 'writes $o, which is not atomic',
    spawn: 'spawns $o',
    join: 'waits for the end of $o',
    joined: 'goes on, since $o has ended',
    yield: 'lets other threads run',
    end: 'ends',
    panic: 'panics',
    note: 'notes: $t',
};

const DOOMED = 'From here on every continuation that was tried fails.';

/** @param {Data} data @param {number} object */
const objectName = ({ objects }, object) => objects[object]?.[0] ?? 'something';

/** The values of a step: `0 → 1`, or the one that there is. @param {Step} step */
const values = ([, , , , , , read, written]) => [read, written].filter((value) => value !== null).join(' → ');

/** A packed value in words, `RUNNING + 2 REFERENCE`; empty if the source has none for it. @param {[string, number][]} units @param {string} value */
function partsOf(units, value) {
    let rest = Number(value);
    if (!rest) return units.find(([, unit]) => unit === rest)?.[0] ?? '';
    const parts = units.map(([name, unit]) => {
        const count = unit && Math.floor(rest / unit);
        rest -= count * unit;
        return count && (count > 1 ? `${count} ${name}` : name);
    });
    return rest ? '' : parts.filter(Boolean).join(' + ');
}

/** A step in few words, for its lane. @param {Data} data @param {Step} step */
function shortWords(data, step) {
    const [, op, object, , , , , , extra] = step;
    if (op === 'note') return extra?.text ?? op;
    return `${op === 'rmw' ? '' : op} ${data.objects[object]?.[0] ?? ''}`.trim() + (values(step) && `: ${values(step)}`);
}

/** A step in a sentence, without its thread and its full stop. @param {Data} data @param {Step} step */
function opWords(data, step) {
    const [, op, object, , , order, read, written, extra] = step;
    /** @type {Record<string, any>} */
    const slots = { o: objectName(data, object), r: read, w: written, c: values(step), f: order, t: extra?.text };
    return (OPS[op] ?? `${op} $o`).replace(/\$(\w)/g, (_, slot) => slots[slot]) + (order && op !== 'fence' ? `, ${order}` : '');
}

/** Whether each run makes this stale read: then it is not what goes wrong. @param {Run[]} runs @param {Step} step */
const isCommon = (runs, step) => runs.every(({ steps }) => steps.some((other) => (other[8]?.missed ?? -1) >= 0 && String(other.slice(0, 7)) === String(step.slice(0, 7))));

/** Which newer value a load did not return, and what else it could have returned. @param {Run[]} runs @param {Step[]} steps @param {number} i @returns {any[]} */
function staleWords(runs, steps, i) {
    const [, , , , , , read, , extra] = steps[i];
    const missed = steps[extra?.missed ?? -1];
    const others = (extra?.could ?? []).filter((value) => value !== read);
    return [
        missed && `It read ${read}, though step ${steps.indexOf(missed) + 1} had already written ${missed[7]}: nothing orders that write before this load.${isCommon(runs, steps[i]) ? ' Both runs read it.' : ''}`,
        others.length && `It could also have returned ${others.join(' or ')}.`,
    ];
}

/** The orderings, by their numbers in the data. */
const ORDERS = ['Relaxed', 'Acquire', 'Release', 'AcqRel', 'SeqCst'];

/** Undoes what keeps the data small: steps without the nulls at their ends, steps that both runs begin with, operations, orderings and moves as numbers, and a node's choices in one list. @param {Data} data */
function expand(data) {
    const [failing, cured] = data.runs;
    cured.steps.unshift(...failing.steps.slice(0, cured.same ?? 0));
    for (const step of new Set([failing.steps, cured.steps, data.moves ?? []].flat())) {
        while (step.length < 9) step.push(null);
        const [, op, object, file, line, order] = step;
        step.splice(1, 5, data.operations?.[op] ?? op, object ?? -1, file ?? -1, line ?? 0, ORDERS[order] ?? order ?? '');
    }
    for (const { nodes } of data.games ?? []) {
        nodes.forEach((node, i) => {
            if (typeof node[0] !== 'number') return;
            nodes[i] = [];
            for (let at = 0; at < node.length; at += 3) nodes[i].push([node[at], data.moves?.[node[at + 1]], node[at + 2]]);
        });
    }
}

/** What stands in place of a seeded fault in the exercises, so that the rest reads as code: pattern and replacement. @type {[RegExp, string][]} */
const WITHOUT = [
    [/if fault\("\w+"\) \{ .*? \} else \{ (.*?) \}/, '$1'],
    [/if !fault\("\w+"\) \{ (.*?) \} else \{ .*? \}/, '$1'],
    [/\s*(&&|\|\|)\s*!?fault\("\w+"\)/, ''],
    [/!?fault\("\w+"\)\s*(&&|\|\|)\s*/, ''],
    [/\S.*fault\(".*/, '…'],
];

/** For the exercises: takes out what says which line is wrong. @param {Data} data */
function withoutWords(data) {
    Object.assign(data, { fault: 'Which line did not do what it says?', model: '', module: '', about: '', wrong: 'Step through the run, and compare it with the run without the fault.', invariant: '', promise: '', defined: '', follows: '', site: [-1, 0] });
    for (const { parts } of data.files) for (const [, lines] of parts) lines.forEach((line, i) => (lines[i] = WITHOUT.reduce((text, [from, to]) => text.replace(from, to), line)));
}

/** The step in sentences. @param {Data} data @param {Run} run @param {number} i */
function stepWords(data, { threads, steps, lost, kind, end }, i) {
    const [thread, op, object, , , , read, written, extra] = steps[i];
    const says = op === 'panic' && kind === op && i === steps.length - 1 ? end : `${threads[thread]} ${opWords(data, steps[i])}`;
    const units = data.units?.[object];
    const names = units && [read, written].filter((value) => value !== null).map((value) => partsOf(units, value) || value).join(' → ');
    return [says.replace(/\w$/, '$&.'), names && `In words: ${names}.`, ...staleWords(data.runs, steps, i), op !== 'note' && extra?.text, lost === i && DOOMED].filter(Boolean);
}

/** Two accesses that race, of which the run's last one is one. @param {Data} data @param {Run} run */
function raceWords(data, { kind, steps }) {
    const late = steps.length - 1;
    const [thread, op, object] = steps[late];
    const early = steps.findLastIndex((step) => step[2] === object && step[0] !== thread && /write/.test(op + step[1]));
    return kind === 'race' && early >= 0 && `Steps ${early + 1} and ${late + 1} access ${objectName(data, object)}, and nothing orders one before the other.`;
}

/** Where the two runs part: what the other one does there. @param {Data} data @param {Run} run @param {number} i */
function partWords({ runs, ...data }, { steps }, i) {
    const other = runs.find((run) => run.steps !== steps);
    const step = other?.steps[i];
    return `Here the two runs part. In the other one ${step ? `${other.threads[step[0]]} ${opWords(/** @type {any} */ (data), step)}` : 'nothing follows'}.`;
}

/** What the end of a run says. @param {Data} data @param {Run} run @returns {any[]} */
function endWords(data, run) {
    if (!run.end) return [`All is well: the model passes, and ${data.invariant || 'the rule'} holds.`];
    return [run.end.replace(/\w$/, '$&.'), raceWords(data, run), data.promise && `This breaks ${data.invariant}: ${data.promise}`, data.follows].filter(Boolean);
}

if (typeof module !== 'undefined') {
    module.exports = { expand, withoutWords, OPS, DOOMED, objectName, partsOf, shortWords, opWords, isCommon, staleWords, stepWords, raceWords, partWords, endWords };
    Object.assign(globalThis, module.exports);
}
