// kdf.js: the arithmetic of TLS keys, out of nothing but WebCrypto's HMAC and digests: HKDF
// (RFC 5869), HKDF-Expand-Label (RFC 8446 §7.1) and the PRF of TLS 1.2 (RFC 5246 §5).

const subtle = globalThis.crypto.subtle;

export const utf8 = (text) => new TextEncoder().encode(text);

export function fromHex(hex) {
  const out = new Uint8Array((hex ?? '').length >> 1);
  for (let i = 0; i < out.length; i++) out[i] = parseInt(hex.substr(2 * i, 2), 16);
  return out;
}

export function toHex(bytes) {
  let out = '';
  for (const b of bytes) out += b.toString(16).padStart(2, '0');
  return out;
}

export function join(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

// A number as `size` bytes, most significant first.
export function number(value, size) {
  const out = new Uint8Array(size);
  for (let i = size - 1; i >= 0; i--) {
    out[i] = value % 256;
    value = Math.floor(value / 256);
  }
  return out;
}

export const digest = async (hash, bytes) => new Uint8Array(await subtle.digest(hash, bytes));

export async function hmac(hash, key, bytes) {
  const k = await subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['sign']);
  return new Uint8Array(await subtle.sign('HMAC', k, bytes));
}

export const extract = (hash, salt, input) => hmac(hash, salt, input);

async function expand(hash, secret, info, length) {
  let out = new Uint8Array(), block = new Uint8Array();
  for (let i = 1; out.length < length; i++) {
    block = await hmac(hash, secret, join(block, info, [i]));
    out = join(out, block);
  }
  return out.slice(0, length);
}

export function expandLabel(hash, secret, label, context, length) {
  const name = utf8('tls13 ' + label);
  return expand(hash, secret,
    join(number(length, 2), [name.length], name, [context.length], context), length);
}

// PRF(secret, label, seed) of TLS 1.2.
export async function prf(hash, secret, label, seed, length) {
  const all = join(utf8(label), seed);
  let a = all, out = new Uint8Array();
  while (out.length < length) {
    a = await hmac(hash, secret, a);
    out = join(out, await hmac(hash, secret, join(a, all)));
  }
  return out.slice(0, length);
}
