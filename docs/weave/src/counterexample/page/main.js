// The page: ties the panels, the keys and the game together.

if (typeof module !== 'undefined') require('./view.js');

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** @param {Data} data */
function start(data) {
    const games = data.games?.length ? data.games : null;
    const difference = firstDifference(data.runs);
    let [run, at, timer, isGame] = [0, 1, 0, false];
    /** @type {number[]} */
    let path = [];
    /** @type {Run} */
    let shown;
    /** @type {any[]} */
    let rows;

    document.title = `${data.fault}: a counterexample`;
    byId('fault').textContent = data.fault;
    byId('model').replaceChildren('found by the model ', h('code', null, data.model), ' in ', h('code', null, data.module));
    byId('about').textContent = data.about;
    byId('wrong').textContent = data.wrong;
    byId('rule').replaceChildren(h('b', null, data.invariant), ` ${data.promise} `, data.defined && h('code', { class: 'faint' }, data.defined));
    byId('text').open = false;
    byId('cured').hidden = !data.runs[1];
    byId('modes').hidden = !games;
    const lines = drawSource(byId('source'), data);

    /** Shows another run, or the game. @param {number} to */
    function redraw(to) {
        shown = games && isGame ? playedRun(games[run], path, data.runs[run].threads) : data.runs[run];
        rows = drawLanes(byId('lanes'), data, shown, isGame ? -1 : difference, go);
        const pressed = { faulty: !run, cured: run, watch: !isGame, play: isGame };
        for (const [id, on] of Object.entries(pressed)) byId(id).setAttribute('aria-pressed', Boolean(on));
        byId('choices').hidden = !isGame;
        byId('choices').replaceChildren(...(games && isGame ? choiceButtons(games[run]) : []));
        byId('slider').max = String(lastPosition(shown));
        go(to);
    }

    /** @param {Game} game */
    function choiceButtons(game) {
        const button = (/** @type {any} */ words, /** @type {() => void} */ onclick, /** @type {any} */ props) => h('button', { type: 'button', onclick, ...props }, words);
        return [
            ...choicesIn(game, stateOf(game, path)).map(([thread], i) => {
                const step = /** @type {Step} */ (playedRun(game, [...path, i], shown.threads).steps.at(-1));
                const old = (step[8]?.missed ?? -1) >= 0 && h('small', null, ' stale');
                return button([h('kbd', null, i + 1), ' ', h('b', null, shown.threads[thread]), ` ${opWords(data, step, 0)}`, old], () => choose(i), { class: 'choice', style: hue(thread) });
            }),
            button([h('kbd', null, 'u'), ' Undo'], undo, { disabled: !path.length }),
            button('Again', () => replay([]), { disabled: !path.length }),
        ];
    }

    /** @param {number[]} choices */
    function replay(choices) {
        path = choices;
        redraw(Infinity);
    }
    const undo = () => replay(path.slice(0, -1));
    /** @param {number} i */
    function choose(i) {
        if (games && isGame && choicesIn(games[run], stateOf(games[run], path))[i]) replay([...path, i]);
    }

    /** @param {number} to */
    function go(to) {
        at = clamp(shown, to);
        const { steps } = shown;
        const isEnd = at > steps.length;
        const state = stateAfter(data, steps, at, shown.threads.length);
        rows.forEach((row, i) => {
            row.classList.toggle('later', i >= at);
            row.classList.toggle('now', i === at - 1);
            row.querySelector('button').setAttribute('aria-current', i === at - 1 ? 'step' : 'false');
        });
        const words = isEnd ? (isGame ? [] : endWords(data, shown)) : at ? stepWords(data, shown, at - 1) : [];
        const whole = games && isGame && at === lastPosition(shown) ? gameWords(data, games[run], path, shown) : [];
        const thread = isEnd || !at ? -1 : steps[at - 1][0];
        const kind = !isEnd ? '' : shown.end ? 'failed' : 'passed';
        byId('now').setAttribute('class', kind);
        byId('now').setAttribute('style', hue(Math.max(0, thread)));
        byId('now').replaceChildren(...[...words, ...whole].map((text, i) => h('p', { class: i || thread < 0 ? null : 'first' }, text)));
        byId('count').textContent = isEnd ? 'the end' : `step ${at} of ${steps.length}`;
        byId('slider').min = String(Math.min(1, lastPosition(shown)));
        byId('slider').value = String(at);
        byId('slider').setAttribute('aria-valuetext', byId('count').textContent);
        byId('back').disabled = at <= 1;
        byId('next').disabled = at === lastPosition(shown);
        reveal(byId('source'), markSource(lines, shown, state, thread));
        reveal(byId('lanes'), rows[at - 1]);
        drawKnowledge(byId('knows'), data, shown, state);
        if (!isGame) history.replaceState(null, '', address(at, run));
        if (at === lastPosition(shown)) stop();
    }

    function stop() {
        clearInterval(timer);
        timer = 0;
        byId('plays').textContent = '▶ Play';
    }
    function play() {
        if (timer) return stop();
        if (at === lastPosition(shown)) go(1);
        timer = Number(setInterval(() => go(at + 1), 1200));
        byId('plays').textContent = '⏸ Pause';
    }

    /** @param {number} to */
    function select(to) {
        stop();
        path = [];
        const same = to === run ? at : carried(at, difference);
        run = data.runs[to] ? to : 0;
        redraw(isGame ? Infinity : same);
    }
    /** @param {boolean} on */
    function setGame(on) {
        stop();
        [isGame, path] = [on, []];
        redraw(on ? Infinity : 1);
    }
    function follow() {
        const found = fromAddress(location.hash);
        if (!found) return;
        isGame = false;
        run = data.runs[found.run] ? found.run : 0;
        redraw(found.at);
    }

    /** @type {Record<string, () => void>} */
    const clicks = {
        faulty: () => select(0), cured: () => select(1), watch: () => setGame(false), play: () => setGame(true),
        back: () => go(at - 1), next: () => go(at + 1), first: () => go(1), last: () => go(lastPosition(shown)), plays: play,
    };
    for (const [id, click] of Object.entries(clicks)) byId(id).addEventListener('click', click);
    byId('slider').addEventListener('input', () => go(Number(byId('slider').value)));
    addEventListener('hashchange', follow);
    addEventListener('beforeprint', () => (byId('text').open = true));
    document.addEventListener('keydown', (event) => {
        const { key, target } = /** @type {any} */ (event);
        if (event.ctrlKey || event.metaKey || event.altKey || target.tagName === 'INPUT') return;
        const to = moved(shown, at, key);
        if (to !== null) {
            const sole = key === 'ArrowRight' && at === lastPosition(shown) && games && isGame && choicesIn(games[run], stateOf(games[run], path)).length === 1;
            if (sole) choose(0);
            else go(to);
        } else if (key === ' ' && !target.closest?.('summary, button:focus-visible')) play();
        else if (isGame && (key === 'u' || key === 'Backspace')) undo();
        else if (isGame && key >= '1' && key <= '9') choose(Number(key) - 1);
        else return;
        event.preventDefault();
    });
    redraw(1);
    follow();
}

start(JSON.parse(byId('data').textContent));
