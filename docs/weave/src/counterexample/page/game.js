// "You schedule": the reader's choices lead from state to state. Next: view.js.

if (typeof module !== 'undefined') require('./moves.js');

/** The state after these choices. @param {Game} game @param {number[]} path @returns {number} */
function stateOf({ nodes }, path) {
    return path.reduce((node, choice) => nodes[node][choice][2], 0);
}

/** The choices in a state; none at an end. @param {Game} game @param {number} node @returns {[number, Step, number][]} */
function choicesIn({ nodes }, node) {
    return nodes[node][0] === 'end' ? [] : nodes[node];
}

/**
 * The reader's run. States that are reached in several ways share their steps, so what a load missed is found here.
 * @param {Game} game @param {number[]} path @param {string[]} threads @returns {Run}
 */
function playedRun(game, path, threads) {
    /** @type {Step[]} */
    const steps = [];
    let node = 0;
    for (const choice of path) {
        const [, step, next] = game.nodes[node][choice];
        const newest = steps.findLastIndex((other) => other[2] === step[2] && other[7] !== null);
        const stale = /^load|failed/.test(step[1]) && newest >= 0 && steps[newest][7] !== step[6];
        const { missed, could, ...rest } = step[8] ?? {};
        steps.push(/** @type {Step} */ ([...step.slice(0, 8), stale ? { ...rest, missed: newest } : rest]));
        node = next;
    }
    const isEnd = game.nodes[node][0] === 'end';
    return { threads, steps, end: isEnd ? game.nodes[node][1] : '', kind: '', lost: -1, open: !isEnd };
}

/** By state: 1 if an end that passes can be reached, plus 2 if one that fails can be. @param {Game} game */
function outlook({ nodes }) {
    const reach = nodes.map(([kind, text]) => (kind !== 'end' ? 0 : text ? 2 : 1));
    for (let changed = true; changed; ) {
        changed = false;
        for (let i = nodes.length - 1; i >= 0; i--) {
            if (nodes[i][0] === 'end') continue;
            const all = nodes[i].reduce((/** @type {number} */ sum, /** @type {any} */ [, , next]) => sum | reach[next], 0);
            changed ||= all !== reach[i];
            reach[i] = all;
        }
    }
    return reach;
}

/** What the page says of a state. @param {Data} data @param {Game} game @param {number[]} path @param {Run} run @returns {string[]} */
function gameWords(data, game, path, run) {
    const reach = outlook(game);
    const node = stateOf(game, path);
    const states = `${game.nodes.length} states`;
    const whole = reach[0] === 1 ? [`It cannot be broken: ${states}, all of them end well.`] : [];
    if (!run.open) {
        const [end, ...rest] = endWords(data, run);
        return run.end ? [`You have broken it: ${end}`, ...rest] : [whole[0] ?? 'It held. Try again.'];
    }
    if (whole.length) return whole;
    if (reach[node] === 1) return ['From here on it cannot be broken. Undo, and try again.'];
    if (reach[node] === 2) return ['From here on every continuation fails.'];
    return path.length ? [] : [`Choose which thread goes next, and try to break it. There are ${states}.`];
}

if (typeof module !== 'undefined') {
    module.exports = { stateOf, choicesIn, playedRun, outlook, gameWords };
    Object.assign(globalThis, module.exports);
}
