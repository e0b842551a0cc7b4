// How fast the page is: `node executor/src/trace/page/tests/speed.mjs`. `docs/check-pages.mjs` makes the same check.
//
// A recording of a million events, over 4 threads and 5,000 tasks, is opened from the disk in Chromium: 1280 and
// 390 px wide, light and dark. The first drawing must be done within a second of the navigation's start; panning and
// zooming for two seconds must show 50 frames a second. No error on the console, no request but for the file itself.
// Screenshots go to target/trace-page. playwright-core must be installed
// (`npm install --no-save --prefix target/node playwright-core`); CHROMIUM names the browser.

import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../../../../..');
const { synthetic } = createRequire(import.meta.url)('./synthetic.js');
const { assemble, dataElements } = createRequire(import.meta.url)('./assemble.js');

const out = path.join(root, 'target/trace-page');

/** Returns the faults. @param {import('playwright-core').Browser} browser */
export async function checkSpeed(browser) {
    fs.mkdirSync(out, { recursive: true });
    const big = synthetic(1_000_000, 4, 5000);
    const bytes = big.bytes();
    const file = path.join(out, 'million.html');
    fs.writeFileSync(file, assemble(dataElements(big.meta, bytes)));
    console.log(`page without data: ${Buffer.byteLength(assemble(''))} bytes; events: ${(bytes.length / 1e6).toFixed(1)} MB, file: ${(fs.statSync(file).size / 1e6).toFixed(1)} MB`);

    const faults = [];
    for (const [width, height] of [[1280, 800], [390, 844]]) {
        for (const colorScheme of ['light', 'dark']) {
            const context = await browser.newContext({ viewport: { width, height }, colorScheme });
            const page = await context.newPage();
            const name = `${width} ${colorScheme}`;
            page.on('console', (message) => message.type() === 'error' && faults.push(`${name}: console: ${message.text()}`));
            page.on('pageerror', (error) => faults.push(`${name}: ${error}`));
            page.on('request', (request) => request.url() === pathToFileURL(file).href || request.url().startsWith('data:') || faults.push(`${name}: request ${request.url()}`));
            await page.goto(pathToFileURL(file).href);
            await page.waitForFunction(() => performance.getEntriesByName('ready').length > 0);
            const marks = await page.evaluate(() => ({
                drawn: performance.getEntriesByName('drawn')[0].startTime,
                ready: performance.getEntriesByName('ready')[0].startTime,
                over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            }));
            if (marks.drawn > 1000) faults.push(`${name}: drawn after ${marks.drawn.toFixed(0)} ms`);
            if (marks.over > 0) faults.push(`${name}: ${marks.over} px too wide`);

            // Zooms in from all to a microsecond and out again, and pans all the while.
            const run = await page.evaluate(() => new Promise((resolve) => {
                const { timeline } = page;
                const begin = performance.now();
                const whole = timeline.model.end;
                let frames = 0;
                let worst = 0;
                const frame = () => {
                    const now = performance.now() - begin;
                    if (now >= 2000) return resolve({ frames: frames / 2, worst });
                    const depth = (1 - Math.cos((now / 2000) * 2 * Math.PI)) / 2;
                    const length = whole * (1000 / whole) ** depth;
                    const at = whole * (0.3 + (0.4 * now) / 2000);
                    timeline.move(at - length / 2, at + length / 2);
                    const before = performance.now();
                    timeline.draw();
                    worst = Math.max(worst, performance.now() - before);
                    frames++;
                    requestAnimationFrame(frame);
                };
                requestAnimationFrame(frame);
            }));
            if (run.frames < 50) faults.push(`${name}: ${run.frames} frames a second`);
            console.log(`${name}: drawn ${marks.drawn.toFixed(0)} ms, findings ${marks.ready.toFixed(0)} ms, ${run.frames} frames/s, slowest draw ${run.worst.toFixed(1)} ms`);
            await page.evaluate(() => page.timeline.move(0, Infinity));
            await page.waitForTimeout(100);
            await page.screenshot({ path: path.join(out, `million-${width}-${colorScheme}.png`) });
            await context.close();
        }
    }
    return faults;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const { chromium } = createRequire(path.join(root, 'target/node/'))('playwright-core');
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: ['--no-sandbox', '--allow-file-access-from-files'],
    });
    const faults = await checkSpeed(browser);
    await browser.close();
    for (const fault of faults) console.error(fault);
    console.log(`${faults.length} faults; screenshots in ${out}`);
    process.exit(faults.length ? 1 : 0);
}
