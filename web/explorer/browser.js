// browser.js: the view "your browser": every wrong certificate is shown to this very browser, and
// the server tells which alert came back.

import { h, icon, replace } from './dom.js';
import { busy, trouble } from './parts.js';
import { faults, getJson } from './walks.js';
import { alertName } from './words.js';

const AT_ONCE = 3, PATIENCE_MS = 6000, POLL_MS = 300;
// The table knows what two browsers were seen to do; its names of errors are Chromium's.
const FIREFOX = /\bFirefox\//.test(navigator.userAgent), BROWSER = FIREFOX ? 'Firefox' : 'Chromium';
const seenToSend = (f) => (FIREFOX ? f.firefox_alert : f.browser_alert) ?? -1;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

class Test {
  constructor(list) {
    this.rows = new Map(list.map((f) => [f.name, this.row(f)]));
    this.stopped = false;
    this.since = 0;
  }

  row(f) {
    const sent = h('td', { 'data-label': 'This browser sent' }, h('span', { class: 'soft' }, 'not asked yet')), result = h('td', { 'data-label': 'What it did' });
    const link = h('a', { href: f.url, target: '_blank', rel: 'noopener' }, seenToSend(f) >= 0 || (f.browser && !FIREFOX) ? 'See its error page' : 'Open it', icon('out', '(opens a new tab)'));
    return { fault: f, sent, result, seen: null, element: h('tr', { 'data-fault': f.name }, h('th', { scope: 'row' }, f.title),
      result, sent, h('td', { 'data-label': `${BROWSER} was seen to send` }, seenToSend(f) >= 0 ? alertName(seenToSend(f)) : f.browser && !FIREFOX ? 'no alert' : 'nothing: it accepts this'),
      h('td', { 'data-label': 'Lockstep\u2019s client sends' }, alertName(f.alert, f.alert_name)), h('td', null, link)) };
  }

  // Asks the server which alerts have come since we last asked.
  async poll() {
    const answer = await getJson(`/-/lab?since=${this.since}`);
    this.since = answer.seq ?? this.since;
    return answer.seen ?? [];
  }

  take(seen) {
    for (const x of seen) {
      const row = this.rows.get(x.fault);
      if (!row || row.seen || !row.asked) continue;
      row.seen = x;
      const kind = typeof x.alert !== 'number' ? 'it did not object' : x.alert === row.fault.alert ? 'the precise one' : x.alert === 46 ? 'the generic one' : 'another one';
      replace(row.sent, h('b', null, alertName(x.alert, x.alert_name)), h('small', null, kind));
    }
  }

  async ask(row) {
    row.asked = true;
    replace(row.sent, busy('asking\u2026'));
    let accepted = true, late = false;
    try {
      await fetch(row.fault.url, { mode: 'no-cors', cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout?.(PATIENCE_MS) });
    } catch (error) {
      accepted = false;
      late = error.name === 'TimeoutError';
    }
    row.accepted = accepted;
    row.late = late;
    replace(row.result, h('span', { class: accepted ? 'verdict open' : 'verdict good' }, icon(accepted || late ? 'unknown' : 'yes'), late ? 'got no answer' : accepted ? 'accepted it' : 'refused it'));
    if (accepted && !row.seen) replace(row.sent, h('span', { class: 'soft' }, 'no alert'));
  }

  async run(progress) {
    const rows = [...this.rows.values()], queue = [...rows];
    for (const r of rows) Object.assign(r, { seen: null, asked: false, accepted: undefined });
    await this.poll(); // what came before is none of ours
    const workers = Array.from({ length: AT_ONCE }, async () => {
      for (let r = queue.shift(); r && !this.stopped; r = queue.shift()) await this.ask(r);
    });
    const all = Promise.all(workers);
    let done = false, until = Infinity;
    all.then(() => {
      done = true;
      until = Date.now() + PATIENCE_MS / 3;
    });
    while (!this.stopped) {
      this.take(await this.poll());
      const open = rows.filter((r) => !r.seen && r.accepted !== true).length;
      progress(rows.length - open, rows.length);
      if (done && (open === 0 || Date.now() > until)) break;
      await pause(POLL_MS);
    }
    for (const r of rows) if (!r.seen && r.accepted === false) replace(r.sent, h('span', { class: 'soft' }, 'no alert was seen'));
    return rows;
  }
}

function conclusion(rows) {
  const sent = rows.filter((r) => r.seen && typeof r.seen.alert === 'number'), generic = sent.filter((r) => r.seen.alert === 46).length;
  const accepted = rows.filter((r) => r.accepted).length, refused = rows.filter((r) => !r.accepted && !r.late).length;
  return `Your browser refused ${refused} of ${rows.length}. ${sent.length ? `It sent ${sent.length} alerts, ${generic} of them the generic 46: that a certificate was unacceptable, not why. The reason stays with the one who checked.` : ''}`
    + (accepted === rows.length ? ' If it accepted all of them, something between it and this server may be answering for it.' : '');
}

export async function show(place) {
  const status = h('p', { role: 'status' }, ''), button = h('button', { type: 'button', class: 'button' }, 'Ask my browser again');
  place.append(h('h1', null, 'What does your browser say?'), h('p', { class: 'lead' },
    'This server also answers under names with wrong certificates. Your browser is fetching from each of them now, in the background, and refusing. The server sees which alert it sends.'),
  h('p', { class: 'soft' }, 'All these certificates were made when the server started, so none is wrong by accident. Follow a link to see your browser\u2019s own error page.'));
  const wait = busy('Asking what is hosted\u2026');
  place.append(wait);
  const list = (await faults()).filter((f) => f.hosted && f.url);
  wait.remove();
  if (!list.length) {
    place.append(trouble(new Error('This server hosts no wrong certificates. Start it with \u201clockstep serve --explorer\u201d.')));
    return null;
  }
  const test = new Test(list);
  const go = async () => {
    button.disabled = true;
    try {
      replace(status, conclusion(await test.run((n, all) => replace(status, `${n} of ${all} answered.`))));
    } catch (error) {
      replace(status, error.message);
    }
    button.disabled = false;
  };
  button.addEventListener('click', go);
  place.append(h('div', { class: 'outcome' }, status, button), h('div', { class: 'table-box', tabindex: '0', role: 'region', 'aria-label': 'Answers of this browser' }, h('table', { class: 'browser-table' },
    h('caption', { class: 'unseen' }, 'Each wrong certificate, and what this browser did with it'),
    h('thead', null, h('tr', null, ['What is wrong', 'What it did', 'This browser sent', `${BROWSER} was seen to send`, 'Lockstep\u2019s client sends'].map((t) => h('th', { scope: 'col' }, t)), h('td'))),
    h('tbody', null, [...test.rows.values()].map((r) => r.element)))));
  go();
  return () => { test.stopped = true; };
}
