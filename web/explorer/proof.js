// proof.js: does what the walk shows belong together? Every key is derived anew from the shared
// secret, every record opened with it, both Finished and the signature computed again, by
// WebCrypto: an implementation that is not the one that made the handshake.
//
// prove(walk) returns {checks: [{group, name, what, ok, why, shown, computed, rule}], good, bad,
// unknown}. `ok` is null for what WebCrypto cannot check; `why` says so.

import { Unknown, readCertificate, scheme, signedBy, verify } from './der.js';
import { digest, expandLabel, extract, fromHex, hmac, join, number, prf, toHex, utf8 } from './kdf.js';

const subtle = globalThis.crypto.subtle;
const EMPTY = new Uint8Array();
const TYPE = { clientHello: 1, serverHello: 2, newSessionTicket: 4, endOfEarlyData: 5, certificate: 11,
  serverKeyExchange: 12, certificateVerify: 15, clientKeyExchange: 16, finished: 20, keyUpdate: 24, compressedCertificate: 25 };
// The random that makes a ServerHello a HelloRetryRequest (RFC 8446 §4.1.3).
const RETRY = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';
const HANDSHAKE = 22;

export const GROUPS = {
  keys: 'Secrets and keys', records: 'Records', messages: 'Messages', finished: 'Finished',
  signatures: 'Signatures', returning: 'Coming back',
};

export async function prove(walk) {
  const p = new Proof(walk);
  if (walk.tls === '1.3') await proveTls13(p);
  else if (walk.tls === '1.2') await proveTls12(p);
  await proveChain(p);
  const count = (ok) => p.checks.filter((c) => c.ok === ok).length;
  return { checks: p.checks, good: count(true), bad: count(false), unknown: count(null) };
}

// ---- What both versions need -------------------------------------------------------------------

class Proof {
  constructor(walk) {
    this.walk = walk;
    this.checks = [];
    this.suite = walk.suite ?? '';
    this.hash = this.suite.endsWith('SHA384') ? 'SHA-384' : 'SHA-256';
    this.size = this.hash === 'SHA-384' ? 48 : 32;
    this.shown = new Map();
    for (const step of walk.steps)
      for (const s of step.secrets ?? []) if (!this.shown.has(s.name)) this.shown.set(s.name, s);
    this.messages = walk.steps
      .filter((s) => s.layer === 'handshake' && (s.bytes?.length ?? 0) >= 8)
      .map((s) => ({ step: s, from: s.from, type: parseInt(s.bytes.slice(0, 2), 16), bytes: fromHex(s.bytes) }));
    this.derived = new Map();
  }

  add(group, name, what, ok, more = {}) {
    this.checks.push({ group, name, what, ok, ...more });
    return ok;
  }

  // Compares what was computed with what is shown.
  equal(group, name, what, computed, shown, more = {}) {
    const a = typeof computed === 'string' ? computed : toHex(computed);
    return this.add(group, name, what, a === shown, { computed: a, shown, ...more });
  }

  // Runs one check that may find that it cannot be made.
  async attempt(group, name, what, check, more = {}) {
    try {
      this.add(group, name, what, await check(), more);
    } catch (error) {
      if (error instanceof Unknown) this.add(group, name, what, null, { why: error.message, ...more });
      else this.add(group, name, what, false, { why: String(error.message || error.name), ...more });
    }
  }

  // Keeps a secret, and compares it with the one that is shown, if it is.
  secret(name, value, what) {
    this.derived.set(name, value);
    const s = this.shown.get(name);
    if (s) this.equal('keys', name, what, value, s.value, { rule: s.rule });
    return value;
  }

  value(name) {
    const s = this.shown.get(name);
    return s && fromHex(s.value);
  }

  first(type, from) {
    return this.messages.find((m) => m.type === type && (!from || m.from === from));
  }

  // All messages before `end`, or up to it and with it.
  upTo(end, inclusive) {
    const i = this.messages.indexOf(end);
    return this.messages.slice(0, i < 0 ? 0 : i + (inclusive ? 1 : 0));
  }
}

