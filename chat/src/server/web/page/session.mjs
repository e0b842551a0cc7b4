// The groups of this page, and what the packets mean for them.
//
//     opened ──▶ Join, and a probe: History with limit 0
//                  ├─ a History ──▶ the server numbers its messages: what is lacking can be asked for
//                  └─ an Error ───▶ it keeps none: what was missed is told, and no more
//     again  ──▶ Join after the last number: what was posted meanwhile comes first
//     closed, since a frame was too long ──▶ what was too long is not sent again, or the server would close again
//
// It knows neither the socket nor the document, so that it can be tested by itself. Used by main.mjs. Next: wire.mjs.

import { Log, PAGE } from './log.mjs';
import { oneLine } from './visible.mjs';

/** How many messages are shown when a group is joined. */
const FEW = 50;

/** The most characters of a group's name on this page; the inputs of page.html take no more. */
export const LONGEST_NAME = 1000;

/** The code of a close after a frame that was too long. */
const TOO_LONG = 1009;

/** A frame of up to this many bytes is not taken for the one that was too long, unless the server says so. */
const SHORT = 1024;

/** How many posts of a connection are kept, to give back those that the server has not read. */
const POSTS = 32;

/** What the user is told of a post that fits. */
const NOT_READ = 'The server has not read this, because something that was sent earlier is too long.';

export class Session {
    /**
     * `refused` is called with each packet that the server has not taken because a frame was too long, and the reason.
     * It is called with the groups, and then with the posts, the last one first.
     * @param {{ send: (packet: object) => boolean, changed: (group: Group) => void, trouble: (text: string) => void,
     *     refused: (packet: object, why: string) => void }} outside
     */
    constructor(outside) {
        this.outside = outside;
        /** @type {Map<string, Group>} */
        this.groups = new Map();
        /** Whether the server keeps history; null: unknown. @type {boolean | null} */
        this.keeps = null;
        this.isOpen = false;
        this.forgetFrames();
    }

    /** Of the next connection nothing is known: the server may have been started again, with another limit. */
    forgetFrames() {
        /** How many bytes a frame may have, as far as the server has said; `takes` says the same in words. */
        this.longest = Infinity;
        this.takes = '';
        /** The size of the longest frame on this connection. */
        this.largest = 0;
        /**
         * The last posts on this connection, each with the size of the longest frame up to it: if that is too long,
         * the server has not read the post. @type {{ post: object, largest: number }[]}
         */
        this.posts = [];
    }

    /** Returns why a group of this name cannot be joined, or null. */
    whyNot(name) {
        if (name.length > LONGEST_NAME) return `This name is too long: it has ${name.length} characters, and ${LONGEST_NAME} are the most.`;
        return this.fits(longestOf(name, this.groups.get(name)?.log)) ? null : this.tooLong;
    }

    fits(packet) {
        return size(packet) <= this.longest;
    }

    get tooLong() {
        return `This is too long for the server, which takes ${this.takes} bytes: it was not accepted.`;
    }

    /** Joins a group, or shows it again. */
    join(name) {
        let group = this.groups.get(name);
        if (!group) {
            group = new Group(name, this.outside.changed);
            this.groups.set(name, group);
            if (this.isOpen) this.enter(group);
        }
        group.isHidden = false;
        return group;
    }

    /** The server knows no request to leave: the group is hidden, and not joined again. */
    hide(name) {
        const group = this.groups.get(name);
        if (group) group.isHidden = true;
    }

    /** Returns why it could not be sent, or null. */
    post(name, message) {
        const post = { Post: { group_name: name, message } };
        if (!this.fits(post)) return this.tooLong;
        if (this.isOpen && this.send(post)) return null;
        return 'Not connected: the message is still here, and can be sent when the connection is back.';
    }

    send(packet) {
        const isSent = this.outside.send(packet);
        if (isSent) this.largest = Math.max(this.largest, size(packet));
        if (isSent && packet.Post) this.posts.push({ post: packet, largest: this.largest });
        if (this.posts.length > POSTS) this.posts.shift();
        return isSent;
    }

    opened() {
        this.isOpen = true;
        this.forgetFrames();
        for (const group of this.groups.values()) {
            if (group.isHidden) this.groups.delete(group.name);
            else this.enter(group);
        }
    }

    /** @param {number} [code] why the connection has ended */
    closed(code) {
        this.isOpen = false;
        // The error that names the limit need not have come. But if one frame was too long, the longest was.
        if (code === TOO_LONG && this.longest === Infinity && this.largest > SHORT) {
            this.longest = this.largest - 1;
            this.takes = `fewer than ${this.largest}`;
        }
        const refused = [];
        for (const { name, log } of this.groups.values()) {
            if (this.fits(longestOf(name, log))) continue;
            this.groups.delete(name);
            refused.push({ Join: { group_name: name } });
        }
        for (const group of this.groups.values()) {
            group.wasAway = true;
            group.log.disconnected();
        }
        const unread = this.posts.filter(({ largest }) => largest > this.longest).map(({ post }) => post);
        refused.push(...unread.reverse());
        this.posts = [];
        for (const packet of refused) {
            this.outside.refused(packet, packet.Post && this.fits(packet) ? NOT_READ : this.tooLong);
        }
    }

