// The page's bookkeeping against a server in a few lines: `node --test chat/src/server/web/page/tests/`.
//
// The server here posts, drops, forgets, hangs up and starts again as chance has it. Whatever it does, the page shows
// each message once and in order, and in the end has all that the server still keeps.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';

import { Log } from '../log.mjs';
import { LONGEST_NAME, Session, before } from '../session.mjs';
import { lines, oneLine } from '../visible.mjs';

/** A server that keeps history for one group, and one connection to it. */
class Server {
    constructor(keeps = true) {
        this.keeps = keeps;
        this.posts = [];
        /** The most messages of a reply. */
        this.most = 1000;
        /** The number of the first message that is kept. */
        this.first = 1;
        this.hangUp();
    }

    hangUp() {
        this.queue = [];
        this.joined = false;
    }

    get last() {
        return this.posts.length;
    }

    message(seq) {
        const message = { group_name: 'tea', message: this.posts[seq - 1] };
        return { live: true, packet: { Message: this.keeps ? { ...message, seq } : message } };
    }

    post() {
        this.posts.push(`message ${this.last + 1}`);
        if (this.joined) this.queue.push(this.message(this.last));
    }

    error(text) {
        this.queue.push({ packet: { Error: text } });
    }

    request({ Join, History }) {
        if (!this.keeps && History) return this.error("Group 'tea': no history: this server keeps no history");
        if (!this.keeps && Join?.after !== undefined) {
            return this.error("Group 'tea' not joined: this server keeps no history");
        }
        if (Join?.after > this.last) {
            return this.error(`Group 'tea' not joined: message ${Join.after} is not there yet, the last one is ${this.last}`);
        }
        if (Join && !this.joined) {
            this.joined = true;
            if (Join.after !== undefined) this.replay(Join.after, Infinity);
        }
        if (History) {
            const sent = this.replay(History.after, Math.min(this.most, History.limit), false);
            const last = History.limit === 0 ? this.last : (sent ?? History.after);
            this.queue.push({ packet: { History: { group_name: 'tea', last, more: last < this.last } } });
        }
    }

    /** Queues messages, and returns the number of the last. */
    replay(after, limit, live = true) {
        let sent;
        for (let seq = Math.max(after + 1, this.first); seq <= this.last && limit-- > 0; seq++) {
            this.queue.push({ ...this.message(seq), live });
            sent = seq;
        }
        return sent;
    }

    /** The client is slow: the oldest of the messages that wait are dropped. */
    drop(number) {
        const at = this.queue.findIndex((queued) => queued.live);
        if (at < 0) return;
        let end = at;
        while (end < at + number && this.queue[end]?.live) end++;
        this.queue.splice(at, end - at, { packet: { Error: `Dropped ${end - at} messages from tea.` } });
    }
}

class Page {
    constructor(server) {
        this.server = server;
        this.troubles = [];
        this.session = new Session({
            send: (packet) => {
                // As on the wire: without what is undefined.
                server.request(JSON.parse(JSON.stringify(packet)));
                return true;
            },
            changed: () => {},
            trouble: (text) => this.troubles.push(text),
            refused: (_, why) => this.troubles.push(why),
        });
        this.group = this.session.join('tea');
        this.session.opened();
    }

    get log() {
        return this.group.log;
    }

    receive(most = Infinity) {
        while (this.server.queue.length && most-- > 0) this.session.packet(this.server.queue.shift().packet);
    }

    reconnect() {
        this.server.hangUp();
        this.session.closed();
        this.session.opened();
    }

    numbers() {
        return this.log.kept.filter((item) => item.seq !== null).map((item) => item.seq);
    }

    texts() {
        return this.log.kept.map((item) => item.text);
    }
}

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

function posted(number, server = new Server()) {
    for (let n = 0; n < number; n++) server.post();
    return server;
}