// The content of a record, and what it was: AEAD of RFC 5116.
async function open(suite, key, nonce, aad, sealed) {
  const chacha = suite.includes('CHACHA20');
  if (!chacha && !suite.includes('GCM')) throw new Unknown('WebCrypto does not open records of this suite');
  const name = chacha ? 'ChaCha20-Poly1305' : 'AES-GCM';
  let k;
  try {
    k = await subtle.importKey(chacha ? 'raw-secret' : 'raw', key, { name }, false, ['decrypt']);
  } catch {
    throw new Unknown(`this browser\u2019s WebCrypto has no ${name}`);
  }
  try {
    return new Uint8Array(await subtle.decrypt({ name, iv: nonce, additionalData: aad, tagLength: 128 }, k, sealed));
  } catch {
    throw new Error('the record does not open with this key');
  }
}

const keyLength = (suite) => (suite.includes('AES_128') ? 16 : 32);
const xor = (a, b) => a.map((x, i) => x ^ b[i]);
const nonceOf = (iv, sequence) => xor(iv, join(new Uint8Array(4), number(sequence, 8)));

async function proveRecords(p, openOne) {
  let i = -1;
  for (const record of p.walk.records) {
    i++;
    if (!record.encrypted || !record.secret || record.plain === undefined) continue;
    const untouched = (record.fate ?? 'delivered') === 'delivered';
    const name = `Record ${i}, ${record.from}`;
    const what = `opened with the keys of \u201c${record.secret}\u201d, number ${record.sequence}; its ${record.plain.length / 2} bytes are those shown`;
    await p.attempt('records', name, what, async () => {
      let content;
      try {
        content = await openOne(record, fromHex(record.bytes));
      } catch (error) {
        if (untouched || error instanceof Unknown) throw error;
        throw new Unknown('somebody changed it on its way, and it no longer opens, as it should be');
      }
      if (toHex(content.bytes) !== record.plain) throw new Error('it opens, but holds something else');
      if (content.type !== (record.inner_type ?? content.type)) throw new Error('it opens, but its type is another');
      return true;
    }, { record: i });
  }
  if (!p.walk.lost && p.walk.outcome === 'established') proveMessages(p);
}

// The messages shown are what stands in the records, and so is the application data.
function proveMessages(p) {
  for (const from of ['client', 'server']) {
    const inRecords = p.walk.records
      .filter((r) => r.from === from && (r.inner_type ?? r.type) === HANDSHAKE && (r.fate ?? 'delivered') === 'delivered')
      .map((r) => r.plain).join('');
    const shown = p.messages.filter((m) => m.from === from).map((m) => m.step.bytes).join('');
    if (shown) p.equal('messages', `All messages of the ${from}`, 'what its records hold is what the steps show', inRecords, shown);
  }
  for (const s of p.walk.steps) {
    if (s.layer !== 'record' || s.from === 'wire' || !s.bytes || !s.records?.length) continue;
    const held = s.records.map((i) => p.walk.records[i]?.plain ?? '').join('');
    p.equal('messages', `Step ${s.n}, ${s.name}`, 'what its records hold is what the step shows', held, s.bytes);
  }
}

// The keys in a Certificate message: the first entry, in DER. `context`: TLS 1.3's first field.
function leafOf(message, tls13) {
  const b = message.bytes;
  const at = 4 + (tls13 ? 1 + b[4] : 0) + 3;
  const n = b[at] * 65536 + b[at + 1] * 256 + b[at + 2];
  if (!n || at + 3 + n > b.length) throw new Error('there is no certificate in it');
  return b.slice(at + 3, at + 3 + n);
}

async function inflated(message) {
  const b = message.bytes, algorithm = b[4] * 256 + b[5];
  const format = { 1: 'deflate', 2: 'brotli' }[algorithm]; // RFC 8879 §7.3
  let stream;
  try {
    stream = new DecompressionStream(format);
  } catch {
    throw new Unknown(`this browser does not let pages undo ${format ?? 'this'} compression`);
  }
  const piped = new Blob([b.slice(12)]).stream().pipeThrough(stream);
  const plain = new Uint8Array(await new Response(piped).arrayBuffer());
  return { bytes: join(b.slice(0, 4), plain) };
}

