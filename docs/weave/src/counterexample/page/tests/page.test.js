// The page as a whole: it holds its size, keeps the rules by which comments are stripped, and shows text as text.
// browser.mjs opens it.

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const assembler = import('./assemble.mjs');
const samples = ['deadlock', 'race', 'game'].map((name) => require(`./${name}.json`));

test('the page is at most 25 kB without its data, and 40 kB with it', async () => {
    const { assemble, pageParts } = await assembler;
    const { html, style, script } = pageParts();
    const size = Buffer.byteLength(html + style + script);
    assert.ok(size <= 25000, `${size} bytes`);
    for (const sample of samples) assert.ok(Buffer.byteLength(assemble(sample)) <= 40000, sample.fault);
});

test('the parts keep the rules by which comments are stripped', async () => {
    const { order, html, style, script } = (await assembler).pageParts();
    assert.doesNotMatch(script, /^\s*(\*|\/\/)|\/\*\*|\brequire\(|module\.exports/m);
    assert.doesNotMatch(script + style, /<\/s/i, 'nothing that ends a script or a style early');
    for (const mark of ['/*CSS*/', '/*JS*/', '/*DATA*/', '<!--TEXT-->']) assert.equal(html.split(mark).length, 2, mark);
    const files = fs.readdirSync(path.join(__dirname, '..')).filter((name) => name.endsWith('.js'));
    assert.deepEqual(files.sort(), [...order].sort());
    assert.doesNotMatch(script + html + style, /https?:\/\/|@import|url\(/, 'no network');
    new Function(script);
});

test('every element that the script names is there', async () => {
    const { html, script } = (await assembler).pageParts();
    const names = [...script.matchAll(/\bui\.(\w+)/g)].map(([, name]) => name);
    for (const name of ['fault', 'model', 'module', 'about', 'wrong', 'invariant', 'promise', 'defined', ...names]) assert.ok(html.includes(` id="${name}"`), name);
});

test('markup in the data ends no element', async () => {
    const { assemble } = await assembler;
    const evil = '</script><img src=x onerror=alert(1)>$&/*JS*/<!--TEXT-->';
    const page = assemble({ ...samples[0], wrong: evil });
    assert.equal(page.match(/<\/script>/g).length, 2);
    assert.ok(!page.includes('<img'));
    const [, json] = page.match(/id="data">(.*)<\/script>/);
    assert.equal(JSON.parse(json).wrong, evil);
});

test('the samples are well formed', () => {
    for (const { files, objects, runs, site, games = [] } of samples) {
        const check = (threads, [thread, op, object, file, line]) => {
            assert.ok(thread < threads.length && object < objects.length, op);
            assert.ok(files[file] && Number.isInteger(line), op);
        };
        assert.ok(files[site[0]].parts.some(([first, texts]) => site[1] >= first && site[1] < first + texts.length));
        for (const { threads, steps, lost } of runs) {
            steps.forEach((step) => check(threads, step));
            assert.ok(lost < steps.length);
        }
        games.forEach(({ nodes }, run) => {
            for (const [, step, next] of nodes.filter(([kind]) => kind !== 'end').flat()) {
                check(runs[run].threads, step);
                assert.ok(nodes[next]);
            }
        });
    }
});
