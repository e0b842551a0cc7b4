// Events, causes and delays in words, for the panel, the labels and the text view; and a helper that makes elements.
// Text of the recording reaches the page only as text nodes. Next: scale.js.

if (typeof module !== 'undefined') require('./findings.js');

/** An element: `h('a', {href}, 'text', child)`. @param {string} tag @param {Record<string, any>|null} [props] @param {...any} children @returns {any} */
function h(tag, props, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(props ?? {})) {
        if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
        else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
    }
    node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return node;
}

/** @param {any} words @param {() => void} onclick @param {Record<string, any>} [props] */
function button(words, onclick, props) {
    return h('button', { type: 'button', onclick, ...props }, words);
}

/** A page of the book, or of its annotated source; a file's name where the recording knows no book. @param {Meta} meta @param {string} page @param {string} [words] @returns {any} */
function bookLink(meta, page, words) {
    const source = page.includes('/');
    const text = words ?? (source ? sourceFile(page) : page);
    if (!meta.book || !/^(file:|https?:|\.\.\/)/.test(meta.book)) return source ? h('code', null, sourceFile(page)) : null;
    return h('a', { href: `${meta.book}${source ? 'source/' : ''}${page}.html` }, text);
}

/** Who woke or spawned: `socket fd 7`, `adder #3`. @param {Model} model @param {number} e */
function byName({ meta, by, events, poll }, e) {
    if (by[e] >= 0) return taskName(meta, poll.task[by[e]]);
    if (by[e] <= -2) return thingName(meta, events.a[-2 - by[e]]);
    return threadName(meta, events.thread[e]);
}

/** Why poll `p` runs, in a few words: `woken by socket fd 7`. @param {Model} model @param {number} p */
function causeName(model, p) {
    const e = model.poll.cause[p];
    if (e < 0) return '';
    const kind = model.events.kind[e];
    if (isBudgetWake(model, e)) return 'goes on after its budget';
    if (kind === K.spawn) return `spawned by ${byName(model, e)}`;
    if (kind === K.call_queued) return `called by ${byName(model, e)}`;
    const own = model.by[e] >= 0 && model.poll.task[model.by[e]] === model.events.a[e];
    return `woken by ${own ? 'itself' : byName(model, e)}`;
}

/** An event in words, without its thread and time. @param {Model} model @param {number} e */
function eventWords(model, e) {
    const { meta, events, by, poll } = model;
    const [a, b, c] = [events.a[e], events.b[e], events.c[e]];
    const [, , what, , words] = KINDS[events.kind[e]];
    const names = { task: taskName, thread: threadName, thing: thingName };
    const name = names[/** @type {'task'} */ (what)]?.(meta, a);
    switch (events.kind[e]) {
        case K.poll_end: return `the poll${by[e] >= 0 ? ` of ${taskName(meta, poll.task[by[e]])}` : ''} ends: ${OUTCOMES[a] ?? a}`;
        case K.wake: return `${name} is woken by ${isBudgetWake(model, e) ? 'its budget' : byName(model, e)}: ${PLACES[c] ?? c}`;
        case K.park: return `begins to wait: ${PARKS[a] ?? a}`;
        case K.unpark: return `stops waiting: ${UNPARKS[a] ?? a}`;
        case K.source_ready: return `${name} is ready: ${['read', 'write', 'hangup or error'].filter((_, bit) => c & (1 << bit)).join(', ')}`;
        case K.timer_armed: return `${name} is armed for ${instant(b, 1000)}`;
        case K.waits: return `will wait for ${waitName(meta, c, a)}`;
        case K.mark: return meta.sites[a];
    }
    return words.replace(/\{(\w) ?(\w*)\}/g, (_, slot, noun) => {
        if (noun) return plural({ a, b, c }[/** @type {'a'} */ (slot)], noun);
        return slot === 'a' ? name : duration(b);
    });
}

/** The page of the annotated source for an event. @param {Model} model @param {number} e */
function eventPage({ events }, e) {
    return events.kind[e] === K.waits ? (WAITS[events.c[e]] ?? OTHER_WAIT)[1] : KINDS[events.kind[e]][3];
}

/** The end of a chain in words. @param {Model} model @param {Step} step */
function rootWords(model, { root, event = -1 }) {
    const { meta, events } = model;
    switch (root) {
        case 'socket': return `The reactor found that ${eventWords(model, event)}.`;
        case 'timer': return `The reactor found a timer: ${eventWords(model, event)}.`;
        case 'foreign': return `${threadName(meta, events.thread[event])} woke it outside any poll: a thread of the program's own, or a destructor.`;
        case 'start':
            return event < 0 ? 'The program called block_on.' : `${threadName(meta, events.thread[event])} spawned it outside any task: the program's start.`;
        case 'before': return 'The task was spawned before the recording began.';
        default:
            return meta.threads.some(({ lost }) => lost > 0)
                ? 'The wake is not in the recording: events were overwritten.'
                : 'No wake is in the recording: its waker may have been called before the recording began.';
    }
}

/** A part of a delay in words. @param {Model} model @param {Part} part */
function partWords({ meta }, part) {
    const thread = threadName(meta, part.thread);
    switch (part.what) {
        case 'late': return 'the timer fired after its deadline';
        case 'before-wake': return 'from the event to the wake: the rest of the reactor\'s turn, and the wakes before this one';
        case 'running': return 'it was woken while its previous poll still ran';
        case 'behind': return `queued behind ${plural(part.count, 'poll')} on ${thread}`;
        case 'asleep': return `${thread} was parked`;
        case 'leaving': return `${thread} called the wakes after this one, and left the reactor`;
        case 'unborn': return `${thread} had not started yet`;
        case 'unpark': return `from the notification until ${thread} ran: the unpark latency`;
        default: return `${thread} was between polls: its run loop, or a turn of the reactor`;
    }
}

/** The recording in a few sentences. @param {Model} model @returns {string[]} */
function summary(model) {
    const { meta, events, task, poll, end } = model;
    const states = new Array(STATES.length).fill(0);
    for (let k = 0; k < task.count; k++) states[endState(model, k)]++;
    const parts = STATES.map((state, i) => (states[i] ? `${count(states[i])} ${state}` : '')).filter(Boolean);
    return [
        `${meta.program}: ${duration(end)} on ${plural(meta.threads.length, 'thread')}, ${plural(events.count, 'event')}, ${plural(poll.count, 'poll')}.`,
        `${plural(task.count, 'task')}${parts.length ? `; at the end: ${parts.join(', ')}` : ''}.`,
        ...losses(meta),
    ];
}

/** What was lost: `12,345 events of main were overwritten`. @param {Meta} meta */
function losses(meta) {
    return meta.threads
        .map(({ lost }, t) => ({ lost, t }))
        .filter(({ lost }) => lost > 0)
        .map(({ lost, t }) => `${plural(lost, 'event')} of ${threadName(meta, t)} ${lost === 1 ? 'was' : 'were'} overwritten, the oldest first.`);
}

if (typeof module !== 'undefined') {
    module.exports = { h, button, bookLink, byName, causeName, eventWords, eventPage, rootWords, partWords, summary, losses };
    Object.assign(globalThis, module.exports);
}