// The key of the certificate that `from` sent. What a browser cannot decompress is taken from where
// it is shown; that the two are the same then stands on its own as a check that cannot be made.
async function keyOf(p, from, tls13) {
  const m = p.first(TYPE.certificate, from);
  if (m) return readCertificate(leafOf(m, tls13)).spki;
  const packed = p.first(TYPE.compressedCertificate, from);
  if (!packed) throw new Unknown('the certificate is not in this handshake');
  const shown = from === 'server' && p.walk.certificates?.[0]?.der;
  if (!shown) return readCertificate(leafOf(await inflated(packed), tls13)).spki;
  return readCertificate(fromHex(shown)).spki;
}

async function provePacked(p) {
  const packed = p.first(TYPE.compressedCertificate, 'server'), shown = p.walk.certificates?.[0]?.der;
  if (!packed || !shown) return;
  await p.attempt('messages', 'Compressed certificate', 'decompressed, it begins with the certificate that is shown', async () => {
    if (toHex(leafOf(await inflated(packed), true)) !== shown) throw new Error('it holds another one');
    return true;
  }, { rule: 'RFC 8879 §4' });
}

async function proveChain(p) {
  const chain = (p.walk.certificates ?? []).filter((c) => c.der);
  for (let i = 0; i + 1 < chain.length; i++) {
    const c = chain[i], issuer = chain[i + 1];
    if (c.issuer !== issuer.subject) continue;
    await p.attempt('signatures', `Certificate ${i}`, `\u201c${c.subject}\u201d is signed with the key of \u201c${issuer.subject}\u201d`, async () => {
      if (!await signedBy(fromHex(c.der), fromHex(issuer.der))) throw new Error('the signature is not right');
      return true;
    }, { rule: 'RFC 5280 §6.1.3' });
  }
}

// ---- TLS 1.3 -----------------------------------------------------------------------------------

const isRetry = (m) => m.type === TYPE.serverHello && toHex(m.bytes.slice(6, 38)) === RETRY;

// Transcript-Hash (§4.4.1): after a HelloRetryRequest the first ClientHello counts as its digest.
async function transcript(p, messages, last = EMPTY) {
  const parts = messages.map((m) => m.bytes);
  if (messages.some(isRetry) || (messages.length > 1 && p.retried))
    parts[0] = join([254, 0, 0, p.size], await digest(p.hash, parts[0]));
  return digest(p.hash, join(...parts, last));
}

async function proveTls13(p) {
  const hello = p.messages.filter((m) => m.type === TYPE.clientHello).at(-1);
  const answer = p.messages.find((m) => m.type === TYPE.serverHello && !isRetry(m));
  const h = p.hash, n = p.size, nothing = await digest(h, EMPTY), zeros = new Uint8Array(n);
  const derive = (secret, label, context) => expandLabel(h, secret, label, context, n);
  const label = (from, l, what) => `HKDF-Expand-Label(${from}, \u201c${l}\u201d, ${what})`;
  p.retried = p.messages.some(isRetry);

  const psk = p.value('PSK');
  let early = p.value('early secret');
  if (psk || !p.walk.resumed)
    early = p.secret('early secret', await extract(h, zeros, psk ?? zeros), `HKDF-Extract(0, ${psk ? 'PSK' : 'no PSK: zeros'})`);
  if (early && hello && (psk || p.walk.resumed)) await proveReturning(p, early, hello, derive);
  if (!answer || !p.value('(EC)DHE shared secret') || !early) {
    await proveRecords13(p);
    return;
  }
  const toAnswer = await transcript(p, p.upTo(answer, true));
  const handshake = p.secret('handshake secret',
    await extract(h, await derive(early, 'derived', nothing), p.value('(EC)DHE shared secret')),
    'HKDF-Extract(Derive-Secret(early secret, \u201cderived\u201d), shared secret)');
  const span = 'Hash(ClientHello \u2026 ServerHello)';
  for (const l of ['c hs traffic', 's hs traffic'])
    p.secret(l, await derive(handshake, l, toAnswer), label('handshake secret', l, span));
  const master = p.secret('master secret', await extract(h, await derive(handshake, 'derived', nothing), zeros),
    'HKDF-Extract(Derive-Secret(handshake secret, \u201cderived\u201d), 0)');

  const finished = { client: p.first(TYPE.finished, 'client'), server: p.first(TYPE.finished, 'server') };
  if (finished.server) {
    const toServer = await transcript(p, p.upTo(finished.server, true));
    for (const l of ['c ap traffic', 's ap traffic', 'exp master'])
      p.secret(l, await derive(master, l, toServer), label('master secret', l, 'Hash(ClientHello \u2026 server Finished)'));
  }
  if (finished.client)
    p.secret('res master', await derive(master, 'res master', await transcript(p, p.upTo(finished.client, true))),
      label('master secret', 'res master', 'Hash(ClientHello \u2026 client Finished)'));
  await proveUpdates(p);
  await proveTrafficKeys(p);
  await proveRecords13(p);
  for (const from of ['server', 'client']) await proveFinished13(p, from, finished[from]);
  await provePacked(p);
  for (const from of ['server', 'client']) await proveSignature13(p, from);
}

