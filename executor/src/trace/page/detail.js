// The panel: what is selected. A poll, with the chain behind it and its delay; a task, with its life; an event.
// Next: text.js.

if (typeof module !== 'undefined') require('./words.js');

/** @typedef {(what: {poll?: number, task?: number, event?: number}) => void} Select */

/** Pairs of a name and a value; pairs without a value are left out. @param {[string, any][]} pairs */
function facts(pairs) {
    const shown = pairs.filter(([, value]) => value !== null && value !== '' && value !== undefined);
    return h('dl', null, shown.map(([name, value]) => [h('dt', null, name), h('dd', null, value)]));
}

/** @param {Select} select @param {any} what @param {...any} words */
function jump(select, what, ...words) {
    // A link, since a button does not break over lines.
    const onclick = (/** @type {Event} */ event) => {
        event.preventDefault();
        select(what);
    };
    return h('a', { href: '#', class: 'link', onclick }, words);
}

/** @param {Model} model @param {Select} select @param {number} p @param {string} more */
function pollJump({ meta, poll }, select, p, more = '') {
    return jump(select, { poll: p }, `${taskName(meta, poll.task[p])}${more}`);
}

/** @param {Model} model @param {Select} select @param {number} k */
function taskJump({ meta }, select, k) {
    return jump(select, { task: k }, taskName(meta, k));
}

/** @param {...any} words */
function faint(...words) {
    return h('span', { class: 'faint' }, words);
}

/** The number of poll `p` among its task's polls, from 0. @param {Model} model @param {number} p */
function pollIndex({ polls, poll }, p) {
    const start = polls.start[poll.task[p]];
    return lowerBound(polls.list, p, start, polls.start[poll.task[p] + 1]) - start;
}

/** @param {Model} model @param {Select} select @param {number} p @param {boolean} open @param {(open: boolean) => void} toggled */
function pollDetail(model, select, p, open, toggled) {
    const { meta, poll, polls, events } = model;
    const own = poll.task[p];
    const index = pollIndex(model, p);
    const total = polls.start[own + 1] - polls.start[own];
    const at = (/** @type {number} */ i) => polls.list[polls.start[own] + i];
    const why = h('details', { class: 'why', open, ontoggle: () => toggled(why.open) },
        h('summary', null, 'Why does this poll run now? ', h('kbd', null, 'w')), whyDetail(model, select, p));
    return [
        h('h2', null, `Poll ${count(index + 1)} of ${count(total)} of `, taskJump(model, select, own)),
        facts([
            ['runs', causeName(model, p)],
            ['thread', threadName(meta, poll.thread[p])],
            ['begins at', instant(poll.begin[p])],
            ['takes', duration(poll.end[p] - poll.begin[p])],
            ['ends', OUTCOMES[poll.outcome[p]] ?? 'not before the recording ends'],
            ['waits for', waitsOf(model, p).map((e) => waitName(meta, events.c[e], events.a[e])).join(', or ')],
            ['inside', poll.outer[p] >= 0 ? pollJump(model, select, poll.outer[p]) : null],
        ]),
        h('p', { class: 'bar' },
            button(['Previous ', h('kbd', null, 'p')], () => select({ poll: at(index - 1) }), { disabled: index === 0 }),
            button(['Next ', h('kbd', null, 'n')], () => select({ poll: at(index + 1) }), { disabled: index + 1 === total })),
        why,
        h('h3', null, 'In this poll'),
        eventList(model, select, poll.first[p], poll.last[p] >= 0 ? poll.last[p] + 1 : events.starts[poll.thread[p] + 1], 60, poll.begin[p]),
    ];
}

