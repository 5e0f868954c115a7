// compare.js: the view "compare": kinds of handshake side by side over a network as slow as you like,
// and what the two families of cryptography cost on this machine.

import { h, newId, replace } from './dom.js';
import { busy, trouble } from './parts.js';
import { DEMOS, getJson, walkOf } from './walks.js';
import { time } from './words.js';

const PLACES = [[1, 'the same building'], [5, 'the same city'], [15, 'the same country'], [50, 'the same continent'], [100, 'across an ocean'], [200, 'the other side of the world'], [301, 'by satellite, far out']];

// How often a client waits for the network before it may send its request: RFC 8446 §2 and §2.3, RFC
// 5246 §7.3. TCP's own round trip comes before, the request's own behind.
export function tripsBefore(walk) {
  if (walk.early_data === 'accepted') return 0;
  if (walk.tls === '1.3') return walk.retried ? 2 : 1;
  return walk.resumed ? 1 : 2;
}

const computing = (walk, measured) => {
  const m = measured ?? walk.time ?? {};
  return (m.client_us ?? 0) + (m.server_us ?? 0);
};

function bar(row, rtt, longest) {
  const parts = [['tcp', 1, 'TCP connection'], ['tls', row.trips, 'TLS handshake'], ['http', 1, 'request and answer']];
  const total = (row.trips + 2) * rtt * 1000 + row.cpu;
  const width = (us) => `${(100 * us) / longest}%`;
  const text = `${row.name}: ${parts.map(([, n, what]) => `${what} ${time(n * rtt * 1000)}`).join(', ')}, computing ${time(row.cpu)}; together ${time(total)}`;
  return h('li', null, h('div', { class: 'bar-head' }, h('b', null, row.name), h('span', { class: 'bar-time' }, time(total))),
    h('div', { class: 'bar-track', role: 'img', 'aria-label': text }, parts.map(([kind, n]) => (n ? h('span', { class: `part ${kind}`, vars: { '--w': width(n * rtt * 1000) } }) : null)),
      h('span', { class: 'part cpu', vars: { '--w': width(row.cpu) } })),
    h('p', { class: 'soft' }, `${row.line} ${row.trips + 2} round trips, ${row.messages} messages, ${row.bytes.toLocaleString('en')} bytes.`));
}

function race(rows) {
  const id = newId(), list = h('ul', { class: 'race' }), says = h('p', { class: 'slider-says' });
  const slider = h('input', { id, type: 'range', min: '0', max: '100', value: '58' });
  const draw = () => {
    const rtt = Math.round(Math.exp(slider.value * Math.log(400) / 100)); // 1 to 400 ms, finer where it matters
    const longest = Math.max(...rows.map((r) => (r.trips + 2) * rtt * 1000 + r.cpu));
    slider.setAttribute('aria-valuetext', `${rtt} milliseconds`);
    replace(says, h('b', null, `${rtt} ms`), ` ${PLACES.findLast(([ms]) => rtt >= ms)[1]}`);
    replace(list, rows.map((r) => bar(r, rtt, longest)));
  };
  slider.addEventListener('input', draw);
  draw();
  const key = [['tcp', 'TCP connection'], ['tls', 'TLS handshake'], ['http', 'request and answer'], ['cpu', 'computing, measured here']];
  return h('section', { class: 'card' }, h('h2', null, 'Time to the first byte of the answer'),
    h('div', { class: 'slider' }, h('label', { for: id }, 'One round trip of the network takes'), says, slider),
    h('ul', { class: 'legend' }, key.map(([k, text]) => h('li', null, h('span', { class: `swatch ${k}`, 'aria-hidden': 'true' }), text))), list,
    h('p', { class: 'soft' }, 'Messages and bytes are those of handshakes that this server has just made with itself, with a small request and its answer. No processor makes light faster: what counts on a real network is how often one has to wait for it.'));
}

const isSymmetric = (o) => o.kind === 'symmetric';

function costs(measured) {
  const all = measured.operations ?? [], base = all.filter(isSymmetric).sort((a, b) => a.us - b.us)[0];
  if (!base) return null;
  const slow = all.filter((o) => !isSymmetric(o)).sort((a, b) => b.us - a.us), most = Math.max(...all.map((o) => o.us)), least = Math.min(...all.map((o) => o.us));
  const width = (us) => `${4 + (96 * Math.log(us / least + 1)) / Math.log(most / least + 1)}%`;
  const times = (o) => (o.us / base.us >= 10 ? Math.round(o.us / base.us).toLocaleString('en') : (o.us / base.us).toFixed(1));
  const head = slow[0], perByte = head?.bytes && base.bytes ? (head.us / head.bytes) / (base.us / base.bytes) : null;
  return h('section', { class: 'card' }, h('h2', null, 'Why two kinds of cryptography?'),
    head ? h('p', { class: 'big' }, h('b', null, `${times(head)} times slower`), `: one \u201c${head.name}\u201d takes as long as ${times(head)} times \u201c${base.name}\u201d, on this machine, just now.`
      + (perByte ? ` Byte for byte (${head.bytes} against ${base.bytes.toLocaleString('en')} bytes) that is ${Math.round(perByte).toLocaleString('en')} times.` : '')) : null,
    h('p', null, 'Public-key (asymmetric) cryptography lets strangers agree on a key, and is slow. Symmetric cryptography is fast, and needs that key. So a handshake does a little of the first, once, and a connection does all the rest with the second.'),
    h('ul', { class: 'costs' }, [...all].sort((a, b) => b.us - a.us).map((o) => h('li', { class: isSymmetric(o) ? 'fast' : 'slow' }, h('span', { class: 'cost-name' }, o.name),
      h('span', { class: 'cost-bar', 'aria-hidden': 'true', vars: { '--w': width(o.us) } }), h('span', { class: 'cost-time' }, time(o.us), o === base ? h('small', null, '1 \u00d7') : h('small', null, `${times(o)} \u00d7`))))),
    h('p', { class: 'soft' }, 'The lengths of these bars are logarithmic: drawn to scale, the short ones could not be seen.'));
}

export async function show(place) {
  place.append(h('h1', null, 'Compare'), h('p', { class: 'lead' }, 'Five ways to begin. Pull the network longer and see which of them you would notice.'));
  const wait = busy('Shaking hands five times, and measuring\u2026');
  place.append(wait);
  const [measured, ...walks] = await Promise.allSettled([getJson('/-/measure'), ...DEMOS.map((d) => walkOf(`demo.${d.kind}`))]);
  wait.remove();
  const times = measured.value?.handshakes ?? [];
  const rows = DEMOS.map((d, i) => {
    const w = walks[i].value;
    return w && { name: d.name, line: d.line, trips: tripsBefore(w), cpu: computing(w, times.find((t) => t.name === d.name)),
      messages: w.steps.filter((x) => x.layer === 'handshake').length, bytes: w.records.reduce((n, r) => n + r.bytes.length / 2, 0) };
  }).filter(Boolean);
  if (rows.length) place.append(race(rows));
  const missing = walks.find((x) => x.reason);
  if (missing) place.append(trouble(missing.reason));
  place.append(measured.value ? costs(measured.value) ?? '' : trouble(measured.reason));
}
