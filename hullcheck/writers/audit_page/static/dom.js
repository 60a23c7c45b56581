// Elements. Whatever a host said becomes a text node and nothing else, in one place: `text`.

const SVG = 'http://www.w3.org/2000/svg';
const HIDES = /(?![\n\t])[\p{C}\p{Zl}\p{Zp}]/gu;

// The text with every character that steers or hides written as an escape, as hullcheck/text.py does.
function shown(value) {
  return String(value).replace(HIDES, (each) => {
    const code = each.codePointAt(0);
    const [mark, length] = code < 0x100 ? ['\\x', 2] : code < 0x10000 ? ['\\u', 4] : ['\\U', 8];
    return mark + code.toString(16).padStart(length, '0');
  });
}

function text(value) {
  return document.createTextNode(shown(value));
}

// An element with attributes and children: elements, texts, lists of them, or nothing.
function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  append(made, children);
  return made;
}

function append(parent, child) {
  if (Array.isArray(child)) child.forEach((each) => append(parent, each));
  else if (child instanceof Node) parent.append(child);
  else if (child !== null && child !== undefined && child !== false) parent.append(text(child));
}

const LONG = 600;

// What a host said: isolated, so that its writing direction is its own; a very long one is shown on demand.
function host(value, attributes) {
  const whole = String(value);
  const box = el('bdi', attributes, whole.length > LONG ? whole.slice(0, LONG) + '…' : whole);
  if (whole.length <= LONG) return box;
  const button = el('button', { type: 'button' }, `Show all ${whole.length.toLocaleString('en')} characters`);
  button.addEventListener('click', () => { box.replaceChildren(text(whole)); button.remove(); });
  return [box, ' ', button];
}

// A link within the page; each part is encoded, so that a slash in a name is none of the link.
function to(...parts) {
  const clean = parts.map((each) => encodeURIComponent(String(each).toWellFormed ? String(each).toWellFormed() : each));
  return '#' + clean.join('/');
}

function link(parts, ...children) {
  return el('a', { href: to(...parts) }, children);
}

function glyph(word) {
  const name = { contradicted: 'fail', supported: 'pass' }[word] || word.replaceAll(' ', '-');
  const made = document.createElementNS(SVG, 'svg');
  made.setAttribute('class', 'glyph c-' + name);
  made.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', '#v-' + name);
  made.append(use);
  return made;
}

function verdict(word) {
  return el('span', { class: 'verdict' }, glyph(word), word);
}

function severity(word) {
  return el('span', { class: 'severity s-' + word }, word);
}

// Words of a docstring, what is between backticks as code.
function prose(words) {
  return words.split('`').map((each, number) => number % 2 ? el('code', null, each) : each);
}

// The number by which people call a control.
function numberOf(control) {
  return el('span', { class: 'number' }, control.number);
}

// A finding as a sentence, its subject first: as hullcheck/results/sentences.py makes them.
function sentence({ kind, subject, verdict: word, reason }, most = LONG) {
  const before = kind === 'step' && word === 'fail' ? 'not met:' : kind === 'target' ? '' : kind;
  const joint = !reason ? '' : data.verbs.includes(reason.split(' ', 1)[0]) && !reason.includes('?') ? ' ' : ': ';
  return [before ? [el('span', { class: 'kind' }, before), ' '] : null, host(clip(subject, most), { class: 'what' }), joint, reason ? host(clip(reason, most)) : null];
}

function clip(value, most) {
  return most < LONG && value.length > most ? value.slice(0, most) + '…' : value;
}

// The control, below what was found.
function demand(control) {
  return el('div', { class: 'demand' }, el('b', null, 'Control'), el('span', null, prose(control.title)));
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

// A day as a person writes it; what is no day stays as it is.
function day(date) {
  const [, year, month, number] = /^(\d{4})-(0[1-9]|1[0-2])-(\d\d)$/.exec(date) || [];
  return year ? `${Number(number)} ${MONTHS[month - 1]} ${year}` : date;
}

// A time of RFC 3339 in UTC as a person writes it.
function moment(time) {
  const [, date, clock] = /^(\d+-\d\d-\d\d)T([\d:]+)Z$/.exec(time) || [];
  return date ? `${day(date)}, ${clock} UTC` : 'at a time that is not known';
}

function many(number, noun) {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

function table(head, rows, attributes) {
  const heads = head.map((each) => el('th', { scope: 'col' }, each));
  return el('div', { class: 'scroll' },
    el('table', attributes, el('thead', null, el('tr', null, heads)), el('tbody', null, rows)));
}

function row(first, ...cells) {
  return el('tr', null, el('th', { scope: 'row' }, first), cells.map((each) => el('td', null, each)));
}

function crumbs(...links) {
  return el('p', { class: 'crumbs' }, links.map((each, number) => [number ? el('span', { 'aria-hidden': 'true' }, '›') : null, each]));
}
