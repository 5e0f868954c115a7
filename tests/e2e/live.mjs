// live.mjs PLAN.json
//
// Uses the explorer page of running servers as people do, in one Chromium with many contexts, and prints
// as one JSON object what the page says and what Chromium says of the same connections. PLAN.json:
// {keylog, shots, servers: {NAME: URL}, parts: {PART: URL}, errors: [FAULT, …], hosts: [HOST, …], looks: {HOST: NAME of its pictures}}.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PATIENCE = { timeout: 40_000 };
const LOOKS = [[360, 'dark'], [1280, 'light']]; // explorer.mjs has the other two
const heard = [];

// ---- Pages ----

// A page that nobody has been at before, without anybody's cookies, connections and tickets.
async function fresh(browser, where) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE.timeout);
  await page.addInitScript(() => {
    globalThis.violated = [];
    document.addEventListener('securitypolicyviolation', (e) => globalThis.violated.push(`${e.effectiveDirective} ${e.blockedURI}`));
  });
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && heard.push({ where, text: m.text(), url: m.location().url }));
  page.on('pageerror', (error) => heard.push({ where, text: String(error), url: '' }));
  return { context, page };
}

const settled = (page) => page.waitForFunction(() => document.querySelector('.view h1') && !document.querySelector('main .busy'), null, PATIENCE);

async function open(page, url) {
  await page.goto(url);
  await settled(page);
}

const ended = (page) => page.evaluate(() => globalThis.violated);

// ---- Its own handshake ----

// What DevTools tells of the connection over which a page came.
async function listen(page) {
  const devtools = await page.context().newCDPSession(page), told = {};
  devtools.on('Network.responseReceived', ({ type, response }) => {
    if (type === 'Document') Object.assign(told, { connection: response.connectionId, state: response.securityState, ...response.securityDetails });
  });
  devtools.on('Security.visibleSecurityStateChanged', ({ visibleSecurityState }) => { told.panel = visibleSecurityState; });
  await devtools.send('Network.enable');
  await devtools.send('Security.enable');
  const chain = async () => { told.chain = (await devtools.send('Network.getCertificate', { origin: new URL(page.url()).origin })).tableNames; };
  return { told, chain };
}

// What the page shows, by its text: facts, secrets and the verdict on them.
const shown = (page) => page.evaluate(() => {
  const text = (x, sel) => x.querySelector(sel)?.textContent ?? null;
  document.querySelectorAll('main details').forEach((d) => { d.open = true; });
  const facts = Object.fromEntries([...document.querySelectorAll('main > .view > .facts > div')].map((d) => [text(d, 'dt'), d.querySelector('dd').firstChild.textContent]));
  const secrets = [...document.querySelectorAll('.secrets li')].map((li) => ({ name: text(li, ':scope > .secret-head b'), value: text(li, ':scope > .hexvalue'),
    label: text(li, ':scope > p.soft code') }));
  return { facts, secrets, proof: text(document, '.proof h2'), verdict: text(document, '.proof [role=status]'),
    failed: [...document.querySelectorAll('.proof li.bad')].map((x) => x.innerText), open: [...document.querySelectorAll('.proof li.open')].map((x) => x.innerText),
    says: document.querySelector('main').innerText, own: JSON.parse(document.getElementById('handshake')?.textContent ?? 'null') };
});

async function read(page, watch) {
  await settled(page);
  await page.waitForFunction(() => / of \d+ checks done/.test(document.querySelector('.proof h2')?.textContent), null, PATIENCE);
  const out = await shown(page);
  await watch.chain();
  return { ...out, devtools: structuredClone(watch.told), violated: await ended(page) };
}

async function own(browser, name, url, more = async () => null) {
  const { context, page } = await fresh(browser, name), watch = await listen(page);
  await page.goto(url);
  const out = { first: await read(page, watch), ...await more(page, watch) };
  await context.close();
  return out;
}

// A reload, over a connection that is still open.
const reload = async (page, watch) => {
  await page.reload();
  return { again: await read(page, watch) };
};

