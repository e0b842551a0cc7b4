// Makes a page from its parts, as the Rust side does, for the tests.
//
// The page has no comments: a reader of a recording reads none, and they are a third of the bytes. So that both sides
// can strip them without a parser, the scripts keep to these rules:
//   - a comment is `//` at the start of a line, or `/** … */` that begins a line and, if it is longer than one line,
//     goes on with lines that begin with `*`; or a type in a line, `/** @type {…} */`;
//   - the line that loads another file under node begins with `if (typeof module`, and ends with `;`;
//   - the exports for node are the last lines of a file, from `if (typeof module !== 'undefined') {` on.
// No string goes over several lines.

const fs = require('node:fs');
const path = require('node:path');

const ORDER = [
    'format', 'decode', 'lanes', 'model', 'life', 'why', 'locks', 'findings', 'words', 'scale', 'overview', 'pointer', 'threads', 'tasks', 'detail',
    'text', 'main',
];
const read = (name) => fs.readFileSync(path.join(__dirname, '..', name), 'utf8');

/** @param {string} source */
function stripScript(source) {
    const lines = [];
    for (let line of source.split('\n')) {
        line = line.trim();
        if (line === "if (typeof module !== 'undefined') {") break;
        if (line === '' || line.startsWith('//') || line.startsWith('* ') || line === '*/') continue;
        if (line.startsWith('if (typeof module') && line.endsWith(';')) continue;
        if (line.startsWith('/**') && (line.endsWith('*/') || !line.includes('*/'))) continue;
        for (let at; (at = line.indexOf('/** @type')) >= 0; ) line = line.slice(0, at) + line.slice(line.indexOf('*/', at) + 2).trimStart();
        lines.push(line);
    }
    return lines.join('\n');
}

/** @param {string} source */
function stripStyle(source) {
    return source.replace(/\/\*[^]*?\*\//g, '').split('\n').map((line) => line.trim()).filter(Boolean).join('\n');
}

/** The page without a recording. */
function pageParts() {
    return {
        script: ORDER.map((name) => stripScript(read(`${name}.js`))).join('\n'),
        style: stripStyle(read('page.css')),
        html: read('page.html'),
    };
}

/** The data elements: the description, with each `<` escaped, and the events. @param {any} meta @param {Uint8Array} bytes */
function dataElements(meta, bytes) {
    const json = JSON.stringify(meta).replaceAll('<', '\\u003c');
    const events = Buffer.from(bytes).toString('base64');
    return `<script type="application/json" id="recording">${json}</script>\n<script type="text/plain" id="events">${events}</script>`;
}

/** @param {string} data @param {string} [summary] */
function assemble(data, summary = '') {
    const { script, style, html } = pageParts();
    // Functions, so that no `$` in a replacement means anything.
    return html
        .replace('/*STYLE*/', () => style)
        .replace('/*SCRIPT*/', () => script)
        .replace('<!--SUMMARY-->', () => summary)
        .replace('<!--RECORDING-->', () => data);
}

module.exports = { ORDER, stripScript, pageParts, dataElements, assemble };
