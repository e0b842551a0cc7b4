// The page in a headless Chromium: `node chat/tests/web.mjs`, after `cargo build -p chat`.
//
// First against the program `server`: two windows talk, one of them loses its connection and comes back, one cannot
// keep up with a flood, a page of another site is refused, and a recording is taken. Then against a server of a few
// lines that keeps history: what was missed or dropped is fetched, and scrolling up fetches the rest. No step may write
// an error to the console, and nothing may be wider than the window. Screenshots are saved in target/web, light and
// dark, wide and as on a phone.
//
// CHROMIUM names the browser, SERVER the program; playwright-core must be installed
// (`npm install --no-save --prefix target/node playwright-core`). Every wait is for a condition.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const { chromium } = createRequire(path.join(root, 'target/node/'))('playwright-core');
const screenshots = path.join(root, 'target/web');
const pageFiles = path.join(root, 'chat/src/server/web/page');
const program = process.env.SERVER ?? path.join(root, 'target/debug/server');
const DEADLINE = 30000;

fs.mkdirSync(screenshots, { recursive: true });
const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // The owner of this name lets it point to this machine.
    args: ['--no-sandbox', '--host-resolver-rules=MAP evil.example 127.0.0.1'],
});

/** What went wrong in a window, but for what a step expects. */
const faults = [];

/** A window of its own, as of another user. */
async function open(address, { width = 1280, height = 800, colorScheme = 'light' } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    context.setDefaultTimeout(DEADLINE);
    const page = await context.newPage();
    page.expects = [];
    const fault = (what) => page.expects.some((part) => what.includes(part)) || faults.push(`${width} px: ${what}`);
    page.on('console', (message) => message.type() === 'error' && fault(`console: ${message.text()}`));
    page.on('pageerror', (error) => fault(`error: ${error}`));
    await page.goto(address);
    return page;
}

const isConnected = (page) => page.locator('#state[data-state=open]').waitFor();
const texts = (page) => page.locator('#messages li p').allTextContents();

async function join(page, name) {
    await page.keyboard.press('Control+k');
    await page.fill('#switcher-name', name);
    await page.keyboard.press('Enter');
    await page.locator('#current', { hasText: name }).waitFor({ state: 'attached' });
}

async function say(page, what) {
    await page.fill('#text', what);
    await page.keyboard.press('Enter');
}

/** Presses the button, which may have gone already: the page tries by itself, too. */
const tryNow = (page) => page.evaluate(() => document.getElementById('retry').click());

/** Waits until a message is in the document. */
async function has(page, what) {
    await page.locator('#messages li p').filter({ hasText: what }).first().waitFor();
}