// Where every connection can be cut: then the next one has to come back with a ticket.
async function cutter(url) {
  const open = new Set(), port = Number(new URL(url).port);
  const server = createServer((client) => {
    const onward = connect(port, '127.0.0.1');
    for (const [a, b] of [[client, onward], [onward, client]]) {
      open.add(a);
      a.on('error', () => b.destroy()).on('close', () => b.destroy());
      a.pipe(b);
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: `https://localhost:${server.address().port}/`, cut: () => {
    open.forEach((s) => s.destroy());
    open.clear();
  }, close: () => server.close() };
}

async function comeBack(browser, name, url) {
  const between = await cutter(url);
  const out = await own(browser, name, between.url, async (page, watch) => {
    between.cut();
    await page.goto('about:blank');
    await page.goto(between.url);
    return { again: await read(page, watch) };
  });
  between.close();
  return out;
}

// Two people, or one with two tabs, at once.
async function together(browser, url) {
  const pages = await Promise.all([0, 1].map(() => fresh(browser, 'together')));
  pages.push({ context: pages[0].context, page: await pages[0].context.newPage() });
  const out = await Promise.all(pages.map(async ({ page }) => {
    const watch = await listen(page);
    await page.goto(url);
    await settled(page);
    return { ...await shown(page), connection: watch.told.connection };
  }));
  await Promise.all(pages.slice(0, 2).map((p) => p.context.close()));
  return out;
}

// ---- Stepping ----

const step = (page) => page.evaluate(() => ({ count: document.querySelector('.count b').textContent, title: document.querySelector('.detail h2').firstChild.textContent,
  rung: [...document.querySelectorAll('.rung > button')].findIndex((b) => b.getAttribute('aria-current') === 'step') + 1, address: location.hash,
  previous: !document.querySelectorAll('.move')[0].disabled, next: !document.querySelectorAll('.move')[1].disabled }));

const focused = (page) => page.evaluate(() => {
  const a = document.activeElement, box = a.getBoundingClientRect(), style = getComputedStyle(a);
  return { tag: a.tagName, text: (a.getAttribute('aria-label') ?? a.innerText ?? '').slice(0, 60), where: a.closest('header, .view-head, .ladder, .moves, .detail, .below, footer')?.className ?? a.closest('header, footer')?.tagName ?? '',
    rung: a.parentElement?.classList.contains('rung') ?? false, seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && (style.outlineStyle !== 'none' || style.boxShadow !== 'none') };
});

async function stepping(browser, url) {
  const { context, page } = await fresh(browser, 'stepping');
  await open(page, `${url}#/steps`);
  const steps = await page.evaluate(() => JSON.parse(document.getElementById('handshake').textContent).steps);
  const all = steps.map((s) => (s.from === 'wire' ? `Somebody ${s.title}` : s.title || s.name));
  const out = { all, start: await step(page), forward: [], back: [], clicked: [], keys: [] };
  for (let i = 1; i < all.length; i++) {
    await page.getByRole('button', { name: 'Next' }).click();
    out.forward.push(await step(page));
  }
  for (let i = 0; i < 3; i++) {
    await page.getByRole('button', { name: 'Previous' }).click();
    out.back.push(await step(page));
  }
  for (const n of [3, 1, all.length]) {
    await page.locator('.rung > button').nth(n - 1).click();
    out.clicked.push({ n, ...await step(page) });
  }
  for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'ArrowLeft', 'End', 'ArrowRight', 'ArrowLeft', 'Home', 'ArrowLeft']) {
    await page.keyboard.press(key);
    out.keys.push(await step(page));
  }
  // A link to a step opens there; the fields' own arrows move the field and not the step.
  await page.goto('about:blank');
  await open(page, `${url}#/steps/own/4`);
  out.linked = await step(page);
  await page.keyboard.press('Home');
  await page.locator('.fields').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  out.inFields = await step(page);
  out.tabs = await tabs(page, url);
  out.violated = await ended(page);
  await context.close();
  return out;
}

