// The page: reads the recording, draws the timeline first and all else after it, and ties the views together.

if (typeof module !== 'undefined') require('./text.js');

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** Reads both data elements; throws a RecordingError that says what is wrong with them. */
function readRecording() {
    const [description, data] = [byId('recording'), byId('events')];
    if (!description || !data) throw new RecordingError('There is no recording in this page.');
    const meta = parseMeta(description.textContent);
    return buildModel(meta, decode(meta, fromBase64(data.textContent)));
}

/** @param {Model} model */
function start(model) {
    const { meta, poll, polls } = model;
    const selected = { poll: -1, task: -1, event: -1 };
    let whyOpen = false;
    /** @type {TaskTable|null} */
    let table = null;
    const tabs = ['threads', 'tasks', 'findings', 'text'];

    document.title = `${meta.program}: a recording`;
    byId('program').textContent = meta.program;
    byId('about').textContent = [
        duration(model.end), plural(meta.threads.length, 'thread'), plural(meta.tasks.length, 'task'), plural(model.events.count, 'event'),
        new Date(document.lastModified).toLocaleString(),
    ].filter(Boolean).join(' · ');
    const warnings = losses(meta);
    byId('notes').replaceChildren(
        ...(meta.panic ? [h('p', { class: 'note panic' }, `Panic: ${meta.panic}`)] : []),
        ...(warnings.length ? [h('p', { class: 'note' }, warnings.slice(0, 4).join(' '), warnings.length > 4 ? ` So were events of ${count(warnings.length - 4)} more threads.` : '')] : []),
        ...(model.events.count ? [] : [h('p', { class: 'note' }, 'The recording has no events.')]),
    );

    const tip = byId('tip');
    const canvas = byId('canvas');
    canvas.style.height = `${Math.max(180, OVERVIEW + AXIS + LIFE + meta.threads.length * LANE.height + 4)}px`;
    const timeline = new Timeline(canvas, model, {
        select: (what) => select(what, true),
        moved: (from, to) => {
            byId('window').textContent = `${instant(from, (to - from) / 1000)} to ${instant(to, (to - from) / 1000)} (${duration(to - from)})`;
        },
        tip: (text, x, y) => {
            tip.hidden = !text;
            tip.textContent = text;
            tip.style.translate = `${Math.min(x + 12, Math.max(0, canvas.clientWidth - tip.offsetWidth - 4))}px ${y + 14}px`;
        },
    });

    /** @param {{poll?: number, task?: number, event?: number}} what @param {boolean} [there] On the timeline itself. */
    function select({ poll: p = -1, task = -1, event = -1 }, there) {
        Object.assign(selected, { poll: p, event, task: p >= 0 ? poll.task[p] : task });
        timeline.select(selected, there);
        table?.mark(selected.task);
        const panel = byId('panel');
        const content = p >= 0 ? pollDetail(model, select, p, whyOpen, (open) => (whyOpen = open))
            : task >= 0 ? taskDetail(model, select, task)
            : event >= 0 ? eventDetail(model, select, event) : [byId('hint').content.cloneNode(true)];
        const inside = panel.contains(document.activeElement);
        panel.replaceChildren(...content.filter(Boolean));
        panel.scrollTop = 0;
        if (inside) panel.focus({ preventScroll: true });
        byId('said').textContent = panel.querySelector('h2')?.textContent ?? '';
        document.body.classList.toggle('chosen', selected.poll >= 0 || selected.task >= 0 || selected.event >= 0);
    }

    /** @param {string} name */
    function open(name) {
        for (const tab of tabs) {
            byId(`tab-${tab}`).setAttribute('aria-selected', tab === name);
            byId(`tab-${tab}`).tabIndex = tab === name ? 0 : -1;
            byId(tab).hidden = tab !== name;
        }
        if (name === 'threads') timeline.resize();
        if (name === 'tasks' && !table) {
            table = new TaskTable(byId('tasks'), model, (task) => select({ task }));
            table.mark(selected.task);
        }
        if (name === 'text') fillText();
    }

    function fillText() {
        if (byId('text').firstChild) return;
        byId('text').append(h('h2', null, 'Summary'), ...summary(model).map((line) => h('p', null, line)), ...textView(model, select, () => timeline.from));
    }
    window.addEventListener('beforeprint', fillText);
    tabs.forEach((tab, i) => {
        byId(`tab-${tab}`).addEventListener('click', () => open(tab));
        byId(`tab-${tab}`).addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
            const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
            if (!by) return;
            event.stopPropagation();
            const next = tabs[(i + by + tabs.length) % tabs.length];
            open(next);
            byId(`tab-${next}`).focus();
        });
    });

    /** The next or previous poll of the selected task, or on the thread if none is selected. @param {number} by */
    function step(by) {
        if (selected.task < 0) return void stepOnThread(by);
        const [first, end] = [polls.start[selected.task], polls.start[selected.task + 1]];
        const i = selected.poll >= 0 ? first + pollIndex(model, selected.poll) + by : by > 0 ? first : end - 1;
        if (i >= first && i < end) select({ poll: polls.list[i] });
    }

    /** @param {number} by */
    function stepOnThread(by) {
        if (selected.poll >= 0) {
            const lane = model.lanes[poll.thread[selected.poll]];
            const i = lowerBound(lane.polls, selected.poll) + by;
            if (i >= 0 && i < lane.polls.length) select({ poll: lane.polls[i] });
            return;
        }
        for (const lane of model.lanes) {
            const i = lowerBound(lane.busy.end, timeline.from);
            if (i < lane.polls.length) return void select({ poll: lane.polls[i] });
        }
    }

    function why() {
        if (selected.poll < 0) stepOnThread(1);
        const box = byId('panel').querySelector('.why');
        if (!box) return;
        box.open = whyOpen = !box.open;
        if (!box.open) return;
        if (getComputedStyle(byId('panel')).overflowY === 'auto') byId('panel').scrollTop = box.offsetTop - byId('panel').offsetTop;
        else box.scrollIntoView();
    }

    const help = byId('help');
    /** @type {Record<string, () => void>} */
    const keys = {
        ArrowLeft: () => timeline.pan(-timeline.width / 8),
        ArrowRight: () => timeline.pan(timeline.width / 8),
        ArrowUp: () => timeline.scrollBy(-LANE.height),
        ArrowDown: () => timeline.scrollBy(LANE.height),
        '+': () => timeline.zoom(1 / 1.5),
        '=': () => timeline.zoom(1 / 1.5),
        '-': () => timeline.zoom(1.5),
        0: () => timeline.move(0, model.end),
        n: () => step(1),
        p: () => step(-1),
        '.': () => stepOnThread(1),
        ',': () => stepOnThread(-1),
        w: why,
        t: () => selected.task >= 0 && select({ task: selected.task }),
        '/': () => {
            open('tasks');
            table?.input.focus();
        },
        1: () => open('threads'),
        2: () => open('tasks'),
        3: () => open('findings'),
        4: () => open('text'),
        '?': () => help.showModal(),
        Escape: () => select({}),
    };
    document.addEventListener('keydown', (event) => {
        const target = /** @type {HTMLElement} */ (event.target);
        if (help.open || event.ctrlKey || event.metaKey || event.altKey) return;
        if (target.tagName === 'INPUT') {
            if (event.key === 'Escape') target.blur();
            return;
        }
        const arrow = event.key.startsWith('Arrow');
        if (arrow && (byId('threads').hidden || (target !== canvas && target !== document.body))) return;
        if (!keys[event.key]) return;
        event.preventDefault();
        keys[event.key]();
    });
    byId('in').addEventListener('click', keys['+']);
    byId('out').addEventListener('click', keys['-']);
    byId('all').addEventListener('click', keys[0]);
    byId('keys').addEventListener('click', keys['?']);
    byId('ask').addEventListener('click', why);

    new ResizeObserver(() => byId('threads').hidden || timeline.resize()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => timeline.theme());
    select({});
    timeline.draw();

    // The rest waits until the timeline is on the screen.
    requestAnimationFrame(() => setTimeout(() => {
        performance.mark('drawn');
        const found = findAll(model);
        byId('findings').replaceChildren(...findingsView(model, select, found));
        const cases = found.reduce((sum, { cases }) => sum + cases.length, 0);
        byId('tab-findings').append(h('span', { class: cases ? 'badge' : 'badge none' }, count(cases)));
        performance.mark('ready');
    }));
    return { timeline, select, open };
}

if (typeof document !== 'undefined') {
    try {
        // For the speed test, and for the curious at the console.
        Object.assign(globalThis, { page: start(readRecording()) });
    } catch (error) {
        byId('notes').replaceChildren(h('p', { class: 'note panic' }, error instanceof RecordingError ? error.message : `The page failed: ${error}`));
        document.body.classList.add('failed');
        if (!(error instanceof RecordingError)) throw error;
    }
}
