// handshake.js: the view "your handshake": what brought this page, and the proof that it did.

import { bytesView } from './bytes.js';
import { h, icon, mark, replace, s } from './dom.js';
import { hexText, choicesList, facts, merged, note, secretsTree } from './parts.js';
import { GROUPS, prove } from './proof.js';
import { DEMOS, ownWalk, walkOf } from './walks.js';
import { capital, common, many, size, time } from './words.js';

const GROUP_TEXT = {
  'X25519MLKEM768': 'two exchanges in one: a curve of today, and a lattice that quantum computers are not known to break',
  x25519: 'Diffie-Hellman on a curve', secp256r1: 'Diffie-Hellman on a curve', secp384r1: 'Diffie-Hellman on a curve',
};

// The handshake at a glance: every message an arrow, slanted, because nothing arrives at once.
function picture(w) {
  const messages = w.steps.filter((x) => x.layer === 'handshake' || (x.layer === 'record' && x.from !== 'wire')).slice(0, 14);
  const gap = 26, height = messages.length * gap + 60;
  const width = (m) => m.name.length * 3.7 + 3; // half of it, in the fixed pitch of its letters
  const arrow = (m, i) => {
    const y = 34 + i * gap, [from, to] = m.from === 'client' ? [36, 384] : [384, 36], back = m.from === 'client' ? -1 : 1;
    return s('g', { class: `flight ${m.from}${m.encrypted ? ' closed' : ''}`, vars: { '--i': i } }, s('path', { d: `M${from} ${y}L${to} ${y + 16}m${9 * back} ${-5.5}l${-9 * back} 5.5 ${8 * back} 5.5`, pathLength: 100 }),
      s('rect', { x: 210 - width(m), y: y + 1, width: 2 * width(m), height: 15 }), s('text', { x: 210, y: y + 12 }, m.name));
  };
  return s('svg', { viewBox: `0 0 420 ${height}`, class: 'glance', role: 'img', 'aria-label': `${many(messages.length, 'message')} between ${w.sides?.client?.name ?? 'client'} and ${w.sides?.server?.name ?? 'server'}` },
    s('path', { class: 'life client', d: `M30 20V${height - 12}` }), s('path', { class: 'life server', d: `M390 20V${height - 12}` }), messages.map(arrow));
}

function summary(w) {
  const t = w.time ?? {};
  return facts([
    ['Version', `TLS ${w.tls}`, w.resumed ? 'resumed with a ticket from your last visit' : w.retried ? 'after one question back' : null],
    ['Encrypted with', w.suite?.replace(/^TLS_/, '').replaceAll('_', ' '), w.suite],
    ['Keys agreed by', w.group ?? (w.tls === '1.2' ? 'RSA key transport' : null), GROUP_TEXT[w.group]],
    ['Server proved itself with', w.resumed ? 'the key from before' : w.signature],
    ['For', w.server_name, w.alpn ? `speaking ${w.alpn} inside` : null],
    ['Took', time(t.total_us), t.server_us > 0 ? `of which ${time(t.server_us)} were computing here` : null],
    ['Network round trip', t.rtt_us > 0 ? time(t.rtt_us) : null, t.rtt_us > 0 ? 'measured' : null],
  ]);
}

// ---- The proof ----

function ring() {
  const arc = s('circle', { cx: 60, cy: 60, r: 52, pathLength: 100, class: 'arc' });
  const text = h('p', { class: 'score' });
  return { element: h('div', { class: 'ring' }, s('svg', { viewBox: '0 0 120 120', 'aria-hidden': 'true' }, s('circle', { cx: 60, cy: 60, r: 52, class: 'track' }), arc), text),
    set(good, total, bad) {
      arc.style.setProperty('stroke-dasharray', `${total ? (100 * good) / total : 0} 100`);
      arc.classList.toggle('bad', bad > 0);
      replace(text, h('b', null, String(good)), h('span', null, `of ${total}`));
    } };
}

function difference(c) {
  if (c.ok !== false) return c.why ? h('p', { class: 'soft' }, c.why) : null;
  return h('div', { class: 'difference' }, c.why ? h('p', null, c.why) : null,
    c.shown !== undefined ? h('p', null, 'shown: ', hexText(c.shown.slice(0, 256))) : null,
    c.computed !== undefined ? h('p', null, 'computed: ', hexText(c.computed.slice(0, 256))) : null);
}

const proofLine = (c) => h('li', { class: c.ok === true ? 'good' : c.ok === false ? 'bad' : 'open' }, mark(c.ok),
  h('div', null, h('b', null, c.name), h('p', null, c.what), difference(c)));

function proofGroups(report) {
  return Object.entries(GROUPS).map(([group, title]) => {
    const all = report.checks.filter((c) => c.group === group), good = all.filter((c) => c.ok).length;
    if (!all.length) return null;
    const bad = all.some((c) => c.ok === false);
    return h('details', { open: bad }, h('summary', null, mark(bad ? false : good ? true : null), h('b', null, title), h('span', { class: 'soft' }, `${good} of ${all.length}`)),
      h('ul', { class: 'checks' }, all.map(proofLine)));
  });
}

