// walk.js: the view "step through": a choice of handshakes, and one of them step by step.

import { h, replace } from './dom.js';
import { busy, trouble } from './parts.js';
import { Stepper } from './steps.js';
import { DEMOS, nameOf, ownWalk, walkOf } from './walks.js';

// Shows the walk of a source in `place`; returns what ends it.
export async function showWalk(place, source, at, onStep, anew) {
  replace(place, busy('Shaking hands\u2026'));
  const walk = await walkOf(source, anew);
  const stepper = new Stepper(walk, onStep);
  replace(place, stepper.element);
  stepper.go((at || 1) - 1);
  return { walk, stepper };
}

export function sourcePicker(current, choose, more = []) {
  const options = [...(ownWalk() ? [['own', 'This page: your own handshake']] : []), ...DEMOS.map((d) => [`demo.${d.kind}`, d.name]), ...more];
  if (!options.some(([value]) => value === current)) options.push([current, nameOf(current)]);
  return h('label', { class: 'picker' }, h('span', null, 'Handshake'), h('select', { onchange: (event) => choose(event.target.value) },
    options.map(([value, text]) => h('option', { value, selected: value === current }, text))));
}

export async function show(place, { source, step, remember }) {
  let current = source || (ownWalk() ? 'own' : 'demo.1.3'), stepper = null, turn = 0;
  const box = h('div');
  const open = async (name, at) => {
    const mine = ++turn;
    current = name;
    stepper?.close();
    stepper = null;
    try {
      const shown = await showWalk(box, name, at, (n) => remember(current, n));
      if (mine === turn) stepper = shown.stepper;
      else shown.stepper.close();
    } catch (error) {
      replace(box, trouble(error));
    }
  };
  place.append(h('div', { class: 'view-head' }, h('div', null, h('h1', null, 'Step by step'),
    h('p', { class: 'lead' }, 'Move with the buttons or the arrow keys, and point at any byte. Home and End jump to the ends.')),
  sourcePicker(current, (name) => open(name, 1))), box);
  await open(current, step);
  return () => {
    turn++;
    stepper?.close();
  };
}
