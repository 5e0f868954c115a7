// node --test tests/e2e/proof.test.mjs
//
// $LOCKSTEP is the command that makes real walks; default: build/lockstep.
// The explorer page's proof (web/explorer/proof.js) must hold for handshakes that are right, and
// notice every value that is not.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { prove } from '../../web/explorer/proof.js';
import { expandLabel, extract, fromHex, prf, toHex, utf8 } from '../../web/explorer/kdf.js';
import { tripsBefore } from '../../web/explorer/compare.js';
import { hostOf } from '../../web/explorer/hosts.js';
import { traceWalk } from './rfc8448.mjs';

const copy = (x) => JSON.parse(JSON.stringify(x));
const flip = (hex, at) => hex.slice(0, at) + (parseInt(hex[at], 16) ^ 1).toString(16) + hex.slice(at + 1);
const wrong = (report) => report.checks.filter((c) => c.ok === false).map((c) => `${c.name}: ${c.why ?? `${c.computed} is not ${c.shown}`}`);
const count = (report, group) => report.checks.filter((c) => c.group === group && c.ok).length;

// From RFC 8448: how many secrets, records, Finished, signatures and binders are to be proved.
const TRACES = [
  ['3.  Simple', { keys: 17, records: 7, messages: 6, finished: 2, signatures: 1, returning: 0 }],
  ['4.  Resumed', { keys: 23, records: 8, messages: 7, finished: 2, signatures: 0, returning: 1 }],
  ['5.  HelloRetryRequest', { keys: 17, records: 4, messages: 4, finished: 2, signatures: 1, returning: 0 }],
  ['6.  Client Authentication', { keys: 17, records: 4, messages: 4, finished: 2, signatures: 2, returning: 0 }],
  ['7.  Compatibility Mode', { keys: 17, records: 4, messages: 6, finished: 2, signatures: 1, returning: 0 }],
];

for (const [heading, all] of TRACES) {
  test(`the trace "${heading}" is proved`, async () => {
    const report = await prove(traceWalk(heading));
    assert.deepEqual(wrong(report), []);
    assert.equal(report.unknown, 0);
    for (const [group, n] of Object.entries(all)) assert.equal(count(report, group), n, group);
  });
}

// Changes every secret, record and message of a walk once, and expects that it is noticed.
async function changeEach(whole, minor = '1.3') {
  const changed = [];
  whole.steps.forEach((step, n) => step.secrets?.forEach((s, i) => changed.push([`secret ${s.name}`, (w) => {
    const x = w.steps[n].secrets[i];
    x.value = flip(x.value, x.value.length - 1);
  }])));
  whole.records.forEach((r, i) => {
    if (r.encrypted) {
      changed.push([`bytes of record ${i}`, (w) => { w.records[i].bytes = flip(r.bytes, r.bytes.length - 40); }]);
      changed.push([`number of record ${i}`, (w) => { w.records[i].sequence++; }]);
      changed.push([`type of record ${i}`, (w) => { w.records[i].inner_type = 24; }]);
    }
    if (minor === '1.3' || r.type !== 20) changed.push([`content of record ${i}`, (w) => { w.records[i].plain = flip(r.plain, r.plain.length - 1); }]);
  });
  whole.steps.forEach((s, i) => {
    if (s.bytes && !(minor === '1.2' && s.bytes === '01')) changed.push([`${s.name}, step ${s.n}`, (w) => { w.steps[i].bytes = flip(s.bytes, s.bytes.length - 1); }]);
  });
  for (const [what, change] of changed) {
    const w = copy(whole);
    change(w);
    assert.ok((await prove(w)).bad > 0, `${what} was changed, and nothing failed`);
  }
}

for (const [heading] of TRACES)
  test(`no secret, record or message of "${heading}" can be changed unnoticed`, () => changeEach(traceWalk(heading)));

// ---- Handshakes of our own ---------------------------------------------------------------------

const LOCKSTEP = process.env.LOCKSTEP ?? fileURLToPath(new URL('../../build/lockstep', import.meta.url));
const demo = (...options) => JSON.parse(execFileSync(LOCKSTEP, ['walk', '--demo', '--json', ...options], { maxBuffer: 1e8 }));
const KINDS = { 'TLS 1.3': [], 'TLS 1.3 resumed': ['--resume'], '0-RTT': ['--resume', '--early-data'], 'TLS 1.2': ['--tls', '1.2'], 'TLS 1.2 resumed': ['--tls', '1.2', '--resume'],
  'RSA key transport': ['--tls', '1.2', '--kex', 'rsa'] };

