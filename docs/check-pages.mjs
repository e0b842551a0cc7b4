// Checks the built book in a headless Chromium: `node docs/check-pages.mjs`, after `bash docs/build`.
//
// It opens every page from the disk, wide and as on a phone, light and dark: no error on the console, no request to
// the network, nothing wider than the window, no dead link; a counterexample also at its end. Then the search must find
// a page. At the end the page of a recording with a million events must be fast enough (see speed.mjs). Screenshots of
// a few pages are saved in target/book/screenshots. CHROMIUM names the browser; playwright-core must be installed
// (`npm install --no-save --prefix target/node playwright-core`).

import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { checkSpeed } from '../executor/src/trace/page/tests/speed.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { chromium } = createRequire(path.join(root, 'target/node/'))('playwright-core');
const html = path.join(root, 'target/book/html');
const screenshots = path.join(root, 'target/book/screenshots');

const pages = fs
    .readdirSync(html, { recursive: true })
    .filter((name) => name.endsWith('.html') && !['404.html', 'toc.html'].includes(name))
    .sort();
// The pages to take screenshots of: those named on the command line, or two that differ most.
const shown = process.argv.slice(2).length ? process.argv.slice(2) : ["index.html", "source/executor/raw_task/state.html"];
const windows = [
    { name: 'wide', width: 1500, height: 1000 },
    { name: 'phone', width: 390, height: 844 },
];

const faults = [];
fs.mkdirSync(screenshots, { recursive: true });
const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--allow-file-access-from-files'],
});

const ids = new Map();
const links = [];
for (const { name, width, height } of windows) {
    for (const colorScheme of ['light', 'dark']) {
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
            const seen = await page.evaluate(() => ({
                over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
                wide: [...document.querySelectorAll('#mdbook-content main *, #content main *')]
                    .filter((node) => node.getBoundingClientRect().right > window.innerWidth + 1)
                    .filter((node) => !node.closest('pre, figure, .table-wrapper'))
                    .map((node) => node.outerHTML.slice(0, 80)),
                ids: [...document.querySelectorAll('[id]')].map((node) => node.id),
                steps: document.querySelector('#lanes li') !== null,
                links: [...document.querySelectorAll('main a[href]')].map((node) => node.href),
                // Where the document itself has none, its body's is shown.
                background: [document.documentElement, document.body]
                    .map((node) => getComputedStyle(node).backgroundColor)
                    .find((color) => color !== 'rgba(0, 0, 0, 0)') ?? 'rgb(255, 255, 255)',
            }));
            if (seen.over > 0) fault(`${seen.over} px too wide`);
            if (seen.wide.length) fault(`beyond the window: ${seen.wide[0]}`);
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
        // The search, used from the keyboard.
        at = 'index.html';
        await page.goto(pathToFileURL(path.join(html, at)).href);
        await page.keyboard.press('s');
        await page.keyboard.type('waker');
        const results = page.locator('#mdbook-searchresults li a, #searchresults li a');
        await results.first().waitFor({ timeout: 20000 }).catch(() => fault('the search finds nothing'));
        await context.close();
    }
}
faults.push(...(await checkSpeed(browser)));
await browser.close();

for (const { at, href } of links) {
    if (!href.startsWith('file:')) continue;
    const [to, fragment] = href.split('#');
    if (!ids.has(to)) faults.push(`${at}: a dead link to ${to}`);
    else if (fragment && !ids.get(to).has(decodeURIComponent(fragment))) faults.push(`${at}: no #${fragment} on ${to}`);
}

for (const fault of faults) console.error(fault);
console.log(`${pages.length} pages in ${windows.length} windows, light and dark: ${faults.length} faults; screenshots in ${screenshots}`);
process.exit(faults.length ? 1 : 0);
