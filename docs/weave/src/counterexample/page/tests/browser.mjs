// Opens the pages of the samples in a headless Chromium: `node browser.mjs [folder for screenshots]`.
//
// Every position of every run, wide and as on a phone, light and dark: no error, no request, nothing wider than the
// window; a link to a step, a click, and Space. Then a game is played from the keyboard. Without JavaScript the steps are
// there as text. CHROMIUM names the browser; playwright-core must be installed in
// target/node of the workspace.

import { createRequire } from 'node:module';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { assemble } from './assemble.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../../../../../..');
const { chromium } = createRequire(path.join(root, 'target/node/'))('playwright-core');
const folder = process.argv[2] ?? fs.mkdtempSync(path.join(os.tmpdir(), 'counterexamples-'));
fs.mkdirSync(folder, { recursive: true });

const faults = [];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const sample of ['deadlock', 'race', 'game']) {
    const data = JSON.parse(fs.readFileSync(path.join(here, `${sample}.json`), 'utf8'));
    const file = path.join(folder, `${sample}.html`);
    fs.writeFileSync(file, assemble(data, '<ol><li>A step as text.</li></ol>'));
    for (const [name, width, height] of [['wide', 1280, 800], ['phone', 390, 844]]) {
        for (const colorScheme of ['light', 'dark']) {
            const page = await browser.newPage({ viewport: { width, height }, colorScheme });
            const fault = (what) => faults.push(`${sample} (${name}, ${colorScheme}): ${what}`);
            page.on('console', (message) => message.type() === 'error' && fault(`console: ${message.text()}`));
            page.on('pageerror', (error) => fault(`error: ${error}`));
            page.on('request', (request) => /^(file|data):/.test(request.url()) || fault(`network: ${request.url()}`));
            const look = async (at) => {
                const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
                if (over > 0) fault(`${over} px too wide at ${at}`);
            };
            const shot = (at) => page.screenshot({ path: path.join(folder, `${sample}-${name}-${colorScheme}-${at}.png`) });
            const count = () => page.locator('#count').textContent();
            const { length } = data.runs[0].steps;
            await page.goto(`${pathToFileURL(file).href}#5`);
            if ((await count()) !== `step 5 of ${length}`) fault('#5 does not lead to step 5');
            await shot('middle');
            await page.locator('#lanes li button').nth(1).click();
            if ((await count()) !== `step 2 of ${length}`) fault('a click on step 2 does not lead there');
            await page.keyboard.press('Space');
            await page.waitForTimeout(1500);
            await page.keyboard.press('Space');
            if ((await count()) !== `step 3 of ${length}`) fault('Space does not play');
            for (const [button, run] of data.runs.entries()) {
                await page.locator(['#faulty', '#cured'][button]).click();
                await page.keyboard.press('Home');
                for (let at = 1; at <= run.steps.length; at++) {
                    await look(at);
                    await page.keyboard.press('ArrowRight');
                }
                await look('the end');
                if ((await count()) !== 'the end') fault('the end is not reached');
                await shot(`end-${button}`);
            }
            if (data.games) {
                await page.locator('#game').click();
                await page.locator('#faulty').click();
                await page.keyboard.press('1');
                await look('the game');
                await shot('game');
                while (await page.locator('.choice').count()) await page.keyboard.press('1');
                await look("the game's end");
                await shot('game-end');
                if (!/You have broken it|It held/.test((await page.locator('#now').textContent()) ?? '')) fault('the game has no end');
                await page.locator('#cured').click();
                if (!/No choice breaks it/.test((await page.locator('#now').textContent()) ?? '')) fault('the cure is not said to hold');
                await shot('game-cured');
            }
            await page.close();
        }
    }
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const page = await plain.newPage();
    await page.goto(pathToFileURL(file).href);
    if (!/A step as text/.test(await page.innerText('body'))) faults.push(`${sample}: the steps are not shown without JavaScript`);
    await plain.close();
}
await browser.close();
for (const fault of faults) console.error(fault);
console.log(`${faults.length} faults; screenshots in ${folder}`);
process.exit(faults.length ? 1 : 0);
