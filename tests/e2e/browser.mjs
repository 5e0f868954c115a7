// browser.mjs URL [SCREENSHOT.png WIDTH]...
//
// Opens URL in Debian's Chromium with a profile that has never been used, and prints as one JSON object what
// the browser itself says about the page and its connection. Whom the browser trusts is decided by the
// NSS store in $HOME, which the caller prepares. With screenshots wanted, nothing but them is asked for.
// $RESOLVE names a host that is to be found at 127.0.0.1. With $EARLY_DATA it sends 0-RTT data.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [url, ...shots] = process.argv.slice(2);
const PARALLEL = 20;

// Asks for the page again, many times side by side.
async function fetchSideBySide(page) {
  return page.evaluate((n) => Promise.all(Array.from({ length: n }, async (_, i) => {
    const response = await fetch(`${location.pathname}?parallel=${i}`, { cache: 'no-store' });
    return { status: response.status, length: (await response.text()).length };
  })), PARALLEL);
}

async function screenshots(page) {
  for (let i = 0; i + 1 < shots.length; i += 2) {
    await page.setViewportSize({ width: Number(shots[i + 1]), height: 800 });
    await page.screenshot({ path: shots[i], fullPage: true });
  }
}

// Asks Chromium through its DevTools protocol.
async function watch(page, result) {
  const devtools = await page.context().newCDPSession(page);
  devtools.on('Network.responseReceived', ({ type, response }) => {
    if (type === 'Document' && response.url === url)
      result.network = { securityState: response.securityState, protocol: response.protocol,
                         ...response.securityDetails };
  });
  devtools.on('Security.visibleSecurityStateChanged', ({ visibleSecurityState }) => {
    result.security = visibleSecurityState;
  });
  await devtools.send('Network.enable');
  await devtools.send('Security.enable');
}

async function visit(page) {
  const result = { url, console: [] };
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') result.console.push(message.text());
  });
  page.on('pageerror', (error) => result.console.push(String(error)));
  await watch(page, result);
  try {
    const response = await page.goto(url, { waitUntil: 'load', timeout: 30_000 });
    result.status = response.status();
  } catch (error) {
    result.error = /net::(\w+)/.exec(error.message)?.[1] ?? error.message;
    return result;
  }
  result.title = await page.title();
  result.body = await page.evaluate(() => document.body.innerText);
  result.secureContext = await page.evaluate(() => window.isSecureContext);
  result.wide = {};
  await screenshots(page);
  for (const width of [360, 1280]) { // does the page fit, without scrolling sideways?
    await page.setViewportSize({ width, height: 800 });
    result.wide[width] = await page.evaluate(() => document.documentElement.scrollWidth);
  }
  if (shots.length === 0) result.parallel = await fetchSideBySide(page);
  return result;
}

const profile = mkdtempSync(join(tmpdir(), 'lockstep-profile-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  // Of several --enable-features Chromium takes one, and playwright-core brings its own.
  ignoreDefaultArgs: process.env.EARLY_DATA ? ['--enable-features=CDPScreenshotNewSurface'] : [],
  args: ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
         '--disable-quic', '--disable-gpu',
         ...(process.env.EARLY_DATA ? ['--enable-features=EnableTLS13EarlyData'] : []),
         ...(process.env.RESOLVE ? [`--host-resolver-rules=MAP ${process.env.RESOLVE} 127.0.0.1`] : [])],
  ignoreHTTPSErrors: false,
});
try {
  console.log(JSON.stringify(await visit(context.pages()[0] ?? await context.newPage())));
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
