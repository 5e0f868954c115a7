// rfc8448.mjs: the traces of RFC 8448 as walks (docs/walk-json.md), so that the page's proof is held
// against a handshake that is not ours and whose every value is printed.
import { readFileSync } from 'node:fs';

const HANDSHAKE = 22, APPLICATION_DATA = 23, FINISHED = 20, END_OF_EARLY_DATA = 5;
const NAMES = { 1: 'ClientHello', 2: 'ServerHello', 4: 'NewSessionTicket', 5: 'EndOfEarlyData', 8: 'EncryptedExtensions', 11: 'Certificate',
  13: 'CertificateRequest', 15: 'CertificateVerify', 20: 'Finished', 24: 'KeyUpdate' };

// The values of one section: {from, action, label, hex}.
function readTrace(heading) {
  const items = [];
  let inside = false, from = '', action = '', open = null;
  for (const line of readFileSync(new URL('../vectors/rfc8448.txt', import.meta.url), 'utf8').split('\n')) {
    if (/^\d+\. /.test(line)) inside = line.startsWith(heading);
    if (!inside || /^(Thomson|RFC 8448|\f)/.test(line)) continue;
    const who = /^ {3}\{(client|server)\} +(.*)/.exec(line), value = /^ {6}([A-Za-z][^(]*?) \(\d+ octets\): *(.*)/.exec(line);
    if (who) {
      [, from, action] = who;
      open = null;
    } else if (value) {
      items.push(open = { from, action, label: value[1], hex: '' });
      open.hex += (value[2].match(/\b[0-9a-f]{2}\b/g) ?? []).join('');
    } else if (open && /^ {6,}([0-9a-f]{2} ?)+\s*$/.test(line)) open.hex += line.replace(/\s/g, '');
    else if (line.trim()) open = /^ {3}\S/.test(line) ? null : open;
  }
  return items;
}

function secretsOf(items) {
  const out = new Map(), add = (name, value) => !out.has(name) && out.set(name, { name, value, at: ['client', 'server'], rule: 'RFC 8448' });
  for (const { from, action, label, hex } of items) {
    const derived = /^derive secret "tls13 (.*)"/.exec(action)?.[1], extracted = /^extract secret "(.*)"/.exec(action)?.[1];
    if (extracted === 'early' && label === 'IKM' && /[1-9a-f]/.test(hex)) add('PSK', hex);
    if (extracted === 'handshake' && label === 'IKM') add('(EC)DHE shared secret', hex);
    if (extracted && label === 'secret') add(`${extracted} secret`, hex);
    if (derived && label === 'expanded' && derived !== 'derived') add(derived === 'res binder' ? 'binder key' : derived, hex);
    const keys = /^derive write traffic keys for (early|handshake|application)/.exec(action)?.[1];
    const value = /^(key|iv) expanded/.exec(label)?.[1];
    if (keys && value) add(`${from} ${keys} ${value}`, hex);
    if (/^calculate finished/.test(action) && label === 'expanded') add(`${from} finished key`, hex);
  }
  return [...out.values()];
}

function messagesIn(hex, from, record) {
  const out = [];
  for (let at = 0; at < hex.length;) {
    const n = 8 + 2 * parseInt(hex.slice(at + 2, at + 8), 16), bytes = hex.slice(at, at + n);
    const type = parseInt(bytes.slice(0, 2), 16);
    out.push({ from, layer: 'handshake', name: NAMES[type], type, bytes, records: [record] });
    at += n;
  }
  return out;
}

export function traceWalk(heading) {
  const items = readTrace(heading), records = [], steps = [];
  const secrets = secretsOf(items), early = secrets.some((s) => s.name === 'c e traffic');
  const stage = { client: early ? 'e' : 'hs', server: 'hs' }, counted = new Map();
  let plain;
  for (const { from, action, label, hex } of items) {
    const kind = /^send (handshake|application_data|alert|change_cipher_spec) record/.exec(action)?.[1];
    if (!kind) continue;
    if (label === 'payload') plain = hex;
    if (label !== 'complete record') continue;
    const type = parseInt(hex.slice(0, 2), 16), encrypted = type === APPLICATION_DATA;
    const inner = { handshake: HANDSHAKE, application_data: APPLICATION_DATA, alert: 21, change_cipher_spec: 20 }[kind];
    const r = { from, type, inner_type: inner, encrypted, bytes: hex, plain, fate: 'delivered' };
    if (encrypted) {
      r.secret = `${from[0]} ${stage[from]} traffic`;
      r.sequence = counted.get(r.secret) ?? 0;
      counted.set(r.secret, r.sequence + 1);
    }
    const messages = inner === HANDSHAKE ? messagesIn(plain, from, records.length)
      : [{ from, layer: 'record', name: kind, bytes: plain, records: [records.length] }];
    steps.push(...messages);
    records.push(r);
    for (const m of messages) {
      if (m.type === END_OF_EARLY_DATA) stage[from] = 'hs';
      if (m.type === FINISHED) stage[from] = 'ap';
    }
  }
  steps.push({ from: 'client', layer: 'key', name: 'keys', secrets });
  steps.forEach((s, i) => { s.n = i + 1; });
  return { version: 1, outcome: 'established', tls: '1.3', suite: 'TLS_AES_128_GCM_SHA256', resumed: secrets.some((s) => s.name === 'PSK'),
    records, steps, certificates: [], failure: null, lost: 0 };
}
