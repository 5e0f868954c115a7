// steps.js: a handshake one step at a time: two ends, what moves between them, and every byte of it.

import { bytesView, recordFields } from './bytes.js';
import { h, icon, replace } from './dom.js';
import { checksGrouped, choicesList, eavesdropper, secretsTree } from './parts.js';
import { alertName, capital, many, size, time, titleOf } from './words.js';

const isMessage = (s) => (s.layer === 'handshake' || s.layer === 'record') && s.from !== 'wire';
const isBad = (s, walk) => s.passed === false || walk.failure?.step === s.n || (s.alert > 0);

export class Stepper {
  // `onStep(n)` hears of every move; `names` are those of the two ends.
  constructor(walk, onStep) {
    this.walk = walk;
    this.steps = walk.steps;
    this.onStep = onStep;
    this.names = { client: walk.sides?.client?.name ?? 'client', server: walk.sides?.server?.name ?? 'server' };
    this.at = -1;
    this.onWire = false;
    this.element = h('section', { class: 'stepper', 'aria-label': 'The handshake, step by step' },
      this.makeStage(), this.makeDetail(), this.below = h('div', { class: 'below' }));
    this.keys = (event) => this.key(event);
    document.addEventListener('keydown', this.keys);
  }

  close() {
    document.removeEventListener('keydown', this.keys);
  }

  // ---- The two columns ----

  makeStage() {
    this.heads = { client: h('div', { class: 'end client' }), wire: h('div', { class: 'end wire' }), server: h('div', { class: 'end server' }) };
    this.ladder = h('ol', { class: 'ladder' }, this.steps.map((s, i) => h('li', { class: this.rungClass(s) }, this.rung(s, i))));
    this.scroller = h('div', { class: 'ladder-box' }, this.ladder);
    return h('div', { class: 'stage' }, h('div', { class: 'ends' }, this.heads.client, this.heads.wire, this.heads.server), this.scroller);
  }

  rungClass(s) {
    const holders = new Set((s.secrets ?? []).flatMap((x) => x.at ?? []));
    const place = s.layer === 'key' ? (holders.size > 1 ? 'both' : [...holders][0] ?? s.from) : s.from;
    return `rung ${isMessage(s) ? 'message' : s.from === 'wire' ? 'meddling' : 'local'} at-${place}${isBad(s, this.walk) ? ' wrong' : ''}`;
  }

  rung(s, i) {
    const sign = isBad(s, this.walk) ? icon('no', 'goes wrong:') : s.layer === 'key' ? icon('key') : s.layer === 'check' ? icon('yes')
      : s.from === 'wire' ? icon('bolt') : s.encrypted ? icon('lock', 'encrypted:') : null;
    return h('button', { type: 'button', onclick: () => this.go(i) },
      h('span', { class: 'label' }, sign, s.layer === 'key' ? `${many(s.secrets?.length ?? 0, 'secret')}` : s.from === 'wire' ? titleOf(s) : s.name),
      isMessage(s) ? h('span', { class: 'arrow', 'aria-hidden': 'true' }) : null,
      h('span', { class: 'unseen' }, s.from === 'wire' ? ', on the way' : `, ${this.names[s.from] ?? s.from}`));
  }

  // What each end holds by now, and what somebody between them could read.
  drawEnds() {
    const seen = this.steps.slice(0, this.at + 1);
    const holds = (side) => seen.flatMap((s) => s.secrets ?? []).filter((x) => (x.at ?? []).includes(side)).length;
    const sent = seen.filter(isMessage), closed = sent.filter((s) => s.encrypted).length;
    for (const side of ['client', 'server']) {
      const n = holds(side), watched = this.walk.sides?.[side]?.watched !== false;
      replace(this.heads[side], h('b', null, capital(this.names[side])),
        h('span', null, n ? `holds ${many(n, 'secret')}` : watched ? 'holds no secret yet' : 'not watched'));
    }
    replace(this.heads.wire, h('b', null, 'On the way'),
      h('span', null, h('span', { class: 'whole' }, icon('eye'), `${sent.length - closed} readable`), ' ', h('span', { class: 'whole' }, icon('lock'), `${closed} closed`)));
  }

  // ---- One step ----

  makeDetail() {
    const button = (text, label, to) => h('button', { type: 'button', class: 'move', onclick: () => this.go(to()), 'aria-keyshortcuts': label }, text);
    this.previous = button('\u2190 Previous', 'ArrowLeft', () => this.at - 1);
    this.next = button('Next \u2192', 'ArrowRight', () => this.at + 1);
    this.count = h('p', { class: 'count', 'aria-live': 'polite' });
    this.bar = h('div', { class: 'progress', 'aria-hidden': 'true' }, h('span'));
    this.detail = h('div', { class: 'detail-body' });
    return h('div', { class: 'detail' }, h('div', { class: 'moves' }, this.previous, this.count, this.next, this.bar), this.detail);
  }