for (const [name, options] of Object.entries(KINDS)) {
  test(`a real handshake is proved: ${name}`, async () => {
    const walk = demo(...options), report = await prove(walk);
    assert.deepEqual(wrong(report), []);
    // Node's WebCrypto and DecompressionStream cannot undo Brotli.
    assert.deepEqual(report.checks.filter((c) => c.ok === null && !/brotli/.test(c.why)), []);
    const secrets = new Set(walk.steps.flatMap((s) => s.secrets ?? []).map((s) => s.name)), start = ['PSK', '(EC)DHE shared secret', 'premaster secret'];
    if (!secrets.has('premaster secret') && walk.tls === '1.2') start.push('master secret');
    const left = [...secrets].filter((s) => !start.includes(s) && !report.checks.some((c) => c.group === 'keys' && c.name === s));
    assert.deepEqual(left, [], 'secrets that are shown and not proved');
    assert.equal(count(report, 'records'), walk.records.filter((r) => r.encrypted).length);
    assert.equal(count(report, 'finished'), 2);
    assert.equal(count(report, 'returning'), walk.tls === '1.3' && walk.resumed ? 1 : 0);
    assert.equal(report.checks.some((c) => /CertificateVerify|ServerKeyExchange/.test(c.name) && c.ok), !walk.resumed && !options.includes('rsa'));
  });
  test(`nothing of it can be changed unnoticed: ${name}`, async () => {
    const walk = demo(...options);
    await changeEach(walk, walk.tls);
  });
}

// What WebCrypto finds wrong by itself in handshakes that were made to fail.
const FOUND = { 'bad-signature': 'Certificate 0', 'stolen-certificate': 'CertificateVerify of the server' };
for (const [fault, name] of Object.entries(FOUND)) {
  test(`the proof finds it too: ${fault}`, async () => {
    const { stdout } = spawnSync(LOCKSTEP, ['walk', '--demo', '--json', '--fault', fault], { maxBuffer: 1e8 });
    assert.deepEqual((await prove(JSON.parse(stdout))).checks.filter((c) => c.ok === false).map((c) => c.name), [name]);
  });
}

test('what WebCrypto does not have is said openly and fails nothing', async () => {
  const w = traceWalk('3.  Simple');
  w.suite = 'TLS_AES_128_CCM_SHA256';
  const report = await prove(w);
  assert.deepEqual(wrong(report), []);
  assert.ok(report.unknown >= 6);
  assert.ok(report.checks.filter((c) => c.ok === null).every((c) => c.why));
});

test('a record that somebody changed need not open', async () => {
  const w = traceWalk('3.  Simple');
  const i = w.records.findIndex((r) => r.inner_type === 23);
  Object.assign(w.records[i], { fate: 'changed', bytes: flip(w.records[i].bytes, 20) });
  w.outcome = 'aborted';
  const report = await prove(w);
  assert.equal(report.bad, 0);
  assert.equal(report.unknown, 1);
});

test('a walk that ended early, or is empty, is proved as far as it goes', async () => {
  const whole = traceWalk('3.  Simple'), keys = whole.steps.at(-1);
  for (let n = 0; n < whole.steps.length; n++) {
    const w = copy({ ...whole, outcome: 'aborted', steps: [...whole.steps.slice(0, n), keys], records: [] });
    assert.doesNotThrow(() => w);
    await prove(w);
  }
  assert.equal((await prove({ version: 1, outcome: 'aborted', steps: [], records: [] })).checks.length, 0);
});

test('the functions of keys', async () => {
  // RFC 5869 A.1's PRK; RFC 8448 §3's first expansion; the PRF vector for SHA-256 that was posted to
  // the TLS working group's list (P_SHA256, label "test label").
  assert.equal(toHex(await extract('SHA-256', fromHex('000102030405060708090a0b0c'), fromHex('0b'.repeat(22)))),
    '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5');
  const early = fromHex('33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a');
  assert.equal(toHex(await expandLabel('SHA-256', early, 'derived', fromHex('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'), 32)),
    '6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba');
  const out = await prf('SHA-256', fromHex('9bbe436ba940f017b17652849a71db35'), 'test label', fromHex('a0ba9f936cda311827a6f796ffd5198c'), 100);
  assert.equal(toHex(out.slice(0, 16)), 'e3f229ba727be17b8d122620557cd453');
  assert.equal(utf8('é').length, 2);
});

test('round trips before the first request', () => {
  assert.equal(tripsBefore({ tls: '1.3' }), 1);
  assert.equal(tripsBefore({ tls: '1.3', retried: true }), 2);
  assert.equal(tripsBefore({ tls: '1.3', resumed: true, early_data: 'accepted' }), 0);
  assert.equal(tripsBefore({ tls: '1.2' }), 2);
  assert.equal(tripsBefore({ tls: '1.2', resumed: true }), 1);
});

test('what counts as a host', () => {
  assert.equal(hostOf(' example.org '), 'example.org:443');
  assert.equal(hostOf('https://example.org:8443/path?x#y'), 'example.org:8443');
  assert.equal(hostOf('[::1]:8443'), '[::1]:8443');
  assert.equal(hostOf('[::1]'), '[::1]:443');
  for (const bad of ['', '  ', 'a b', 'host:port', 'host\u0007', 'user@host', 'x:1:2', 'x:65536', 'http://']) assert.throws(() => hostOf(bad), Error, bad);
});
