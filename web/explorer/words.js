// words.js: numbers, times and names as people read them.

export const ALERTS = {
  0: 'close_notify', 10: 'unexpected_message', 20: 'bad_record_mac', 22: 'record_overflow', 40: 'handshake_failure',
  42: 'bad_certificate', 43: 'unsupported_certificate', 44: 'certificate_revoked', 45: 'certificate_expired',
  46: 'certificate_unknown', 47: 'illegal_parameter', 48: 'unknown_ca', 49: 'access_denied', 50: 'decode_error',
  51: 'decrypt_error', 70: 'protocol_version', 71: 'insufficient_security', 80: 'internal_error', 86: 'inappropriate_fallback',
  90: 'user_canceled', 109: 'missing_extension', 110: 'unsupported_extension', 112: 'unrecognized_name',
  113: 'bad_certificate_status_response', 115: 'unknown_psk_identity', 116: 'certificate_required', 120: 'no_application_protocol',
};

export const alertName = (number, name) =>
  (number === null || number === undefined || number < 0 ? 'no alert' : `${number} ${name || ALERTS[number] || 'unnamed'}`);

export function time(us) {
  if (us === null || us === undefined) return '\u2013';
  if (us < 1000) return `${us < 10 ? Number(us).toFixed(1) : Math.round(us)} \u00b5s`;
  if (us < 1e6) return `${(us / 1000).toFixed(us < 1e5 ? 1 : 0)} ms`;
  return `${(us / 1e6).toFixed(2)} s`;
}

export const many = (n, one, more) => `${Number(n).toLocaleString('en')} ${n === 1 ? one : more ?? one + 's'}`;
export const size = (hex) => many((hex?.length ?? 0) / 2, 'byte');
// With a capital letter, unless it is the name of a host.
export const capital = (text) => (text && !/^\S+(\.\S+| port \d+)$/.test(text) ? text[0].toUpperCase() + text.slice(1) : text ?? '');

// What a step is about.
export const titleOf = (step) => step.title || step.name;

// A line as a sentence of its own.
export const sentence = (text) => capital(text ?? '') + (/[.!?]$/.test(text ?? '') || !text ? '' : '.');

// The name of a distinguished name's last part: "CN=Test Root, O=…" is Test Root.
export const common = (dn) => /CN=([^,]+)/.exec(dn ?? '')?.[1] ?? dn ?? '';

export const version = (v) => ({ 0x0303: '1.2', 0x0304: '1.3', 0x0302: '1.1', 0: '' }[v] ?? String(v ?? ''));
