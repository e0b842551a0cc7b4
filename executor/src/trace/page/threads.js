// The timeline by thread, on a canvas.
//
//     overview │ the whole recording, and the part that is shown
//     axis     │
//     life     │ of the selected task: queued, running, waiting
//     lane     │ name; polls over parks; marks of sockets and timers
//     …
//
// It shows the time `from` to `to`. A poll with its task, a task, or an event is selected. Every change ends in
// `move`, which draws at the next frame. Next: tasks.js.

if (typeof module !== 'undefined') require('./pointer.js');

class Timeline {
    /** @param {HTMLCanvasElement} canvas @param {Model} model @param {{select: (what: any) => void, moved: (from: number, to: number) => void, tip: (text: string, x: number, y: number) => void}} on */
    constructor(canvas, model, on) {
        this.canvas = canvas;
        this.model = model;
        this.on = on;
        this.g = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        /** In px of the page; set by `resize`. */
        this.width = 0;
        this.height = 0;
        /** @type {Record<string, string>} */
        this.colour = {};
        /** The colours of tasks. @type {string[]} */
        this.hues = [];
        /** @type {HTMLCanvasElement|null} */
        this.overview = null;
        this.from = 0;
        this.to = Math.max(1, model.end);
        this.scroll = 0;
        this.poll = -1;
        this.task = -1;
        this.event = -1;
        this.waiting = false;
        /** The wakes behind the selected poll, and those in it. @type {number[]} */
        this.chain = [];
        /** @type {number[]} */
        this.causes = [];
        /** Where each pointer is that is down. @type {Map<number, {x: number, y: number}>} */
        this.pointers = new Map();
        this.moved = 0;
        listen(this);
        this.theme();
        this.resize();
    }

    /** Reads the colours of the style sheet. */
    theme() {
        const style = getComputedStyle(document.documentElement);
        for (const name of ['ink', 'faint', 'box', 'edge', 'hot', 'hot-box', 'cool', 'cool-box', 'page', 'park']) {
            this.colour[name] = style.getPropertyValue(`--p-${name}`).trim();
        }
        const dark = style.getPropertyValue('--p-dark').trim() === '1';
        this.hues = Array.from({ length: HUES }, (_, i) => `hsl(${(i * 137.5) % 360} ${dark ? '45% 42%' : '60% 72%'})`);
        this.overview = null;
        this.draw();
    }

    resize() {
        const box = this.canvas.getBoundingClientRect();
        const scale = window.devicePixelRatio || 1;
        this.width = Math.max(100, box.width);
        this.height = box.height;
        this.canvas.width = Math.round(this.width * scale);
        this.canvas.height = Math.round(this.height * scale);
        this.g.setTransform(scale, 0, 0, scale, 0, 0);
        this.overview = null;
        this.move(this.from, this.to);
    }

    /** The height that shows all lanes. */
    get whole() {
        return this.top + this.model.lanes.length * LANE.height + 4;
    }

    get top() {
        return OVERVIEW + AXIS + LIFE;
    }

    get perPixel() {
        return (this.to - this.from) / this.width;
    }

    x(/** @type {number} */ time) {
        return (time - this.from) / this.perPixel;
    }

    /** The top of a thread's lane. */
    y(/** @type {number} */ thread) {
        return this.top + thread * LANE.height - this.scroll;
    }

    /** Shows `from` to `to`, kept within the recording. @param {number} from @param {number} to */
    move(from, to) {
        const end = Math.max(1, this.model.end);
        const length = Math.min(Math.max(to - from, 20), end);
        this.from = Math.max(0, Math.min(from, end - length));
        this.to = this.from + length;
        this.scroll = Math.max(0, Math.min(this.scroll, this.whole - this.height));
        this.canvas.style.touchAction = this.whole > this.height + 1 ? 'none' : 'pan-y';
        this.on.moved(this.from, this.to);
        this.later();
    }

    /** @param {number} factor @param {number} x The pixel that stays where it is. */
    zoom(factor, x = this.width / 2) {
        const least = 20 / (this.to - this.from);
        const grow = (Math.max(factor, least) - 1) * this.perPixel;
        this.move(this.from - x * grow, this.to + (this.width - x) * grow);
    }