  go(i) {
    const to = Math.max(0, Math.min(i, this.steps.length - 1));
    if (to === this.at) return;
    this.at = to;
    const s = this.steps[to];
    [...this.ladder.children].forEach((li, n) => {
      li.classList.toggle('past', n < to);
      li.classList.toggle('now', n === to);
      li.classList.toggle('ahead', n > to);
      if (n === to) li.firstChild.setAttribute('aria-current', 'step');
      else li.firstChild.removeAttribute('aria-current');
    });
    const li = this.ladder.children[to], box = this.scroller;
    box.scrollTop = Math.max(0, li.offsetTop - box.clientHeight / 2 + li.offsetHeight / 2);
    this.previous.disabled = to === 0;
    this.next.disabled = to === this.steps.length - 1;
    replace(this.count, h('b', null, `Step ${to + 1} of ${this.steps.length}`), h('span', { class: 'unseen' }, `: ${titleOf(s)}`));
    this.bar.style.setProperty('--part', String((to + 1) / this.steps.length));
    this.drawEnds();
    this.drawDetail(s);
    this.drawBytes(s);
    this.onStep?.(to + 1);
  }

  drawDetail(s) {
    const who = s.from === 'wire' ? 'on the way' : s.layer === 'key' ? 'derived, never sent' : s.layer === 'check' ? `checked by ${this.names[s.from]}`
      : `sent by ${this.names[s.from]}`;
    replace(this.detail,
      h('p', { class: `kicker ${s.from}` }, who, s.us !== undefined ? ` \u00b7 after ${time(s.us)}` : '', isMessage(s) ? ` \u00b7 ${size(s.bytes)}` : ''),
      h('h2', null, titleOf(s), s.title && s.name !== s.title && isMessage(s) ? h('small', null, s.name) : null),
      s.text ? h('p', { class: 'lead' }, s.text) : null,
      this.stopped(s), eavesdropper(s),
      s.choices?.length ? [h('h3', null, 'What was decided'), choicesList(s.choices, this.names)] : null,
      s.secrets?.length ? [h('h3', null, this.computed(s)), secretsTree(s.secrets, this.names)] : null,
      s.checks?.length ? [h('h3', null, `${many(s.checks.length, 'check')}`), checksGrouped(s.checks)] : null,
      s.rule ? h('p', { class: 'rule' }, s.rule) : null);
  }

  computed(s) {
    const who = [...new Set(s.secrets.flatMap((x) => x.at ?? []))];
    return `What ${who.length === 1 ? this.names[who[0]] ?? who[0] : 'both ends'} can compute now`;
  }

  // The step at which it ended says why.
  stopped(s) {
    const f = this.walk.failure;
    if (f && f.step === s.n)
      return h('div', { class: 'notice bad' }, icon('no'), h('div', null,
        h('p', null, h('b', null, `${capital(this.names[f.at] ?? f.at)} refuses: `), f.sentence || f.detail || f.status),
        h('p', { class: 'rule' }, [f.status, f.rule, f.alert === null || f.alert === undefined ? 'no alert' : `alert ${alertName(f.alert, f.alert_name)}`].filter(Boolean).join(' \u00b7 '))));
    return s.alert > 0 ? h('div', { class: 'notice bad' }, icon('no'), h('p', null, `Alert ${alertName(s.alert)}: this connection is over.`)) : null;
  }

  // ---- Its bytes ----

  drawBytes(s) {
    const records = (s.records ?? []).map((i) => this.walk.records?.[i]).filter(Boolean);
    if (!s.bytes && !records.length) {
      replace(this.below);
      return;
    }
    const body = h('div'), buttons = [[false, 'At the ends'], [true, 'On the wire']].map(([wire, text]) =>
      h('button', { type: 'button', 'aria-pressed': 'false', onclick: () => {
        this.onWire = wire;
        draw();
      } }, icon(wire ? 'lock' : 'key'), text));
    const draw = () => {
      const wire = this.onWire && records.length > 0;
      buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(!!i === wire)));
      const hex = wire ? records.map((r) => r.bytes).join('') : s.bytes;
      replace(body, h('p', { class: 'soft' }, wire ? this.aboutWire(s, records) : s.from === 'wire' ? `${capital(size(hex))}, as they arrive or are read.` : `${s.name}, ${size(hex)}.`),
        bytesView(hex, wire ? recordFields(records, this.walk.tls) : s.fields, s.name));
    };
    replace(this.below, h('div', { class: 'bytes-head' }, h('h3', null, 'The bytes'),
      records.length ? h('div', { class: 'segments', role: 'group', 'aria-label': 'Decrypted or encrypted' }, buttons) : null), body);
    draw();
  }

  aboutWire(s, records) {
    const others = this.steps.filter((o) => o !== s && o.records?.some((i) => s.records.includes(i)));
    const how = records.some((r) => r.encrypted) ? 'Encrypted: without the key it is noise.' : 'In the clear: anybody on the way reads the same as the ends.';
    return `${many(records.length, 'record')}. ${how}${others.length ? ` ${others.length === 1 ? 'One more message travels' : `${others.length} more messages travel`} in it.` : ''}`;
  }

  key(event) {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest?.('input, select, textarea, [role=listbox], summary')) return;
    const to = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: this.steps.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.go(to);
  }
}
