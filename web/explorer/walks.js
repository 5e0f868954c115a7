// walks.js: where walks come from. A walk (docs/walk-json.md) is named by a source: `own` is the one
// that brought this page; `demo.KIND`, `fault.NAME` and `host.HOST:PORT` are made by the server now.

let own; // null: this page came without one

export function ownWalk() {
  if (own === undefined) {
    try {
      own = JSON.parse(document.getElementById('handshake').textContent);
      if (!own?.steps?.length) own = null;
    } catch {
      own = null;
    }
  }
  return own;
}

export const DEMOS = [
  { kind: '1.3', name: 'TLS 1.3', query: 'tls=1.3', line: 'A first visit today: one round trip, then data.' },
  { kind: 'resume', name: 'TLS 1.3, coming back', query: 'tls=1.3&resume=1', line: 'A ticket from the last visit stands in for the certificate.' },
  { kind: 'early', name: 'TLS 1.3, 0-RTT', query: 'tls=1.3&resume=1&early=1', line: 'The request travels with the very first message.' },
  { kind: '1.2', name: 'TLS 1.2', query: 'tls=1.2', line: 'The way it was done from 2008 on: one round trip more.' },
  { kind: 'rsa', name: 'TLS 1.2 with RSA key transport', query: 'tls=1.2&kex=rsa', line: 'The old way: who steals the server\u2019s key later can read it all.' },
];

export async function getJson(path) {
  let response;
  try {
    response = await fetch(path, { cache: 'no-store' });
  } catch {
    throw new Error('The server that brought this page does not answer any more. Is lockstep still running?');
  }
  let json;
  try {
    json = await response.json();
  } catch {
    throw new Error(`The server answered with something else than data (HTTP ${response.status}).`);
  }
  if (json.error) throw new Error(json.error);
  if (!response.ok) throw new Error(`The server answered with HTTP ${response.status}.`);
  return json;
}

const kept = new Map();
let faultList;

export const faults = () => (faultList ??= getJson('/-/faults').then((j) => j.faults, (error) => {
  faultList = undefined;
  throw error;
}));

function pathOf(source) {
  const dot = source.indexOf('.'), kind = source.slice(0, dot), name = source.slice(dot + 1);
  if (kind === 'fault') return `/-/demo?fault=${encodeURIComponent(name)}`;
  if (kind === 'host') return `/-/walk?host=${encodeURIComponent(name)}`;
  const demo = DEMOS.find((d) => d.kind === name);
  if (kind !== 'demo' || !demo) throw new Error('There is no such handshake.');
  return `/-/demo?${demo.query}`;
}

// The walk of a source, made once as long as the page stands open, unless `anew`.
export async function walkOf(source, anew) {
  if (source === 'own') {
    if (ownWalk()) return ownWalk();
    throw new Error('This page came without a recording of its own handshake. Open it from \u201clockstep serve --explorer\u201d.');
  }
  if (!anew && kept.has(source)) return kept.get(source);
  const walk = await getJson(pathOf(source));
  if (walk.version !== 1 || !Array.isArray(walk.steps)) throw new Error('The server sent a walk that this page does not understand.');
  kept.set(source, walk);
  return walk;
}

export function nameOf(source) {
  if (source === 'own') return 'Your own handshake';
  const name = source.slice(source.indexOf('.') + 1);
  if (source.startsWith('demo.')) return DEMOS.find((d) => d.kind === name)?.name ?? name;
  return name;
}