// Through the page by Tab, and by Enter through the steps.
async function tabs(page, url) {
  await page.goto('about:blank');
  await open(page, `${url}#/steps/own/1`);
  const out = { order: [], entered: [] };
  // From the top, wherever this Chromium begins after a move to a fragment.
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
  });
  for (let i = 0; i < 90; i++) {
    await page.keyboard.press('Tab');
    const f = await focused(page);
    if (f.tag === 'BODY') break;
    out.order.push(f);
  }
  await page.getByRole('button', { name: 'Next' }).focus();
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press('Enter');
    out.entered.push({ ...await step(page), focus: (await focused(page)).text });
  }
  return out;
}

// ---- Faults ----

async function faults(browser, url) {
  const { context, page } = await fresh(browser, 'faults');
  await open(page, `${url}#/invalid`);
  const out = [];
  for (const name of await page.evaluate(() => [...document.querySelectorAll('[role=switch]')].map((b) => b.dataset.fault))) {
    await page.locator(`[data-fault="${name}"]`).click();
    await page.waitForFunction((f) => location.hash.startsWith(`#/invalid/${f}/`) && !document.querySelector('main .busy'), name, PATIENCE);
    out.push(await page.evaluate((fault) => ({ name: fault, on: [...document.querySelectorAll('[aria-checked=true]')].map((b) => b.dataset.fault), count: document.querySelector('.count b').textContent,
      outcome: document.querySelector('.outcome [role=status]').textContent, columns: [...document.querySelectorAll('.three > div')].map((d) => d.innerText),
      label: document.querySelector('.rung [aria-current=step] .label').innerText, wrong: document.querySelector('.rung [aria-current=step]').parentElement.classList.contains('wrong'),
      detail: document.querySelector('.detail').innerText, title: document.querySelector('.detail h2').firstChild.textContent, notice: document.querySelector('.detail .notice.bad')?.innerText ?? null }), name));
    if (['expired', 'flipped-bit', 'stolen-key-rsa'].includes(name)) await look(page, name);
  }
  await page.locator(`[data-fault="${out.at(-1).name}"]`).click(); // and right again
  const off = await page.locator('.fault-result').innerText(), violated = await ended(page);
  await context.close();
  return { out, off, violated };
}

// ---- What the browser says ----

async function hosted(browser, url) {
  const { context, page } = await fresh(browser, 'browser');
  await open(page, `${url}#/browser`);
  await page.waitForFunction(() => /refused \d+ of \d+/.test(document.querySelector('.outcome [role=status]')?.textContent ?? ''), null, PATIENCE);
  const rows = await page.evaluate(() => [...document.querySelectorAll('.browser-table tbody tr')].map((tr) => ({ name: tr.dataset.fault,
    cells: [...tr.children].map((td) => td.innerText), url: tr.querySelector('a').href })));
  await look(page, 'browser');
  const verdict = await page.locator('.outcome [role=status]').textContent(), pages = {};
  for (const fault of plan.errors) pages[fault] = await errorPage(context, page, fault);
  const violated = await ended(page);
  await context.close();
  return { rows, verdict, pages, violated };
}

// Clicks on the link, as a person would, and reads what Chromium itself then shows.
async function errorPage(context, page, fault) {
  const failed = context.waitForEvent('requestfailed', { predicate: (r) => r.isNavigationRequest() && r.url().includes(`//${fault}.`), ...PATIENCE });
  const [tab] = await Promise.all([context.waitForEvent('page'), page.locator(`tr[data-fault="${fault}"] a`).click()]);
  const error = (await failed).failure().errorText;
  await tab.waitForFunction(() => /ERR_/.test(document.body?.innerText ?? ''), null, PATIENCE).catch(() => null);
  const out = { error, opener: await tab.evaluate(() => globalThis.opener !== null), address: await tab.evaluate(() => location.href), text: await tab.evaluate(() => document.body.textContent) };
  await tab.close();
  return out;
}

// ---- Hosts that somebody names ----