// The key from before: its binder proves that the client has it (§4.2.11.2).
async function proveReturning(p, early, hello, derive) {
  const nothing = await digest(p.hash, EMPTY);
  const shown = p.shown.get('binder key')?.value;
  let kind = 'res binder', binderKey = await derive(early, kind, nothing);
  const external = await derive(early, 'ext binder', nothing);
  if (shown === toHex(external)) [kind, binderKey] = ['ext binder', external];
  p.secret('binder key', binderKey, `HKDF-Expand-Label(early secret, \u201c${kind}\u201d, Hash())`);
  const first = p.messages.slice(0, 1);
  for (const l of ['c e traffic', 'e exp master'])
    p.secret(l, await derive(early, l, await transcript(p, first)), `HKDF-Expand-Label(early secret, \u201c${l}\u201d, Hash(ClientHello))`);
  const binder = binderOf(hello.bytes);
  if (!binder) return;
  const key = await expandLabel(p.hash, binderKey, 'finished', EMPTY, p.size);
  const before = p.upTo(hello, false);
  const mac = await hmac(p.hash, key, await transcript(p, before, hello.bytes.slice(0, binder.list)));
  p.equal('returning', 'PSK binder', 'HMAC(finished key of binder key, Hash(ClientHello without its binders))',
    mac, toHex(binder.value), { rule: 'RFC 8446 §4.2.11.2' });
}

// Where the list of binders begins, and the first of them: pre_shared_key (41) comes last.
function binderOf(b) {
  let at = 38;
  at += 1 + b[at];
  at += 2 + b[at] * 256 + b[at + 1];
  at += 1 + b[at];
  at += 2;
  while (at + 4 <= b.length) {
    const type = b[at] * 256 + b[at + 1], length = b[at + 2] * 256 + b[at + 3];
    at += 4;
    if (type === 41) {
      const list = at + 2 + b[at] * 256 + b[at + 1];
      return { list, value: b.slice(list + 3, list + 3 + b[list + 2]) };
    }
    at += length;
  }
  return null;
}

async function proveUpdates(p) {
  for (const side of ['c', 's']) {
    const name = `${side} ap traffic, updated`, before = p.derived.get(`${side} ap traffic`);
    if (!before || !p.shown.has(name)) continue;
    p.secret(name, await expandLabel(p.hash, before, 'traffic upd', EMPTY, p.size),
      `HKDF-Expand-Label(${side} ap traffic, \u201ctraffic upd\u201d)`);
  }
}

const KEYS = [['c e traffic', 'client early'], ['c hs traffic', 'client handshake'], ['s hs traffic', 'server handshake'],
  ['c ap traffic', 'client application'], ['s ap traffic', 'server application']];

