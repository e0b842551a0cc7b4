// Mouse, pen and fingers on the timeline: what they point at, and how they move it. Next: threads.js.

if (typeof module !== 'undefined') require('./overview.js');

/** What is at a point: a poll, an event, or a thread alone. @param {Timeline} view @param {number} x @param {number} y */
function hitTest(view, x, y) {
    const t = Math.floor((y - view.top + view.scroll) / LANE.height);
    if (y < view.top || t >= view.model.lanes.length) return null;
    const lane = view.model.lanes[t];
    const time = view.from + x * view.perPixel;
    const reach = 4 * view.perPixel;
    const row = y - view.y(t);
    if (row >= LANE.poll + LANE.thick && lane.marks.length) {
        let i = lowerBound(lane.markTime, time);
        if (i > 0 && (i === lane.marks.length || time - lane.markTime[i - 1] < lane.markTime[i] - time)) i--;
        if (Math.abs(lane.markTime[i] - time) <= reach * 2) return { thread: t, poll: -1, event: lane.marks[i] };
    }
    const { poll } = view.model;
    for (let i = lowerBound(lane.nestedBegin, time) - 1, tries = 0; i >= 0 && tries < 50; i--, tries++) {
        if (poll.end[lane.nested[i]] >= time) return { thread: t, poll: lane.nested[i], event: -1 };
    }
    const { busy } = lane;
    const i = lowerBound(busy.end, time);
    let [best, distance] = [-1, reach];
    for (const j of [i - 1, i]) {
        if (j < 0 || j >= lane.polls.length) continue;
        const away = Math.max(busy.begin[j] - time, time - busy.end[j], 0);
        if (away < distance || away === 0) [best, distance] = [lane.polls[j], away];
    }
    return { thread: t, poll: best, event: -1 };
}

/** In words. @param {Timeline} view @param {number} x @param {number} y */
function describe(view, x, y) {
    const hit = hitTest(view, x, y);
    if (!hit) return '';
    const { model } = view;
    if (hit.event >= 0) return eventWords(model, hit.event);
    const p = hit.poll;
    if (p >= 0) {
        const cause = causeName(model, p);
        return `${taskName(model.meta, model.poll.task[p])}: ${duration(model.poll.end[p] - model.poll.begin[p])}${cause && `, ${cause}`}`;
    }
    const { idle, how, why } = model.lanes[hit.thread];
    const time = view.from + x * view.perPixel;
    const i = lowerBound(idle.end, time);
    if (i >= idle.begin.length || idle.begin[i] > time) return '';
    return `${PARKS[how[i]] ?? 'parked'} for ${duration(idle.end[i] - idle.begin[i])}; ${UNPARKS[why[i]] ?? 'until the end'}`;
}

/** @param {Timeline} view */
function listen(view) {
    const { canvas, pointers } = view;
    const point = (/** @type {PointerEvent|WheelEvent} */ event) => {
        const box = canvas.getBoundingClientRect();
        return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    const jump = (/** @type {number} */ x) => {
        const half = (view.to - view.from) / 2;
        const at = (x / view.width) * view.model.end;
        view.move(at - half, at + half);
    };
    let inOverview = false;
    canvas.addEventListener('wheel', (event) => {
        event.preventDefault();
        const { x } = point(event);
        const unit = event.deltaMode === 1 ? 16 : 1;
        if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) view.pan((event.deltaX || event.deltaY) * unit);
        else if (event.altKey) view.scrollBy(event.deltaY * unit);
        else view.zoom(Math.exp(Math.max(-200, Math.min(200, event.deltaY * unit)) / 300), x);
    }, { passive: false });
    canvas.addEventListener('pointerdown', (event) => {
        const at = point(event);
        pointers.set(event.pointerId, at);
        canvas.setPointerCapture(event.pointerId);
        view.moved = pointers.size > 1 ? 100 : 0;
        inOverview = at.y < OVERVIEW;
        if (inOverview) jump(at.x);
    });
    canvas.addEventListener('pointermove', (event) => {
        const now = point(event);
        const was = pointers.get(event.pointerId);
        if (!was) {
            view.on.tip(describe(view, now.x, now.y), now.x, now.y);
            return;
        }
        view.moved += Math.abs(now.x - was.x) + Math.abs(now.y - was.y);
        if (view.moved > 4) view.on.tip('', 0, 0);
        if (inOverview) jump(now.x);
        else if (pointers.size === 1) {
            if (view.moved > 4) {
                view.scroll += was.y - now.y;
                view.pan(was.x - now.x);
            }
        } else {
            const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
            const [before, after] = [Math.abs(was.x - other.x), Math.abs(now.x - other.x)];
            if (before > 10 && after > 10) view.zoom(before / after, other.x);
        }
        pointers.set(event.pointerId, now);
    });
    const up = (/** @type {PointerEvent} */ event) => {
        const at = pointers.get(event.pointerId);
        pointers.delete(event.pointerId);
        if (!at || inOverview || view.moved > 4 || event.type === 'pointercancel') return;
        const hit = hitTest(view, at.x, at.y);
        if (hit) view.on.select({ poll: hit.poll, event: hit.event });
    };
    canvas.addEventListener('pointerup', up);
    canvas.addEventListener('pointercancel', up);
    canvas.addEventListener('pointerleave', () => view.on.tip('', 0, 0));
}

if (typeof module !== 'undefined') {
    module.exports = { hitTest, describe, listen };
    Object.assign(globalThis, module.exports);
}