/** The delay, and the chain. @param {Model} model @param {Select} select @param {number} p */
function whyDetail(model, select, p) {
    const { meta, poll, events, by } = model;
    const delay = delayOf(model, p);
    const nodes = [];
    const parts = (/** @type {Part[]} */ list) =>
        h('ul', { class: 'parts' }, list.map((part) =>
            h('li', { class: part.what }, h('b', null, duration(part.ns)), ` ${partWords(model, part)}`,
                part.polls.length > 0 && faint(h('br'), part.polls.length < part.count ? 'the longest: ' : '', part.polls.map((q, i) => [
                    i ? ', ' : '', pollJump(model, select, q, ` ${duration(poll.end[q] - poll.begin[q])}`),
                ])))));
    if (delay && events.time[delay.wake] < keptSince(model)) {
        nodes.push(h('p', { class: 'note' }, 'Events of that time were overwritten on other threads: a wake in between may be missing.'));
    }
    if (delay) {
        const bar = h('div', { class: 'split', 'aria-hidden': 'true' }, delay.parts.map((part) =>
            h('span', { class: part.what, style: `flex-grow: ${Math.max(part.ns / Math.max(1, delay.total), 0.01)}` })));
        nodes.push(h('p', null, delay.total > 0 ? `It began ${duration(delay.total)} after its cause:` : 'It began at once.'), delay.total > 0 && bar, parts(delay.parts));
        if (delay.queuedOn) {
            nodes.push(h('p', null, `Until it was taken, it was in a queue of ${threadName(meta, delay.queuedOn.thread)}. Meanwhile there:`), parts(delay.queuedOn.parts));
        }
    }
    const steps = chainOf(model, p).map((step) => {
        if (step.type === 'poll') {
            const q = /** @type {number} */ (step.poll);
            return h('li', { class: q === p ? 'this' : null }, pollJump(model, select, q), faint(` polled at ${instant(poll.begin[q], 100)} for ${duration(poll.end[q] - poll.begin[q])} on ${threadName(meta, poll.thread[q])}`));
        }
        if (step.type === 'gap') return h('li', { class: 'faint' }, `… ${plural(step.skipped ?? 0, 'poll')} more …`);
        if (step.type === 'root') {
            const e = step.event ?? -1;
            return h('li', { class: 'root' }, e >= 0 ? jump(select, { event: e }, rootWords(model, step)) : rootWords(model, step));
        }
        const e = /** @type {number} */ (step.event);
        const woken = { [K.spawn]: 'spawned', [K.call_queued]: 'queued as a blocking call' }[events.kind[e]] ?? (isBudgetWake(model, e) ? 'woken because its budget was used up' : 'woken');
        const into = by[e] >= 0 ? `, ${duration(Math.max(0, events.time[e] - poll.begin[by[e]]))} into this poll:` : '';
        return h('li', { class: 'cause' }, '▲ ', jump(select, { event: e }, woken), ` at ${instant(events.time[e], 100)} on ${threadName(meta, events.thread[e])}${into}`);
    });
    return [...nodes, h('ol', { class: 'chain' }, steps)];
}

/** Events `from` to `to`, at most `most`. @param {Model} model @param {Select} select @param {number} from @param {number} to @param {number} most @param {number} zero The time to count from. */
function eventList(model, select, from, to, most, zero) {
    const { events, caused } = model;
    const lines = [];
    for (let e = from; e < Math.min(to, from + most); e++) {
        lines.push(h('li', null, h('span', { class: 'time' }, `+${duration(events.time[e] - zero)}`), ' ',
            caused[e] >= 0 ? jump(select, { poll: caused[e] }, eventWords(model, e)) : eventWords(model, e)));
    }
    if (to > from + most) lines.push(h('li', { class: 'faint' }, `and ${plural(to - from - most, 'event')} more`));
    return h('ul', { class: 'events' }, lines);
}

