// The page: ties the parts together. What it shows is kept in the address (the group) and in the browser (the groups).
//
//     wire ──packets──▶ session ──▶ logs ──changed──▶ messages, groups
//      ▲                   │
//      └──── requests ─────┘
//
// This is the last of the page's scripts.

import { Groups } from './groups.mjs';
import { Messages } from './messages.mjs';
import { Runtime } from './runtime.mjs';
import { Session, before } from './session.mjs';
import { oneLine } from './visible.mjs';
import { Wire } from './wire.mjs';

const byId = (id) => document.getElementById(id);
const text = byId('text');

/** The group that is shown. @type {import('./session.mjs').Group | null} */
let current = null;
/** What has been typed for each group, and not been sent. */
const drafts = new Map();

/** @type {Wire} */
let wire;
const session = new Session({ send: (packet) => wire.send(packet), changed, trouble, refused });
const shown = () => [...session.groups.values()].filter((group) => !group.isHidden);
const groups = new Groups({ all: shown, go, hide });
const messages = new Messages((group) => session.wantOlder(group));

let isDrawing = false;
function changed(group) {
    if (group === current) messages.draw();
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => {
        isDrawing = false;
        groups.render(current);
    });
}

/** Says what is wrong, until something else is done. */
function trouble(what) {
    byId('trouble').textContent = oneLine(what);
    byId('trouble').hidden = !what;
}

/** A frame was too long, and so the server has not taken this. A group is left; a message is put before the draft. */
function refused({ Join, Post }, why) {
    if (Join) hide(Join.group_name);
    else if (current?.name === Post.group_name) text.value = before(Post.message, text.value);
    else drafts.set(Post.group_name, before(Post.message, drafts.get(Post.group_name)));
    fit();
    trouble(why);
}

/** Goes to a group, and joins it if it is not joined. */
function go(name) {
    const why = session.whyNot(name);
    if (why) return trouble(why);
    trouble('');
    if (current) drafts.set(current.name, text.value);
    current = session.join(name);
    history.replaceState(null, '', `#${encodeURIComponent(name)}`);
    document.title = `${oneLine(name)} · Chat`;
    byId('current').textContent = oneLine(name) || '(no name)';
    byId('empty').hidden = true;
    byId('talk').hidden = false;
    text.value = drafts.get(name) ?? '';
    fit();
    messages.show(current);
    remember();
    text.focus();
}

function hide(name) {
    session.hide(name);
    drafts.delete(name);
    remember();
    if (current?.name !== name) return groups.render(current);
    current = null;
    const [first] = shown();
    if (first) return go(first.name);
    history.replaceState(null, '', location.pathname);
    document.title = 'Chat';
    byId('empty').hidden = false;
    byId('talk').hidden = true;
    messages.group = null;
    groups.render(current);
    byId('join-name').focus();
}

/** The groups are there again when the page is opened again. */
function remember() {
    groups.render(current);
    try {
        localStorage.setItem('groups', JSON.stringify(shown().map((group) => group.name)));
    } catch {
        // The browser keeps nothing for this page.
    }
}

function remembered() {
    try {
        const names = JSON.parse(localStorage.getItem('groups') ?? '[]');
        return Array.isArray(names) ? names.filter((name) => typeof name === 'string' && !session.whyNot(name)) : [];
    } catch {
        return [];
    }
}

function send() {
    const message = text.value;
    if (!current || !message.trim()) return;
    const why = session.post(current.name, message);
    if (!why) text.value = '';
    trouble(why ?? '');
    fit();
}

/** The box is as high as its text, up to a third of the window. */
function fit() {
    text.style.height = 'auto';
    text.style.height = `${Math.min(text.scrollHeight + 2, innerHeight / 3)}px`;
}

byId('post').addEventListener('submit', (event) => {
    event.preventDefault();
    send();
});
text.addEventListener('input', fit);
text.addEventListener('keydown', (event) => {
    // While a word is composed, Enter is the composer's.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        send();
    }
});
byId('retry').addEventListener('click', () => wire.retry());

const runtime = new Runtime();
wire = new Wire({
    opened: () => {
        session.opened();
        runtime.refresh();
    },
    closed: (code) => session.closed(code),
    packet: (packet) => session.packet(packet),
    state: (state, said) => {
        byId('state').dataset.state = state;
        byId('state').lastElementChild.textContent = said;
        byId('retry').hidden = state !== 'lost';
    },
});

/** The group that the address names. */
function addressed() {
    try {
        return decodeURIComponent(location.hash.slice(1));
    } catch {
        return '';
    }
}
addEventListener('hashchange', () => addressed() && go(addressed()));

for (const name of remembered()) session.join(name);
const why = session.whyNot(addressed());
const first = (why ? '' : addressed()) || shown()[0]?.name;
if (first) go(first);
else byId('join-name').focus();
if (why) trouble(why);
