// The messages on the screen: a window of at most SHOWN of a group's log.
//
//     log:       begin ············[from ─────────── to)······ end
//     document:                     one element each
//
// S1  A reader at the end stays at the end. A reader who has scrolled up stays there, whatever comes or goes.
// S2  The document holds at most SHOWN messages. Scrolling to an edge of the window moves it.
// S3  What others wrote goes into the document as text.
//
// Used by main.mjs. Next: groups.mjs.

import { lines } from './visible.mjs';

const SHOWN = 500;
const STEP = 100;
/** The window is moved when this near to one of its edges, in pixels. */
const NEAR = 400;

const byId = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

export class Messages {
    /** @param {(group: import('./session.mjs').Group) => void} wantOlder */
    constructor(wantOlder) {
        this.wantOlder = wantOlder;
        this.list = byId('messages');
        this.scroller = byId('scroller');
        this.newest = byId('newest');
        this.older = byId('older');
        this.group = null;
        this.isDrawing = false;
        this.scroller.addEventListener('scroll', () => this.scrolled(), { passive: true });
        this.newest.addEventListener('click', () => this.toEnd());
        // A smaller window must not hide the last message.
        new ResizeObserver(() => this.follows && this.scrollToEnd()).observe(this.scroller);
        document.addEventListener('visibilitychange', () => this.draw());
    }

    /** Shows another group, at its end. */
    show(group) {
        this.group = group;
        this.list.setAttribute('aria-live', 'off'); // What is there already is not news.
        this.toEnd();
        requestAnimationFrame(() => this.list.setAttribute('aria-live', 'polite'));
    }

    toEnd() {
        this.follows = true;
        this.list.replaceChildren();
        this.from = this.to = Math.max(this.group.log.begin, this.group.log.end - STEP);
        this.render();
    }

    /** The log has changed. However often that is, it is drawn once a frame, and not while nobody looks. */
    draw() {
        if (this.isDrawing || !this.group || document.hidden) return;
        this.isDrawing = true;
        requestAnimationFrame(() => {
            this.isDrawing = false;
            this.render();
        });
    }

    render() {
        const { log } = this.group;
        if (this.follows) {
            const from = Math.max(log.begin, this.from, log.end - SHOWN);
            // Soon after the start the window is short: older messages that were asked for and have come fit into it.
            this.move(log.end - from < STEP ? Math.max(log.begin, log.end - STEP) : from, log.end);
            this.scrollToEnd();
            this.group.seen = log.end;
            // There is nothing to scroll.
            const isShort = this.scroller.scrollHeight - this.scroller.clientHeight < NEAR;
            if (isShort && log.canHaveOlder() && !log.request) this.wantOlder(this.group);
        } else {
            const from = Math.max(log.begin, this.from);
            this.keepPlace(() => this.move(from, Math.max(from, Math.min(log.end, Math.max(this.to, from + STEP)))));
            this.moveAtEdge();
        }
        const unread = this.group.unread;
        this.newest.hidden = this.follows;
        this.newest.textContent = unread > 0 ? `${unread} new ↓` : 'To the newest ↓';
    }

    /** The line above the first message. */
    tellOfOlder() {
        const { log } = this.group;
        const wanted = log.request?.kind === 'older';
        const isStart = this.from === log.begin && (log.isWhole || log.first === 1);
        this.older.hidden = !(wanted || isStart);
        this.older.textContent = wanted ? 'Fetching older messages…' : 'There is nothing older.';
    }

    /** Moves the window: elements are removed and added at its ends only. */
    move(from, to) {
        const { list } = this;
        if (from >= this.to || to <= this.from) {
            list.replaceChildren();
            this.from = this.to = from;
        }
        for (; this.from < from; this.from++) list.firstChild.remove();
        for (; this.to > to; this.to--) list.lastChild.remove();
        const before = document.createDocumentFragment();
        for (let at = from; at < this.from; at++) before.append(this.element(at));
        list.prepend(before);
        this.from = from;
        const after = document.createDocumentFragment();
        for (; this.to < to; this.to++) after.append(this.element(this.to));
        list.append(after);
        this.tellOfOlder();
    }

    element(position) {
        const { seq, text, at, isNote } = this.group.log.item(position);
        const item = document.createElement('li');
        item.className = isNote ? 'note' : 'message';
        const said = document.createElement('p');
        said.dir = 'auto';
        said.textContent = lines(text); // S3
        item.append(said);
        if (at || seq !== null) {
            const about = document.createElement('span');
            about.className = 'about faint';
            about.textContent = [at && !isNote ? clock.format(at) : '', seq === null ? '' : `#${seq}`].filter(Boolean).join(' ');
            item.append(about);
        }
        return item;
    }

    /** Changes the list so that the first message in view stays where it is (S1). */
    keepPlace(change) {
        const top = this.scroller.getBoundingClientRect().top;
        const anchor = [...this.list.children].find((item) => item.getBoundingClientRect().bottom > top);
        const before = anchor?.getBoundingClientRect().top;
        change();
        if (anchor?.isConnected) this.scroller.scrollTop += anchor.getBoundingClientRect().top - before;
    }

    scrollToEnd() {
        this.scroller.scrollTop = this.scroller.scrollHeight;
        this.lastTop = this.scroller.scrollTop;
    }

    scrolled() {
        if (!this.group) return;
        const { log } = this.group;
        const { scrollTop, scrollHeight, clientHeight } = this.scroller;
        const below = scrollHeight - clientHeight - scrollTop;
        // Only scrolling up leaves the end: the list may have grown since it was drawn. And only at the end of all
        // messages, not of the window, does one follow again.
        const leaves = this.follows && below >= 8 && scrollTop < this.lastTop;
        const comes = !this.follows && below < 8 && this.to === log.end;
        if (leaves || comes) {
            this.follows = comes;
            this.draw();
        }
        this.lastTop = scrollTop;
        this.moveAtEdge();
    }

    /** Moves the window if an edge of it is near (S2). */
    moveAtEdge() {
        if (this.follows) return; // The next frame moves it.
        const { log } = this.group;
        const { scrollTop, scrollHeight, clientHeight } = this.scroller;
        const below = scrollHeight - clientHeight - scrollTop;
        if (scrollTop < NEAR && this.from > log.begin) {
            const from = Math.max(log.begin, this.from - STEP);
            this.keepPlace(() => this.move(from, Math.min(this.to, from + SHOWN)));
        } else if (scrollTop < NEAR && log.canHaveOlder() && !log.request) {
            this.wantOlder(this.group);
            this.draw();
        } else if (below < NEAR && this.to < log.end) {
            const to = Math.min(log.end, this.to + STEP);
            this.keepPlace(() => this.move(Math.max(this.from, to - SHOWN), to));
        }
    }
}
