// explorer.mjs URL|sample [SCREENSHOTS]
//
// Goes through all views of the explorer page at URL in Debian's Chromium, by mouse and by keyboard, in
// light and dark, wide and narrow, and prints as one JSON object what there was to see, and what axe-core
// says of it. `sample` is the page without a server: the files of web/explorer under the same
// Content-Security-Policy, with a trace of RFC 8448 as its own handshake and peers that send HTML.
// With SCREENSHOTS, a directory, each view is kept there.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { serveSample } from './sample.mjs';

const [where, shots] = process.argv.slice(2);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const VIEWS = ['handshake', 'steps', 'invalid', 'browser', 'compare', 'chain', 'host'];
const LOOKS = [[360, 'light', true], [360, 'dark', false], [1280, 'light', false], [1280, 'dark', true]]; // and whether axe-core looks too
const base = where === 'sample' ? 'https://page.test/' : where;

async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => globalThis.axe.run());
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`);
}

const settled = (page) => page.waitForFunction(() => !document.querySelector('main .busy'), null, { timeout: 30_000 });

// The page tells its own view by the address; a step of the address must not load anything anew.
async function open(page, view) {
  await page.goto(`${base}#/${view}`);
  await page.waitForSelector(`.view-${view} h1`);
  await settled(page);
}

async function look(page, view) {
  const seen = { axe: [], wide: {} };
  for (const [width, scheme, axe] of LOOKS) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 900 });
    await open(page, view);
    if (axe) seen.axe.push(...(await violations(page)).map((v) => `${width} ${scheme}: ${v}`));
    seen.wide[width] = await page.evaluate(() => document.documentElement.scrollWidth);
    if (shots) await page.screenshot({ path: join(shots, `explorer-${view}-${width}-${scheme}.png`), fullPage: true });
  }
  seen.title = await page.title();
  seen.text = await page.evaluate(() => document.querySelector('main').innerText);
  return seen;
}

async function proof(page) {
  await open(page, 'handshake');
  await page.waitForFunction(() => / of \d+ checks done/.test(document.querySelector('.proof h2').textContent), null, { timeout: 30_000 });
  return page.evaluate(() => ({ title: document.querySelector('.proof h2').textContent, text: document.querySelector('.proof [role=status]').textContent,
    failed: [...document.querySelectorAll('.proof li.bad')].map((x) => x.textContent), open: [...document.querySelectorAll('.proof li.open')].map((x) => x.textContent) }));
}

const step = (page) => page.evaluate(() => ({ count: document.querySelector('.count b').textContent, title: document.querySelector('.detail h2')?.textContent,
  now: document.querySelector('.rung [aria-current=step]')?.textContent, address: location.hash }));

async function stepping(page) {
  await open(page, 'steps');
  const out = { first: await step(page), mouse: [], keys: [] };
  for (let i = 0; i < 3; i++) {
    await page.getByRole('button', { name: 'Next' }).click();
    out.mouse.push(await step(page));
  }
  await page.getByRole('button', { name: 'Previous' }).click();
  out.mouse.push(await step(page));
  for (const key of ['ArrowRight', 'ArrowLeft', 'End', 'ArrowRight', 'Home', 'ArrowLeft']) {
    await page.keyboard.press(key);
    out.keys.push({ key, ...await step(page) });
  }
  return { ...out, ...await pointing(page) };
}

// A field by mouse and by keyboard lights its bytes, and bytes light their field.
async function pointing(page) {
  await page.keyboard.press('Home');
  const lit = () => page.evaluate(() => ({ field: document.querySelector('.fields .lit')?.textContent ?? null,
    bytes: [...document.querySelectorAll('.dump .lit')].map((x) => x.textContent.trim()).join(' '), about: document.querySelector('.about-field')?.textContent ?? null }));
  const out = {};
  if (await page.locator('.fields li').count()) {
    await page.locator('.fields li').nth(1).hover();
    out.field = await lit();
    await page.locator('.dump .run').first().hover();
    out.bytes = await lit();
    await page.locator('.fields').focus();
    await page.keyboard.press('ArrowDown');
    out.keyboard = await lit();
  }
  const dump = () => page.evaluate(() => document.querySelector('.dump').innerText.replaceAll('\n', ' '));
  out.ends = await dump();
  await page.getByRole('button', { name: 'On the wire' }).click();
  out.wire = await dump();
  return out;
}

async function faults(page) {
  await open(page, 'invalid');
  const out = [];
  for (const name of await page.evaluate(() => [...document.querySelectorAll('[role=switch]')].map((b) => b.dataset.fault))) {
    await page.locator(`[data-fault="${name}"]`).click();
    await settled(page);
    out.push(await page.evaluate((fault) => ({ name: fault, on: [...document.querySelectorAll('[aria-checked=true]')].map((b) => b.dataset.fault),
      outcome: document.querySelector('.fault-result .outcome p')?.textContent, columns: [...document.querySelectorAll('.three > div')].map((d) => d.textContent),
      step: document.querySelector('.rung [aria-current=step] .label')?.textContent ?? null, error: document.querySelector('.fault-result [role=alert]')?.textContent ?? null }), name));
  }
  return out;
}

async function browserTable(page) {
  await open(page, 'browser');
  await page.waitForFunction(() => /refused \d+ of \d+/.test(document.querySelector('main [role=status]')?.textContent ?? ''), null, { timeout: 60_000 });
  return page.evaluate(() => [...document.querySelectorAll('.browser-table tbody tr')].map((tr) => ({ name: tr.dataset.fault,
    did: tr.children[1].textContent, sent: tr.children[2].textContent, expected: tr.children[3].textContent, ours: tr.children[4].textContent, url: tr.querySelector('a').href })));
}

const profile = mkdtempSync(join(tmpdir(), 'lockstep-profile-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic', '--disable-gpu',
         ...(process.env.KEYLOG ? [`--ssl-key-log-file=${process.env.KEYLOG}`] : []), '--host-resolver-rules=MAP *.lab.localhost 127.0.0.1'],
});
try {
  const page = context.pages()[0] ?? await context.newPage(), result = { console: [], views: {} };
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && !/net::ERR_|Failed to load resource/.test(m.text()) && result.console.push(m.text()));
  page.on('pageerror', (error) => result.console.push(String(error)));
  if (where === 'sample') await serveSample(page, base);
  await page.goto(base);
  result.own = await page.evaluate(() => document.getElementById('handshake')?.textContent ?? null);
  for (const view of VIEWS) result.views[view] = await look(page, view);
  await page.setViewportSize({ width: 1280, height: 900 });
  result.proof = await proof(page);
  result.steps = await stepping(page);
  result.faults = await faults(page);
  result.browser = await browserTable(page);
  result.hacked = await page.evaluate(() => globalThis.hacked === true);
  console.log(JSON.stringify(result));
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
