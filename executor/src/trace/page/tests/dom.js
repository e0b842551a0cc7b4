// As much of a browser as the page's script needs to run under node. A canvas accepts everything and draws nothing.

const vm = require('node:vm');
const { pageParts } = require('./assemble.js');

class FakeNode {
    constructor(tag) {
        this.tagName = tag.toUpperCase();
        this.childNodes = [];
        this.attributes = {};
        this.listeners = {};
        this.style = {};
        this.content = { cloneNode: () => new FakeNode('div') };
        this.classes = new Set();
        this.classList = {
            add: (name) => this.classes.add(name),
            toggle: (name, on) => (on ? this.classes.add(name) : this.classes.delete(name)),
        };
        Object.assign(this, { clientWidth: 800, clientHeight: 400, offsetWidth: 100, scrollTop: 0, hidden: false, value: '' });
    }
    get firstChild() { return this.childNodes[0] ?? null; }
    get textContent() { return this.childNodes.map((child) => (typeof child === 'string' ? child : child.textContent)).join(''); }
    set textContent(text) { this.childNodes = text === '' ? [] : [String(text)]; }
    set innerHTML(_) { throw new Error('the page sets no HTML'); }
    append(...nodes) { this.childNodes.push(...nodes.map((node) => (node instanceof FakeNode ? node : String(node)))); }
    replaceChildren(...nodes) {
        this.childNodes = [];
        this.append(...nodes);
    }
    setAttribute(name, value) {
        this.attributes[name] = String(value);
        if (['open', 'hidden', 'disabled'].includes(name)) this[name] = true;
    }
    addEventListener(type, listener) { (this.listeners[type] ??= []).push(listener); }
    fire(type, event = {}) { for (const listener of this.listeners[type] ?? []) listener({ target: this, preventDefault() {}, stopPropagation() {}, ...event }); }
    *all() {
        for (const child of this.childNodes) {
            if (typeof child === 'string') continue;
            yield child;
            yield* child.all();
        }
    }
    querySelector(selector) {
        for (const node of this.all()) {
            if (selector[0] === '.' ? node.attributes.class === selector.slice(1) : node.tagName === selector.toUpperCase()) return node;
        }
        return null;
    }
    getBoundingClientRect() { return { left: 0, top: 0, width: 800, height: 400 }; }
    getContext() {
        return new Proxy({}, { get: (held, name) => held[name] ?? (name === 'measureText' ? (text) => ({ width: text.length * 6 }) : () => {}), set: (held, name, value) => ((held[name] = value), true) });
    }
    setPointerCapture() {}
    contains() { return false; }
    focus() {}
    blur() {}
    scrollIntoView() {}
    showModal() { this.open = true; }
}

/** Runs the page's script over these contents of its data elements. @param {string|null} description @param {string} [events] */
function openPage(description, events = '') {
    const ids = new Map();
    for (const [, tag, id] of pageParts().html.matchAll(/<(\w+)[^>]*? id="([^"]+)"/g)) ids.set(id, new FakeNode(tag));
    ids.set('recording', new FakeNode('script'));
    ids.set('events', new FakeNode('script'));
    if (description === null) ids.delete('recording');
    else ids.get('recording').textContent = description;
    ids.get('events').textContent = events;
    const document = new FakeNode('document');
    Object.assign(document, {
        body: new FakeNode('body'), documentElement: new FakeNode('html'), title: '',
        getElementById: (id) => ids.get(id) ?? null,
        createElement: (tag) => new FakeNode(tag),
    });
    const later = [];
    const context = vm.createContext({
        document, atob, performance: { mark() {} }, console,
        requestAnimationFrame: (job) => later.push(job),
        setTimeout: (job) => later.push(job),
        matchMedia: () => new FakeNode('media'),
        getComputedStyle: () => ({ getPropertyValue: () => '#123456' }),
        ResizeObserver: class { observe() {} },
    });
    context.window = context;
    context.addEventListener = () => {};
    vm.runInContext(pageParts().script, context);
    const settle = () => {
        for (let rounds = 0; later.length && rounds < 1000; rounds++) later.shift()();
    };
    settle();
    const press = (key) => {
        document.fire('keydown', { key, target: document.body });
        settle();
    };
    return { document, context, byId: (id) => ids.get(id), settle, press };
}

module.exports = { openPage };
