// bytes.js: bytes as people look at them: named parts on one side, hexadecimal on the other, and
// pointing at either shows the other. The list of parts is the way in for keyboards and screen
// readers; the bytes themselves are for eyes and mice.

import { h, newId, replace } from './dom.js';
import { fromHex } from './kdf.js';
import { many } from './words.js';

const MOST = 4096; // bytes shown at first
const wide = globalThis.matchMedia?.('(min-width: 46rem)');

// For each byte the part that says most about it: fields come in order, inner ones after outer ones.
function innermost(bytes, fields) {
  const of = new Int32Array(bytes.length).fill(-1);
  fields.forEach((f, i) => of.fill(i, f.offset, Math.min(f.offset + f.length, bytes.length)));
  return of;
}

// Neighbours get different shades, at the outermost depth at which there is something to tell apart.
function shades(fields) {
  const depth = (f) => f.depth ?? 0, least = Math.min(...fields.map(depth));
  const level = fields.filter((f) => depth(f) === least).length < 5 ? least + 1 : least;
  let n = -1;
  return fields.map((f) => (depth(f) <= level ? ++n : Math.max(n, 0)) % 3);
}

const printable = (b) => (b > 32 && b < 127 ? String.fromCharCode(b) : '\u00b7');
const twoDigits = (b) => b.toString(16).padStart(2, '0');

// One line of the dump: runs of bytes that belong to the same part.
function line(bytes, from, width, of, shade) {
  const end = Math.min(from + width, bytes.length), runs = [];
  for (let at = from; at < end;) {
    let to = at + 1;
    while (to < end && of[to] === of[at]) to++;
    const hex = Array.from(bytes.subarray(at, to), twoDigits).join(' ');
    runs.push(h('span', { class: `run shade-${of[at] < 0 ? 'none' : shade[of[at]]}`, 'data-f': of[at], 'data-at': at }, hex), to === end ? '' : ' ');
    at = to;
  }
  const missing = '   '.repeat(width - (end - from));
  return h('div', { class: 'line' }, h('span', { class: 'offset' }, from.toString(16).padStart(4, '0')), h('span', { class: 'hex' }, runs, missing),
    h('span', { class: 'text' }, Array.from(bytes.subarray(from, end), printable).join('')));
}

function fieldOption(field, i, listId) {
  return h('li', { role: 'option', id: `${listId}-${i}`, 'data-f': i, 'aria-selected': 'false', class: `depth-${Math.min(field.depth ?? 0, 7)}` },
    h('span', { class: 'name' }, field.name), field.value ? h('span', { class: 'value' }, field.value) : null);
}

class View {
  constructor(hex, fields, label) {
    this.bytes = fromHex(hex);
    this.fields = fields.filter((f) => f.length > 0 && f.offset < this.bytes.length);
    this.of = innermost(this.bytes, this.fields);
    this.shade = this.fields.length ? shades(this.fields) : [];
    this.limit = MOST;
    this.chosen = -1;
    this.listId = newId();
    this.about = h('div', { class: 'about-field' });
    this.dump = h('div', { class: 'dump', 'aria-hidden': 'true' });
    this.list = h('ul', { class: 'fields', role: 'listbox', tabindex: '0', 'aria-label': `Parts of ${label}` },
      this.fields.map((f, i) => fieldOption(f, i, this.listId)));
    this.element = h('div', { class: this.fields.length ? 'bytes' : 'bytes bare' },
      this.fields.length ? h('div', { class: 'named' }, this.list, this.about) : null,
      h('div', { class: 'hexes', tabindex: '0', role: 'group', 'aria-label': `${label} in hexadecimal` }, this.dump, this.bytes.length > MOST ? this.moreButton() : null));
    this.listen();
    followWidth(this);
    this.draw();
    this.show(-1);
  }

  moreButton() {
    return h('button', { type: 'button', class: 'quiet', onclick: (event) => {
      this.limit = Infinity;
      event.target.remove();
      this.draw();
    } }, `Show all ${many(this.bytes.length, 'byte')}`);
  }

  draw() {
    const width = wide?.matches ? 16 : 8, end = Math.min(this.bytes.length, this.limit), lines = [];
    for (let at = 0; at < end; at += width) lines.push(line(this.bytes, at, width, this.of, this.shade));
    replace(this.dump, lines);
    this.light(this.chosen);
  }

  listen() {
    const fieldAt = (event) => Number(event.target.closest('[data-f]')?.dataset.f ?? -1);
    for (const part of [this.list, this.dump]) {
      part.addEventListener('pointerover', (event) => this.show(fieldAt(event), part === this.list));
      part.addEventListener('pointerleave', () => this.show(this.chosen, false));
      part.addEventListener('click', (event) => this.choose(fieldAt(event), part === this.list));
    }
    this.list.addEventListener('keydown', (event) => this.key(event));
    this.list.addEventListener('focus', () => this.chosen < 0 && this.list.matches(':focus-visible') && this.choose(0, true));
  }