/** @param {Model} model @param {Select} select @param {number} k */
function taskDetail(model, select, k) {
    const { meta, task, polls, children, events } = model;
    const { kind, name, site, parent } = meta.tasks[k];
    const own = children.list.subarray(children.start[k], children.start[k + 1]);
    const total = polls.start[k + 1] - polls.start[k];
    const when = (/** @type {number} */ e) => (e >= 0 ? jump(select, { event: e }, `at ${instant(events.time[e], 100)}`) : null);
    const list = h('ol', { class: 'life' });
    const PAGE = 50;
    let shown = 0;
    const more = button('More', () => grow());
    const grow = () => {
        const last = shown + PAGE >= total;
        for (const { what, begin, end, poll, event } of lifeOf(model, k, shown, last ? Infinity : shown + PAGE)) {
            const words = what === 'waiting' && event >= 0 ? `waiting for ${waitName(meta, events.c[event], events.a[event])}` : what;
            list.append(h('li', { class: what }, h('b', null, duration(end - begin)), ' ', poll >= 0 ? jump(select, { poll }, words) : words,
                what === 'running' && model.poll.outcome[poll] !== 0 && faint(`, ${OUTCOMES[model.poll.outcome[poll]] ?? 'not ended'}`)));
        }
        shown += PAGE;
        more.hidden = last;
    };
    grow();
    return [
        h('h2', null, taskName(meta, k)),
        facts([
            ['kind', name ? kind : null],
            ['state at the end', endStateName(model, k)],
            ['spawned', when(task.spawn[k] >= 0 ? task.spawn[k] : task.queuedCall[k])],
            ['by', parent !== null && meta.tasks[parent] ? taskJump(model, select, parent) : null],
            ['in', site !== null ? h('code', null, meta.sites[site] ?? '') : null],
            ['polls', count(task.polls[k])],
            ['polled for', `${duration(task.total[k])}, at most ${duration(task.longest[k])} at once`],
            ['cancel requested', when(task.cancel[k])],
            ['future dropped', when(task.dropped[k])],
            ['outcome taken', when(task.taken[k])],
        ]),
        own.length > 0 && h('h3', null, `It spawned ${plural(own.length, 'task')}`),
        own.length > 0 && h('p', null, Array.from(own.subarray(0, 50), (child, i) => [i ? ', ' : '', taskJump(model, select, child)]),
            own.length > 50 && ` and ${count(own.length - 50)} more`),
        h('h3', null, 'Its life'), list, more,
    ];
}

/** @param {Model} model @param {Select} select @param {number} e */
function eventDetail(model, select, e) {
    const { meta, events, by, caused } = model;
    const kind = events.kind[e];
    const page = eventPage(model, e);
    return [
        h('h2', null, KINDS[kind][0].replace('-', ' ')),
        h('p', null, `${threadName(meta, events.thread[e])}: ${eventWords(model, e)}.`),
        facts([
            ['at', instant(events.time[e])],
            ['during', by[e] >= 0 ? pollJump(model, select, by[e]) : null],
            ['because', by[e] <= -2 ? jump(select, { event: -2 - by[e] }, eventWords(model, -2 - by[e])) : null],
            ['causes', caused[e] >= 0 ? pollJump(model, select, caused[e], ' polled') : null],
            ['task', KINDS[kind][2] === 'task' ? taskJump(model, select, events.a[e]) : null],
            ['in the source', page ? bookLink(meta, page) : null],
        ]),
        h('h3', null, 'On this thread, from here'),
        eventList(model, select, e, events.starts[events.thread[e] + 1], 30, events.time[e]),
    ];
}

/** @param {Model} model @param {Select} select @param {Finding[]} findings */
function findingsView(model, select, findings) {
    if (!findings.length) return [h('p', null, 'Nothing in this recording looks wrong.')];
    return findings.map(({ title, says, chapter, source, cases }) => {
        const list = h('ol', { class: 'cases' });
        let shown = 0;
        const more = button('', () => grow());
        const grow = () => {
            for (const { text, poll, task, event } of cases.slice(shown, shown + 20)) {
                list.append(h('li', null, jump(select, poll !== undefined ? { poll } : event !== undefined ? { event } : { task }, text)));
            }
            shown += 20;
            more.textContent = `${count(Math.max(0, cases.length - shown))} more`;
            more.hidden = shown >= cases.length;
        };
        grow();
        const links = [bookLink(model.meta, chapter, 'the chapter'), bookLink(model.meta, source)].filter(Boolean);
        return h('section', { class: 'finding' }, h('h2', null, title, h('span', { class: 'badge' }, count(cases.length))),
            h('p', null, `${says} `, faint(links.map((link, i) => [i ? ', ' : 'See ', link]), '.')), list, more);
    });
}

if (typeof module !== 'undefined') {
    module.exports = { facts, pollIndex, pollDetail, whyDetail, taskDetail, eventDetail, findingsView };
    Object.assign(globalThis, module.exports);
}
