// hosts.js: the view "try any host": the server shakes hands with a host that a person names.

import { h, newId, replace } from './dom.js';
import { facts, trouble } from './parts.js';
import { proofCard } from './handshake.js';
import { showWalk } from './walk.js';
import { alertName, sentence, time } from './words.js';

// What is typed may be an address with everything; only host and port count.
export function hostOf(text) {
  const t = text.trim().replace(/^https?:\/\//i, '').replace(/[/?#].*$/, '');
  if (!t) throw new Error('Which host? For example: example.org, or 127.0.0.1:8443.');
  if (!/^(\[[0-9a-f:.]+\]|[^\s:\u0000-\u001f@\\]+)(:\d{1,5})?$/i.test(t) || Number(/:(\d+)$/.exec(t)?.[1] ?? 1) > 65535) throw new Error('That is no host and no HOST:PORT. For example: example.org, or 127.0.0.1:8443.');
  return /:\d+$/.test(t) ? t : `${t}:443`;
}

export async function show(place, { source, step, remember }) {
  const id = newId(), field = h('input', { id, type: 'text', inputmode: 'url', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', maxlength: '300', placeholder: 'example.org' });
  const box = h('div', { class: 'stack' }), button = h('button', { class: 'button', type: 'submit' }, 'Shake hands');
  let stepper = null, turn = 0;
  const go = async (host, at) => {
    const mine = ++turn;
    stepper?.close();
    stepper = null;
    button.disabled = true;
    try {
      const steps = h('div'), shown = await (replace(box, steps), showWalk(steps, `host.${host}`, at, (n) => remember(host, n), true));
      if (mine !== turn) return shown.stepper.close();
      stepper = shown.stepper;
      const w = shown.walk, t = w.time ?? {};
      replace(box, w.failure ? trouble({ message: sentence(w.failure.sentence || w.failure.detail || w.failure.status) }) : '',
        facts([['Result', w.outcome === 'established' ? 'established' : 'refused'], ['Version', w.tls && `TLS ${w.tls}`], ['Encrypted with', w.suite],
        ['Keys agreed by', w.group], ['Network round trip', t.rtt_us ? time(t.rtt_us) : null], ['Alert', w.failure ? alertName(w.failure.alert, w.failure.alert_name) : null]]),
      steps, w.certificates?.length ? h('p', null, h('a', { href: `#/chain/${encodeURIComponent(`host.${host}`)}` }, 'See the chain of certificates')) : '',
      w.outcome === 'established' ? proofCard(w, 'this server') : '');
    } catch (error) {
      // A name stays as it is written.
      const text = error.message, name = host.replace(/:\d+$/, '');
      if (mine === turn) replace(box, trouble(new Error(text.startsWith(name) ? `${text}.` : sentence(text))));
    } finally {
      if (mine === turn) button.disabled = false;
    }
    return null;
  };
  place.append(h('h1', null, 'Try any host'), h('p', { class: 'lead' },
    'Name a server, and this one shakes hands with it as a client, while you watch. Nothing is asked of it but the handshake and one small request.'),
  h('form', { class: 'host-form', onsubmit: (event) => {
    event.preventDefault();
    try {
      const host = hostOf(field.value);
      go(host, 1);
    } catch (error) {
      replace(box, trouble(error));
    }
  } }, h('label', { for: id }, 'Host, and port if it is not 443'), h('div', null, field, button)), box);
  if (source) {
    field.value = source;
    try {
      await go(hostOf(source), step);
    } catch (error) {
      replace(box, trouble(error));
    }
  }
  return () => {
    turn++;
    stepper?.close();
  };
}