    enter(group) {
        const { name, log } = group;
        const after = this.keeps !== false && log.last !== null ? log.last : undefined;
        this.send({ Join: { group_name: name, after } });
        if (this.keeps === false) this.missed(group);
        else if (after === undefined) this.probe(group);
        this.ask(group);
    }

    probe(group) {
        group.log.request = { kind: 'probe', after: 0, limit: 0 };
        this.send({ History: { group_name: group.name, after: 0, limit: 0 } });
    }

    /** Says that messages may have been missed, which nobody keeps. */
    missed(group) {
        if (group.wasAway) group.log.note('connected again; what was posted meanwhile is lost: the server keeps no history');
        group.wasAway = false;
    }

    /** Sends the request that the group's log has, if it has one. */
    ask(group) {
        const request = this.keeps ? group.log.next() : null;
        if (request) this.send({ History: { group_name: group.name, after: request.after, limit: request.limit } });
    }

    /** The user has scrolled to the oldest message. */
    wantOlder(group) {
        group.log.wantsOlder = true;
        if (this.isOpen) this.ask(group);
    }

    packet(packet) {
        if (packet.Message) this.message(packet.Message);
        else if (packet.History) this.history(packet.History);
        else if (typeof packet.Error === 'string') this.error(packet.Error);
    }

    message({ group_name: name, message, seq = null }) {
        const group = this.groups.get(name);
        if (!group) return;
        group.log.take(String(message), seq, new Date());
        if (seq !== null) this.keeps = true;
        this.ask(group);
    }

    history({ group_name: name, last, more }) {
        const group = this.groups.get(name);
        if (!group) return;
        this.keeps = true;
        if (group.log.request?.kind === 'probe') group.log.startBefore(last, FEW);
        else group.log.replied(last, more);
        this.ask(group);
    }

    error(text) {
        const found = (pattern) => text.match(pattern);
        const named = (match) => match && this.groups.get(match[1]);
        const dropped = found(/^Dropped (\d+) messages from ([^]*)\.$/);
        if (dropped && this.groups.has(dropped[2])) {
            return this.dropped(this.groups.get(dropped[2]), Number(dropped[1]));
        }
        const tooNew = named(found(/^Group '([^]*)' not joined: message \d+ is not there yet/));
        if (tooNew) {
            tooNew.log.forgetNumbers();
            tooNew.log.note('the server has begun the history of this group anew');
            return this.enter(tooNew);
        }
        const tooLong = found(/^line longer than (\d+) bytes$/);
        if (tooLong) [this.longest, this.takes] = [Number(tooLong[1]), `up to ${tooLong[1]}`];
        const isUnknown = this.keeps !== true && found(/^malformed request: .*History/);
        if (isUnknown || found(/this server keeps no history$/)) return this.keepsNone();
        const group = named(found(/^Group '([^]*)' (?:does not exist|not joined)/) ?? found(/^Group '([^]*)': /));
        if (group) {
            // A post that is refused says nothing of a request for history that is under way.
            if (!found(/^Group '[^]*': (?!no history: )/)) group.log.refused();
            group.log.note(oneLine(text));
        } else {
            this.outside.trouble(text);
        }
    }

    dropped(group, number) {
        const what = number === 1 ? '1 message was' : `${number} messages were`;
        if (this.keeps) {
            group.log.note(`${what} dropped on the way here, and fetched`);
            group.log.dropped();
            this.ask(group);
        } else {
            group.log.note(`${what} lost: this page could not keep up`);
        }
    }

    keepsNone() {
        if (this.keeps === false) return;
        this.keeps = false;
        for (const group of this.groups.values()) {
            // It may have been refused with a number.
            if (group.log.last !== null) this.send({ Join: { group_name: group.name } });
            group.log.forgetNumbers();
            this.missed(group);
        }
    }
}

/** The longest request about a group, as far as is known. That to join it is shorter. */
const longestOf = (name, log) => {
    const after = Math.max(log?.last ?? 0, log?.request?.after ?? 0);
    return { History: { group_name: name, after, limit: PAGE } };
};

/** Puts a message that was refused before what has been typed since. */
export const before = (message, draft) => (draft ? `${message}\n${draft}` : message);

/** The length of a packet's frame, in bytes. */
const size = (packet) => new TextEncoder().encode(JSON.stringify(packet)).length;

/** A group that was joined. */
export class Group {
    /** @param {string} name @param {(group: Group) => void} changed */
    constructor(name, changed) {
        this.name = name;
        this.isHidden = false;
        this.wasAway = false;
        /** The position up to which the user has seen the messages. */
        this.seen = 0;
        this.log = new Log(() => changed(this));
    }

    get unread() {
        return Math.max(0, this.log.end - this.seen);
    }
}
