// "You schedule": the reader's choices lead from state to state. Next: view.js.

if (typeof module !== 'undefined') require('./moves.js');

/** The state after these choices. @param {Game} game @param {number[]} path @returns {number} */
const stateOf = ({ nodes }, path) => path.reduce((node, choice) => nodes[node][choice][2], 0);

/** The choices after these choices; none at an end. @param {Game} game @param {number[]} path @returns {[number, Step, number][]} */
function choicesAfter(game, path) {
    const node = game.nodes[stateOf(game, path)];
    return node[0] === 'end' ? [] : node;
}

/**
 * The reader's run. States that are reached in several ways share their steps, so what a load missed is found here.
 * @param {Game} game @param {number[]} path @param {string[]} threads @returns {Run}
 */
function playedRun(game, path, threads) {
    /** @type {Step[]} */
    const steps = [];
    path.forEach((choice, i) => {
        /** @type {Step} */
        const step = choicesAfter(game, path.slice(0, i))[choice][1];
        const newest = steps.findLastIndex((other) => other[2] === step[2] && other[7] !== null);
        const isStale = /load|failed/.test(step[1]) && steps[newest]?.[7] !== step[6];
        steps.push(/** @type {Step} */ ([...step.slice(0, 8), { ...step[8], missed: isStale ? newest : -1 }]));
    });
    const [kind, end] = game.nodes[stateOf(game, path)];
    const open = kind !== 'end';
    return { threads, steps, end: open ? '' : end, kind: '', lost: -1, open };
}

/** By state: 1 if an end that passes can be reached, plus 2 if one that fails can be. @param {Game} game */
function outlook({ nodes }) {
    /** @type {number[]} */
    let reach = [];
    for (let before; before !== String(reach); ) {
        before = String(reach);
        reach = nodes.map((node) => (node[0] === 'end' ? (node[1] ? 2 : 1) : node.reduce((all, choice) => all | reach[choice[2]], 0)));
    }
    return reach;
}

/** What the page says after these choices. @param {Data} data @param {Game} game @param {number[]} path @param {Run} run @returns {string[]} */
function gameWords(data, game, path, run) {
    const reach = outlook(game);
    const [end, ...rest] = endWords(data, run);
    if (run.end) return [`You have broken it: ${end}`, ...rest];
    if (reach[0] === 1) return [`No choice breaks it: ${reach.length} states, all of them end well.`];
    if (!run.open) return ['It held. Try again.'];
    if (!path.length) return ['Choose which thread goes next, and break it.'];
    return [['', 'It cannot be broken any more: undo.', DOOMED][reach[stateOf(game, path)]]];
}

if (typeof module !== 'undefined') {
    module.exports = { stateOf, choicesAfter, playedRun, outlook, gameWords };
    Object.assign(globalThis, module.exports);
}
