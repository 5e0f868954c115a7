// main.js: which view is shown. An address is #/VIEW/SOURCE/STEP, so that every step has a link.

import { h, replace } from './dom.js';
import { trouble } from './parts.js';
import * as handshake from './handshake.js';
import * as step from './walk.js';
import * as faults from './faults.js';
import * as browser from './browser.js';
import * as compare from './compare.js';
import * as chain from './chain.js';
import * as hosts from './hosts.js';

const VIEWS = [
  ['handshake', 'Your handshake', handshake], ['steps', 'Step through', step], ['invalid', 'Make it invalid', faults],
  ['browser', 'Your browser', browser], ['compare', 'Compare', compare], ['chain', 'Chain', chain], ['host', 'Try any host', hosts],
];

const main = document.getElementById('view');
const links = new Map();
let leave = null, shown = null, turn = 0;

function parse() {
  const [, view, source, n] = location.hash.split('/');
  let name = '';
  try {
    name = decodeURIComponent(source ?? '');
  } catch {
    // An address that somebody mistyped names nothing.
  }
  return { view: VIEWS.some((v) => v[0] === view) ? view : 'handshake', source: name, step: Number(n) || 0 };
}

export const address = (view, source, n) => `#/${view}${source ? `/${encodeURIComponent(source)}` : ''}${n ? `/${n}` : ''}`;

// A view notes where it is, without a new entry in the history for every step.
function remember(view, source, n) {
  shown = address(view, source, n);
  history.replaceState(null, '', shown);
}

async function show() {
  if (shown !== null && location.hash === shown) return;
  const first = shown === null, route = parse(), mine = ++turn;
  shown = location.hash;
  leave?.();
  leave = null;
  const [name, title, view] = VIEWS.find((v) => v[0] === route.view);
  for (const [n, a] of links) {
    if (n === name) a.setAttribute('aria-current', 'page');
    else a.removeAttribute('aria-current');
  }
  links.get(name).scrollIntoView({ block: 'nearest', inline: 'center' });
  document.title = `${title} \u00b7 Lockstep`;
  const place = h('div', { class: `view view-${name}` });
  replace(main, place);
  if (!first) {
    globalThis.scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
  try {
    const end = await view.show(place, { ...route, remember: (source, n) => mine === turn && remember(name, source, n) });
    if (mine === turn) leave = end ?? null;
    else end?.();
  } catch (error) {
    place.append(trouble(error));
  }
}

for (const [name, title] of VIEWS) {
  const a = h('a', { href: `#/${name}` }, title);
  links.set(name, a);
  document.getElementById('views').append(h('li', null, a));
}
// The address names the view, so this link must not change it.
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
globalThis.addEventListener('hashchange', show);
show();
