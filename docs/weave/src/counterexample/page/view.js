// The three panels: the lanes, the source, and what each thread knows. Text of the data reaches the page only as text
// nodes. Next: main.js.

if (typeof module !== 'undefined') require('./game.js');

/** The style for a thread. @param {number} t */
const hue = (t) => `--h:${[215, 150, 280, 330, 185, 60][t % 6]};--t:${t};grid-column:${t + 2}`;

/** The style for the end. @param {Run} run */
const endHue = ({ end }) => `--h:${end ? 20 : 150};grid-column:2/-1`;

/** Pale if both runs have it. @param {Data} data @param {Step} step */
const staleMark = ({ runs }, step) => (step[8]?.missed ?? -1) >= 0 && h(isCommon(runs, step) ? 'small' : 'b.hot', ' stale');

/** An element: `h('a.class', { href }, 'text', child)`; the properties may be left out. @param {string} kind @param {...any} rest @returns {any} */
function h(kind, ...rest) {
    const [tag, className = ''] = kind.split('.');
    const node = Object.assign(document.createElement(tag), { className }, rest[0]?.constructor === Object && rest.shift());
    node.append(...rest.flat(Infinity).filter(Boolean));
    return node;
}

/** Returns the row of each position. @param {any} panel @param {Data} data @param {Run} run @param {number} difference @param {(at: number) => void} go @returns {any[]} */
function drawLanes(panel, data, run, difference, go) {
    const { threads, steps, end, open, lost } = run;
    const row = (/** @type {number} */ i, /** @type {string} */ style, /** @type {any[]} */ ...inside) => h('li.row', { style },
        h('span.no', steps[i] && i + 1),
        stateAfter(data, run, i + 1).threads.map(({ last, ended, waits }, t) =>
            last >= 0 && last < i && !ended && h(waits < 0 ? 'i' : 'i.waits', { style: hue(t) })),
        h('button', { style, onclick: () => go(i + 1) }, inside));
    const rows = steps.map((step, i) => {
        const [thread, , , , , order] = step;
        const made = row(i, hue(thread), h('b.who', `${threads[thread]} `), shortWords(data, step), h('small', ' ', order, staleMark(data, step)));
        if (i === lost) made.append(h('p.mark hot', DOOMED));
        if (i === Math.max(difference - 1, 0) && difference >= 0) made.append(h('p.mark', partWords(data, run, difference)));
        return made;
    });
    if (!open) rows.push(row(steps.length, endHue(run), `The end: ${end ? run.kind || 'it fails' : 'all is well'}`));
    panel.style.setProperty('--n', threads.length);
    panel.replaceChildren(h('div.row heads', threads.map((name, t) => h('b', { style: hue(t) }, name))), h('ol', rows));
    return rows;
}

/** Returns the lines by `file,line`. @param {any} panel @param {Data} data @returns {Map<string, any>} */
function drawSource(panel, { files, site }) {
    const lines = new Map();
    files.forEach(({ path, parts }, file) => panel.append(h('h2', path), ...parts.map(([first, texts]) => h('div.part', texts.map((text, i) => {
        const key = `${file},${first + i}`;
        const isFault = String(site) === key;
        const line = h(isFault ? 'div.line fault' : 'div.line', h('span.no', first + i), h('code', `${text} `, isFault && h('span.tag hot', 'the fault'), h('span')));
        lines.set(key, line);
        return line;
    })))));
    return lines;
}

/** Marks the line of each thread; returns that of the step under way. @param {Map<string, any>} lines @param {Run} run @param {State} state @param {number} thread The thread of that step. */
function markSource(lines, { steps, threads }, state, thread) {
    for (const line of lines.values()) {
        line.classList.remove('now');
        line.lastChild.lastChild.replaceChildren();
    }
    let now;
    state.threads.forEach(({ place, ended }, t) => {
        const line = lines.get(String(steps[place]?.slice(3, 5)));
        if (!line || (ended && t !== thread)) return;
        line.lastChild.lastChild.append(h('span.tag', { style: hue(t) }, threads[t]));
        if (t !== thread) return;
        now = line;
        now.style = hue(t);
        now.classList.add('now');
    });
    return now;
}

/** @param {any} panel @param {Data} data @param {Run} run @param {State} state */
function drawKnowledge(panel, data, run, state) {
    const { threads } = run;
    const rows = knowledge(data, run, state);
    panel.replaceChildren(...[
        h('p', h('b', 'What each thread knows:'), rows.length ? ' the newest value that it has read or written.' : ' nothing here is atomic.'),
        rows.length > 0 && h('table',
            h('tr', h('th', 'atomic'), h('th', 'newest'), threads.map((name, t) => h('th', { style: hue(t) }, name))),
            rows.map(({ name, newest, since, known }) => h('tr', h('th', name), h('td', newest, since >= 0 && h('small', ` step ${since + 1}`)),
                known.map((one) => h('td', one ? one.value : '–', one?.old && h('small', ' old')))))),
        h('ul', threads.map((name, t) => h('li', { style: hue(t) }, h('b', name), ` ${threadWords(data, run, state, t)}.`))),
    ].filter(Boolean));
}

/** Scrolls only the panel. @param {any} panel @param {any} node */
function reveal(panel, node) {
    const top = node?.offsetTop - panel.offsetTop - panel.scrollTop;
    if (top < 30 || top > panel.clientHeight - 60) panel.scrollTop += top - panel.clientHeight / 2;
}

/** On a phone the panel may be beyond the window's edge, or behind the bar: scrolls the page. @param {any} node @param {any} bar */
function follow(node, bar) {
    const { top, bottom } = node.getBoundingClientRect();
    const edge = bar.getBoundingClientRect().bottom;
    scrollBy(0, top < edge ? top - edge - 40 : Math.max(0, bottom - innerHeight + 40));
}

if (typeof module !== 'undefined') {
    module.exports = { h, hue, endHue, staleMark, drawLanes, drawSource, markSource, drawKnowledge, reveal, follow };
    Object.assign(globalThis, module.exports);
}
