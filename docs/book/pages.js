// What the pages need beyond CSS: lines that wrap with a hanging indent, drawings that fit, tables that become cards,
// a menu of two looks, and room for the annotated source. Without it the book is still complete: long lines then
// wrap without an indent.
(() => {
    'use strict';

    // Iosevka's characters are half as wide as its size.
    const ADVANCE = 0.5;
    // No text is smaller than this, in pixels.
    const SMALLEST = 9;
    // A drawing's lines and arrows, or columns that are aligned by spaces.
    const DRAWING = /[─│┌┐└┘├┤┬┴┼▲▶▼◀█▁]/;
    const COLUMNS = /\S {3,}\S/;

    const main = document.querySelector('#mdbook-content main');
    const blocks = [...main.querySelectorAll('pre > code')].map((code) => {
        const lines = code.textContent.replace(/\n$/, '').split('\n');
        const isRust = code.classList.contains('language-rust') || code.classList.contains('language-diff');
        const columns = lines.filter((line) => COLUMNS.test(line)).length > 1;
        return {
            code,
            pre: code.parentElement,
            columns: Math.max(...lines.map((line) => line.length)),
            drawn: !isRust && (DRAWING.test(code.textContent) || columns),
        };
    });

    // Puts each line into a box of its own, which knows its indent. A span that goes over several lines, as a
    // comment's, is closed at the end of a line and opened again in the next.
    function split(code) {
        const done = document.createDocumentFragment();
        let line, open;
        const begin = (parents) => {
            line = document.createElement('span');
            line.className = 'line';
            done.append(line);
            open = line;
            for (const parent of parents) {
                const again = parent.cloneNode(false);
                open.append(again);
                open = again;
            }
        };
        const walk = (node, parents) => {
            if (node.nodeType === Node.TEXT_NODE) {
                node.data.split('\n').forEach((text, number) => {
                    if (number > 0) begin(parents);
                    if (text) open.append(text);
                });
                return;
            }
            const outer = open;
            const here = node.cloneNode(false);
            outer.append(here);
            open = here;
            for (const child of node.childNodes) walk(child, [...parents, node]);
            // The line may be another by now.
            open = parents.length ? last(line, parents.length) : line;
        };
        const last = (from, depth) => (depth === 0 ? from : last(from.lastElementChild, depth - 1));
        begin([]);
        for (const child of code.childNodes) walk(child, []);
        if (!line.textContent) line.remove();
        for (const each of done.children) {
            const indent = each.textContent.search(/\S/);
            each.style.setProperty('--indent', Math.max(indent, 0) + 2);
        }
        code.replaceChildren(done);
    }

    for (const { code, pre, drawn, columns } of blocks) {
        pre.classList.add(drawn ? 'drawn' : 'wraps');
        if (code.classList.contains('language-console')) pre.classList.add('console');
        if (drawn) {
            pre.style.setProperty('--columns', columns);
        } else {
            split(code);
            if (pre.classList.contains('console')) {
                for (const line of code.children) line.classList.toggle('prompt', line.textContent.startsWith('$ '));
            }
        }
    }

    // A drawing is set smaller until it fits, and below the smallest size narrower.
    function fit({ pre, code, columns }) {
        const style = getComputedStyle(pre);
        const full = parseFloat(style.getPropertyValue('--code-size'));
        const padding = getComputedStyle(code);
        const width = pre.clientWidth - parseFloat(padding.paddingLeft) - parseFloat(padding.paddingRight) - 2;
        if (width <= 0) return;
        const size = Math.min(full, Math.max(SMALLEST, Math.floor((width / columns / ADVANCE) * 10) / 10));
        const narrow = Math.min(1, width / (columns * ADVANCE * size));
        code.style.fontSize = `${size}px`;
        code.style.transform = narrow < 1 ? `scaleX(${narrow})` : '';
        code.style.width = narrow < 1 ? `${width / narrow}px` : '';
    }

    // The cells of a table that is too wide become cards, each with its column's name.
    const tables = [...main.querySelectorAll('table')].map((table) => {
        const names = [...table.querySelectorAll('thead th')].map((cell) => cell.textContent.trim());
        for (const row of table.querySelectorAll('tbody tr')) {
            [...row.cells].forEach((cell, at) => {
                if (names[at] && at > 0) cell.dataset.name = names[at];
                if (!cell.textContent.trim()) cell.classList.add('empty');
            });
        }
        return table;
    });
    function lay(table) {
        const box = table.parentElement;
        table.classList.remove('cards');
        table.classList.toggle('cards', table.offsetWidth > box.clientWidth + 1);
    }

    let width = 0;
    function layAll() {
        if (main.clientWidth === width) return;
        width = main.clientWidth;
        for (const block of blocks) if (block.drawn) fit(block);
        tables.forEach(lay);
    }
    new ResizeObserver(layAll).observe(main);
    for (const details of main.querySelectorAll('details')) {
        details.addEventListener('toggle', () => {
            width = 0;
            layAll();
        });
    }
    layAll();
    document.fonts.ready.then(() => {
        width = 0;
        layAll();
    });

    // A path is broken after a slash.
    const path = main.querySelector(':scope:has(.rows) > h1 a');
    path?.replaceChildren(...path.textContent.split(/(?<=\/)/).flatMap((part) => [part, document.createElement('wbr')]));

    // The annotated source has two columns: where the window has no room for a third, it begins without the contents.
    const toggle = document.getElementById('mdbook-sidebar-toggle-anchor');
    if (main.querySelector('.rows') && window.innerWidth < 1560 && toggle?.checked) {
        toggle.checked = false;
        document.documentElement.classList.remove('sidebar-visible');
        document.getElementById('mdbook-sidebar').setAttribute('aria-hidden', true);
        document.getElementById('mdbook-sidebar-toggle').setAttribute('aria-expanded', false);
    }

    // Two looks, and the system's choice.
    for (const name of ['rust', 'coal', 'ayu']) document.getElementById(`mdbook-theme-${name}`)?.parentElement.remove();
    const dark = document.getElementById('mdbook-theme-navy');
    if (dark) dark.textContent = 'Dark';
})();