async function proveTrafficKeys(p) {
  for (const [secret, name] of KEYS) {
    const from = p.derived.get(secret);
    if (!from) continue;
    const expand = (l, n) => expandLabel(p.hash, from, l, EMPTY, n);
    p.secret(`${name} key`, await expand('key', keyLength(p.suite)), `HKDF-Expand-Label(${secret}, \u201ckey\u201d)`);
    p.secret(`${name} iv`, await expand('iv', 12), `HKDF-Expand-Label(${secret}, \u201civ\u201d)`);
    if (name.endsWith('handshake'))
      p.secret(`${name.slice(0, 6)} finished key`, await expand('finished', p.size), `HKDF-Expand-Label(${secret}, \u201cfinished\u201d)`);
  }
}

async function proveRecords13(p) {
  const generation = new Map(); // of updated secrets: the one that is in use
  await proveRecords(p, async (record, bytes) => {
    let secret = p.derived.get(record.secret);
    if (!secret) throw new Unknown('there is nothing from which its secret could be derived');
    if (record.secret.endsWith('updated')) {
      const seen = generation.get(record.secret);
      if (seen) secret = record.sequence === 0 ? await expandLabel(p.hash, seen, 'traffic upd', EMPTY, p.size) : seen;
      generation.set(record.secret, secret);
    }
    const key = await expandLabel(p.hash, secret, 'key', EMPTY, keyLength(p.suite));
    const iv = await expandLabel(p.hash, secret, 'iv', EMPTY, 12);
    const inner = await open(p.suite, key, nonceOf(iv, record.sequence), bytes.slice(0, 5), bytes.slice(5));
    let end = inner.length; // TLSInnerPlaintext (§5.2): content, type, zeros
    while (end > 0 && inner[end - 1] === 0) end--;
    return { bytes: inner.slice(0, Math.max(end - 1, 0)), type: inner[end - 1] };
  });
}

async function proveFinished13(p, from, message) {
  const base = p.derived.get(from === 'client' ? 'c hs traffic' : 's hs traffic');
  if (!message || !base) return;
  const key = await expandLabel(p.hash, base, 'finished', EMPTY, p.size);
  const mac = await hmac(p.hash, key, await transcript(p, p.upTo(message, false)));
  p.equal('finished', `Finished of the ${from}`, 'HMAC(finished key, Hash(all messages before it))', mac,
    toHex(message.bytes.slice(4)), { rule: 'RFC 8446 §4.4.4' });
}

async function proveSignature13(p, from) {
  const message = p.first(TYPE.certificateVerify, from);
  if (!message) return;
  const what = `the signature over everything said so far is by the key in the ${from}\u2019s certificate`;
  await p.attempt('signatures', `CertificateVerify of the ${from}`, what, async () => {
    const b = message.bytes;
    const signed = join(new Uint8Array(64).fill(0x20), utf8(`TLS 1.3, ${from} CertificateVerify`), [0],
      await transcript(p, p.upTo(message, false)));
    const key = await keyOf(p, from, true);
    if (!await verify(key, scheme(b[4] * 256 + b[5]), b.slice(8), signed)) throw new Error('the signature is not right');
    return true;
  }, { rule: 'RFC 8446 §4.4.3' });
}

// ---- TLS 1.2 -----------------------------------------------------------------------------------

const randomOf = (m) => m.bytes.slice(6, 38);

function hasExtension(b, wanted) {
  let at = 38;
  at += 1 + b[at] + 3 + 2; // session id, suite, compression, length of the extensions
  while (at + 4 <= b.length) {
    if (b[at] * 256 + b[at + 1] === wanted) return true;
    at += 4 + b[at + 2] * 256 + b[at + 3];
  }
  return false;
}

