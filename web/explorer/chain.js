// chain.js: the view "chain": certificates as a picture from the leaf to the root, and each check.

import { bytesView } from './bytes.js';
import { h, replace, s } from './dom.js';
import { signedBy, Unknown } from './der.js';
import { fromHex } from './kdf.js';
import { busy, checksList, facts, note, trouble } from './parts.js';
import { sourcePicker } from './walk.js';
import { faults, ownWalk, walkOf } from './walks.js';
import { common, many } from './words.js';

const day = (iso) => (iso ? new Date(iso).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }) : '');

// What this page can check itself, of a chain that nobody watched being checked.
async function ownChecks(walk) {
  const certs = walk.certificates ?? [], now = Date.now(), out = [];
  const add = (depth, name, passed, compared, rule) => out.push({ depth, name, passed, compared, rule });
  for (const [i, c] of certs.entries()) {
    add(i, 'validity', Date.parse(c.not_before) <= now && now <= Date.parse(c.not_after), `from ${day(c.not_before)} to ${day(c.not_after)}, and today is ${day(new Date(now).toISOString())}`, 'RFC 5280 §4.1.2.5');
    if (i === 0 && walk.server_name) {
      const parent = walk.server_name.slice(walk.server_name.indexOf('.') + 1);
      add(0, 'host name', (c.names ?? []).some((n) => n === walk.server_name || n === `*.${parent}`), `${walk.server_name} among ${(c.names ?? []).join(', ')}`, 'RFC 9525 §6');
    }
    const issuer = certs[i + 1];
    if (!issuer?.der || !c.der || c.issuer !== issuer.subject) continue;
    try {
      add(i, 'signature', await signedBy(fromHex(c.der), fromHex(issuer.der)), `checked with the key of ${common(issuer.subject)}`, 'RFC 5280 §6.1.3');
    } catch (error) {
      if (!(error instanceof Unknown)) add(i, 'signature', false, error.message, 'RFC 5280 §6.1.3');
    }
  }
  return out;
}

// The certificates that were sent, and the anchor above them, of which only the checks speak.
function links(walk, checks) {
  const certs = (walk.certificates ?? []).map((c, i) => ({ ...c, depth: c.depth ?? i, sent: true }));
  const top = Math.max(-1, ...checks.map((c) => c.depth ?? 0));
  for (let d = certs.length; d <= top; d++) {
    const subject = checks.find((c) => c.depth === d && c.subject)?.subject;
    if (subject) certs.push({ depth: d, subject, sent: false });
  }
  const last = certs.at(-1);
  if (last?.sent && last.issuer && last.issuer !== last.subject) certs.push({ depth: last.depth + 1, subject: last.issuer, sent: false });
  return certs.map((c) => ({ ...c, checks: checks.filter((k) => (k.depth ?? 0) === c.depth) }));
}

const role = (c, i, all) => (i === 0 ? 'The server' : i === all.length - 1 && (!c.sent || c.issuer === c.subject) ? 'Root' : 'Intermediate');
const cut = (text, n) => (text.length > n ? `${text.slice(0, n - 1)}\u2026` : text);

function picture(chain, width) {
  const w = Math.max(260, Math.min(width, 640)), high = 92, gap = 54, letters = Math.floor((w - 96) / 9.2);
  const height = chain.length * (high + gap) - gap + 4;
  const says = chain.map((c, i) => `${role(c, i, chain)} ${common(c.subject)}, ${many(c.checks.filter((k) => k.passed).length, 'check')} passed, ${c.checks.filter((k) => !k.passed).length} failed`).join('; then ');
  const card = (c, i) => {
    const y = 2 + i * (high + gap), bad = c.checks.filter((k) => !k.passed).length, good = c.checks.length - bad, state = bad ? 'bad' : c.checks.length ? 'good' : 'open';
    const what = !c.sent ? 'not sent: known before' : [c.key, c.not_after && `until ${day(c.not_after)}`].filter(Boolean).join(', ');
    return s('g', { class: `cert ${state}${c.sent ? '' : ' kept'}` }, s('rect', { x: 2, y, width: w - 4, height: high, rx: 14 }),
      s('circle', { cx: 38, cy: y + 46, r: 18 }), s('path', { class: 'sign', d: bad ? 'M-6-6 6 6M6-6-6 6' : c.checks.length ? 'M-8 0-2 6 8-6' : 'M-6 0H6', transform: `translate(38 ${y + 46})` }),
      s('text', { x: 72, y: y + 28, class: 'role' }, role(c, i, chain)), s('text', { x: 72, y: y + 52, class: 'name' }, cut(common(c.subject), letters)),
      s('text', { x: 72, y: y + 74, class: 'what' }, cut(bad ? `${many(bad, 'check')} failed, ${good} passed` : what, letters + 6)));
  };
  const joint = (c, i) => {
    if (i === 0) return null;
    const y = 2 + i * (high + gap), below = chain[i - 1], signature = below.checks.find((k) => /signature$/.test(k.name) && !/algorithm/.test(k.name));
    const state = signature ? (signature.passed ? 'good' : 'bad') : 'open';
    return s('g', { class: `joint ${state}` }, s('path', { d: `M38 ${y - 3}V${y - gap + 6}m-6 9 6-9 6 9` }), s('text', { x: 72, y: y - gap / 2 + 5 }, { bad: 'did not sign', good: 'signed', open: 'is said to have signed' }[state]));
  };
  return s('svg', { viewBox: `0 0 ${w} ${height}`, class: 'chain-picture', role: 'img', 'aria-label': `From the leaf to the root: ${says}` }, chain.map(card), chain.map(joint));
}