    /** @param {number} pixels */
    pan(pixels) {
        const by = pixels * this.perPixel;
        this.move(this.from + by, this.to + by);
    }

    /** @param {number} pixels */
    scrollBy(pixels) {
        this.scroll += pixels;
        this.move(this.from, this.to);
    }

    /** Selects, and brings what is selected into view, unless `there`: it was selected on the timeline. @param {{poll: number, task: number, event: number}} what @param {boolean} there */
    select({ poll: p, task, event }, there = false) {
        const { poll, events } = this.model;
        Object.assign(this, { poll: p, task, event });
        this.chain = p < 0 ? [] : chainOf(this.model, p, 30, 0).flatMap(({ type, event = -1 }) => (type === 'cause' ? [event] : []));
        this.causes = p < 0 ? [] : causedBy(this.model, p).map((next) => poll.cause[next]);
        if (!there && (p >= 0 || event >= 0)) {
            const [lane, begin] = p >= 0 ? [poll.thread[p], poll.begin[p]] : [events.thread[event], events.time[event]];
            const end = p >= 0 ? poll.end[p] : begin;
            const seen = begin >= this.from && end <= this.to && (p < 0 || end - begin >= 3 * this.perPixel);
            if (!seen) {
                // Shows its wake too, unless the poll would then be too narrow. Zooms in if it is too narrow now.
                const long = end - begin;
                const reach = p >= 0 && poll.cause[p] >= 0 ? end - events.time[poll.cause[p]] : 0;
                const least = reach < long * 250 ? Math.max(long, reach) * 1.3 : long * 1.3;
                const length = p < 0 ? this.to - this.from : Math.max(least, Math.min(this.to - this.from, long * 60));
                this.move(end + length * 0.15 - length, end + length * 0.15);
            }
            this.scroll += Math.min(0, this.y(lane) - this.top) || Math.max(0, this.y(lane) + LANE.height - this.height);
        }
        this.move(this.from, this.to);
    }

    later() {
        if (this.waiting) return;
        this.waiting = true;
        requestAnimationFrame(() => this.draw());
    }

    /** @param {string} fill @param {number} x @param {number} y @param {number} width @param {number} height */
    rect(fill, x, y, width, height) {
        this.g.fillStyle = fill;
        this.g.fillRect(x, y, width, height);
    }

    draw() {
        this.waiting = false;
        const { g, colour, width, height } = this;
        if (!width) return;
        g.font = '11px system-ui, sans-serif';
        this.rect(colour.page, 0, 0, width, height);
        g.save();
        g.beginPath();
        g.rect(0, this.top, width, Math.max(0, height - this.top));
        g.clip();
        const first = Math.max(0, Math.floor(this.scroll / LANE.height));
        const last = Math.min(this.model.lanes.length, Math.ceil((this.scroll + height) / LANE.height));
        for (let t = first; t < last; t++) this.drawLane(t, this.y(t));
        this.drawArrows();
        for (let t = first; t < last; t++) this.drawName(t, this.y(t));
        g.restore();
        drawLife(this);
        drawAxis(this);
        drawOverview(this);
    }

