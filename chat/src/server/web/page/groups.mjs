// The list of groups, and the dialog that goes to one: Ctrl-K.
//
// Used by main.mjs. Next: runtime.mjs.

import { oneLine } from './visible.mjs';

const byId = (id) => document.getElementById(id);

export class Groups {
    /** @param {{ all: () => import('./session.mjs').Group[], go: (name: string) => void, hide: (name: string) => void }} outside */
    constructor(outside) {
        this.outside = outside;
        this.list = byId('groups');
        /** The element of each group. */
        this.items = new Map();
        byId('join').addEventListener('submit', (event) => {
            event.preventDefault();
            const input = byId('join-name');
            if (input.value) outside.go(input.value);
            input.value = '';
        });
        this.switcher();
    }

    /** @param {import('./session.mjs').Group | null} current */
    render(current) {
        const shown = this.outside.all();
        for (const [name, item] of this.items) {
            if (!shown.some((group) => group.name === name)) {
                item.remove();
                this.items.delete(name);
            }
        }
        for (const group of shown) {
            if (!this.items.has(group.name)) this.items.set(group.name, this.list.appendChild(this.item(group.name)));
            const item = this.items.get(group.name);
            const [go] = item.children;
            go.toggleAttribute('aria-current', group === current);
            const unread = group === current ? 0 : group.unread;
            const badge = go.lastChild;
            badge.hidden = unread === 0;
            badge.textContent = unread > 999 ? '999+' : String(unread);
            badge.setAttribute('aria-label', `${unread} unread`);
        }
    }

    item(name) {
        const item = document.createElement('li');
        const go = document.createElement('button');
        go.type = 'button';
        go.className = 'go';
        const label = document.createElement('span');
        label.dir = 'auto';
        label.textContent = oneLine(name) || '(no name)';
        const badge = document.createElement('span');
        badge.className = 'badge';
        go.append(label, badge);
        go.addEventListener('click', () => this.outside.go(name));
        const hide = document.createElement('button');
        hide.type = 'button';
        hide.className = 'hide';
        hide.textContent = '×';
        hide.setAttribute('aria-label', `Hide ${oneLine(name)}`);
        hide.addEventListener('click', () => this.outside.hide(name));
        item.append(go, hide);
        return item;
    }

    switcher() {
        const dialog = byId('switcher');
        const input = byId('switcher-name');
        const list = byId('switcher-list');
        let chosen = 0;
        /** @type {{ name: string, label: string }[]} */
        let choices = [];
        const draw = () => {
            const wanted = input.value;
            const groups = this.outside.all().filter((group) => group.name.toLowerCase().includes(wanted.toLowerCase()));
            choices = groups.map(({ name }) => ({ name, label: oneLine(name) || '(no name)' }));
            if (wanted && !groups.some((group) => group.name === wanted)) choices.push({ name: wanted, label: `Join ${oneLine(wanted)}` });
            chosen = Math.max(0, Math.min(chosen, choices.length - 1));
            list.replaceChildren(...choices.map(({ name, label }, at) => {
                const item = document.createElement('li');
                item.id = `choice-${at}`;
                item.setAttribute('role', 'option');
                item.setAttribute('aria-selected', String(at === chosen));
                item.textContent = label;
                item.addEventListener('click', () => take(name));
                return item;
            }));
            if (choices.length) input.setAttribute('aria-activedescendant', `choice-${chosen}`);
            else input.removeAttribute('aria-activedescendant');
        };
        const take = (name) => {
            dialog.close();
            this.outside.go(name);
        };
        const open = () => {
            input.value = '';
            chosen = 0;
            draw();
            dialog.showModal();
            input.focus();
        };
        byId('open-switcher').addEventListener('click', open);
        addEventListener('keydown', (event) => {
            if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
                event.preventDefault();
                if (dialog.open) dialog.close();
                else open();
            }
        });
        input.addEventListener('input', () => {
            chosen = 0;
            draw();
        });
        input.addEventListener('keydown', (event) => {
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (step && choices.length) {
                event.preventDefault();
                chosen = (chosen + step + choices.length) % choices.length;
                draw();
                list.children[chosen].scrollIntoView({ block: 'nearest' });
            } else if (event.key === 'Enter' && !event.isComposing) {
                event.preventDefault();
                if (choices.length) take(choices[chosen].name);
            }
        });
        // A click beside the dialog closes it.
        dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
    }
}
