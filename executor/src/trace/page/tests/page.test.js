// The page as a whole: it holds its size, shows names as text, says what is wrong with its input, and every view of a
// small recording can be opened and every key pressed.

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Recorder } = require('./recorder.js');
const { ORDER, pageParts, dataElements, assemble } = require('./assemble.js');
const { openPage } = require('./dom.js');
const { KINDS, WAITS, sourceFile } = require('../format.js');
const { FINDINGS } = require('../findings.js');

const open = (recorder) => openPage(JSON.stringify(recorder.meta), Buffer.from(recorder.bytes()).toString('base64'));

/** A bit of everything. */
const mixed = () => {
    const recorder = new Recorder(2);
    const main = recorder.task(null, 'block_on');
    const [a, b] = [recorder.task('adder', 'pool', main), recorder.task(null, 'pool', main)];
    const [socket, timer, lock] = [recorder.thing('socket', 'fd 7'), recorder.thing('timer'), recorder.thing('lock')];
    recorder.at(0, 0, 'thread-came').at(1, 10, 'thread-came');
    recorder.poll(0, main, 100, 900, 0, [200, 'spawn', a], [300, 'spawn', b], [400, 'waits', 6, a]);
    recorder.at(1, 20, 'park', 1).at(1, 1000, 'spin', 100).at(1, 1000, 'unpark', 0).at(1, 1100, 'steal', 0, 1);
    recorder.poll(1, a, 2000, 2000000, 0, [2100, 'lock-taken', lock], [2200, 'timer-armed', timer, 3000000], [2300, 'waits', 2, timer]);
    recorder.poll(0, b, 2500, 3000, 0, [2600, 'waits', 3, lock], [2700, 'lagged', lock, 5]);
    recorder.at(1, 3000100, 'timer-fired', timer, 100).at(1, 3000110, 'due', a).at(1, 3000120, 'source-ready', socket, 3);
    recorder.at(1, 3000200, 'turn', 900000, 1, 1).at(1, 3000300, 'wake', a, 1);
    recorder.poll(1, a, 3000500, 3000900, 1, [3000600, 'lock-handed', lock], [3000700, 'wake', b, 0], [3000800, 'wake', main, 9]);
    recorder.poll(1, b, 3001000, 3002000, 5, [3001500, 'gave-way'], [3001510, 'wake', b, 5]);
    recorder.poll(0, main, 3002000, 3003000, 1).at(0, 3003100, 'thread-gone');
    return recorder;
};

test('the page is at most 100 kB without a recording', () => {
    const size = Buffer.byteLength(assemble(''));
    assert.ok(size <= 100000, `${size} bytes`);
});

