// How many are connected, and the panel that shows what the runtime does: each task, its state, and what it waits for.
//
// Tasks that say the same are one row with their number: of a thousand connections, a thousand tasks wait for a
// socket. Used by main.mjs. Next: main.mjs.

import { oneLine } from './visible.mjs';

const byId = (id) => document.getElementById(id);

const COUNTS_EVERY = 5000;
const TASKS_EVERY = 1000;

const plural = (number, one) => `${number} ${one}${number === 1 ? '' : 's'}`;

export class Runtime {
    constructor() {
        this.panel = byId('runtime');
        this.button = byId('open-runtime');
        this.timer = 0;
        this.button.addEventListener('click', () => this.toggle(this.panel.hidden));
        byId('close-runtime').addEventListener('click', () => {
            this.toggle(false);
            this.button.focus();
        });
        this.panel.addEventListener('keydown', (event) => {
            if (event.key === 'Escape') byId('close-runtime').click();
        });
        document.addEventListener('visibilitychange', () => this.refresh());
        this.refresh();
    }

    toggle(open) {
        this.panel.hidden = !open;
        this.button.setAttribute('aria-expanded', String(open));
        if (open) byId('close-runtime').focus();
        this.refresh();
    }

    /** Asks for what is shown, and again after a while. */
    async refresh() {
        clearTimeout(this.timer);
        if (document.hidden) return;
        const open = !this.panel.hidden;
        const turn = (this.turn = {});
        const seen = await fetch(open ? '/runtime.json' : '/counts.json')
            .then((response) => (response.ok ? response.json() : null))
            .catch(() => null);
        if (this.turn !== turn) return;
        this.counts(seen);
        if (open && seen) this.tasks(seen);
        this.timer = setTimeout(() => this.refresh(), open ? TASKS_EVERY : COUNTS_EVERY);
    }

    counts(seen) {
        byId('counts').textContent = seen ? plural(seen.connections, 'client') : '';
        byId('counts').title = seen ? `${plural(seen.groups, 'group')}, ${plural(seen.memberships, 'membership')}` : '';
    }

    tasks(seen) {
        const numbers = { connections: seen.connections, groups: seen.groups, memberships: seen.memberships, tasks: seen.tasks };
        byId('numbers').replaceChildren(...Object.entries(numbers).map(([name, number]) => {
            const pair = document.createElement('div');
            pair.append(text('dt', name), text('dd', String(number)));
            return pair;
        }));
        byId('stuck').replaceChildren(...seen.stuck.map((what) => text('p', `Stuck: ${what}`, 'notice')));
        const rows = new Map();
        for (const task of seen.task_list) {
            const what = [task.name ?? task.kind, task.spawned ? place(task.spawned) : '', state(task.state), ...task.waits_for.map(wait)];
            const key = what.join('\n');
            if (!rows.has(key)) rows.set(key, { task, number: 0 });
            rows.get(key).number++;
        }
        byId('tasks').tBodies[0].replaceChildren(...[...rows.values()].map(({ task, number }) => {
            const row = document.createElement('tr');
            const cell = document.createElement('td');
            const head = text('p', `${task.name ?? task.kind}, ${state(task.state)}`);
            cell.append(head);
            for (const what of new Set(task.waits_for.map(wait))) cell.append(text('p', what, 'waits'));
            if (task.spawned) cell.append(text('p', place(task.spawned), 'faint place'));
            row.append(text('td', String(number), 'number'), cell);
            return row;
        }));
        const more = seen.tasks_seen - seen.task_list.length;
        byId('tasks-note').textContent = more > 0 ? `and ${more} more` : '';
    }
}

function text(tag, content, className = '') {
    const element = document.createElement(tag);
    element.textContent = oneLine(content);
    element.className = className;
    return element;
}

/** Without what differs from one task to the next, so that equal tasks are one row. */
const state = (said) => said.replace(/ for [\d.]+ ?\S*s\b.*/, '');
const wait = (said) =>
    said
        .replace(/descriptor \d+, (peer|at)? ?/, '$1 ')
        .replace(/(peer .*):\d+$/, '$1')
        .replace('peer a socket without a name', 'a pair of Unix sockets')
        .replace(/ that is due in .*/, '')
        .replace(/ +/g, ' ');
const place = (said) => said.replace(/,? [\d.]+ ?\S*s ago.*/, '');
