// The recording as text, for users who cannot see the canvas, or want to search and copy: the threads, and all events
// in the order of time, a page at a time. Next: main.js.

if (typeof module !== 'undefined') require('./detail.js');

const TEXT_PAGE = 100;

/** Time in polls and in waits, by thread. @param {Model} model */
function threadTotals({ lanes, end }) {
    return lanes.map(({ polls, busy, idle }) => {
        const [ran, parked] = [within(busy, 0, end), within(idle, 0, end)];
        return { polls: polls.length, busy: ran, parked, share: end ? ran / end : 0 };
    });
}

/** @param {Model} model @param {Select} select @param {() => number} shownFrom Where the timeline begins. */
function textView(model, select, shownFrom) {
    const { meta, events, order, by, caused } = model;
    const rows = threadTotals(model).map(({ polls, busy, parked, share }, t) =>
        h('tr', null, h('th', { scope: 'row' }, threadName(meta, t)), [count(polls), duration(busy), `${(share * 100).toFixed(1)} %`, duration(parked), count(meta.threads[t].lost)].map((cell) => h('td', null, cell))));
    const list = h('ol', { class: 'events' });
    const where = h('span', { class: 'faint', role: 'status' });
    let at = 0;
    const show = (/** @type {number} */ from) => {
        at = Math.max(0, Math.min(from, events.count - 1));
        const lines = Array.from(order.subarray(at, at + TEXT_PAGE), (e) =>
            h('li', null, h('span', { class: 'time' }, instant(events.time[e])), ` ${threadName(meta, events.thread[e])}: `,
                jump(select, caused[e] >= 0 || by[e] < 0 || events.kind[e] !== K.poll_begin ? { event: e } : { poll: by[e] }, eventWords(model, e))));
        list.replaceChildren(...lines);
        where.textContent = events.count ? `${count(at + 1)} to ${count(at + lines.length)} of ${plural(events.count, 'event')}` : 'no events';
    };
    const seek = (/** @type {number} */ time) => show(search(events.count, (i) => events.time[order[i]] < time));
    show(0);
    return [
        h('h2', null, 'Threads'),
        h('div', { class: 'wide' }, h('table', null, h('thead', null, h('tr', null, ['thread', 'polls', 'in polls', 'share', 'waiting', 'events lost'].map((title) => h('th', { scope: 'col' }, title)))), h('tbody', null, rows))),
        h('h2', null, 'Events'),
        h('p', { class: 'bar' }, button('First', () => show(0)), button('Earlier', () => show(at - TEXT_PAGE)), button('Later', () => show(at + TEXT_PAGE)),
            button('From the timeline\'s start', () => seek(shownFrom())), where),
        list,
    ];
}

if (typeof module !== 'undefined') {
    module.exports = { threadTotals, textView };
    Object.assign(globalThis, module.exports);
}
