// The timeline by thread, on a canvas.
//
//     overview │ the whole recording, and the part that is shown
//     axis     │
//     life     │ of the selected task: queued, running, waiting
//     lane     │ name; polls over parks; marks of sockets and timers
//     …
//
// The cost of a frame depends on the pixels and not on the events: what is narrower than a pixel is drawn together
// with all that begins in the same pixel, and `gallop` finds where the next pixel begins. Next: tasks.js.

if (typeof module !== 'undefined') require('./words.js');

const LANE = { height: 48, poll: 15, thick: 20, mark: 41 };
const OVERVIEW = 26;
const AXIS = 22;
const LIFE = 40;
const WIDE = 1.5;
const HUES = 24;

/** The first index from `i` on whose value is at least `value`, found from near to far. @param {ArrayLike<number>} sorted @param {number} value @param {number} i */
function gallop(sorted, value, i) {
    let step = 1;
    while (i + step < sorted.length && sorted[i + step] < value) step *= 2;
    return lowerBound(sorted, value, i, Math.min(sorted.length, i + step));
}

/**
 * Walks over intervals that do not overlap: calls `wide` for each that is wider than a pixel, and `narrow` once for
 * all others that begin in the same pixel. Pixels are cells of `ns` from time 0, so that they stay when one pans.
 * @param {{begin: Float64Array, end: Float64Array}} intervals @param {number} from @param {number} to @param {number} ns
 * @param {(i: number) => void} wide @param {(i: number, j: number, cell: number) => void} narrow
 */
function walk({ begin, end }, from, to, ns, wide, narrow) {
    for (let i = lowerBound(end, from); i < begin.length && begin[i] < to; ) {
        if (end[i] - begin[i] >= ns * WIDE) {
            wide(i++);
            continue;
        }
        const cell = Math.floor(begin[i] / ns) * ns;
        let j = gallop(begin, cell + ns, i + 1);
        // Only the last that begins in a pixel can be wide.
        if (end[j - 1] - begin[j - 1] >= ns * WIDE) j--;
        narrow(i, j, cell);
        i = j;
    }
}