function verdict(report) {
  const total = report.good + report.bad;
  const open = report.unknown ? ` ${report.unknown === 1 ? 'One more is' : `${report.unknown} more are`} beyond what WebCrypto can check; the list says why.` : '';
  if (!total) return `There is nothing here that could be checked.${open}`;
  if (report.bad) return `${report.bad} of ${total} checks failed. What is shown here does not belong together; the list says what differed.${open}`;
  return `Starting from the shared secret, your browser\u2019s own cryptography derived every key again, opened every record and found the same.${open}`;
}

export function proofCard(w, whose) {
  const dial = ring(), title = h('h2', null, 'Checking\u2026'), text = h('p', { role: 'status' }, 'Your browser is deriving the keys.'), groups = h('div', { class: 'groups' });
  dial.set(0, 0, 0);
  prove(w).then((report) => {
    const total = report.good + report.bad;
    dial.set(report.good, total, report.bad);
    replace(title, `${report.good} of ${total} checks done by your browser`);
    replace(text, verdict(report));
    replace(groups, proofGroups(report));
  }, (error) => replace(text, `The checks could not be made: ${error.message}`));
  return h('section', { class: 'card proof', 'aria-label': 'Proof' }, h('div', { class: 'proof-head' }, dial.element, h('div', null, h('p', { class: 'kicker' }, `Don\u2019t trust ${whose}. Check.`), title, text)), groups);
}

// ---- What was said, decided and derived ----

function outline(w, source) {
  const messages = w.steps.filter((x) => x.from !== 'wire' && (x.layer === 'handshake' || x.layer === 'record'));
  return h('section', { class: 'card' }, h('h2', null, 'What was said'), h('ol', { class: 'outline' }, messages.map((m) => h('li', { class: m.from },
    h('a', { href: `#/steps/${source}/${m.n}` }, h('b', null, m.name), m.encrypted ? icon('lock', 'encrypted') : null), h('span', null, m.title),
    h('small', null, `${size(m.bytes)}${m.us === undefined ? '' : `, ${time(m.us)}`}`)))));
}

function hello(w, own) {
  const step = w.steps.find((x) => x.name === 'ClientHello' && x.bytes);
  if (!step) return null;
  const share = step.fields?.some((f) => /1216/.test(f.value ?? '') || f.length === 1216);
  return h('section', { class: 'card' }, h('h2', null, own ? 'What your browser said first' : 'What the client said first'),
    h('p', null, `${size(step.bytes)} in the clear, before there was any key: ${step.text ?? ''}`,
      share ? ' Its biggest part, 1,216 bytes, is a key share that is made to outlast quantum computers.' : ''),
    bytesView(step.bytes, step.fields, 'ClientHello'));
}

function decisions(w) {
  const all = w.steps.flatMap((x) => x.choices ?? []);
  if (!all.length) return null;
  return h('section', { class: 'card' }, h('h2', null, 'What was decided, and by whom'), choicesList(all, { client: w.sides?.client?.name, server: w.sides?.server?.name }));
}

function keys(w) {
  const all = merged(w.steps.flatMap((x) => x.secrets ?? []));
  if (!all.length) return null;
  return h('section', { class: 'card' }, h('h2', null, 'From one secret, all keys'),
    h('p', null, `Only the first value was agreed on; the other ${all.length - 1} follow from it and from what was said. Neither end ever sent one of them.`),
    h('details', { class: 'fold' }, h('summary', null, h('b', null, `Show ${many(all.length, 'secret')}`)),
      secretsTree(all, { client: w.sides?.client?.name, server: w.sides?.server?.name })));
}

const WHY = 'These are the real secrets of this one connection. The server shows them to nobody else: they were written into this very page, which travelled under '
  + 'them, so whoever can read them here could read the page anyway. They open nothing else, and a new connection gets new ones. They are shown because only '
  + 'with them can you check that this is no drawing. Never show those of a connection that matters.';

export async function show(place) {
  const own = ownWalk(), source = own ? 'own' : 'demo.1.3';
  const w = own ?? await walkOf(source);
  place.append(h('div', { class: 'hero' }, h('div', null, h('p', { class: 'kicker' }, own ? 'This page, this browser, a moment ago' : DEMOS[0].name),
    h('h1', null, 'The padlock isn\u2019t magic.', h('br'), h('em', null, own ? 'Here is the handshake that brought you this page.' : 'Here is what happens in a handshake.')),
    h('p', { class: 'lead' }, own ? `Before the first word of this page, your browser and this server exchanged ${many(w.records.length, 'record')} to agree on keys that nobody else has. Here is each of them, to the byte.`
      : 'This page came without a recording of its own handshake, so here is one that the server just had with itself.'),
    h('p', { class: 'actions' }, h('a', { class: 'button', href: `#/steps/${source}/1` }, 'Step through it'), h('a', { class: 'button quiet', href: '#/invalid' }, 'Make it go wrong'))), picture(w)),
  summary(w), proofCard(w, 'this page'), note('key', h('h2', null, 'Why are secrets shown here?'), h('p', null, own ? WHY : 'They belong to a handshake that the server had with itself for this page, and open nothing else.')),
  outline(w, source), hello(w, !!own) ?? '', decisions(w) ?? '', keys(w) ?? '',
  w.certificates?.length ? h('p', { class: 'soft' }, `The server showed ${many(w.certificates.length, 'certificate')}, for ${common(w.certificates[0].subject)}. `, h('a', { href: `#/chain/${source}` }, 'See the chain'), '.') : '',
  w.lost ? note('unknown', h('p', null, `${capital(many(w.lost, 'event'))} did not fit into the recording and is not shown.`)) : '');
}
