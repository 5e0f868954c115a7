// der.js: as much of a certificate as is needed to check a signature with its key (RFC 5280 §4.1),
// and the check itself, by WebCrypto. What WebCrypto does not know throws Unknown.

import { join, toHex } from './kdf.js';

const subtle = globalThis.crypto.subtle;

// Not wrong, but beyond what a browser can check for us.
export class Unknown extends Error {}

// The element at `at`: its tag, where its contents begin, where it ends.
function element(bytes, at) {
  let length = bytes[at + 1], from = at + 2;
  if (length >= 0x80) {
    const n = length - 0x80;
    if (n < 1 || n > 3) throw new Error('a length that is none');
    length = 0;
    for (let i = 0; i < n; i++) length = length * 256 + bytes[from + i];
    from += n;
  }
  if (!(from + length <= bytes.length)) throw new Error('it ends too early');
  return { tag: bytes[at], at, from, end: from + length };
}

function children(bytes, parent) {
  const out = [];
  for (let at = parent.from; at < parent.end; at = out.at(-1).end) out.push(element(bytes, at));
  return out;
}

const raw = (bytes, e) => bytes.slice(e.at, e.end);
const body = (bytes, e) => bytes.slice(e.from, e.end);

// {tbs, oid, signature, spki} of a certificate; of a raw public key (RFC 7250) only {spki}.
export function readCertificate(der) {
  const top = children(der, element(der, 0));
  if (top.length === 2 && top[1].tag === 0x03) return { spki: der };
  const [tbs, algorithm, signature] = top;
  const parts = children(der, tbs).filter((e) => e.tag !== 0xa0); // [0] version
  return {
    tbs: raw(der, tbs),
    oid: toHex(body(der, children(der, algorithm)[0])),
    signature: body(der, signature).slice(1),
    spki: raw(der, parts[5]), // serial, signature, issuer, validity, subject, key
  };
}

const CURVES = { '2a8648ce3d030107': ['P-256', 32], '2b81040022': ['P-384', 48], '2b81040023': ['P-521', 66] };
const RSA = '2a864886f70d010101', ED25519 = '2b6570';

function keyKind(spki) {
  const [algorithm] = children(spki, element(spki, 0));
  const [oid, parameter] = children(spki, algorithm).map((e) => toHex(body(spki, e)));
  return { oid, curve: CURVES[parameter] };
}

// ECDSA signatures are SEQUENCE { r, s } on the wire, and r and s in full length for WebCrypto.
function plainEcdsa(signature, size) {
  const halves = children(signature, element(signature, 0)).map((e) => {
    const n = body(signature, e).slice(-size);
    return join(new Uint8Array(size - n.length), n);
  });
  return join(...halves);
}

// kind: 'ecdsa', 'pss', 'pkcs1', 'ed25519'.
export async function verify(spki, { kind, hash }, signature, signed) {
  const key = keyKind(spki);
  let algorithm, how;
  if (kind === 'ecdsa' && key.curve) {
    algorithm = { name: 'ECDSA', namedCurve: key.curve[0] };
    how = { name: 'ECDSA', hash };
    signature = plainEcdsa(signature, key.curve[1]);
  } else if (kind === 'pss' && key.oid === RSA) {
    algorithm = { name: 'RSA-PSS', hash };
    how = { name: 'RSA-PSS', saltLength: Number(hash.slice(4)) / 8 };
  } else if (kind === 'pkcs1' && key.oid === RSA) {
    algorithm = how = { name: 'RSASSA-PKCS1-v1_5', hash };
  } else if (kind === 'ed25519' && key.oid === ED25519) {
    algorithm = how = { name: 'Ed25519' };
  } else throw new Unknown('WebCrypto has no such signature');
  let imported;
  try {
    imported = await subtle.importKey('spki', spki, algorithm, false, ['verify']);
  } catch {
    throw new Unknown('this browser\u2019s WebCrypto does not take this kind of key');
  }
  return subtle.verify(how, imported, signature, signed);
}

// SignatureScheme of RFC 8446 §4.2.3.
const SCHEMES = {
  0x0401: ['pkcs1', 'SHA-256'], 0x0501: ['pkcs1', 'SHA-384'], 0x0601: ['pkcs1', 'SHA-512'],
  0x0403: ['ecdsa', 'SHA-256'], 0x0503: ['ecdsa', 'SHA-384'], 0x0603: ['ecdsa', 'SHA-512'],
  0x0804: ['pss', 'SHA-256'], 0x0805: ['pss', 'SHA-384'], 0x0806: ['pss', 'SHA-512'],
  0x0807: ['ed25519'],
};

export function scheme(code) {
  const s = SCHEMES[code];
  if (!s) throw new Unknown(`WebCrypto has no signature scheme 0x${code.toString(16).padStart(4, '0')}`);
  return { kind: s[0], hash: s[1] };
}

const OIDS = {
  '2a8648ce3d040302': ['ecdsa', 'SHA-256'], '2a8648ce3d040303': ['ecdsa', 'SHA-384'], '2a8648ce3d040304': ['ecdsa', 'SHA-512'],
  '2a864886f70d01010b': ['pkcs1', 'SHA-256'], '2a864886f70d01010c': ['pkcs1', 'SHA-384'], '2a864886f70d01010d': ['pkcs1', 'SHA-512'],
  '2a864886f70d010105': ['pkcs1', 'SHA-1'], '2b6570': ['ed25519'],
};

// Did the key of `issuer` sign `certificate`? Both in DER.
export async function signedBy(certificate, issuer) {
  const c = readCertificate(certificate), how = OIDS[c.oid];
  if (!how) throw new Unknown('WebCrypto has no such signature');
  return verify(readCertificate(issuer).spki, { kind: how[0], hash: how[1] }, c.signature, c.tbs);
}
