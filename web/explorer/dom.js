// dom.js: elements without a framework. Text goes in as text and never as HTML, because much of it
// was sent by somebody else.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'vars') for (const [v, x] of Object.entries(value)) element.style.setProperty(v, x);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false));
  return element;
}

export const h = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);
export const s = (tag, properties, ...children) => fill(document.createElementNS(SVG, tag), properties, children);

const ICONS = {
  lock: 'M5 8V6a3 3 0 0 1 6 0v2h1v6H4V8zm1.5 0h3V6a1.5 1.5 0 0 0-3 0z',
  eye: 'M8 3.5c3.5 0 6 3 7 4.5-1 1.5-3.5 4.5-7 4.5S2 9.500 1 8c1-1.5 3.5-4.5 7-4.5zM8 5.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  key: 'M10.5 2a3.5 3.5 0 1 1-2.900 5.450L6.5 8.5v1.5H5v1.5H3.5V13H1.5v-2.5l5.600-5A3.5 3.5 0 0 1 10.5 2zm1 2a1 1 0 1 0 0 2 1 1 0 0 0 0-2z',
  yes: 'M6.300 12.5 2.200 8.400l1.400-1.400 2.700 2.700 6.100-6.200 1.400 1.400z',
  no: 'M8 6.600 4.600 3.200 3.200 4.600 6.600 8l-3.400 3.400 1.400 1.400L8 9.400l3.400 3.400 1.400-1.400L9.400 8l3.400-3.400-1.400-1.400z',
  unknown: 'M3 7h10v2H3z',
  bolt: 'M9 1 3 9h4l-1 6 7-8.5H8.5z',
  out: 'M9 2h5v5l-1.900-1.900-5 5-1.200-1.200 5-5zM3 4h4v1.5H4.5v6h6V9H12v4H3z',
};

export const icon = (name, label) => s('svg', { viewBox: '0 0 16 16', class: `icon icon-${name}`, 'aria-hidden': label ? null : 'true',
  role: label ? 'img' : null, 'aria-label': label }, s('path', { d: ICONS[name], 'fill-rule': 'evenodd' }));

// A tick, a cross or a dash, which screen readers read out.
export const mark = (ok) => (ok === true ? icon('yes', 'passed:') : ok === false ? icon('no', 'failed:') : icon('unknown', 'not checked:'));

let ids = 0;
export const newId = () => `id${++ids}`;
export const replace = (parent, ...children) => parent.replaceChildren(...children.flat(Infinity).filter(Boolean));
