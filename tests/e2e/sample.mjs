// sample.mjs: the explorer page without a server behind it. Whatever a peer could have sent is HTML
// that would run a script if the page took it as such.
import { existsSync, readFileSync } from 'node:fs';
import { traceWalk } from './rfc8448.mjs';

const ROOT = process.env.EXPLORER ?? new URL('../../web/explorer/', import.meta.url).pathname;
const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css', js: 'text/javascript' };
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' https://*.lab.localhost:8443; "
  + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const EVIL = '<img src=x onerror="globalThis.hacked=true"></script><script>globalThis.hacked=true</script>';

function walk() {
  const w = traceWalk('3.  Simple'), hello = w.steps[0];
  Object.assign(w, { title: EVIL, server_name: EVIL, alpn: EVIL, group: 'x25519', signature: 'rsa_pss_rsae_sha256', sides: { client: { name: 'your browser', watched: false }, server: { name: 'lockstep', watched: true } },
    time: { total_us: 12345, rtt_us: null, round_trips: 2, server_us: 800 } });
  w.steps.forEach((s, i) => Object.assign(s, { title: s.name, text: EVIL, eavesdropper: EVIL, us: 100 * i, encrypted: i > 1, rule: 'RFC 8448' }));
  hello.fields = [{ name: 'msg_type', offset: 0, length: 1, depth: 0, value: 'ClientHello (1)', text: 'Which kind of message this is.' },
    { name: 'length', offset: 1, length: 3, depth: 0, value: EVIL }, { name: 'body', offset: 4, length: hello.bytes.length / 2 - 4, depth: 0 },
    { name: 'legacy_version', offset: 4, length: 2, depth: 1, value: EVIL, text: EVIL }];
  hello.choices = [{ by: 'server', title: EVIL, text: EVIL, rule: EVIL }];
  const der = w.steps.find((s) => s.name === 'Certificate').bytes.slice(22, -4);
  w.certificates = [{ depth: 0, subject: `CN=${EVIL}`, issuer: `CN=${EVIL}!`, not_before: '2026-01-01T00:00:00Z', not_after: '2036-01-01T00:00:00Z', key: 'RSA 1024', names: [EVIL], der, fields: [] }];
  return w;
}

// The same, refused by the client when it sees the certificate.
function refused(fault) {
  const w = walk(), n = w.steps.findIndex((s) => s.name === 'Certificate') + 1, status = fault.status;
  w.steps.length = n;
  w.steps.push({ n: n + 1, from: 'client', layer: 'check', name: 'Certificate chain', title: EVIL, text: EVIL, passed: false, us: 2000,
    checks: [{ name: 'form', depth: 0, subject: `CN=${EVIL}`, compared: EVIL, rule: 'RFC 5280', passed: true, status: 'OK' },
      { name: 'validity', depth: 0, subject: `CN=${EVIL}`, compared: EVIL, rule: 'RFC 5280 §4.1.2.5', passed: false, status }] },
  { n: n + 2, from: 'client', layer: 'record', name: 'alert', title: 'Alert', text: '', bytes: '022d', fields: [], records: [], alert: fault.alert, us: 2100 });
  return { ...w, outcome: 'aborted', failure: { at: 'client', step: n + 1, status, alert: fault.alert, alert_name: fault.alert_name, rule: 'RFC 5280', sentence: EVIL } };
}

const FAULTS = [['expired', 'certificate', 'CERT_EXPIRED', 45, 46], ['tampered-finished', 'wire', 'BAD_RECORD', 20, 20], ['harmless', 'peer', 'OK', null, -1]]
  .map(([name, kind, status, alert, browser]) => ({ name, kind, title: `Fault ${name} ${EVIL}`, line: EVIL, version: 0x0304, at: 'client', step: 'Certificate chain', status, alert,
    alert_name: null, browser: 'ERR_CERT_DATE_INVALID', browser_alert: browser, person: EVIL, hosted: kind === 'certificate', url: `https://${name}.lab.localhost:8443/` }));

function answer(url) {
  const fault = FAULTS.find((f) => f.name === url.searchParams.get('fault'));
  switch (url.pathname) {
  case '/-/faults': return { faults: FAULTS };
  case '/-/demo': return !fault || fault.status === 'OK' ? { ...walk(), early_data: url.searchParams.has('early') ? 'accepted' : null, tls: url.searchParams.get('tls') ?? '1.3' } : refused(fault);
  case '/-/walk': return { error: EVIL };
  case '/-/lab': return { seq: 7, seen: url.searchParams.get('since') === '0' ? [] : [{ seq: 7, fault: 'expired', alert: 46, alert_name: EVIL, us: 1500 }] };
  case '/-/measure': return { operations: [{ name: 'RSA-2048, sign', kind: 'asymmetric', bytes: 64, us: 640 }, { name: EVIL, kind: 'asymmetric', bytes: 64, us: 20 },
    { name: 'AES-128-GCM, 16 KiB', kind: 'symmetric', bytes: 16384, us: 4 }], handshakes: [{ name: 'TLS 1.3', client_us: 200, server_us: 100 }] };
  default: return null;
  }
}

export async function serveSample(page, base) {
  await page.route('**/*', (route) => {
    const url = new URL(route.request().url());
    if (url.origin !== new URL(base).origin) return route.abort('failed');
    const json = answer(url);
    if (json) return route.fulfill({ contentType: 'application/json', body: JSON.stringify(json) });
    const file = url.pathname === '/' ? 'index.html' : url.pathname.slice(1);
    if (!/^[a-z0-9]+\.(html|css|js)$/.test(file) || !existsSync(ROOT + file)) return route.fulfill({ status: 404, body: 'no' });
    let body = readFileSync(ROOT + file, 'utf8');
    if (file === 'index.html') {
      const script = `<script type="application/json" id="handshake">${JSON.stringify(walk()).replaceAll('<', '\\u003c')}</script>`;
      body = body.replace('<!--HANDSHAKE-->', () => script);
    }
    return route.fulfill({ contentType: TYPES[file.split('.').pop()], headers: { 'content-security-policy': CSP }, body });
  });
}