    /** @param {number} t @param {number} y */
    drawLane(t, y) {
        const { g, colour, from, to, width } = this;
        const { poll, events: { kind } } = this.model;
        const lane = this.model.lanes[t];
        const ns = this.perPixel;
        const top = y + LANE.poll;
        this.rect(colour.box, 0, top, width, LANE.thick);

        const { busy, idle } = lane;
        const band = (/** @type {number} */ i) => (lane.how[i] === 1 || lane.how[i] === 3 ? colour['cool-box'] : colour.park);
        walk(idle, from, to, ns, (i) => {
            const [x0, x1] = [Math.max(-1, this.x(idle.begin[i])), Math.min(width + 1, this.x(idle.end[i]))];
            this.rect(band(i), x0, top, x1 - x0, LANE.thick);
            const spun = Math.min(x1, this.x(idle.begin[i] + lane.spin[i]));
            g.globalAlpha = 0.3;
            if (spun > x0) this.rect(colour.faint, x0, top, spun - x0, LANE.thick);
            g.globalAlpha = 1;
            if (x1 - x0 > 70) this.label(lane.how[i] === 1 ? 'in the reactor' : PARKS[lane.how[i]] ?? '', x0, top, x1 - x0, colour.faint);
        }, (i, j, cell) => {
            this.rect(band(i), this.x(cell), top, 1, LANE.thick);
        });

        walk(busy, from, to, ns, (i) => this.drawPoll(lane.polls[i], top, LANE.thick), (i, j, cell) => {
            let longest = i;
            for (let k = i + 1; k < j && k < i + 8; k++) if (busy.end[k] - busy.begin[k] > busy.end[longest] - busy.begin[longest]) longest = k;
            const share = Math.min(1, (busy.sum[j] - busy.sum[i]) / ns);
            const tall = Math.max(3, Math.round(LANE.thick * Math.sqrt(share)));
            this.rect(this.hues[poll.task[lane.polls[longest]] % HUES], this.x(cell), top + LANE.thick - tall, 1, tall);
        });
        // Nested polls, also a few that began before.
        this.sparse(lane.nestedBegin, ns, (i) => {
            const p = lane.nested[i];
            if (poll.end[p] - poll.begin[p] >= ns && poll.end[p] > from) this.drawPoll(p, top + 6, LANE.thick - 6);
        }, 8);

        const bottom = y + LANE.mark;
        g.fillStyle = colour.edge;
        this.sparse(lane.turns, 3 * ns, (i) => g.fillRect(this.x(lane.turns[i]), bottom - 5, 1, 5));
        const crowded = lowerBound(lane.markTime, to) - lowerBound(lane.markTime, from) > width / 12;
        this.sparse(lane.markTime, (crowded ? 2 : 4) * ns, (i) => this.mark(kind[lane.marks[i]], this.x(lane.markTime[i]), bottom - 1, crowded));
    }

    /** Calls `draw` for the times in view, and for `before` times before them. Of those in one cell it draws the first. @param {Float64Array} times @param {number} cell @param {(i: number) => void} draw @param {number} before */
    sparse(times, cell, draw, before = 0) {
        let i = Math.max(0, lowerBound(times, this.from) - before);
        for (; i < times.length && times[i] < this.to; i = gallop(times, (Math.floor(times[i] / cell) + 1) * cell, i + 1)) draw(i);
    }

    /** The name of a thread, over the arrows. @param {number} t @param {number} y */
    drawName(t, y) {
        const { g, colour } = this;
        const name = threadName(this.model.meta, t);
        const { lost } = this.model.meta.threads[t];
        const more = lost > 0 ? `${count(lost)} events lost before` : '';
        const wide = g.measureText(name).width;
        g.fillStyle = colour.page;
        g.globalAlpha = 0.8;
        g.fillRect(0, y, wide + g.measureText(more).width + 16, LANE.poll - 1);
        g.globalAlpha = 1;
        g.fillStyle = colour.ink;
        g.fillText(name, 4, y + 11);
        g.fillStyle = colour.hot;
        g.fillText(more, 12 + wide, y + 11);
    }

    /** @param {number} p @param {number} top @param {number} tall */
    drawPoll(p, top, tall) {
        const { g, colour, width } = this;
        const { poll, meta } = this.model;
        const x0 = Math.max(-2, this.x(poll.begin[p]));
        const x1 = Math.min(width + 2, this.x(poll.end[p]));
        const own = poll.task[p];
        this.rect(this.hues[own % HUES], x0, top, Math.max(1, x1 - x0 - (x1 - x0 > 4 ? 0.5 : 0)), tall);
        if (poll.outcome[p] === 2) {
            this.rect(colour.hot, x1 - 3, top, 3, tall);
        }
        if (p === this.poll || own === this.task) {
            g.strokeStyle = p === this.poll ? colour.ink : colour.hot;
            g.lineWidth = p === this.poll ? 2 : 1;
            g.strokeRect(x0 + 0.5, top + 0.5, Math.max(1, x1 - x0 - 1), tall - 1);
        }
        if (x1 - x0 < 30) return;
        const name = taskName(meta, own);
        const cause = x1 - x0 > 150 ? causeName(this.model, p) : '';
        this.label(cause ? `${name}, ${cause}` : name, x0, top + tall - LANE.thick, x1 - x0, colour.ink);
    }

