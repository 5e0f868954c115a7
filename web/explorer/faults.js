// faults.js: the view "make it invalid": one switch for everything that can go wrong, and what comes of it.

import { h, newId, replace } from './dom.js';
import { busy, trouble } from './parts.js';
import { Stepper } from './steps.js';
import { faults, walkOf } from './walks.js';
import { alertName, sentence, version } from './words.js';

const KINDS = [
  ['certificate', 'The certificate is wrong', 'Any server could show such a certificate. Only the checks stand between it and you.'],
  ['peer', 'One end misbehaves', 'The other end is not who it says, or does not do what the rules say.'],
  ['wire', 'Somebody sits between', 'The ends are honest. Somebody on the way changes, repeats, keeps or records what passes.'],
];
const kindOf = (f) => KINDS.find(([k]) => String(f.kind).toLowerCase().startsWith(k))?.[0] ?? 'peer';

// The three columns that belong wherever a fault is shown.
export function threeColumns(fault, walk) {
  const f = walk?.failure, alert = f ? f.alert : fault.alert;
  const column = (title, ...children) => h('div', null, h('h3', null, title), ...children);
  return h('div', { class: 'three' },
    column('The real reason', h('p', null, sentence(f?.sentence || f?.detail || fault.line)),
      h('p', { class: 'rule' }, f ? [f.status, f.rule].filter(Boolean).join(' \u00b7 ') : fault.status && fault.status !== 'OK' ? fault.status : 'nothing is refused')),
    column('The alert on the wire', h('p', null, h('b', null, alertName(alert, f?.alert_name ?? fault.alert_name))),
      h('p', { class: 'soft' }, alert === null || alert === undefined || alert < 0 ? 'Nothing is said about it on the wire.' : 'All that the other end ever learns: one number.'),
      fault.browser_alert > 0 && fault.browser_alert !== alert ? h('p', { class: 'soft' }, `Chromium would say ${alertName(fault.browser_alert)}.`) : null),
    column('What a person sees', fault.browser ? h('p', null, h('code', null, fault.browser)) : null, h('p', null, fault.person)));
}

function outcome(fault, walk) {
  const f = walk.failure, step = f && walk.steps.find((x) => x.n === f.step);
  if (!f) return `Nobody refused anything in ${walk.steps.length} steps. That is the lesson.`;
  return `Stopped at step ${f.step} of ${walk.steps.length}${step ? `, ${step.name}` : ''}, by ${walk.sides?.[f.at]?.name ?? `the ${f.at}`}.`;
}

class Panel {
  constructor(place, remember) {
    this.place = place;
    this.remember = remember;
    this.turn = 0;
  }

  off() {
    this.turn++;
    this.stepper?.close();
    this.stepper = null;
    this.remember('', 0);
    replace(this.place, h('p', { class: 'empty' }, 'Everything is right at the moment. Flip a switch, and the same handshake is made again, with that one thing wrong.'));
  }

  async on(fault, at) {
    const mine = ++this.turn;
    this.stepper?.close();
    this.stepper = null;
    replace(this.place, busy('Shaking hands, with a fault\u2026'));
    let walk;
    try {
      walk = await walkOf(`fault.${fault.name}`);
    } catch (error) {
      if (mine === this.turn) replace(this.place, h('h2', null, fault.title), trouble(error));
      return;
    }
    if (mine !== this.turn) return;
    const stepper = this.stepper = new Stepper(walk, (n) => this.remember(fault.name, n));
    const stop = walk.failure?.step ?? walk.steps.length;
    replace(this.place, h('h2', { tabindex: '-1' }, fault.title), h('p', { class: 'lead' }, sentence(fault.line)), threeColumns(fault, walk),
      h('div', { class: 'outcome' }, h('p', { role: 'status' }, outcome(fault, walk)),
        h('div', { class: 'actions' }, h('button', { type: 'button', class: 'quiet', onclick: () => stepper.go(0) }, 'Watch from the start'),
          walk.failure ? h('button', { type: 'button', class: 'quiet', onclick: () => stepper.go(stop - 1) }, 'Go to where it stops') : null,
          h('button', { type: 'button', class: 'quiet narrow', onclick: () => document.querySelector(`[data-fault="${CSS.escape(fault.name)}"]`)?.focus() }, 'Another fault'))),
      stepper.element);
    stepper.go((at || stop) - 1);
  }
}

export async function show(place, { source, step, remember }) {
  place.append(h('h1', null, 'Make it invalid'), h('p', { class: 'lead' },
    'Each switch breaks one thing, for real: both ends run the engine that serves this page, and only the fault is ours. See where it is noticed, by whom, and what a browser would show.'));
  const wait = busy('Asking what can go wrong\u2026');
  place.append(wait);
  const list = await faults();
  wait.remove();
  const box = h('section', { class: 'fault-result', 'aria-label': 'What happened' }), panel = new Panel(box, remember), switches = new Map();
  const flip = (fault, at, look) => {
    const on = fault && switches.get(fault.name).getAttribute('aria-checked') !== 'true';
    for (const [name, b] of switches) b.setAttribute('aria-checked', String(on && name === fault.name));
    if (!on) panel.off();
    else panel.on(fault, at).then(() => look && box.scrollIntoView({ block: 'start', behavior: 'auto' }));
  };
  const makeSwitch = (f) => {
    const id = newId(), b = h('button', { type: 'button', role: 'switch', 'aria-checked': 'false', 'aria-describedby': id, 'data-fault': f.name,
      onclick: () => flip(f, 0, globalThis.matchMedia('(max-width: 60rem)').matches) },
    h('span', { class: 'knob', 'aria-hidden': 'true' }), h('span', null, f.title));
    switches.set(f.name, b);
    return h('li', null, b, h('p', { id, class: 'soft' }, sentence(f.line), ['', '1.3'].includes(version(f.version)) ? '' : ` (TLS ${version(f.version)})`));
  };
  const groups = KINDS.map(([kind, title, text]) => {
    const all = list.filter((f) => kindOf(f) === kind);
    return all.length ? h('section', null, h('h2', null, title), h('p', { class: 'soft' }, text), h('ul', { class: 'switches' }, all.map(makeSwitch))) : null;
  });
  place.append(h('div', { class: 'faults' }, h('div', { class: 'fault-list' }, groups.filter(Boolean)), box));
  const wanted = list.find((f) => f.name === source);
  if (wanted) flip(wanted, step, false);
  else panel.off();
  return () => {
    panel.turn++;
    panel.stepper?.close();
  };
}
