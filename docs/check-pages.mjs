// Checks the built book in a headless Chromium: `node docs/check-pages.mjs`, after `bash docs/build`.
//
// It opens every page from the disk, wide and as on a phone, light and dark, and measures it (`measure-page.mjs`):
//
//   width       no listing, output, picture or table is cut, or has to be scrolled
//   size        no text is smaller than 9 px, in pictures too
//   contrast    each text has 4.5 : 1 at least with what is behind it; a link also under the pointer
//   measure     a line of prose has 60 to 75 characters where there is room
//   search      each of the words below leads to its page, among the first results
//   rustdoc     no paragraph has two rules
//
// Nothing is exempted. There is no error on the console, no request to the network, and no dead link; a
// counterexample is also looked at at its end. At last the page of a recording with a million events must be fast
// enough (see speed.mjs).
//
// `--quick` looks at a few pages of each kind only. Other arguments are pages of which screenshots are saved in
// target/book/screenshots. CHROMIUM names the browser; playwright-core must be installed
// (`npm install --no-save --prefix target/node playwright-core`).

import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { checkSpeed } from '../executor/src/trace/page/tests/speed.mjs';
import { measure } from './measure-page.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { chromium } = createRequire(path.join(root, 'target/node/'))('playwright-core');
const html = path.join(root, 'target/book/html');
const screenshots = path.join(root, 'target/book/screenshots');

const all = fs
    .readdirSync(html, { recursive: true })
    .filter((name) => name.endsWith('.html') && !['404.html', 'toc.html'].includes(name))
    .sort();
const words = process.argv.slice(2);
const quick = words.includes('--quick');
// One page of each kind, and those that are hardest to set.
const few = [
    'index.html',
    '05-run-queue.html',
    'sync.html',
    'sleep.html',
    'measurements.html',
    'from-tokio.html',
    'glossary.html',
    'museum/parked_with_work.html',
    'source/executor/raw_task/state.html',
    'source/executor/trace/dump/words.html',
    'source/chat/server/log/redis/connection.html',
];
const pages = quick ? all.filter((name) => few.includes(name)) : all;
// The pages to take screenshots of: those named on the command line, or two that differ most.
const named = words.filter((word) => word !== '--quick');
const shown = named.length ? named : ['index.html', 'source/executor/raw_task/state.html'];
const windows = [
    { name: 'wide', width: 1280, height: 900 },
    { name: 'phone', width: 390, height: 844 },
];
const SMALLEST = 9;
const CONTRAST = 4.5;
const PROSE = [60, 75];
// What a reader looks for, and a page that must be among the first results.
const SEARCHES = {
    waker: /03-wakers|glossary|waker/,
    Unpin: /12-pinning|names.*#unpin/,
    select: /from-tokio|names.*#select/,
    join_all: /from-tokio|names.*#join_all/,
};
const FIRST = 5;

const faults = few.filter((name) => !all.includes(name)).map((name) => `${name}: there is no such page`);
fs.mkdirSync(screenshots, { recursive: true });
const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--allow-file-access-from-files'],
});

let searches = 0;
const counted = { blocks: 0, texts: 0, lines: 0 };
const ids = new Map();
const links = [];
// The light and the dark at once.
for (const window of windows) await Promise.all(['light', 'dark'].map((colorScheme) => look(window, colorScheme)));