test('a group begins with its last messages, and scrolling up fetches the others', () => {
    const page = new Page(posted(275));
    page.receive();
    assert.deepEqual(page.numbers(), range(226, 275));
    for (const from of [126, 26, 1, 1]) {
        page.session.wantOlder(page.group);
        page.receive();
        assert.deepEqual(page.numbers(), range(from, 275));
    }
    assert.equal(page.log.canHaveOlder(), false);
});

test('a server may send fewer messages than were asked for', () => {
    const page = new Page(posted(275));
    page.server.most = 7;
    page.receive();
    assert.deepEqual(page.numbers(), range(226, 275));
    page.session.wantOlder(page.group);
    page.receive();
    assert.deepEqual(page.numbers(), range(126, 275));
});

test('what was dropped is fetched, and comes before what came after it', () => {
    const page = new Page(posted(10));
    page.receive();
    posted(300, page.server);
    page.server.drop(250);
    page.receive();
    assert.deepEqual(page.numbers(), range(1, 310));
    assert(page.texts().some((text) => text.startsWith('250 messages were dropped on the way here')));
});

test('after a reconnect each message that was missed is there once', () => {
    const page = new Page(posted(10));
    page.receive();
    page.server.hangUp();
    page.session.closed();
    posted(500, page.server);
    page.session.opened();
    page.receive();
    assert.deepEqual(page.numbers(), range(1, 510));
});

test('what the server no longer keeps is told', () => {
    const page = new Page(posted(10));
    page.receive();
    page.server.hangUp();
    page.session.closed();
    posted(100, page.server);
    page.server.first = 91;
    page.session.opened();
    page.receive();
    assert.deepEqual(page.numbers(), [...range(1, 10), ...range(91, 110)]);
    assert(page.texts().includes('80 messages are no longer kept by the server'));
});

test('a server that has begun anew is followed', () => {
    const page = new Page(posted(10));
    page.receive();
    page.server.posts = [];
    page.server.hangUp();
    page.session.closed();
    posted(3, page.server);
    page.session.opened();
    page.receive();
    // The old messages stay, but their numbers mean nothing any more.
    assert.deepEqual(page.numbers(), [...range(1, 3)]);
    assert.equal(page.texts().filter((text) => text.startsWith('message ')).length, 13);
    assert(page.texts().some((text) => text.includes('anew')));
    assert.deepEqual(page.troubles, []);
});

test('without history messages are shown as they come, and what is lost is told', () => {
    const page = new Page(new Server(false));
    page.receive();
    posted(3, page.server);
    page.receive();
    posted(4, page.server);
    page.server.drop(2);
    page.receive();
    page.reconnect();
    page.receive();
    assert.deepEqual(page.texts(), [
        'message 1',
        'message 2',
        'message 3',
        '2 messages were lost: this page could not keep up',
        'message 6',
        'message 7',
        'connected again; what was posted meanwhile is lost: the server keeps no history',
    ]);
    assert.deepEqual(page.troubles, []);
    // A server of the chapter's protocol does not know the request at all.
    page.session.keeps = null;
    page.session.error('malformed request: unknown variant `History`, expected `Join` or `Post` at line 1 column 10');
    assert.equal(page.session.keeps, false);
});

test('other errors are shown where they belong', () => {
    const page = new Page(posted(1));
    page.receive();
    page.session.error("Group 'tea' does not exist");
    page.session.error("Group 'coffee' does not exist");
    assert(page.texts().includes("Group 'tea' does not exist"));
    page.session.wantOlder(page.group);
    page.session.error("Group 'tea': no history: the disk is full");
    assert.equal(page.log.request, null);
    assert.deepEqual(page.troubles, ["Group 'coffee' does not exist"]);
});

/** A session that is open, and what it has sent. */
function opened(...names) {
    const sent = [];
    const refused = [];
    const session = new Session({
        send: (packet) => sent.push(packet) > 0,
        changed: () => {},
        trouble: () => {},
        refused: (packet, why) => refused.push([packet, why]),
    });
    for (const name of names) session.join(name);
    session.opened();
    return { session, sent, refused, joined: () => sent.flatMap(({ Join }) => (Join ? [Join.group_name] : [])) };
}