function oneCertificate(c, i, all) {
  return h('section', { class: 'card' }, h('p', { class: 'kicker' }, role(c, i, all)), h('h2', null, common(c.subject)),
    facts([['Subject', c.subject], ['Issued by', c.issuer], ['Valid', c.not_before && `${day(c.not_before)} \u2013 ${day(c.not_after)}`], ['Key', c.key], ['Names', c.names?.slice(0, 20).join(', '), c.names?.length > 20 ? `and ${c.names.length - 20} more` : null]]),
    c.checks.length ? checksList(c.checks.map((k) => ({ ...k, subject: null })).sort((a, b) => !!a.passed - !!b.passed)) : h('p', { class: 'soft' }, 'Nothing was checked here: the handshake ended before, or nobody watched.'),
    c.der ? h('details', { class: 'fold', ontoggle: (event) => {
      if (event.target.open && event.target.children.length === 1) event.target.append(bytesView(c.der, c.fields, `certificate of ${common(c.subject)}`));
    } }, h('summary', null, h('b', null, `Every byte of it: ${c.der.length / 2}`))) : null);
}

async function draw(box, source) {
  const walk = await walkOf(source), engine = walk.steps.flatMap((x) => (x.layer === 'check' ? x.checks ?? [] : [])).filter((c) => c.subject);
  const checks = engine.length ? engine : await ownChecks(walk), chain = links(walk, checks);
  if (!chain.length) {
    replace(box, note('unknown', h('p', null, walk.resumed ? 'This handshake was resumed: no certificate was sent, because the key from before stands in for it. Open the page in a new private window to see a first visit.'
      : 'No certificate was sent in this handshake.')));
    return;
  }
  const frame = h('div', { class: 'chain-frame' });
  replace(box, engine.length ? '' : note('eye', h('p', null, 'How your browser judged this chain, it tells nobody. These checks were made here, by this page.')),
    walk.failure ? trouble({ message: walk.failure.sentence || walk.failure.detail || walk.failure.status }) : '',
    h('div', { class: 'chain' }, frame, h('div', null, chain.map(oneCertificate))));
  const again = () => replace(frame, picture(chain, frame.clientWidth || 320));
  again();
  new ResizeObserver(again).observe(frame);
}

export async function show(place, { source, remember }) {
  const box = h('div');
  let turn = 0;
  const open = async (name) => {
    const mine = ++turn;
    remember(name, 0);
    replace(box, busy('Looking at the chain\u2026'));
    try {
      const fresh = h('div');
      await draw(fresh, name);
      if (mine === turn) replace(box, fresh);
    } catch (error) {
      if (mine === turn) replace(box, trouble(error));
    }
  };
  const current = source || (ownWalk() && !ownWalk().resumed ? 'own' : 'demo.1.3');
  const wrong = (await faults().catch(() => [])).filter((f) => /^cert/i.test(f.kind)).map((f) => [`fault.${f.name}`, `Wrong: ${f.title}`]);
  place.append(h('div', { class: 'view-head' }, h('div', null, h('h1', null, 'The chain of trust'),
    h('p', { class: 'lead' }, 'A name, a key, and somebody who vouches that they belong together. And somebody who vouches for him, up to one whom your device knew before.')),
  sourcePicker(current, open, wrong)), box);
  await open(current);
  return () => { turn++; };
}
