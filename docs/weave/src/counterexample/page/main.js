// The page: ties the panels, the keys and the game together.

if (typeof module !== 'undefined') require('./view.js');

/** @param {Data} data @param {Record<string, any>} ui The elements by their ids. */
function start(data, ui) {
    expand(data);
    if (location.hash === '#quiz') withoutWords(data);
    const { runs } = data;
    const difference = firstDifference(runs);
    const lines = drawSource(ui.source, data);
    let [at, run, timer] = [+location.hash.slice(1) || 1, 0, 0];
    /** The reader's choices, in the game. @type {number[]|null} */
    let path = null;
    /** @type {Run} */
    let shown;
    /** @type {any[]} */
    let rows;
    let [last, begun] = [0, false];
    const game = () => /** @type {Game[]} */ (data.games)[run];

    document.title = data.fault;
    for (const [id, text] of Object.entries(data)) if (ui[id] && typeof text === 'string') ui[id].textContent = text;
    ui.app.hidden = false;
    ui.found.hidden = !data.model;
    ui.text.open = false;
    ui.modes.hidden = !data.games?.length;

    /** Shows a run, or the game. @param {number} to */
    function redraw(to) {
        shown = path ? playedRun(game(), path, runs[run].threads) : runs[run];
        rows = drawLanes(ui.lanes, data, shown, path ? -1 : difference, go);
        Object.entries({ faulty: !run, cured: run, watch: !path, game: path }).forEach(([id, on]) => (ui[id].ariaPressed = !!on));
        ui.choices.replaceChildren(...(path ? choiceButtons(path) : []));
        last = ui.slider.max = lastPosition(shown);
        go(to);
    }

    /** @param {number[]} path */
    function choiceButtons(path) {
        return [
            ...choicesAfter(game(), path).map(([thread], i) => {
                const step = playedRun(game(), [...path, i], shown.threads).steps[path.length];
                return h('button.choice', { style: hue(thread), onclick: () => choose(i) }, h('kbd', i + 1), h('b', ` ${shown.threads[thread]} `), shortWords(data, step), staleMark(data, step));
            }),
            h('button', { onclick: undo }, h('kbd', 'u'), ' Undo'),
        ];
    }

    /** @param {number[]|null} choices */
    function replay(choices) {
        stop();
        path = choices;
        redraw(path ? Infinity : 1);
    }
    const undo = () => path && replay(path.slice(0, -1));
    /** @param {number} i */
    const choose = (i) => path && choicesAfter(game(), path)[i] && replay([...path, i]);

    /** @param {number} to */
    function go(to) {
        at = clamp(shown, to);
        const { steps } = shown;
        const thread = steps[at - 1]?.[0] ?? -1;
        const state = stateAfter(data, shown, at);
        rows.forEach((row, i) => {
            row.className = `row ${i < at - 1 ? '' : i < at ? 'now' : 'later'}`;
            row.ariaCurrent = i === at - 1 ? 'step' : null;
        });
        const words = [...(thread >= 0 ? [...stepWords(data, shown, at - 1), ...lockWords(data, shown, at - 1)].filter(Boolean) : path ? [] : endWords(data, shown)), ...(path && at === last ? gameWords(data, game(), path, shown) : [])];
        ui.now.style = thread >= 0 ? hue(thread) : at ? endHue(shown) : '';
        ui.now.replaceChildren(...words.map((text) => h('p', text)));
        ui.count.textContent = thread >= 0 ? `step ${at} of ${steps.length}` : at ? 'the end' : '';
        ui.slider.value = at;
        drawKnowledge(ui.knows, data, shown, state);
        // At the end, the line of the last step: that of the panic, if it is one.
        const line = markSource(lines, shown, state, steps[Math.min(at, steps.length) - 1]?.[0]);
        reveal(ui.source, line);
        if (line && begun) follow(line, ui.bar);
        begun = true;
        reveal(ui.lanes, rows[at - 1]);
        if (!path && !run) history.replaceState(null, '', `#${at}`);
        if (at === last) stop();
    }

    function stop() {
        clearInterval(timer);
        timer = 0;
        ui.plays.textContent = 'Play';
    }
    function play() {
        if (timer) return stop();
        if (at === last) go(1);
        timer = +setInterval(() => go(at + 1), 1200);
        ui.plays.textContent = 'Pause';
    }
    /** @param {number} to */
    function pick(to) {
        if (to !== run) at = carried(at, difference);
        run = to;
        if (path) replay([]);
        else redraw(at);
    }

    /** @type {Record<string, () => void>} */
    const clicks = {
        faulty: () => pick(0), cured: () => pick(1), watch: () => replay(null), game: () => replay([]),
        back: () => go(at - 1), next: () => go(at + 1), plays: play,
    };
    for (const [id, onclick] of Object.entries(clicks)) ui[id].onclick = onclick;
    ui.slider.oninput = () => go(+ui.slider.value);
    onbeforeprint = () => (ui.text.open = true);
    onhashchange = () => location.reload();
    // Space plays after a click too.
    onclick = (event) => event.detail && /** @type {any} */ (document.activeElement).blur();
    document.onkeydown = (event) => {
        const { key, target } = /** @type {any} */ (event);
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const to = moved(shown, at, key);
        if (to !== undefined) go(to);
        else if (key === ' ' && !target.closest('summary, button')) play();
        else if (path && key === 'u') undo();
        else if (path && +key) choose(+key - 1);
        else return;
        event.preventDefault();
    };
    redraw(at);
}

/** @type {Record<string, any>} */
const byId = Object.fromEntries([...document.querySelectorAll('[id]')].map((node) => [node.id, node]));
start(JSON.parse(byId.data.textContent), byId);