async function proveTls12(p) {
  const hello = p.first(TYPE.clientHello), answer = p.first(TYPE.serverHello);
  if (!hello || !answer) return;
  const cr = randomOf(hello), sr = randomOf(answer);
  let master = p.value('master secret');
  const premaster = p.value('premaster secret'), exchange = p.first(TYPE.clientKeyExchange);
  if (premaster && exchange) {
    const extended = hasExtension(answer.bytes, 23); // RFC 7627
    const seed = extended ? await digest(p.hash, join(...p.upTo(exchange, true).map((m) => m.bytes))) : join(cr, sr);
    master = p.secret('master secret', await prf(p.hash, premaster, extended ? 'extended master secret' : 'master secret', seed, 48),
      extended ? 'PRF(premaster secret, \u201cextended master secret\u201d, Hash(ClientHello \u2026 ClientKeyExchange))'
        : 'PRF(premaster secret, \u201cmaster secret\u201d, both randoms)');
  }
  if (master) {
    await proveKeyBlock(p, master, cr, sr);
    await proveRecords12(p);
    for (const m of p.messages.filter((x) => x.type === TYPE.finished)) await proveFinished12(p, master, m);
  }
  await proveExchange12(p, cr, sr);
  await proveClient12(p);
}

async function proveKeyBlock(p, master, cr, sr) {
  const k = keyLength(p.suite), iv = p.suite.includes('CHACHA20') ? 12 : 4;
  const block = await prf(p.hash, master, 'key expansion', join(sr, cr), 2 * k + 2 * iv);
  let at = 0;
  for (const [name, n] of [['client_write_key', k], ['server_write_key', k], ['client_write_IV', iv], ['server_write_IV', iv]]) {
    p.secret(name, block.slice(at, at + n), 'PRF(master secret, \u201ckey expansion\u201d, both randoms), its part');
    at += n;
  }
}

async function proveRecords12(p) {
  await proveRecords(p, async (record, bytes) => {
    const key = p.derived.get(`${record.from}_write_key`), iv = p.derived.get(`${record.from}_write_IV`);
    const explicit = iv.length === 4; // AES-GCM (RFC 5288) sends eight bytes of its nonce along
    const nonce = explicit ? join(iv, bytes.slice(5, 13)) : nonceOf(iv, record.sequence);
    const sealed = bytes.slice(explicit ? 13 : 5);
    const aad = join(number(record.sequence, 8), bytes.slice(0, 3), number(sealed.length - 16, 2));
    return { bytes: await open(p.suite, key, nonce, aad, sealed), type: bytes[0] };
  });
}

async function proveFinished12(p, master, message) {
  const seen = await digest(p.hash, join(...p.upTo(message, false).map((m) => m.bytes)));
  const data = await prf(p.hash, master, `${message.from} finished`, seen, 12);
  p.equal('finished', `Finished of the ${message.from}`, `PRF(master secret, \u201c${message.from} finished\u201d, Hash(all messages before it))`,
    data, toHex(message.bytes.slice(4)), { rule: 'RFC 5246 §7.4.9' });
}

async function proveExchange12(p, cr, sr) {
  const message = p.first(TYPE.serverKeyExchange);
  if (!message) return;
  await p.attempt('signatures', 'ServerKeyExchange', 'the server\u2019s share is signed by the key in its certificate', async () => {
    const b = message.bytes, end = 8 + b[7]; // curve_type, named_curve, the point and its length
    const signed = join(cr, sr, b.slice(4, end));
    if (!await verify(await keyOf(p, 'server', false), scheme(b[end] * 256 + b[end + 1]), b.slice(end + 4), signed))
      throw new Error('the signature is not right');
    return true;
  }, { rule: 'RFC 8422 §5.4' });
}

async function proveClient12(p) {
  const message = p.first(TYPE.certificateVerify, 'client');
  if (!message) return;
  await p.attempt('signatures', 'CertificateVerify of the client', 'the signature over everything said so far is by the key in its certificate', async () => {
    const b = message.bytes, signed = join(...p.upTo(message, false).map((m) => m.bytes));
    if (!await verify(await keyOf(p, 'client', false), scheme(b[4] * 256 + b[5]), b.slice(8), signed))
      throw new Error('the signature is not right');
    return true;
  }, { rule: 'RFC 5246 §7.4.8' });
}
