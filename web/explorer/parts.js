// parts.js: pieces that several views show: secrets, checks, choices, facts, trouble.

import { h, icon, mark } from './dom.js';
import { common, many } from './words.js';

export function hexText(hex) {
  return h('code', { class: 'hexvalue' }, hex.match(/.{1,8}/g)?.flatMap((g) => [g, h('wbr')]) ?? '');
}

const HOLDERS = { client: 'client', server: 'server' };

function secret(x, names, inner) {
  return h('li', null, h('div', { class: 'secret-head' }, icon('key'), h('b', null, x.name),
    h('span', { class: 'holders' }, (x.at ?? []).filter((a) => HOLDERS[a]).map((a) => h('span', { class: `holder ${a}` }, names?.[a] ?? a)))),
  hexText(x.value), x.how ? h('p', { class: 'how' }, x.how) : null,
  x.label ? h('p', { class: 'soft' }, 'In a key log: ', h('code', null, x.label)) : null, inner);
}

// Each secret once: what both ends derived, both have.
export function merged(secrets) {
  const out = new Map();
  for (const x of secrets) {
    const key = `${x.name} ${x.value}`, before = out.get(key);
    out.set(key, before ? { ...before, at: [...new Set([...(before.at ?? []), ...(x.at ?? [])])] } : x);
  }
  return [...out.values()];
}

// Each secret below the one it was derived from.
export function secretsTree(secrets, names) {
  const known = new Set(secrets.map((x) => x.name)), children = new Map();
  for (const x of secrets) {
    const parent = (x.from ?? []).filter((f) => known.has(f) && f !== x.name).at(-1) ?? null;
    children.set(parent, [...(children.get(parent) ?? []), x]);
  }
  const seen = new Set(); // a circle would be nobody's derivation, but this page must not hang on it
  const branch = (parent) => {
    const list = (children.get(parent) ?? []).filter((x) => !seen.has(x) && seen.add(x));
    return list.length ? h('ul', { class: 'secrets tree' }, list.map((x) => secret(x, names, branch(x.name)))) : null;
  };
  return branch(null);
}

export const checksList = (checks) => h('ul', { class: 'checks' }, checks.map((c) => h('li', { class: c.passed ? 'good' : 'bad' }, mark(!!c.passed),
  h('div', null, h('b', null, c.name), c.subject ? h('span', { class: 'soft' }, ` ${c.subject}`) : null,
    c.compared ? h('p', null, c.compared) : null,
    h('p', { class: 'rule' }, [c.rule, c.passed ? null : c.status].filter(Boolean).join(' \u00b7 '))))));

const FEW = 8;

// Failed checks first; many that passed are folded, by what they were about.
export function checksGrouped(checks) {
  const failed = checks.filter((c) => !c.passed), passed = checks.filter((c) => c.passed), groups = new Map();
  if (checks.length <= FEW) return checksList([...failed, ...passed]);
  for (const c of passed) groups.set(c.subject ?? '', [...(groups.get(c.subject ?? '') ?? []), c]);
  return h('div', { class: 'groups' }, failed.length ? checksList(failed) : null, [...groups].map(([subject, list]) => h('details', null,
    h('summary', null, mark(true), h('b', null, common(subject) || 'Everything else'), h('span', { class: 'soft' }, `${many(list.length, 'check')} passed`)),
    checksList(list.map((c) => ({ ...c, subject: null }))))));
}

export const choicesList = (choices, names) => h('dl', { class: 'choices' }, choices.map((c) => h('div', null,
  h('dt', null, c.title), h('dd', null, c.text, ' ', h('span', { class: 'soft' }, `chosen by ${names?.[c.by] ?? c.by}${c.rule ? `, ${c.rule}` : ''}`)))));

export const facts = (rows) => h('dl', { class: 'facts' }, rows.filter((r) => r && r[1] !== null && r[1] !== undefined && r[1] !== '')
  .map(([name, value, note]) => h('div', null, h('dt', null, name), h('dd', null, value, note ? h('small', null, note) : null))));

export const trouble = (error) => h('div', { class: 'notice bad', role: 'alert' }, icon('no'), h('p', null, error.message ?? String(error)));
export const note = (name, ...children) => h('div', { class: 'notice' }, icon(name), h('div', null, ...children));
export const busy = (text) => h('p', { class: 'busy', role: 'status' }, h('span', { class: 'dots', 'aria-hidden': 'true' }), text);

// What an outsider can know of a step.
export function eavesdropper(step) {
  if (!step.eavesdropper) return null;
  return h('div', { class: 'eaves' }, icon(step.encrypted ? 'lock' : 'eye'),
    h('p', null, h('b', null, 'Somebody on the way sees: '), step.eavesdropper));
}