test('a group whose name is too long for the server is not joined again', () => {
    const long = '"'.repeat(600);
    // The close says so too: the error may not have come.
    for (const errors of [['line longer than 500 bytes'], []]) {
        const { session, sent, joined } = opened('tea', long, 'coffee');
        for (const text of errors) session.packet({ Error: text });
        session.closed(1009);
        sent.length = 0;
        session.opened();
        assert.deepEqual(joined(), ['tea', 'coffee']);
    }
});

test('what is too long is told, and nothing of it is sent when the limit is known', () => {
    const [name, text] = ['é'.repeat(250), '\n'.repeat(300)];
    const { session, sent, refused } = opened('tea', name);
    assert.equal(session.post('tea', text), null);
    session.packet({ Error: 'line longer than 500 bytes' });
    session.closed(1009);
    const why = 'This is too long for the server, which takes up to 500 bytes: it was not accepted.';
    const group = { Join: { group_name: name } };
    assert.deepEqual(refused, [[group, why], [{ Post: { group_name: 'tea', message: text } }, why]]);
    sent.length = 0;
    assert.deepEqual([session.post('tea', text), session.whyNot(name)], [why, why]);
    session.opened();
    session.closed(1001);
    assert.deepEqual(sent.map((packet) => Object.keys(packet)[0]), ['Join', 'History']);
    assert.equal(refused.length, 2);
});

test('a group whose requests are short enough is kept', () => {
    const name = 'x'.repeat(40);
    const { session, sent, refused, joined } = opened('tea', name);
    session.packet({ Message: { group_name: 'tea', message: 'x', seq: 7 } });
    session.packet({ Error: 'line longer than 100 bytes' });
    assert.equal(session.whyNot('y'.repeat(40)), null);
    session.closed(1009);
    sent.length = 0;
    session.opened();
    assert.deepEqual([joined(), refused], [['tea', name], []]);
    // The numbers count as well, also those of a request that is under way.
    session.packet({ History: { group_name: name, last: 10 ** 15, more: true } });
    session.packet({ Error: 'line longer than 100 bytes' });
    session.closed(1009);
    assert.deepEqual(refused.map(([packet]) => packet), [{ Join: { group_name: name } }]);
    assert.deepEqual([...session.groups.keys()], ['tea']);
});

test('from the first post that was too long on all are given back', () => {
    const { session, refused } = opened('tea');
    session.post('tea', 'it was read');
    const texts = ['a'.repeat(600), 'short', 'b'.repeat(900), 'c'.repeat(700)];
    for (const text of texts) assert.equal(session.post('tea', text), null);
    session.packet({ Error: 'line longer than 500 bytes' });
    session.closed(1009);
    // The last one first: each is put before what has been typed.
    assert.deepEqual(refused.map(([{ Post }]) => Post.message), [...texts].reverse());
    assert.match(refused[2][1], /^The server has not read this/);
    session.opened();
    session.closed(1009);
    assert.equal(refused.length, 4);
    const draft = refused.reduce((draft, [{ Post }]) => before(Post.message, draft), 'typed since');
    assert.equal(draft, [...texts, 'typed since'].join('\n'));
    assert.equal(before(texts[0], undefined), texts[0]);
});

test('a post after a group whose name is too long is given back as well', () => {
    const { session, refused } = opened('tea');
    session.post('tea', 'it was read');
    session.join('x'.repeat(600));
    session.post('tea', 'short');
    session.packet({ Error: 'line longer than 500 bytes' });
    session.closed(1009);
    assert.deepEqual(refused.map(([{ Join, Post }]) => (Join ? Join.group_name.length : Post.message)), [600, 'short']);
});

