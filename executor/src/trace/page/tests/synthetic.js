// Recordings that look like a program's, for the speed test and for screenshots: workers that poll, wake each other's
// tasks, park, steal, and get events from a reactor. The same arguments make the same recording.

const { Recorder } = require('./recorder.js');

/** @param {number} events About how many. @param {number} threads @param {number} tasks */
function synthetic(events, threads, tasks) {
    const recorder = new Recorder(threads);
    recorder.meta.program = 'synthetic';
    let state = 12345;
    const random = (/** @type {number} */ below) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
    };
    const names = ['adder', 'connection', 'writer', null, 'timer wheel', 'group'];
    recorder.meta.sites = ['src/main.rs:12:5', 'src/server/mod.rs:88:21', 'src/connection.rs:140:9'];
    for (let k = 0; k < tasks; k++) {
        recorder.task(names[k % names.length], 'pool', k ? random(k) : null);
        recorder.meta.tasks[k].site = k % 3;
    }
    const sockets = Array.from({ length: 50 }, (_, i) => recorder.thing('socket', `fd ${7 + i} 127.0.0.1:${4000 + i}`));
    const timers = Array.from({ length: 20 }, () => recorder.thing('timer'));
    const lock = recorder.thing('lock', 'table');

    const now = new Array(threads).fill(0);
    const queues = Array.from({ length: threads }, () => /** @type {number[]} */ ([]));
    /** Tasks that wait; the rest are in a queue, or run. */
    let idle = Array.from({ length: tasks }, (_, k) => k);
    const takeIdle = () => {
        const i = random(idle.length);
        const task = idle[i];
        idle[i] = idle[idle.length - 1];
        idle.pop();
        return task;
    };
    const spawned = new Set();
    let made = 0;
    const at = (/** @type {number} */ t, /** @type {number} */ after, /** @type {string} */ kind, /** @type {number[]} */ ...fields) => {
        now[t] += after;
        recorder.at(t, now[t], kind, ...fields);
        made++;
    };
    const wake = (/** @type {number} */ t, /** @type {number} */ after, /** @type {number} */ place) => {
        if (!idle.length) return;
        const task = takeIdle();
        if (!spawned.has(task)) {
            spawned.add(task);
            at(t, after, 'spawn', task);
        } else at(t, after, 'wake', task, place);
        queues[t].push(task);
    };
    for (let t = 0; t < threads; t++) at(t, 100 + random(1000), 'thread-came');
    while (made < events) {
        // The thread that is furthest behind goes on.
        let t = 0;
        for (let i = 1; i < threads; i++) if (now[i] < now[t]) t = i;
        if (!queues[t].length) {
            const victim = random(threads);
            if (victim !== t && queues[victim].length > 1 && now[victim] <= now[t] + 500) {
                at(t, 200, 'steal', victim, 1);
                queues[t].push(/** @type {number} */ (queues[victim].shift()));
            } else if (t === 0 || random(3) === 0) {
                at(t, 80, 'park', 1);
                const waited = 1000 + random(40000);
                const found = 1 + random(3);
                for (let i = 0; i < found; i++) {
                    if (!idle.length) break;
                    const fires = random(3) === 0;
                    if (fires) at(t, i ? 50 : waited, 'timer-fired', timers[random(20)], random(60000));
                    else at(t, i ? 50 : waited, 'source-ready', sockets[random(50)], 1 + random(3));
                    at(t, 20, 'due', idle[idle.length - 1 - i] ?? 0);
                }
                at(t, 100, 'turn', waited, found, 0);
                for (let i = 0; i < found && idle.length; i++) {
                    const task = /** @type {number} */ (idle.pop());
                    at(t, 60, 'wake', task, 1);
                    queues[t].push(task);
                }
                at(t, 50, 'unpark', 1);
                continue;
            } else {
                at(t, 80, 'park', 0);
                at(t, 3000 + random(30000), 'spin', 1500);
                at(t, 0, 'unpark', random(2) * 3);
                continue;
            }
        }
        const task = /** @type {number} */ (queues[t].shift());
        at(t, 60 + random(200), 'poll-begin', task);
        const wakes = random(5) === 0 ? 2 : random(2);
        for (let i = 0; i < wakes; i++) wake(t, 100 + random(1500), random(2));
        if (random(4) === 0) at(t, 100, 'waits', random(2) ? 0 : 2, random(2) ? sockets[random(50)] : timers[random(20)]);
        if (random(200) === 0) at(t, 50, 'lock-taken', lock);
        const long = random(4000) === 0 ? 500000 + random(3000000) : random(30) === 0 ? random(60000) : random(2500);
        at(t, 100 + long, 'poll-end', 0);
        idle.push(task);
    }
    recorder.meta.threads.forEach((thread, t) => (thread.lost = t === 1 ? 12345 : 0));
    return recorder;
}

module.exports = { synthetic };