  key(event) {
    const last = this.fields.length - 1;
    const next = { ArrowDown: Math.min(this.chosen + 1, last), ArrowUp: Math.max(this.chosen - 1, 0), Home: 0, End: last,
      PageDown: Math.min(this.chosen + 10, last), PageUp: Math.max(this.chosen - 10, 0) }[event.key];
    if (event.key === 'Escape') this.choose(-1);
    else if (next === undefined) return;
    else this.choose(next, true);
    event.preventDefault();
    event.stopPropagation();
  }

  choose(i, fromList) {
    for (const option of this.list.children) option.setAttribute('aria-selected', String(Number(option.dataset.f) === i));
    this.chosen = i;
    if (i >= 0) this.list.setAttribute('aria-activedescendant', `${this.listId}-${i}`);
    else this.list.removeAttribute('aria-activedescendant');
    this.show(i, fromList);
    if (i >= 0) scrollWithin(this.list, this.list.children[i]);
  }

  show(i, fromList) {
    this.light(i);
    const f = this.fields[i];
    if (!f) {
      replace(this.about, h('p', { class: 'soft' }, 'Point at a part, or walk through the list with the arrow keys.'));
      return;
    }
    const last = f.offset + f.length - 1;
    replace(this.about, h('p', { class: 'where' }, h('b', null, f.name), ' ',
      f.length === 1 ? `byte ${f.offset}` : `bytes ${f.offset}\u2013${last}, ${f.length} long`), f.value ? h('p', { class: 'value' }, f.value) : null,
    f.text ? h('p', null, f.text) : null);
    if (fromList) scrollWithin(this.dump.parentElement, this.dump.querySelector('.lit'));
    else if (i >= 0) scrollWithin(this.list, this.list.children[i]);
  }

  light(i) {
    const f = this.fields[i], from = f ? f.offset : -1, to = f ? f.offset + f.length : -1;
    for (const run of this.dump.querySelectorAll('.run')) {
      const at = Number(run.dataset.at);
      run.classList.toggle('lit', at >= from && at < to);
    }
    for (const option of this.list.children) option.classList.toggle('lit', Number(option.dataset.f) === i);
  }
}

// Draws a view anew when the window becomes wide or narrow, as long as it is shown.
function followWidth(view) {
  const again = () => {
    if (view.element.isConnected) view.draw();
    else wide.removeEventListener('change', again);
  };
  wide?.addEventListener('change', again);
}

// Scrolls `box` so that `child` is seen, and nothing but `box`.
export function scrollWithin(box, child) {
  if (!child) return;
  const b = box.getBoundingClientRect(), c = child.getBoundingClientRect();
  if (c.top < b.top) box.scrollTop += c.top - b.top - 8;
  else if (c.bottom > b.bottom) box.scrollTop += Math.min(c.bottom - b.bottom + 8, c.top - b.top - 8);
}

// What is known of a record from outside (RFC 8446 §5.1, §5.2), as fields.
export function recordFields(records, tls) {
  const fields = [];
  let at = 0;
  for (const r of records) {
    const n = r.bytes.length / 2, add = (name, offset, length, value, text, depth = 1) =>
      length > 0 && fields.push({ name, offset: at + offset, length, depth, value, text });
    const kind = { 20: 'change_cipher_spec', 21: 'alert', 22: 'handshake', 23: 'application_data' }[r.type] ?? 'unknown';
    add('record', 0, n, `${n} bytes from the ${r.from}`, null, 0);
    add(r.encrypted && tls === '1.3' ? 'opaque_type' : 'type', 0, 1, `${kind} (${r.type})`, r.encrypted && tls === '1.3'
      ? 'Encrypted records of TLS 1.3 all say application data. What they really are stands inside.' : 'What kind of record this is.');
    add('legacy_record_version', 1, 2, `0x${r.bytes.slice(2, 6)}`, 'A relic. Nobody may look at it.');
    add('length', 3, 2, `${n - 5}`, 'Somebody on the way can see this: how much is sent, and when.');
    const gcm12 = r.encrypted && tls === '1.2' ? 8 : 0;
    if (!r.encrypted) add('fragment', 5, n - 5, 'in the clear', 'Anybody on the way can read this.');
    else {
      add('nonce_explicit', 5, gcm12, 'a counter', 'The part of the nonce that travels along, in TLS 1.2 with AES-GCM.');
      add('encrypted_record', 5 + gcm12, n - 21 - gcm12, 'closed', 'Without the key this cannot be told from noise.');
      add('authentication tag', n - 16, 16, '16 bytes', 'Change one bit anywhere in the record, and this no longer fits: the receiver refuses it.');
    }
    at += n;
  }
  return fields;
}

export const bytesView = (hex, fields, label) => new View(hex, fields ?? [], label).element;
