// Makes a page from its parts, as the Rust side does: `node assemble.mjs data.json page.html`, and for the tests.
//
// The page has no comments. So that both sides can strip them without a parser, the scripts keep to these rules:
//   - a comment is `//` at the start of a line, or `/** … */` that begins a line and, if it is longer than one line,
//     goes on with lines that begin with `*`; or a type in a line, `/** @type {…} */`;
//   - the line that loads another file under node begins with `if (typeof module`, and ends with `;`;
//   - the exports for node are the last lines of a file, from `if (typeof module !== 'undefined') {` on.
// No string goes over several lines. The comment `scripts:` in page.html gives the order of the scripts.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripScript } from '../../../../../../executor/src/trace/page/tests/assemble.js';

const here = path.dirname(fileURLToPath(import.meta.url));
const read = (name) => fs.readFileSync(path.join(here, '..', name), 'utf8');
const SCRIPTS = /<!-- scripts: (.*) -->\n/;

/** @param {string} source */
function stripStyle(source) {
    return source.replace(/\/\*[^]*?\*\//g, '').split('\n').map((line) => line.trim()).filter(Boolean).join('\n').replaceAll(': ', ':').replaceAll('; ', ';');
}

/** The page without its data. */
export { stripScript };

export function pageParts() {
    const template = read('page.html');
    const order = template.match(SCRIPTS)[1].split(' ');
    return { order, html: template.replace(SCRIPTS, ''), style: stripStyle(read('page.css')), script: order.map((name) => stripScript(read(name))).join('\n') };
}

/** @param {any} data @param {string} [text] The steps as HTML, for readers without JavaScript. */
export function assemble(data, text = '') {
    const { html, style, script } = pageParts();
    // Functions, so that no `$` in a replacement means anything. The data comes last: it may contain the other marks.
    return html
        .replace('/*CSS*/', () => style)
        .replace('/*JS*/', () => script)
        .replace('<!--TEXT-->', () => text)
        .replace('/*DATA*/', () => JSON.stringify(data).replaceAll('<', '\\u003c'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const [from, to] = process.argv.slice(2);
    fs.writeFileSync(to, assemble(JSON.parse(fs.readFileSync(from, 'utf8')), '<p>The steps as text.</p>'));
}
