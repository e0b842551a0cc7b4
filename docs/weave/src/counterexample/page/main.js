// The page: ties the panels, the keys and the game together.

if (typeof module !== 'undefined') require('./view.js');

/** @param {Data} data @param {Record<string, any>} ui The elements by their ids. */
function start(data, ui) {
    const { fault, runs } = data;
    const difference = firstDifference(runs);
    const lines = drawSource(ui.source, data);
    let { at, run } = fromAddress(location.hash);
    let timer = 0;
    /** The reader's choices, in the game. @type {number[]|null} */
    let path = null;
    /** @type {Run} */
    let shown;
    /** @type {any[]} */
    let rows;
    const game = () => /** @type {Game[]} */ (data.games)[run];

    document.title = `${fault}: a counterexample`;
    for (const id of ['fault', 'model', 'module', 'about', 'wrong', 'invariant', 'promise', 'defined']) ui[id].textContent = data[/** @type {'fault'} */ (id)];
    ui.text.open = false;
    ui.cured.hidden = !runs[1];
    ui.modes.hidden = !data.games?.length;

    /** Shows a run, or the game. @param {number} to */
    function redraw(to) {
        shown = path ? playedRun(game(), path, runs[run].threads) : runs[run];
        rows = drawLanes(ui.lanes, data, shown, path ? -1 : difference, go);
        Object.entries({ faulty: !run, cured: run, watch: !path, game: path }).forEach(([id, on]) => ui[id].setAttribute('aria-pressed', !!on));
        ui.choices.replaceChildren(...(path ? choiceButtons(path) : []));
        ui.slider.max = lastPosition(shown);
        go(to);
    }

    /** @param {number[]} path */
    function choiceButtons(path) {
        return [
            ...choicesAfter(game(), path).map(([thread], i) => {
                const step = playedRun(game(), [...path, i], shown.threads).steps[path.length];
                return h('button.choice', { style: hue(thread), onclick: () => choose(i) }, h('kbd', i + 1), h('b', ` ${shown.threads[thread]} `), shortWords(data, step), staleMark(step));
            }),
            ...(path.length ? [h('button', { onclick: undo }, h('kbd', 'u'), ' Undo')] : []),
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
        const isLast = at === lastPosition(shown);
        const state = stateAfter(data, shown, at);
        rows.forEach((row, i) => {
            row.classList.toggle('later', i >= at);
            row.classList.toggle('now', i === at - 1);
            row.lastChild.setAttribute('aria-current', i === at - 1 ? 'step' : 'false');
        });
        const words = [...(thread >= 0 ? stepWords(data, shown, at - 1) : path ? [] : endWords(data, shown)), ...(path && isLast ? gameWords(data, game(), path, shown) : [])];
        ui.now.setAttribute('style', thread >= 0 ? hue(thread) : at && endHue(shown));
        ui.now.replaceChildren(...words.map((text) => h('p', text)));
        ui.count.textContent = thread >= 0 ? `step ${at} of ${steps.length}` : at ? 'the end' : 'the start';
        ui.slider.value = at;
        ui.back.disabled = at <= 1;
        ui.next.disabled = isLast;
        reveal(ui.source, markSource(lines, shown, state, thread));
        reveal(ui.lanes, rows[at - 1]);
        drawKnowledge(ui.knows, data, shown, state);
        if (!path) history.replaceState(null, '', address(at, run));
        if (isLast) stop();
    }

    function stop() {
        clearInterval(timer);
        timer = 0;
        ui.plays.textContent = 'Play';
    }
    function play() {
        if (timer) return stop();
        if (at === lastPosition(shown)) go(1);
        timer = Number(setInterval(() => go(at + 1), 1200));
        ui.plays.textContent = 'Pause';
    }
    /** @param {number} to */
    function pick(to) {
        const same = to === run ? at : carried(at, difference);
        run = to;
        if (path) replay([]);
        else redraw(same);
    }

    /** @type {Record<string, () => void>} */
    const clicks = {
        faulty: () => pick(0), cured: () => pick(1), watch: () => replay(null), game: () => replay([]),
        back: () => go(at - 1), next: () => go(at + 1), plays: play,
    };
    for (const [id, click] of Object.entries(clicks)) ui[id].addEventListener('click', click);
    ui.slider.addEventListener('input', () => go(+ui.slider.value));
    addEventListener('beforeprint', () => (ui.text.open = true));
    addEventListener('hashchange', () => location.reload());
    document.addEventListener('keydown', (event) => {
        const { key, target } = /** @type {any} */ (event);
        if (event.ctrlKey || event.metaKey || event.altKey || target.type === 'range') return;
        const to = moved(shown, at, key);
        if (to !== undefined) go(to);
        else if (key === ' ' && !target.closest('summary, button:focus-visible')) play();
        else if (path && key === 'u') undo();
        else if (path && +key) choose(+key - 1);
        else return;
        event.preventDefault();
    });
    redraw(at);
}

const elements = Object.fromEntries([...document.querySelectorAll('[id]')].map((node) => [node.id, node]));
start(JSON.parse(elements.data.textContent ?? ''), elements);