/** A step of the axis: 1, 2 or 5 times a power of ten, at least `least`. @param {number} least */
function niceStep(least) {
    const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
    for (const factor of [1, 2, 5]) if (power * factor >= least) return power * factor;
    return power * 10;
}

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
        this.listen();
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

    /** Selects, and brings what is selected into view, unless it was selected there. @param {{poll: number, task: number, event: number}} what @param {boolean} there */
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
                // With its wake, if the poll can be seen then; and not from so far that it cannot.
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
        this.drawLife();
        this.drawAxis();
        this.drawOverview();
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
            if (spun - x0 > 1) this.hatch(x0, top, spun - x0);
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

    /** Calls `draw` for those in view, and for `before` before them; of those in the same cell only for the first. @param {Float64Array} times @param {number} cell @param {(i: number) => void} draw @param {number} before */
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

    /** @param {number} x @param {number} top @param {number} width */
    hatch(x, top, width) {
        const { g, colour } = this;
        g.strokeStyle = colour.faint;
        g.lineWidth = 0.7;
        g.save();
        g.beginPath();
        g.rect(x, top, width, LANE.thick);
        g.clip();
        g.beginPath();
        for (let at = x - LANE.thick; at < x + width; at += 5) {
            g.moveTo(at, top + LANE.thick);
            g.lineTo(at + LANE.thick, top);
        }
        g.stroke();
        g.restore();
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

    /** The selected task: running, queued, waiting for what. */
    drawLife() {
        const { g, colour, task, width, from, to } = this;
        const { polls, poll, meta, events } = this.model;
        const y = OVERVIEW + AXIS;
        const top = y + LANE.poll;
        this.rect(colour.page, 0, y, width, LIFE);
        g.fillStyle = task < 0 ? colour.faint : colour.hot;
        g.fillText(task < 0 ? 'no task selected' : taskName(meta, task), 4, y + 11);
        if (task < 0) return;
        const own = polls.list.subarray(polls.start[task], polls.start[task + 1]);
        // From the first poll that ends in view, each is drawn with the wait before it.
        let filled = -1;
        for (let i = search(own.length, (i) => poll.end[own[i]] < from); i <= own.length; ) {
            const segments = lifeOf(this.model, task, i, i + 1);
            for (const { what, begin, end, event } of segments) {
                const x0 = Math.max(-2, this.x(begin));
                const x1 = Math.min(width + 2, Math.max(this.x(end), x0 + 0.5));
                if (x1 <= filled) continue;
                g.fillStyle = what === 'running' ? this.hues[task % HUES] : what === 'queued' ? colour['hot-box'] : colour.box;
                if (what === 'waiting') g.fillRect(x0, top + 8, x1 - x0, 4);
                else g.fillRect(x0, top, Math.max(1, x1 - x0), LANE.thick);
                if (x1 - x0 > 50) {
                    const words = what === 'waiting' && event >= 0 ? `waiting for ${waitName(meta, events.c[event], events.a[event])}` : what;
                    this.label(words, x0, top, x1 - x0, what === 'running' ? colour.ink : colour.faint);
                }
            }
            if (i >= own.length || poll.begin[own[i]] > to) break;
            // The next poll that begins in another pixel.
            filled = Math.floor(this.x(poll.end[own[i]]));
            const next = poll.begin[own[i]] + this.perPixel;
            const after = ++i;
            i += search(own.length - i, (more) => poll.begin[own[after + more]] < next);
        }
    }

    drawAxis() {
        const { g, colour, width } = this;
        const y = OVERVIEW;
        this.rect(colour.page, 0, y, width, AXIS);
        const step = niceStep(this.perPixel * 96);
        // Far in, the labels count from the window's begin, which is written at the left.
        const relative = this.from / step > 5000;
        const base = relative ? Math.floor(this.from / (step * 10)) * step * 10 : 0;
        let free = 0;
        if (relative) {
            const text = instant(base, step);
            g.fillStyle = colour.ink;
            g.fillText(text, 4, y + 14);
            free = g.measureText(text).width + 12;
        }
        for (let time = Math.ceil(this.from / step) * step; time <= this.to; time += step) {
            const x = this.x(time);
            this.rect(colour.edge, x, y + AXIS - 5, 1, 5);
            const text = relative ? `+${duration(time - base)}` : time ? instant(time, step) : '0';
            const wide = g.measureText(text).width;
            if (x < free || x + wide + 3 > width) continue;
            g.fillStyle = colour.faint;
            g.fillText(text, x + 3, y + 14);
        }
        if (this.event >= 0 && this.poll < 0) {
            this.rect(colour.hot, this.x(this.model.events.time[this.event]), y, 1.5, this.height);
        }
    }

    /** How busy each thread was, over the whole recording: drawn once, then copied. */
    drawOverview() {
        const { g, colour, width, model } = this;
        const end = Math.max(1, model.end);
        if (!this.overview) {
            const scale = window.devicePixelRatio || 1;
            this.overview = document.createElement('canvas');
            this.overview.width = Math.round(width * scale);
            this.overview.height = OVERVIEW * scale;
            const o = /** @type {CanvasRenderingContext2D} */ (this.overview.getContext('2d'));
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
        g.drawImage(this.overview, 0, 0, width, OVERVIEW);
        const [x0, x1] = [(this.from / end) * width, (this.to / end) * width];
        g.fillStyle = colour.hot;
        g.globalAlpha = 0.18;
        g.fillRect(x0, 0, Math.max(2, x1 - x0), OVERVIEW);
        g.globalAlpha = 1;
        g.strokeStyle = colour.hot;
        g.lineWidth = 1.5;
        g.strokeRect(x0 + 0.5, 0.75, Math.max(2, x1 - x0 - 1), OVERVIEW - 1.5);
    }

    /** What is at a point: a poll, an event, or a thread alone. @param {number} x @param {number} y */
    at(x, y) {
        const t = Math.floor((y - this.top + this.scroll) / LANE.height);
        if (y < this.top || t >= this.model.lanes.length) return null;
        const lane = this.model.lanes[t];
        const time = this.from + x * this.perPixel;
        const reach = 4 * this.perPixel;
        const row = y - this.y(t);
        if (row >= LANE.poll + LANE.thick && lane.marks.length) {
            let i = lowerBound(lane.markTime, time);
            if (i > 0 && (i === lane.marks.length || time - lane.markTime[i - 1] < lane.markTime[i] - time)) i--;
            if (Math.abs(lane.markTime[i] - time) <= reach * 2) return { thread: t, poll: -1, event: lane.marks[i] };
        }
        const { poll } = this.model;
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

    /** @param {number} x @param {number} y */
    describe(x, y) {
        const hit = this.at(x, y);
        if (!hit) return '';
        const { model } = this;
        if (hit.event >= 0) return eventWords(model, hit.event);
        const p = hit.poll;
        if (p >= 0) {
            const cause = causeName(model, p);
            return `${taskName(model.meta, model.poll.task[p])}: ${duration(model.poll.end[p] - model.poll.begin[p])}${cause && `, ${cause}`}`;
        }
        const { idle, how, why } = model.lanes[hit.thread];
        const time = this.from + x * this.perPixel;
        const i = lowerBound(idle.end, time);
        if (i >= idle.begin.length || idle.begin[i] > time) return '';
        return `${PARKS[how[i]] ?? 'parked'} for ${duration(idle.end[i] - idle.begin[i])}; ${UNPARKS[why[i]] ?? 'until the end'}`;
    }

    listen() {
        const { canvas, pointers } = this;
        const point = (/** @type {PointerEvent|WheelEvent} */ event) => {
            const box = canvas.getBoundingClientRect();
            return { x: event.clientX - box.left, y: event.clientY - box.top };
        };
        const jump = (/** @type {number} */ x) => {
            const half = (this.to - this.from) / 2;
            const at = (x / this.width) * this.model.end;
            this.move(at - half, at + half);
        };
        let inOverview = false;
        canvas.addEventListener('wheel', (event) => {
            event.preventDefault();
            const { x } = point(event);
            const unit = event.deltaMode === 1 ? 16 : 1;
            if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan((event.deltaX || event.deltaY) * unit);
            else if (event.altKey) this.scrollBy(event.deltaY * unit);
            else this.zoom(Math.exp(Math.max(-200, Math.min(200, event.deltaY * unit)) / 300), x);
        }, { passive: false });
        canvas.addEventListener('pointerdown', (event) => {
            const at = point(event);
            pointers.set(event.pointerId, at);
            canvas.setPointerCapture(event.pointerId);
            this.moved = pointers.size > 1 ? 100 : 0;
            inOverview = at.y < OVERVIEW;
            if (inOverview) jump(at.x);
        });
        canvas.addEventListener('pointermove', (event) => {
            const now = point(event);
            const was = pointers.get(event.pointerId);
            if (!was) {
                this.on.tip(this.describe(now.x, now.y), now.x, now.y);
                return;
            }
            this.moved += Math.abs(now.x - was.x) + Math.abs(now.y - was.y);
            if (this.moved > 4) this.on.tip('', 0, 0);
            if (inOverview) jump(now.x);
            else if (pointers.size === 1) {
                if (this.moved > 4) {
                    this.scroll += was.y - now.y;
                    this.pan(was.x - now.x);
                }
            } else {
                const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
                const [before, after] = [Math.abs(was.x - other.x), Math.abs(now.x - other.x)];
                if (before > 10 && after > 10) this.zoom(before / after, other.x);
            }
            pointers.set(event.pointerId, now);
        });
        const up = (/** @type {PointerEvent} */ event) => {
            const at = pointers.get(event.pointerId);
            pointers.delete(event.pointerId);
            if (!at || inOverview || this.moved > 4 || event.type === 'pointercancel') return;
            const hit = this.at(at.x, at.y);
            if (hit) this.on.select({ poll: hit.poll, event: hit.event });
        };
        canvas.addEventListener('pointerup', up);
        canvas.addEventListener('pointercancel', up);
        canvas.addEventListener('pointerleave', () => this.on.tip('', 0, 0));
    }
}

if (typeof module !== 'undefined') {
    module.exports = { gallop, walk, niceStep, Timeline };
    Object.assign(globalThis, module.exports);
}
