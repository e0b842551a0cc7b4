// The three panels: the lanes, the source, and what each thread knows. Text of the data reaches the page only as text
// nodes. Next: main.js.

if (typeof module !== 'undefined') require('./game.js');

const HUES = [215, 150, 280, 330, 185, 60];
/** @param {number} t */
const hue = (t) => `--h:${HUES[t % HUES.length]};--t:${t}`;

/** An element: `h('a', {href}, 'text', child)`. @param {string} tag @param {Record<string, any>|null} [props] @param {...any} children @returns {any} */
function h(tag, props, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(props ?? {})) {
        if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
        else if (value !== null && value !== false) node.setAttribute(name, value === true ? '' : value);
    }
    node.append(...children.flat(Infinity).filter((child) => child || child === 0));
    return node;
}

/** The steps by thread; returns the row of each position. @param {any} panel @param {Data} data @param {Run} run @param {number} difference @param {(at: number) => void} go @returns {any[]} */
function drawLanes(panel, data, run, difference, go) {
    const { threads, steps, end, open, lost } = run;
    const row = (/** @type {number} */ i, /** @type {string} */ style, /** @type {any} */ label, /** @type {any} */ inside) => {
        const lanes = stateAfter(data, steps, i + 1, threads.length).threads.map(({ last, ended, waits }, t) => {
            const kind = last < 0 || (ended && last < i) || i === steps.length ? 'off' : waits && last < i ? 'waits' : 'on';
            return h('i', { class: kind, style: `${hue(t)};grid-column:${t + 2}` });
        });
        const button = h('button', { type: 'button', style, 'aria-label': label, onclick: () => go(i + 1) }, inside);
        return h('li', { class: 'row', style }, h('span', { class: 'no' }, i < steps.length && i + 1), lanes, button);
    };
    const rows = steps.map((step, i) => {
        const [thread, , , , , order, , , extra] = step;
        const isStale = (extra?.missed ?? -1) >= 0;
        const made = row(i, `${hue(thread)};grid-column:${thread + 2}`, `Step ${i + 1}: ${stepWords(data, run, i).join(' ')}`, [
            h('span', { class: 'who' }, threads[thread]), opWords(data, step, 0), h('small', null, step[1] !== 'fence' && order, isStale && h('b', null, ' stale')),
        ]);
        if (isStale) made.classList.add('stale');
        if (i === lost) made.append(h('p', { class: 'mark hot' }, 'From here on every continuation fails.'));
        if (i === difference) made.append(h('p', { class: 'mark' }, 'The first step that differs.'));
        return made;
    });
    if (!open) {
        rows.push(row(steps.length, 'grid-column:2/-1', null, end ? `The end: ${run.kind || 'it fails'}` : 'The end: all is well'));
        rows.at(-1).classList.add(end ? 'failed' : 'passed');
    }
    panel.style.setProperty('--n', threads.length);
    panel.replaceChildren(
        h('div', { class: 'row heads', 'aria-hidden': 'true' }, h('span'), threads.map((name, t) => h('b', { style: hue(t) }, name))),
        h('ol', { 'aria-label': 'Steps' }, rows),
    );
    return rows;
}

/** The source; returns its lines by `file:line`. @param {any} panel @param {Data} data @returns {Map<string, any>} */
function drawSource(panel, { files, site }) {
    const lines = new Map();
    panel.replaceChildren(...files.map(({ path, parts }, file) => [
        h('h2', null, path),
        parts.map(([first, texts]) => h('div', { class: 'part' }, texts.map((text, i) => {
            const tags = h('span');
            const fault = file === site[0] && first + i === site[1] && h('span', { class: 'tag hot' }, 'the fault');
            const line = h('div', { class: fault ? 'line fault' : 'line' }, h('span', { class: 'no' }, first + i), h('code', null, text, ' ', fault, tags));
            lines.set(`${file}:${first + i}`, { line, tags });
            return line;
        }))),
    ]).flat(2));
    return lines;
}

/** Marks the line of each thread. @param {Map<string, any>} lines @param {Run} run @param {State} state @param {number} thread The one whose step is under way, or -1. */
function markSource(lines, { steps, threads }, state, thread) {
    for (const { line, tags } of lines.values()) {
        line.classList.remove('now', 'at');
        tags.replaceChildren();
    }
    let now = null;
    state.threads.forEach(({ last, ended }, t) => {
        const [, , , file, number] = steps[last] ?? [];
        const found = lines.get(`${file}:${number}`);
        if (!found || (ended && t !== thread)) return;
        found.line.classList.add(t === thread ? 'now' : 'at');
        found.line.setAttribute('style', hue(t === thread || !now ? t : thread));
        found.tags.append(h('span', { class: 'tag', style: hue(t) }, threads[t]));
        if (t === thread) now = found.line;
    });
    return now;
}

/** @param {any} panel @param {Data} data @param {Run} run @param {State} state */
function drawKnowledge(panel, data, run, state) {
    const atoms = knowledge(data, run, state);
    const cell = (/** @type {{value: string, old: boolean}|null} */ known) =>
        h('td', { class: known?.old ? 'old' : known ? null : 'faint' }, known ? known.value : '–', known?.old && h('small', null, ' stale'));
    panel.replaceChildren(...[
        atoms.length && [
            h('h2', null, 'What each thread knows'),
            h('div', { class: 'wide' }, h('table', null,
                h('tr', null, ['atomic', 'newest', ...run.threads].map((name, i) => h('th', { scope: 'col', style: i > 1 ? hue(i - 2) : null }, name))),
                atoms.map(({ name, newest, since, known }) =>
                    h('tr', null, h('th', { scope: 'row' }, name), h('td', null, newest, since >= 0 && h('small', null, ` step ${since + 1}`)), known.map(cell))))),
            h('p', { class: 'faint' }, 'Under each thread: the newest value that it has read or written.'),
        ],
        h('h2', null, 'Threads'),
        h('ul', null, run.threads.map((name, t) => h('li', { style: hue(t) }, h('b', null, name), ` ${threadWords(data, run, state, t)}.`))),
    ].flat().filter(Boolean));
}

/** Scrolls only the panel. @param {any} panel @param {any} node */
function reveal(panel, node) {
    if (!node) return;
    const [outer, inner] = [panel.getBoundingClientRect(), node.getBoundingClientRect()];
    if (inner.top < outer.top + 40 || inner.bottom > outer.bottom - 24) panel.scrollTop += inner.top - outer.top - panel.clientHeight / 2;
}

if (typeof module !== 'undefined') {
    module.exports = { h, hue, drawLanes, drawSource, markSource, drawKnowledge, reveal };
    Object.assign(globalThis, module.exports);
}
