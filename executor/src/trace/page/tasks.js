// The table of all tasks: sortable, searchable. Only the rows in view are elements, so that 100,000 tasks cost no
// more than twenty. Next: detail.js.

if (typeof module !== 'undefined') require('./words.js');

const ROW = 28;

/**
 * The columns: title, width in px, the value to sort by, and the text.
 * @param {Model} model @returns {[string, number, (k: number) => number|string, (k: number) => string][]}
 */
function taskColumns(model) {
    const { meta, task } = model;
    const { p50, p99 } = latencies(model);
    const time = (/** @type {Float64Array} */ of) => (/** @type {number} */ k) => (of[k] > 0 || of[k] === 0 && task.polls[k] ? duration(of[k]) : '');
    const site = (/** @type {number} */ k) => meta.sites[meta.tasks[k].site ?? -1] ?? '';
    const parent = (/** @type {number} */ k) => meta.tasks[k].parent ?? -1;
    return [
        ['task', 150, (k) => k, (k) => taskName(meta, k)],
        ['kind', 66, (k) => meta.tasks[k].kind, (k) => meta.tasks[k].kind],
        ['state at the end', 200, (k) => endStateName(model, k), (k) => endStateName(model, k)],
        ['polls', 62, (k) => task.polls[k], (k) => count(task.polls[k])],
        ['polled for', 76, (k) => task.total[k], time(task.total)],
        ['longest poll', 78, (k) => task.longest[k], time(task.longest)],
        ['wake to poll p50', 90, (k) => p50[k], time(p50)],
        ['wake to poll p99', 90, (k) => p99[k], time(p99)],
        ['spawned at', 200, site, site],
        ['parent', 160, parent, (k) => (parent(k) >= 0 ? taskName(meta, parent(k)) : '')],
    ];
}

/** The tasks whose row contains all words of `query`. @param {ReturnType<typeof taskColumns>} columns @param {number} tasks @param {string} query */
function searchTasks(columns, tasks, query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const texts = [0, 1, 2, 8].map((column) => columns[column][3]);
    const found = [];
    for (let k = 0; k < tasks; k++) {
        if (words.length) {
            const row = texts.map((text) => text(k)).join('\n').toLowerCase();
            if (!words.every((word) => row.includes(word))) continue;
        }
        found.push(k);
    }
    return found;
}

/** Sorts by a column. Tasks without a value come last. @param {number[]} list @param {(k: number) => number|string} value @param {number} direction */
function sortTasks(list, value, direction) {
    const keyed = list.map((k) => ({ k, key: value(k) }));
    const none = (/** @type {number|string} */ key) => key === '' || Number.isNaN(key);
    keyed.sort((x, y) => {
        if (none(x.key) || none(y.key)) return Number(none(x.key)) - Number(none(y.key)) || x.k - y.k;
        return (x.key < y.key ? -1 : x.key > y.key ? 1 : 0) * direction || x.k - y.k;
    });
    return keyed.map(({ k }) => k);
}

class TaskTable {
    /** @param {HTMLElement} place @param {Model} model @param {(task: number) => void} select */
    constructor(place, model, select) {
        this.model = model;
        this.select = select;
        this.columns = taskColumns(model);
        this.column = 0;
        this.direction = 1;
        this.selected = -1;
        const widths = this.columns.map(([, width]) => `${width}px`).join(' ');
        this.heads = this.columns.map(([title], i) =>
            h('div', { role: 'columnheader', class: i >= 3 && i <= 7 ? 'number' : null }, button(title, () => this.sort(i))));
        this.body = h('div', { class: 'rows', role: 'rowgroup' });
        this.scroller = h('div', { class: 'table', role: 'table', 'aria-label': 'All tasks', tabindex: 0, style: `--columns: ${widths}` },
            h('div', { class: 'row heads', role: 'row' }, this.heads), this.body);
        this.scroller.addEventListener('scroll', () => requestAnimationFrame(() => this.draw()));
        this.input = h('input', { type: 'search', placeholder: 'name, kind, site, state', 'aria-label': 'Search the tasks', oninput: () => this.fill() });
        this.found = h('span', { class: 'faint', role: 'status' });
        place.append(h('p', { class: 'bar' }, this.input, this.found), this.scroller);
        this.fill();
    }

    fill() {
        this.list = searchTasks(this.columns, this.model.task.count, this.input.value);
        this.found.textContent = this.input.value ? `${count(this.list.length)} of ${plural(this.model.task.count, 'task')}` : plural(this.model.task.count, 'task');
        this.order();
    }

    /** @param {number} column */
    sort(column) {
        // Figures are first sorted from the largest.
        this.direction = this.column === column ? -this.direction : column >= 3 && column <= 7 ? -1 : 1;
        this.column = column;
        this.order();
    }

    order() {
        this.heads.forEach((head, i) => head.setAttribute('aria-sort', i !== this.column ? 'none' : this.direction > 0 ? 'ascending' : 'descending'));
        this.list = sortTasks(/** @type {number[]} */ (this.list), this.columns[this.column][2], this.direction);
        this.body.style.height = `${this.list.length * ROW}px`;
        this.scroller.setAttribute('aria-rowcount', this.list.length + 1);
        this.scroller.scrollTop = 0;
        this.draw();
    }

    draw() {
        const list = /** @type {number[]} */ (this.list);
        const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - 3);
        const last = Math.min(list.length, first + Math.ceil((this.scroller.clientHeight || 600) / ROW) + 6);
        const rows = [];
        for (let i = first; i < last; i++) {
            const k = list[i];
            const cells = this.columns.map(([, , , text], c) => {
                const words = text(k);
                if (c === 0) return h('div', { role: 'cell' }, button(words, () => {}, { class: 'link' }));
                return h('div', { role: 'cell', class: c >= 3 && c <= 7 ? 'number' : null, title: words.length > 24 ? words : null }, words);
            });
            const row = h('div', { role: 'row', class: 'row', 'aria-rowindex': i + 2, style: `top: ${i * ROW}px`, onclick: () => this.select(k) }, cells);
            rows.push({ k, row });
        }
        this.rows = rows;
        this.body.replaceChildren(...rows.map(({ row }) => row));
        this.mark(this.selected);
    }

    /** @param {number} task */
    mark(task) {
        this.selected = task;
        for (const { k, row } of this.rows ?? []) row.classList.toggle('selected', k === task);
    }
}

if (typeof module !== 'undefined') {
    module.exports = { taskColumns, searchTasks, sortTasks, TaskTable };
    Object.assign(globalThis, module.exports);
}