async function hosts(browser, url) {
  const { context, page } = await fresh(browser, 'host'), out = [];
  await open(page, `${url}#/host`);
  for (const host of plan.hosts) {
    const began = Date.now();
    await page.locator('.host-form input').fill(host);
    await page.getByRole('button', { name: 'Shake hands' }).click();
    await page.waitForFunction(() => !document.querySelector('.host-form button').disabled && document.querySelector('.stack [role=alert], .stack .facts'), null, PATIENCE);
    if (await page.locator('.stack .proof').count())
      await page.waitForFunction(() => / of \d+ checks done/.test(document.querySelector('.proof h2').textContent), null, PATIENCE);
    out.push(await page.evaluate((name) => ({ host: name, alert: document.querySelector('.stack [role=alert]')?.innerText ?? null, facts: document.querySelector('.stack .facts')?.innerText ?? null,
      count: document.querySelector('.count b')?.textContent ?? null, proof: document.querySelector('.proof h2')?.textContent ?? null }), host));
    out.at(-1).ms = Date.now() - began;
    if (plan.looks[host]) await look(page, plan.looks[host]);
    await page.evaluate(() => document.querySelector('.stack').replaceChildren());
  }
  const violated = await ended(page);
  await context.close();
  return { out, violated };
}

// ---- Looks ----

const looked = {};

async function look(page, name) {
  const out = looked[name] = { axe: [], wide: {} };
  await page.evaluate(AXE);
  for (const [width, scheme] of LOOKS) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 900 });
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    out.axe.push(...violations.map((v) => `${width} ${scheme}: ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`));
    out.wide[width] = await page.evaluate(() => document.documentElement.scrollWidth);
    await page.evaluate(() => globalThis.scrollTo(0, 0));
    await page.screenshot({ path: join(plan.shots, `live-${name}-${width}-${scheme}.png`), fullPage: true });
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

async function looks(browser, url) {
  const { context, page } = await fresh(browser, 'looks');
  await open(page, url);
  await page.waitForFunction(() => / of \d+ checks done/.test(document.querySelector('.proof h2')?.textContent), null, PATIENCE);
  const n = await page.evaluate(() => {
    document.querySelectorAll('main details').forEach((d) => { d.open = true; });
    const { steps } = JSON.parse(document.getElementById('handshake').textContent);
    return { closed: steps.find((s) => s.encrypted && s.layer === 'handshake').n, keys: steps.findLast((s) => s.layer === 'key' && s.secrets.length > 2).n };
  });
  await look(page, 'unfolded');
  const go = async (hash) => {
    await page.evaluate((to) => { location.hash = to; }, hash);
    await page.waitForSelector(`.view-${hash.split('/')[1]} h1`);
    await settled(page);
  };
  await go(`#/steps/own/${n.keys}`);
  await look(page, 'keys');
  await page.locator('.rung > button').nth(n.closed - 1).click();
  await page.getByRole('button', { name: 'On the wire' }).click();
  await look(page, 'closed');
  await go('#/chain/fault.unknown-ca');
  await look(page, 'broken');
  const violated = await ended(page);
  await context.close();
  return { violated };
}

// ---- All of it ----

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true,
  args: ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic', '--disable-gpu',
         `--ssl-key-log-file=${plan.keylog}`, '--host-resolver-rules=MAP *.lab.localhost 127.0.0.1'],
});
try {
  // What fails is written down, and the rest goes on.
  const result = { own: {}, took: {}, errors: {} }, timed = async (name, work) => {
    const began = Date.now(), done = await work().catch((error) => { result.errors[name] = error.stack; });
    result.took[name] = Date.now() - began;
    return done;
  };
  const server = async (name) => { result.own[name] = await timed(name, () => own(browser, name, plan.servers[name], name === 'fresh' ? reload : undefined)); };
  await server('fresh');
  await Promise.all(Object.keys(plan.servers).filter((n) => n !== 'fresh').map(server));
  await Promise.all([['resumed', 'fresh'], ['resumed 1.2', 'tls 1.2']].map(async ([name, of]) => { result.own[name] = await timed(name, () => comeBack(browser, name, plan.servers[of])); }));
  result.together = await timed('together', () => together(browser, plan.servers.fresh));
  const rest = [['stepping', stepping], ['faults', faults], ['hosted', hosted], ['hosts', hosts], ['looks', looks]];
  await Promise.all(rest.map(async ([name, work]) => { result[name] = await timed(name, () => work(browser, plan.parts[name])); }));
  Object.assign(result, { console: heard, looked });
  console.log(JSON.stringify(result));
} finally {
  await browser.close();
}
