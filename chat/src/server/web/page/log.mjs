// The messages of one group, in order, each once.
//
// A server that keeps history numbers the messages of a group, without gaps. So this side can tell what it lacks, and
// asks for it. What arrives after a gap waits until the gap is filled.
//
//     kept ──────────────────────────▶ last │ a gap │ ahead
//     1 … │ 41 42 43 44 45 46 47 48 49  50  │ 51 52 │ 53 54
//          ▲ scrolling up asks for what is before        ▲ these wait; the gap is asked for
//
// L1  What is kept is in the order of the numbers, and no number is there twice.
// L2  `last` grows by one, except over numbers of which the server has said that it does not keep them.
// L3  One request is under way at a time: it is known which messages are its reply.
// L4  At most KEPT messages are kept. The oldest are let go; scrolling up asks for them again.
//
// Positions count from the first message that was taken, and stay when others are added in front or let go. Without
// history there are no numbers, and messages are shown as they come. Used by session.mjs. Next: session.mjs.

const KEPT = 10000;

/** How many messages are waiting behind a gap, at most. More are forgotten, and asked for. */
const AHEAD = 2000;

/** How many messages are asked for at a time. */
export const PAGE = 100;

export class Log {
    /** @param {(log: Log) => void} changed */
    constructor(changed) {
        this.changed = changed;
        /** @type {{ seq: number | null, text: string, at: Date | null, isNote: boolean }[]} */
        this.kept = [];
        /** The position of the first one that is kept. */
        this.begin = 0;
        this.forgetNumbers();
    }

    forgetNumbers() {
        // What is shown already has numbers of another history.
        for (const item of this.kept) item.seq = null;
        /** The number up to which everything has been taken; null: unknown. @type {number | null} */
        this.last = null;
        this.ahead = new Map();
        /** The request that is under way. @type {{ kind: string, after: number, limit: number } | null} */
        this.request = null;
        /** What has come of the reply to a request for older messages. */
        this.older = [];
        /** The rest of such a request, of which the server has sent less than was asked for. */
        this.rest = null;
        this.lacksNewer = false;
        this.wantsOlder = false;
        this.fruitless = 0;
        /** The server keeps nothing before the first one here. */
        this.isWhole = false;
    }

    get end() {
        return this.begin + this.kept.length;
    }

    item(position) {
        return this.kept[position - this.begin];
    }

    /** The number of the first message that is kept, or null. */
    get first() {
        return this.kept.find((item) => item.seq !== null)?.seq ?? null;
    }

    note(text) {
        this.append({ seq: null, text, at: new Date(), isNote: true });
        this.changed(this);
    }

    /** Takes a message, with its number if it has one. */
    take(text, seq = null, at = null) {
        if (seq === null) {
            this.append({ seq, text, at, isNote: false });
        } else if (this.request?.kind === 'older' && seq > this.request.after && seq <= this.request.after + this.request.limit) {
            this.older.push({ seq, text, at: null, isNote: false });
            return;
        } else {
            this.last ??= seq - 1;
            if (seq <= this.last) return; // L1
            if (this.ahead.size >= AHEAD) this.ahead.clear();
            this.ahead.set(seq, { seq, text, at: this.request?.kind === 'newer' ? null : at, isNote: false });
            this.drain();
        }
        this.changed(this);
    }

    /** Moves what follows without a gap from `ahead` to `kept` (L2). */
    drain() {
        for (let item; (item = this.ahead.get(this.last + 1)); this.last++) {
            this.ahead.delete(item.seq);
            this.append(item);
        }
    }

    append(item) {
        this.kept.push(item);
        if (this.kept.length > KEPT) {
            // L4. Many at a time: each removal moves all others.
            this.kept.splice(0, KEPT / 10);
            this.begin += KEPT / 10;
            this.isWhole = false;
        }
    }

    /** Returns the request to send now, which is then under way; null: none (L3). */
    next() {
        if (this.request || this.last === null) return null;
        if (this.rest) {
            [this.request, this.rest] = [this.rest, null];
            return this.request;
        }
        if (this.lacksNewer || this.ahead.size > 0) {
            this.lacksNewer = false;
            this.request = { kind: 'newer', after: this.last, limit: PAGE };
        } else if (this.wantsOlder && this.canHaveOlder()) {
            const limit = Math.min(PAGE, this.before());
            this.request = { kind: 'older', after: this.before() - limit, limit };
        }
        this.wantsOlder = false;
        return this.request;
    }

    /** The number before the first that is kept here. */
    before() {
        return this.first === null ? this.last : this.first - 1;
    }

    canHaveOlder() {
        return this.last !== null && !this.isWhole && this.before() > 0 && this.kept.length + PAGE <= KEPT;
    }

    /** The reply to the request has ended. `last` is the number up to which the server has looked. */
    replied(last, more) {
        const request = this.request;
        this.request = null;
        const upTo = request ? request.after + request.limit : 0;
        if (request?.kind === 'older' && more && last > request.after && last < upTo) {
            this.rest = { kind: 'older', after: last, limit: upTo - last };
        } else if (request?.kind === 'older') {
            const older = this.older.sort((one, other) => one.seq - other.seq);
            this.older = [];
            this.kept.unshift(...older);
            this.begin -= older.length;
            // The server keeps none of these: a further request would bring nothing, either.
            if (older.length === 0) this.isWhole = true;
        } else if (request?.kind === 'newer') {
            // All that is kept up to `last` has come.
            this.skipTo(Math.max(last, this.last));
            this.lacksNewer = more;
            this.fruitless = this.last === request.after && this.ahead.size > 0 ? this.fruitless + 1 : 0;
            if (this.fruitless > 1) this.skipTo(Math.min(...this.ahead.keys()) - 1);
        }
        this.changed(this);
    }

    /** Goes on to a number, over what is not kept by the server. */
    skipTo(last) {
        let missing = 0;
        for (this.drain(); this.last < last; this.drain()) {
            const following = [...this.ahead.keys()].filter((seq) => seq > this.last);
            const next = Math.min(last, ...following.map((seq) => seq - 1));
            missing += next - this.last;
            this.last = next;
        }
        if (missing > 0) this.append({ seq: null, text: `${counted(missing)} no longer kept by the server`, at: null, isNote: true });
        this.drain();
    }

    /** The number of the group's last message is known: starts with the few messages before it. */
    startBefore(last, few) {
        this.request = null;
        if (this.last === null) {
            this.last = Math.max(0, last - few);
            this.lacksNewer = last > this.last;
        } else {
            this.wantsOlder = true; // A message has come already: the few are asked for as older ones.
        }
    }

    /** Messages were dropped on the way here. */
    dropped() {
        this.lacksNewer = true;
    }

    /** There will be no reply to the request. */
    refused() {
        this.request = null;
        this.older = [];
        this.rest = null;
    }

    /** The connection is lost, and with it the reply that was under way. What waits behind a gap will come again. */
    disconnected() {
        this.refused();
        this.ahead.clear();
        this.fruitless = 0;
    }
}

/** "1 message is", "2 messages are". */
export function counted(number) {
    return number === 1 ? '1 message is' : `${number} messages are`;
}