test('the parts keep the rules by which comments are stripped', () => {
    const { script, style, html } = pageParts();
    assert.doesNotMatch(script, /^\s*(\*|\/\/)|\/\*\*|\brequire\(|module\.exports/m);
    assert.doesNotMatch(script + style, /<\/s/i, 'nothing that ends a script or a style early');
    for (const mark of ['/*STYLE*/', '/*SCRIPT*/', '<!--RECORDING-->', '<!--SUMMARY-->']) assert.equal(html.split(mark).length, 2, mark);
    const files = fs.readdirSync(path.join(__dirname, '..')).filter((name) => name.endsWith('.js'));
    assert.deepEqual(files.sort(), ORDER.map((name) => `${name}.js`).sort());
    assert.doesNotMatch(script + html + style, /https?:\/\/(?!www\.w3)|@import|url\((?!data:)/, 'no network');
});

test('names with markup stay text, in the file and on the page', () => {
    const evil = '</script><img src=x onerror=alert(1)>$&';
    const recorder = mixed();
    recorder.meta.program = evil;
    recorder.meta.panic = evil;
    recorder.meta.tasks[1].name = evil;
    recorder.meta.threads[0].name = evil;
    recorder.meta.things[0].label = evil;
    recorder.meta.sites[0] = evil;
    const page = assemble(dataElements(recorder.meta, recorder.bytes()));
    assert.equal(page.match(/<\/script>/g).length, 3);
    assert.ok(!page.includes('<img'));
    const { byId, context, press, settle } = open(recorder);
    assert.equal(byId('program').textContent, evil);
    assert.equal(byId('notes').textContent, `Panic: ${evil}`);
    context.page.select({ task: 1 });
    assert.ok(byId('panel').textContent.includes(`${evil} #1`));
    press('4');
    settle();
    assert.ok(byId('text').textContent.includes(evil));
});

test('every view, every selection, every key', () => {
    const recorder = mixed();
    recorder.meta.book = 'file:///book/html/';
    const { byId, context, press, settle } = open(recorder);
    const { page } = context;
    for (const tab of ['tasks', 'findings', 'text', 'threads']) page.open(tab);
    for (let task = 0; task < 3; task++) page.select({ task });
    for (let poll = 0; poll < 6; poll++) page.select({ poll });
    for (let event = 0; event < recorder.model().events.count; event++) page.select({ event });
    settle();
    for (const key of ['Escape', '.', 'w', 'n', 'p', ',', 't', '+', '-', '0', 'ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', '1', '2', '3', '4', '/', '?', 'w']) press(key);
    for (const type of ['pointerdown', 'pointermove', 'pointerup']) {
        for (const [clientX, clientY] of [[10, 10], [100, 80], [400, 75], [400, 100]]) byId('canvas').fire(type, { pointerId: 1, clientX, clientY });
    }
    byId('canvas').fire('wheel', { clientX: 100, clientY: 50, deltaX: 0, deltaY: -120, deltaMode: 0 });
    settle();
    assert.match(byId('tab-findings').textContent, /[1-9]/);
});

test('why: the panel names the chain and the parts of the delay', () => {
    const { byId, context } = open(mixed());
    context.page.select({ poll: 4 });
    const text = byId('panel').textContent;
    assert.match(text, /Poll 2 of 2 of #?.*pool #2|Poll 2 of 2/);
    assert.match(text, /woken by adder #1/);
    assert.match(text, /The reactor found a timer: timer #1 fires, 100 ns after its deadline\./);
});

test('what the page links to is there: files of the source, and chapters', () => {
    const root = path.resolve(__dirname, '../../../../..');
    const sources = [...KINDS.map(([, , , page]) => page), ...WAITS.map(([, page]) => page), ...FINDINGS.map((finding) => finding[5])];
    const chapters = FINDINGS.map((finding) => `docs/book/src/${finding[4]}.md`);
    for (const file of [...sources.filter(Boolean).map(sourceFile), ...chapters]) assert.ok(fs.existsSync(path.join(root, file)), file);
});

test('links to the book, and the names of files without one', () => {
    const links = (book) => {
        const recorder = mixed();
        recorder.meta.book = book;
        const { byId } = open(recorder);
        return [...byId('findings').all()].filter((node) => node.tagName === 'A' && node.attributes.class !== 'link').map((node) => node.attributes.href);
    };
    assert.ok(links('file:///book/html/').includes('file:///book/html/using-long.html'));
    assert.ok(links('file:///book/html/').includes('file:///book/html/source/executor/yield_now.html'));
    assert.ok(links('../').includes('../using-long.html'), 'a page in the book itself');
    assert.deepEqual(links(null), []);
    assert.deepEqual(links('javascript:alert(1)//'), []);
});

test('losses are said', () => {
    const recorder = mixed();
    recorder.meta.threads[1].lost = 12345;
    const { byId } = open(recorder);
    assert.match(byId('notes').textContent, /12,345 events of executor-worker-1 were overwritten/);
});

test('wrong input is said on the page', () => {
    const said = (...input) => openPage(...input).byId('notes').textContent;
    assert.match(said(null), /There is no recording in this page/);
    assert.match(said('{"format"'), /not valid JSON/);
    assert.match(said('{"format":7}'), /has format 7; this page reads format 1/);
    assert.match(said(JSON.stringify(mixed().meta), '!'), /not valid base64/);
    assert.match(said(JSON.stringify(mixed().meta), ''), /cut off before them/);
});

test('empty recordings, of no threads and of two', () => {
    for (const threads of [0, 2]) {
        const { byId, press } = open(new Recorder(threads));
        assert.match(byId('notes').textContent, /no events/);
        for (const key of ['.', 'w', 'n', '+', '0', '2', '3', '4', '1']) press(key);
        assert.match(byId('findings').textContent, /Nothing in this recording looks wrong/);
    }
});
