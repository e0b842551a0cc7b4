// What stands above the lanes: the whole recording, the axis, the life of the selected task. Next: pointer.js.

if (typeof module !== 'undefined') require('./scale.js');

/** The selected task: running, queued, waiting for what. @param {Timeline} view */
function drawLife(view) {
    const { g, colour, task, width, from, to } = view;
    const { polls, poll, meta, events } = view.model;
    const y = OVERVIEW + AXIS;
    const top = y + LANE.poll;
    view.rect(colour.page, 0, y, width, LIFE);
    g.fillStyle = task < 0 ? colour.faint : colour.hot;
    g.fillText(task < 0 ? 'no task selected' : taskName(meta, task), 4, y + 11);
    if (task < 0) return;
    const own = polls.list.subarray(polls.start[task], polls.start[task + 1]);
    // From the first poll that ends in view, each is drawn with the wait before it.
    let filled = -1;
    for (let i = search(own.length, (i) => poll.end[own[i]] < from); i <= own.length; ) {
        const segments = lifeOf(view.model, task, i, i + 1);
        for (const { what, begin, end, event } of segments) {
            const x0 = Math.max(-2, view.x(begin));
            const x1 = Math.min(width + 2, Math.max(view.x(end), x0 + 0.5));
            if (x1 <= filled) continue;
            g.fillStyle = what === 'running' ? view.hues[task % HUES] : what === 'queued' ? colour['hot-box'] : colour.box;
            if (what === 'waiting') g.fillRect(x0, top + 8, x1 - x0, 4);
            else g.fillRect(x0, top, Math.max(1, x1 - x0), LANE.thick);
            if (x1 - x0 > 50) {
                const words = what === 'waiting' && event >= 0 ? `waiting for ${waitName(meta, events.c[event], events.a[event])}` : what;
                view.label(words, x0, top, x1 - x0, what === 'running' ? colour.ink : colour.faint);
            }
        }
        if (i >= own.length || poll.begin[own[i]] > to) break;
        // The next poll that begins in another pixel.
        filled = Math.floor(view.x(poll.end[own[i]]));
        const next = poll.begin[own[i]] + view.perPixel;
        const after = ++i;
        i += search(own.length - i, (more) => poll.begin[own[after + more]] < next);
    }
}

/** The time. @param {Timeline} view */
function drawAxis(view) {
    const { g, colour, width } = view;
    const y = OVERVIEW;
    view.rect(colour.page, 0, y, width, AXIS);
    const step = niceStep(view.perPixel * 96);
    // Far in, the labels count from a round time at or before the window's start, which is written at the left.
    const relative = view.from / step > 5000;
    const base = relative ? Math.floor(view.from / (step * 10)) * step * 10 : 0;
    let free = 0;
    if (relative) {
        const text = instant(base, step);
        g.fillStyle = colour.ink;
        g.fillText(text, 4, y + 14);
        free = g.measureText(text).width + 12;
    }
    for (let time = Math.ceil(view.from / step) * step; time <= view.to; time += step) {
        const x = view.x(time);
        view.rect(colour.edge, x, y + AXIS - 5, 1, 5);
        const text = relative ? `+${duration(time - base)}` : time ? instant(time, step) : '0';
        const wide = g.measureText(text).width;
        if (x < free || x + wide + 3 > width) continue;
        g.fillStyle = colour.faint;
        g.fillText(text, x + 3, y + 14);
    }
    if (view.event >= 0 && view.poll < 0) {
        view.rect(colour.hot, view.x(view.model.events.time[view.event]), y, 1.5, view.height);
    }
}

/** How busy each thread was, over the whole recording: drawn once, then copied. @param {Timeline} view */
function drawOverview(view) {
    const { g, colour, width, model } = view;
    const end = Math.max(1, model.end);
    if (!view.overview) {
        const scale = window.devicePixelRatio || 1;
        view.overview = document.createElement('canvas');
        view.overview.width = Math.round(width * scale);
        view.overview.height = OVERVIEW * scale;
        const o = /** @type {CanvasRenderingContext2D} */ (view.overview.getContext('2d'));
        o.scale(scale, scale);
        o.fillStyle = colour.box;
        o.fillRect(0, 0, width, OVERVIEW);
        const ns = end / width;
        const share = Array.from({ length: Math.ceil(width) }, (_, x) => model.lanes.reduce((sum, { busy }) => sum + within(busy, x * ns, (x + 1) * ns), 0));
        const most = Math.max(...share) || 1;
        o.fillStyle = colour.edge;
        share.forEach((value, x) => {
            const tall = value > 0 ? Math.max(1, (value / most) * (OVERVIEW - 4)) : 0;
            o.fillRect(x, OVERVIEW - tall, 1, tall);
        });
    }
    g.drawImage(view.overview, 0, 0, width, OVERVIEW);
    const [x0, x1] = [(view.from / end) * width, (view.to / end) * width];
    g.fillStyle = colour.hot;
    g.globalAlpha = 0.18;
    g.fillRect(x0, 0, Math.max(2, x1 - x0), OVERVIEW);
    g.globalAlpha = 1;
    g.strokeStyle = colour.hot;
    g.lineWidth = 1.5;
    g.strokeRect(x0 + 0.5, 0.75, Math.max(2, x1 - x0 - 1), OVERVIEW - 1.5);
}

if (typeof module !== 'undefined') {
    module.exports = { drawLife, drawAxis, drawOverview };
    Object.assign(globalThis, module.exports);
}