    /** Text in a band, cut to its width. @param {string} text @param {number} x @param {number} top @param {number} width @param {string} fill */
    label(text, x, top, width, fill) {
        const { g } = this;
        const from = Math.max(x, 0);
        const fits = Math.floor((Math.min(x + width, this.width) - from - 6) / 5.9);
        if (fits < 3) return;
        g.fillStyle = fill;
        g.fillText(text.length > fits ? `${text.slice(0, fits - 1)}…` : text, from + 4, top + 14);
    }

    /** A ready source: a dot; a timer: a triangle; lag: a cross. Where they crowd: lines. @param {number} kind @param {number} x @param {number} y @param {boolean} crowded */
    mark(kind, x, y, crowded) {
        const { g, colour } = this;
        g.fillStyle = kind === K.source_ready ? colour.cool : colour.hot;
        if (crowded) return g.fillRect(x, y - 3, 1, 6);
        g.beginPath();
        if (kind === K.lagged) {
            g.strokeStyle = colour.hot;
            g.lineWidth = 1.5;
            g.moveTo(x - 3, y - 3);
            g.lineTo(x + 3, y + 3);
            g.moveTo(x - 3, y + 3);
            g.lineTo(x + 3, y - 3);
            g.stroke();
            return;
        }
        if (kind === K.timer_fired) {
            g.moveTo(x, y - 4);
            g.lineTo(x + 3.5, y + 3);
            g.lineTo(x - 3.5, y + 3);
        } else g.arc(x, y, 2.5, 0, 7);
        g.fill();
    }

    drawArrows() {
        const { colour } = this;
        const { arrows, events, caused } = this.model;
        const low = lowerBound(arrows.time, this.from);
        const high = lowerBound(arrows.time, this.to);
        // As many as can be told apart.
        if (high - low <= this.width / 5) {
            for (let i = low; i < high; i++) {
                const e = arrows.event[i];
                if (caused[e] >= 0) this.wakeArrow(e, colour.faint, 0.8);
                else this.arrow(this.x(events.time[e]), events.a[e], this.x(events.time[e]), events.thread[e], colour.cool, 1.2, [3, 2]);
            }
        }
        for (const e of this.chain) this.wakeArrow(e, colour.hot, 1.8);
        for (const e of this.causes) this.wakeArrow(e, colour.cool, 1.4);
    }

    /** @param {number} e @param {string} stroke @param {number} width */
    wakeArrow(e, stroke, width) {
        const { events, caused, poll } = this.model;
        const p = caused[e];
        if (p < 0) return;
        this.arrow(this.x(Math.min(events.time[e], poll.begin[p])), events.thread[e], this.x(poll.begin[p]), poll.thread[p], stroke, width, []);
    }

    /** @param {number} x0 @param {number} from @param {number} x1 @param {number} to @param {string} stroke @param {number} width @param {number[]} dash */
    arrow(x0, from, x1, to, stroke, width, dash) {
        const { g } = this;
        if (Math.max(x0, x1) < -50 || Math.min(x0, x1) > this.width + 50) return;
        // A canvas cannot draw what is a million pixels away.
        [x0, x1] = [Math.max(x0, -2000), Math.min(x1, this.width + 2000)];
        const middle = LANE.poll + LANE.thick / 2;
        const down = to > from ? 1 : -1;
        const y0 = this.y(from) + middle + (from === to ? -LANE.thick / 2 : (down * LANE.thick) / 2);
        const y1 = this.y(to) + middle - (from === to ? LANE.thick / 2 : (down * LANE.thick) / 2);
        g.strokeStyle = g.fillStyle = stroke;
        g.lineWidth = width;
        g.setLineDash(dash);
        g.beginPath();
        g.moveTo(x0, y0);
        if (from === to) g.bezierCurveTo(x0, y0 - 12, x1, y1 - 12, x1, y1);
        else g.bezierCurveTo(x0, y0 + down * 14, x1, y1 - down * 14, x1, y1);
        g.stroke();
        g.setLineDash([]);
        const tip = from === to ? 1 : down;
        g.beginPath();
        g.moveTo(x1, y1);
        g.lineTo(x1 - 3, y1 - 5 * tip);
        g.lineTo(x1 + 3, y1 - 5 * tip);
        g.fill();
    }
}

if (typeof module !== 'undefined') {
    module.exports = { Timeline };
    Object.assign(globalThis, module.exports);
}