test('of many posts the last ones are given back', () => {
    const { session, refused } = opened('tea');
    for (let number = 0; number < 100; number++) session.post('tea', number === 90 ? 'x'.repeat(600) : `${number}`);
    session.packet({ Error: 'line longer than 500 bytes' });
    session.closed(1009);
    assert.equal(refused.length, 10);
});

test('on another connection the limit is not known', () => {
    const { session } = opened('tea');
    session.packet({ Error: 'line longer than 100 bytes' });
    session.closed(1009);
    session.opened();
    assert.equal(session.whyNot('x'.repeat(200)), null);
    assert.equal(session.post('tea', 'x'.repeat(200)), null);
});

test('a close without the error says little of the limit', () => {
    const { session, refused } = opened('tea', 'x'.repeat(900));
    session.closed(1009);
    assert.equal(session.groups.size, 2, 'a frame this short is not known to be too long');
    session.opened();
    session.post('tea', 'x'.repeat(5000));
    session.closed(1009);
    assert.deepEqual(refused.map(([, why]) => why), [
        'This is too long for the server, which takes fewer than 5042 bytes: it was not accepted.',
    ]);
});

test('a name is bounded before anything is known of the server', () => {
    const { session } = opened();
    assert.equal(session.whyNot('x'.repeat(LONGEST_NAME)), null);
    assert.match(session.whyNot('x'.repeat(LONGEST_NAME + 1)), /too long/);
    const document = fs.readFileSync(new URL('../page.html', import.meta.url), 'utf8');
    const inputs = document.match(/<input [^]*?>/g);
    assert.equal(inputs.length, 2);
    for (const input of inputs) assert(input.includes(`maxlength="${LONGEST_NAME}"`), input);
});

test('by chance: each once, in order, and nothing that is kept is missing', () => {
    for (let seed = 1; seed <= 500; seed++) {
        let state = seed * 2654435761;
        const random = (below) => {
            state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
            return Math.floor((state / 2 ** 32) * below);
        };
        const page = new Page(posted(random(200)));
        const { server } = page;
        server.most = 1 + random(150);
        for (let step = 0; step < 200; step++) {
            const what = random(20);
            if (what < 8) posted(random(what === 0 ? 150 : 5), server);
            else if (what < 16) page.receive(random(40));
            else if (what === 16) server.drop(1 + random(100));
            else if (what === 17) page.session.wantOlder(page.group);
            else if (what === 18 && random(4) === 0) page.reconnect();
            else if (what === 19 && random(4) === 0) server.first = Math.max(server.first, server.last - random(300));
        }
        page.receive();
        const numbers = page.numbers();
        for (let at = 1; at < numbers.length; at++) {
            assert(numbers[at - 1] < numbers[at], `seed ${seed}: ${numbers[at - 1]} before ${numbers[at]}`);
        }
        const has = new Set(numbers);
        for (let seq = Math.max(server.first, numbers[0] ?? 1); seq <= server.last; seq++) {
            assert(has.has(seq), `seed ${seed}: ${seq} is missing`);
        }
        for (const { seq, text } of page.log.kept) if (seq !== null) assert.equal(text, `message ${seq}`);
        assert.deepEqual(page.troubles, [], `seed ${seed}`);
    }
});

test('a log is bounded, and positions stay', () => {
    const log = new Log(() => {});
    for (let seq = 1; seq <= 25000; seq++) log.take(`message ${seq}`, seq);
    assert(log.kept.length <= 10000);
    assert.equal(log.end, 25000);
    assert.equal(log.item(24999).seq, 25000);
});

test('what is invisible, or changes the direction of writing, is shown as its code', () => {
    assert.equal(oneLine('a\u202eb\u0007\n'), 'a\\u{202e}b\\u{7}\\n');
    assert.equal(lines('a\r\nb\tc\rd\u2066é🍵'), 'a\nb\tc\\rd\\u{2066}é🍵');
});