async function eventually(what, holds) {
    const start = Date.now();
    while (!(await holds())) {
        assert(Date.now() - start < DEADLINE, `never: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

async function fits(page) {
    const over = await page.evaluate(() => {
        const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.documentElement;
        return [scrollWidth - clientWidth, scrollHeight - clientHeight];
    });
    assert.deepEqual(over, [0, 0], 'nothing is wider or higher than the window');
}

const shot = (page, name) => page.screenshot({ path: path.join(screenshots, `${name}.png`) });

/** The program, and the addresses for clients and for browsers. */
async function start(port = 0, webPort = 0, more = []) {
    const child = spawn(program, [`127.0.0.1:${port}`, '--web', `127.0.0.1:${webPort}`, ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
    process.once('exit', () => child.kill('SIGKILL'));
    let said = '';
    for await (const piece of child.stdout) {
        said += piece;
        const found = said.match(/listening on 127\.0\.0\.1:(\d+)\nthe page is at (http:\/\/127\.0\.0\.1:(\d+)\/)\n/);
        if (found) return { child, port: Number(found[1]), address: found[2], webPort: Number(found[3]) };
    }
    throw new Error(`the server did not start: ${said}`);
}

/** A connection between the browser and the server that can be cut. */
async function cable(to) {
    const ends = new Set();
    const server = net.createServer((near) => {
        const far = net.connect(to, '127.0.0.1');
        for (const [one, other] of [[near, far], [far, near]]) {
            ends.add(one);
            one.pipe(other);
            one.on('error', () => other.destroy());
            one.on('close', () => {
                ends.delete(one);
                other.destroy();
            });
        }
    });
    const listen = (port) => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
    await listen(0);
    const { port } = server.address();
    return {
        address: `http://127.0.0.1:${port}/`,
        cut: () => {
            server.close();
            for (const end of ends) end.destroy();
        },
        restore: () => listen(port),
    };
}

/** A client over TCP. */
function client(port) {
    const socket = net.connect(port, '127.0.0.1');
    const send = (request) => socket.write(`${JSON.stringify(request)}\n`);
    return {
        socket,
        join: (name) => send({ Join: { group_name: name } }),
        post: (name, message) => send({ Post: { group_name: name, message } }),
    };
}

async function twoTalk(server) {
    const wide = await open(server.address);
    const phone = await open(server.address, { width: 390, height: 844, colorScheme: 'dark' });
    await isConnected(wide);
    await wide.fill('#join-name', 'tea');
    await wide.keyboard.press('Enter');
    await join(phone, 'tea');
    await say(wide, 'hello');
    await has(phone, 'hello');
    await say(phone, 'hello to you');
    await has(wide, 'hello to you');
    // What others wrote is text, and shows what it hides.
    await say(phone, '<img src=x onerror="document.title=1"> \u202egnp.exe \u0007');
    await has(wide, '<img src=x onerror="document.title=1"> \\u{202e}gnp.exe \\u{7}');
    await say(wide, 'a line that is much longer than others, so that it is wrapped in a narrow window, and perhaps in a wide one');
    await wide.fill('#text', 'two');
    await wide.keyboard.press('Shift+Enter');
    await wide.keyboard.type('lines');
    await wide.keyboard.press('Enter');
    await has(phone, 'two\nlines');
    await has(wide, 'two\nlines'); // shown here as well: it is not counted as unread below
    // A group that is not shown has its unread messages counted.
    await join(wide, 'coffee');
    await say(phone, 'are you there?');
    await wide.locator('#groups .badge', { hasText: '1' }).waitFor();
    await shot(wide, 'wide-light-unread');
    await join(wide, 'tea');
    await has(wide, 'are you there?');
    await wide.locator('#counts', { hasText: '2 clients' }).waitFor();
    for (const [page, name] of [[wide, 'wide'], [phone, 'phone']]) {
        for (const colorScheme of ['light', 'dark']) {
            await page.emulateMedia({ colorScheme });
            await shot(page, `${name}-${colorScheme}`);
        }
        await fits(page);
    }
    // Hidden groups stay hidden, the others are there again.
    await wide.getByRole('button', { name: 'Hide coffee' }).click();
    await wide.reload();
    await isConnected(wide);
    assert.deepEqual(await wide.locator('#groups .go span:first-child').allTextContents(), ['tea']);

    // The panel: what the tasks wait for, and a recording.
    await wide.click('#open-runtime');
    await wide.locator('#tasks td', { hasText: 'socket to read from' }).first().waitFor();
    assert.match(await wide.locator('#numbers').textContent(), /connections2groups/);
    await shot(wide, 'wide-light-runtime');
    await phone.click('#open-runtime');
    await phone.locator('#tasks td', { hasText: 'socket to read from' }).first().waitFor();
    await fits(phone);
    await shot(phone, 'phone-dark-runtime');
    const [recording] = await Promise.all([wide.context().waitForEvent('page'), wide.click('#record button')]);
    recording.on('console', (message) => message.type() === 'error' && faults.push(`recording: ${message.text()}`));
    recording.on('pageerror', (error) => faults.push(`recording: ${error}`));
    await recording.locator('#canvas').waitFor();
    assert.match(await recording.locator('#program').textContent(), /server/);
    await recording.locator('#tab-tasks').click();
    await shot(recording, 'recording');
    await wide.context().close();
    await phone.context().close();
}

/** A link leads to a group with a name that fits into no frame. */
async function aNameThatIsTooLong(server) {
    const page = await open(`${server.address}#tea`);
    await isConnected(page);
    await page.evaluate((long) => localStorage.setItem('groups', JSON.stringify(['tea', long])), 'y'.repeat(70000));
    await page.goto('about:blank');
    await page.goto(`${server.address}#${'x'.repeat(70000)}`);
    await page.locator('#trouble', { hasText: 'too long' }).waitFor();
    await isConnected(page);
    await say(page, 'still connected');
    await has(page, 'still connected');
    await page.reload();
    await isConnected(page);
    assert.deepEqual(await page.locator('#groups .go span:first-child').allTextContents(), ['tea']);
    // A message that is too long is refused by the server: it is there again, and nothing else is lost.
    page.expects.push('WebSocket connection to');
    await page.fill('#text', 'z'.repeat(70000));
    await page.evaluate(() => {
        document.getElementById('post').requestSubmit();
        document.getElementById('text').value = 'typed since';
    });
    await page.locator('#trouble', { hasText: 'up to 65536' }).waitFor();
    await tryNow(page);
    await isConnected(page);
    const both = `${'z'.repeat(70000)}\ntyped since`;
    assert.equal(await page.inputValue('#text'), both);
    // The server may have been started again: it is asked again.
    await page.focus('#text');
    await page.keyboard.press('Enter');
    await page.locator('#trouble', { hasText: 'up to 65536' }).waitFor();
    assert.equal(await page.inputValue('#text'), both);
    await tryNow(page);
    await isConnected(page);
    await say(page, 'connected again');
    await has(page, 'connected again');
    await page.context().close();
}

async function oneGoesAndComesBack(server) {
    const other = await open(server.address);
    await join(other, 'tea');
    const line = await cable(server.webPort);
    const page = await open(line.address);
    await join(page, 'tea');
    await say(page, 'before');
    await has(other, 'before');
    page.expects.push('ERR_CONNECTION_REFUSED', 'WebSocket connection to', 'Failed to load resource');
    line.cut();
    await page.locator('#state[data-state=lost]').waitFor();
    await say(other, 'meanwhile');
    await has(other, 'meanwhile');
    await say(page, 'not sent yet');
    await page.locator('#trouble', { hasText: 'Not connected' }).waitFor();
    await shot(page, 'wide-light-lost');
    await line.restore();
    await tryNow(page);
    await isConnected(page);
    await page.keyboard.press('Tab');
    await page.locator('#text').press('Enter');
    await has(other, 'not sent yet');
    await has(page, 'not sent yet');
    await has(page, 'what was posted meanwhile is lost');
    assert(!(await texts(page)).includes('meanwhile'));
    // Chromium's own notion of being offline, too.
    await page.context().setOffline(true);
    await page.context().setOffline(false);
    await isConnected(page);
    await say(other, 'again');
    await has(page, 'again');
    await other.context().close();
    await page.context().close();
    line.cut();
}

async function aFloodAndASlowTab(server) {
    const POSTS = 30000;
    const page = await open(server.address);
    await join(page, 'flood');
    await say(page, 'ready');
    await has(page, 'ready');
    const poster = client(server.port);
    poster.join('flood');
    poster.socket.resume();
    // The tab does nothing else until it is told so.
    const busy = http.createServer((_, response) => response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end('go on'));
    await new Promise((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const blocked = page.evaluate(() => {
        const until = performance.now() + 3000;
        while (performance.now() < until);
    });
    const text = 'x'.repeat(1000);
    for (let number = 0; number < POSTS; number++) {
        if (!poster.post('flood', `${number} ${text}`)) await new Promise((resolve) => poster.socket.once('drain', resolve));
    }
    poster.post('flood', 'the end of the flood');
    await blocked;
    busy.close();
    await has(page, 'the end of the flood');
    assert((await page.locator('#messages li').count()) <= 500, 'the document is bounded');
    assert((await texts(page)).at(-1) === 'the end of the flood');
    await say(page, 'still here');
    await has(page, 'still here');
    const told = (await texts(page)).filter((text) => text.includes('could not keep up'));
    console.log(`a flood of ${POSTS}: ${told.length ? told.join('; ') : 'nothing in the last 500 was lost'}`);
    poster.socket.destroy();
    await page.context().close();
}

async function anotherSiteIsRefused(server) {
    const evil = http.createServer((_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><link rel=icon href=data:,>'));
    await new Promise((resolve) => evil.listen(0, '127.0.0.1', resolve));
    const page = await open(`http://127.0.0.1:${evil.address().port}/`);
    page.expects.push('403', 'CORS', 'ERR_FAILED', 'WebSocket connection to', 'ERR_BLOCKED_BY_RESPONSE');
    const tried = await page.evaluate(async (address) => {
        const socket = new WebSocket(`${address.replace('http', 'ws')}chat`);
        const opened = await new Promise((resolve) => {
            socket.onopen = () => resolve(true);
            socket.onerror = () => resolve(false);
        });
        const read = await fetch(`${address}runtime.json`).then(() => true, () => false);
        // Without the right to read the reply, too, it must not be carried out.
        await fetch(`${address}recording?seconds=60`, { method: 'POST', mode: 'no-cors' }).catch(() => {});
        return { opened, read };
    }, server.address);
    assert.deepEqual(tried, { opened: false, read: false });
    const own = await fetch(`${server.address}recording?seconds=1`, { method: 'POST', headers: { Origin: server.address.slice(0, -1) } });
    assert.equal(own.status, 200, 'no other recording is on');
    await page.context().close();
    evil.close();
    // The name of another site that leads here.
    const rebound = await open(`http://evil.example:${server.webPort}/`).catch((error) => error);
    assert.match(await rebound.locator('body').textContent(), /"evil\.example:\d+" is none of this server's/);
    faults.splice(0, faults.length, ...faults.filter((fault) => !fault.includes('403')));
    await rebound.context().close();
}

/** A server that keeps history, as far as the page can tell. */
class Keeper {
    posts = [];
    sockets = new Set();
    /** How many live messages are dropped before the next that is sent. */
    toDrop = 0;

    async listen() {
        const source = fs.readFileSync(path.join(pageFiles, '../page.rs'), 'utf8');
        const policy = source.match(/const POLICY: &str = "([^]*?)";/)[1].replace(/\\\n\s*/g, '');
        this.server = http.createServer((request, response) => {
            if (request.url === '/counts.json') return response.end(JSON.stringify({ connections: this.sockets.size, groups: 1, memberships: 1 }));
            const name = request.url === '/' ? 'page.html' : path.basename(request.url);
            const media = { html: 'text/html', css: 'text/css', mjs: 'text/javascript' }[name.split('.')[1]];
            response.writeHead(200, { 'Content-Type': `${media}; charset=utf-8`, 'Content-Security-Policy': policy });
            response.end(fs.readFileSync(path.join(pageFiles, name)));
        });
        this.server.on('upgrade', (request, socket) => this.accept(request, socket));
        await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        return `http://127.0.0.1:${this.server.address().port}/`;
    }

    accept(request, socket) {
        const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`);
        this.sockets.add(socket);
        socket.on('close', () => this.sockets.delete(socket));
        socket.on('error', () => {});
        let read = Buffer.alloc(0);
        socket.on('data', (piece) => {
            read = Buffer.concat([read, piece]);
            for (let frame; (frame = unmask(read)); read = frame.rest) {
                if (frame.opcode === 8) return socket.end();
                if (frame.opcode === 1) this.request(socket, JSON.parse(frame.text));
            }
        });
    }

    send(socket, packet) {
        const text = Buffer.from(JSON.stringify(packet));
        const head = text.length < 126 ? Buffer.from([0x81, text.length]) : Buffer.from([0x81, 126, text.length >> 8, text.length & 255]);
        socket.write(Buffer.concat([head, text]));
    }

    message(seq) {
        return { Message: { group_name: 'tea', message: this.posts[seq - 1], seq } };
    }

    post(message) {
        this.posts.push(message);
        const seq = this.posts.length;
        for (const socket of this.sockets) {
            if (!socket.joined) continue;
            if (this.toDrop > 0) {
                socket.dropped = (socket.dropped ?? 0) + 1;
                continue;
            }
            if (socket.dropped) this.send(socket, { Error: `Dropped ${socket.dropped} messages from tea.` });
            socket.dropped = 0;
            this.send(socket, this.message(seq));
        }
        this.toDrop = Math.max(0, this.toDrop - 1);
    }

    request(socket, { Join, Post, History }) {
        const last = this.posts.length;
        if (Join) {
            if (Join.after > last) {
                return this.send(socket, { Error: `Group 'tea' not joined: message ${Join.after} is not there yet, the last one is ${last}` });
            }
            if (!socket.joined && Join.after !== undefined) for (let seq = Join.after + 1; seq <= last; seq++) this.send(socket, this.message(seq));
            socket.joined = true;
        } else if (Post) {
            this.post(Post.message);
        } else if (History) {
            const to = Math.min(last, History.after + History.limit);
            for (let seq = History.after + 1; seq <= to; seq++) this.send(socket, this.message(seq));
            this.send(socket, { History: { group_name: 'tea', last: History.limit === 0 ? last : Math.max(to, History.after), more: to < last } });
        }
    }

    hangUp() {
        for (const socket of this.sockets) socket.destroy();
    }
}

/** Returns the first frame of a client, and what follows it; null if it is not all there. */
function unmask(read) {
    if (read.length < 2) return null;
    let length = read[1] & 127;
    let at = 2;
    if (length === 126) {
        if (read.length < 4) return null;
        length = read.readUInt16BE(2);
        at = 4;
    }
    if (read.length < at + 4 + length) return null;
    const mask = read.subarray(at, at + 4);
    const text = read.subarray(at + 4, at + 4 + length).map((byte, index) => byte ^ mask[index % 4]).toString();
    return { opcode: read[0] & 15, text, rest: read.subarray(at + 4 + length) };
}

/** A reader at the end stays there, however fast the messages come. */
async function aBurstIsFollowed() {
    const keeper = new Keeper();
    const page = await open(`${await keeper.listen()}#tea`);
    await eventually('it has joined', () => [...keeper.sockets].some((socket) => socket.joined));
    for (let seq = 1; seq <= 300; seq++) {
        keeper.post(`message ${seq}`);
        if (seq % 30 === 0) await page.evaluate(() => new Promise(requestAnimationFrame));
    }
    await has(page, 'message 300');
    assert(await page.locator('#newest').isHidden());
    assert.equal((await numbers(page)).at(-1), 300);
    await page.context().close();
    keeper.server.close();
}

/** The numbers of the messages in the document, which must be in order. */
async function numbers(page) {
    const about = await page.locator('#messages .about').allTextContents();
    const found = about.map((text) => Number(text.match(/#(\d+)/)?.[1])).filter(Boolean);
    assert.deepEqual(found, found.map((_, at) => found[0] + at), 'each once, in order');
    return found;
}

/** Scrolls up until the first message is there. Returns how many were seen. */
async function scrollToFirst(page) {
    const seen = new Set();
    await eventually('the first is in view', async () => {
        await scroll(page, -2000);
        const found = await numbers(page);
        assert((await page.locator('#messages li').count()) <= 500, 'the document is bounded');
        for (const number of found) seen.add(number);
        return found[0] === 1;
    });
    return seen.size;
}

const scroll = (page, by) => page.evaluate((by) => (document.getElementById('scroller').scrollTop += by), by);

/** The program keeps history on disk: it is killed, and what it had delivered is there when it is back. */
async function historyOutlivesTheProgram() {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'chat-history-'));
    const before = await start(0, 0, ['--history', directory]);
    const page = await open(`${before.address}#tea`);
    await isConnected(page);
    const poster = client(before.port);
    poster.join('tea');
    poster.socket.resume();
    for (let number = 1; number <= 300; number++) poster.post('tea', `message ${number}`);
    await has(page, 'message 300');
    page.expects.push('WebSocket connection to', 'ERR_CONNECTION_REFUSED');
    before.child.kill('SIGKILL');
    await page.locator('#state[data-state=lost]').waitFor();
    const after = await start(before.port, before.webPort, ['--history', directory]);
    const other = client(after.port);
    other.join('tea');
    for (let number = 301; number <= 320; number++) other.post('tea', `message ${number}`);
    await tryNow(page);
    await has(page, 'message 320');
    assert.equal((await numbers(page)).at(-1), 320);
    // One that comes later gets the last 50, and the others when it scrolls.
    const late = await open(`${after.address}#tea`, { width: 390, height: 844 });
    await has(late, 'message 320');
    assert.equal(await scrollToFirst(late), 320);
    other.socket.destroy();
    await page.context().close();
    await late.context().close();
    after.child.kill('SIGKILL');
    fs.rmSync(directory, { recursive: true });
}

async function historyIsFetched() {
    const keeper = new Keeper();
    for (let seq = 1; seq <= 1000; seq++) keeper.posts.push(`message ${seq}`);
    const page = await open(`${await keeper.listen()}#tea`, { width: 390, height: 844 });
    await has(page, 'message 1000');
    await eventually('the last 50 are there', async () => (await numbers(page)).length >= 50);
    assert.equal((await numbers(page)).at(-1), 1000);

    // What was dropped is fetched.
    keeper.toDrop = 7;
    for (let n = 0; n < 8; n++) keeper.post(`dropped or not ${n}`);
    await has(page, 'dropped or not 6');
    await has(page, '7 messages were dropped on the way here, and fetched');
    await numbers(page);

    // What was missed comes once.
    page.expects.push('WebSocket connection to');
    keeper.hangUp();
    await page.locator('#state[data-state=lost]').waitFor();
    for (let n = 0; n < 20; n++) keeper.post(`missed ${n}`);
    await tryNow(page);
    await has(page, 'missed 19');
    assert.equal((await numbers(page)).at(-1), 1028);

    // Scrolling up to the first, and down again.
    assert.equal(await scrollToFirst(page), 1028);
    await page.locator('#older', { hasText: 'There is nothing older' }).waitFor();
    await shot(page, 'phone-light-history');
    // A reader who has scrolled up stays there when something comes, and gets a notice.
    const inView = () => page.evaluate(() => {
        const top = document.getElementById('scroller').getBoundingClientRect().top;
        return [...document.querySelectorAll('#messages li')].find((item) => item.getBoundingClientRect().bottom > top).textContent;
    });
    const before = await inView();
    keeper.post('news');
    await page.locator('#newest', { hasText: '1 new' }).waitFor();
    assert.equal(await inView(), before);
    await eventually('the last is in view', async () => {
        await scroll(page, 2000);
        await numbers(page);
        return (await texts(page)).at(-1) === 'news' && (await page.locator('#newest').isHidden());
    });
    await fits(page);

    // The server has lost its history.
    keeper.posts = [];
    keeper.hangUp();
    await page.locator('#state[data-state=lost]').waitFor();
    keeper.post('the first of the new ones');
    await tryNow(page);
    await has(page, 'the first of the new ones');
    await has(page, 'begun the history of this group anew');
    await page.context().close();
    keeper.server.close();
}

const server = await start();
for (const step of [twoTalk, aNameThatIsTooLong, oneGoesAndComesBack, aFloodAndASlowTab, anotherSiteIsRefused]) {
    await step(server);
    console.log(`ok: ${step.name}`);
}
// A page that is open when the server stops says so.
const last = await open(`${server.address}#tea`);
await isConnected(last);
last.expects.push('WebSocket connection to', 'ERR_CONNECTION_REFUSED');
const exited = new Promise((resolve) => server.child.once('exit', resolve));
server.child.kill('SIGTERM');
assert.equal(await exited, 0);
await last.locator('#state', { hasText: 'the server has stopped' }).waitFor();
await last.context().close();
const keeps = spawnSync(program, ['--help']).stdout.includes('--history DIR');
for (const step of [aBurstIsFollowed, historyIsFetched, ...(keeps ? [historyOutlivesTheProgram] : [])]) {
    await step();
    console.log(`ok: ${step.name}`);
}
if (!keeps) console.log('not run: historyOutlivesTheProgram: the program has no --history');
await browser.close();
for (const fault of faults) console.error(fault);
console.log(`${faults.length} faults; screenshots in ${screenshots}`);
process.exit(faults.length ? 1 : 0);