async function look({ name, width, height }, colorScheme) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    const page = await context.newPage();
    let at = '';
    const fault = (what) => faults.push(`${at} (${name}, ${colorScheme}): ${what}`);
    page.on('console', (message) => message.type() === 'error' && fault(`console: ${message.text()}`));
    page.on('pageerror', (error) => fault(`error: ${error}`));
    // Opening the next page aborts the requests of this one.
    const aborted = (request) => request.failure()?.errorText === 'net::ERR_ABORTED';
    page.on('requestfailed', (request) => aborted(request) || fault(`failed: ${request.url()}`));
    page.on('request', (request) => /^(file|data|blob):/.test(request.url()) || fault(`network: ${request.url()}`));
    for (at of pages) {
        await page.goto(pathToFileURL(path.join(html, at)).href);
        await page.evaluate(async () => {
            for (const details of document.querySelectorAll('details')) details.open = true;
            await document.fonts.ready;
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        });
        const measured = await page.evaluate(measure, {
            smallest: SMALLEST,
            contrast: CONTRAST,
            prose: name === 'wide' ? PROSE : null,
        });
        measured.faults.forEach(fault);
        for (const what of Object.keys(counted)) counted[what] += measured[what];
        const seen = await page.evaluate(() => ({
            ids: [...document.querySelectorAll('[id]')].map((node) => node.id),
            steps: document.querySelector('#lanes li') !== null,
            links: [...document.querySelectorAll('main a[href]')].map((node) => node.href),
            // Where the document itself has none, its body's is shown.
            background: [document.documentElement, document.body]
                .map((node) => getComputedStyle(node).backgroundColor)
                .find((color) => color !== 'rgba(0, 0, 0, 0)') ?? 'rgb(255, 255, 255)',
        }));
        const dark = seen.background.match(/\d+/g).slice(0, 3).every((part) => Number(part) < 100);
        if (dark !== (colorScheme === 'dark')) fault(`its background is ${seen.background}`);
        if (name === 'wide' && colorScheme === 'light') {
            ids.set(pathToFileURL(path.join(html, at)).href, new Set(seen.ids));
            links.push(...seen.links.map((href) => ({ at, href })));
        }
        // A counterexample, step by step to its end, which names the rule that is broken.
        if (seen.steps) {
            const last = Number(await page.locator('#slider').getAttribute('max'));
            for (let step = 1; step < last; step++) await page.keyboard.press('ArrowRight');
            if (!(await page.locator('#now').textContent()).includes('This breaks ')) fault('its end names no rule');
            const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
            if (over > 0) fault(`${over} px too wide at the end`);
            if ((await page.locator('#count').textContent()) !== 'the end') fault('its end is not reached');
        }
        if (shown.includes(at)) {
            const file = `${at.replace(/\.html$/, '').replaceAll('/', '-')}-${name}-${colorScheme}.png`;
            await page.screenshot({ path: path.join(screenshots, file), fullPage: process.env.WHOLE === '1' });
        }
    }
    // A link under the pointer, and one that the keyboard has reached.
    at = 'index.html';
    await page.goto(pathToFileURL(path.join(html, at)).href);
    const link = page.locator('main p a').first();
    await link.hover();
    await link.focus();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Tab');
    if ((await link.evaluate((node) => getComputedStyle(node).outlineStyle)) === 'none') fault('the focus is not shown');
    const under = await page.evaluate(measure, { smallest: SMALLEST, contrast: CONTRAST, prose: null });
    under.faults.forEach((what) => fault(`${what}, with the pointer on a link`));
    if ((await page.locator('#mdbook-theme-list li').count()) !== 3) fault('there are more looks than light and dark');
    // The search, used from the keyboard: each word where there is room, one of them elsewhere.
    await page.goto(pathToFileURL(path.join(html, at)).href);
    for (const [number, [word, to]] of Object.entries(SEARCHES).entries()) {
        if (number > 0 && (name !== 'wide' || colorScheme !== 'light')) break;
        await page.keyboard.press('Escape');
        await page.keyboard.press('s');
        await page.locator('#mdbook-searchbar').fill('');
        await page.keyboard.type(word);
        const results = page.locator('#mdbook-searchresults li');
        const header = page.locator('#mdbook-searchresults-header', { hasText: `'${word}'` });
        await header.waitFor({ timeout: 30000 }).catch(() => {});
        const found = await results.evaluateAll((items) =>
            items.map((item) => ({ href: item.querySelector('a').href, text: item.textContent })),
        );
        const first = found.slice(0, FIRST);
        if (!first.some(({ href, text }) => to.test(href) && text.toLowerCase().includes(word.toLowerCase()))) {
            fault(`the search for ${word} finds ${first.map(({ href }) => path.basename(href)).join(', ') || 'nothing'}`);
        }
        searches++;
        const listed = await page.evaluate(measure, { smallest: SMALLEST, contrast: CONTRAST, prose: null });
        listed.faults.forEach((what) => fault(`${what}, with the results for ${word}`));
    }
    await context.close();
}
if (!quick) faults.push(...(await checkSpeed(browser)));
await browser.close();

for (const { at, href } of links) {
    if (!href.startsWith('file:')) continue;
    const [to, fragment] = href.split('#');
    if (quick && !ids.has(to)) continue;
    if (!ids.has(to)) faults.push(`${at}: a dead link to ${to}`);
    // A counterexample's page begins its game when it is asked for `#quiz`: no place, but its script knows the word.
    else if (fragment === 'quiz' && fs.readFileSync(fileURLToPath(to), 'utf8').includes("'#quiz'")) continue;
    else if (fragment && !ids.get(to).has(decodeURIComponent(fragment))) faults.push(`${at}: no #${fragment} on ${to}`);
}

if (!quick) faults.push(...rustdoc());

// The paragraphs of the crates' documentation, private parts included: a rule is an entry of a list.
function rustdoc() {
    const found = [];
    const doc = path.join(root, 'target/doc');
    let rules = 0;
    for (const name of ['executor', 'reactor', 'chat']) {
        if (!fs.existsSync(path.join(doc, name))) return ['target/doc is missing: cargo doc --no-deps --document-private-items -p executor -p reactor -p chat'];
        for (const file of fs.readdirSync(path.join(doc, name), { recursive: true }).filter((file) => file.endsWith('.html'))) {
            const text = fs.readFileSync(path.join(doc, name, file), 'utf8');
            const parts = text.match(/<(p|li)>[^]*?(?=<\/?(p|li|ul|ol|pre|h\d)\b)/g) ?? [];
            for (const part of parts) {
                const named = part.replace(/<[^>]*>/g, '').match(/(?:^|\n)\s*(\[[a-z][a-z-]+\]|[A-Z]\d) {1,2}[A-Z`]/g) ?? [];
                rules += named.length;
                if (named.length > 1) found.push(`target/doc/${name}/${file}: a paragraph with the rules ${named.map((rule) => rule.trim()).join(' and ')}`);
            }
        }
    }
    if (rules < 60) found.push(`only ${rules} rules are found in target/doc`);
    return found;
}

for (const fault of faults) console.error(fault);
console.log(
    `${pages.length} pages, ${windows.map(({ width }) => width).join(' and ')} px wide, light and dark: ` +
        `${counted.blocks} blocks of code, none cut; ${counted.texts} texts, their size and contrast; ` +
        `${counted.lines} paragraphs' measure; ${searches} searches; ` +
        `${links.length} links: ${faults.length} faults`,
);
process.exit(faults.length ? 1 : 0);
