// A map of controls and targets: a square for each result, of a shape for each verdict.

const SHOWN = [['open', 'failing or open'], ['differ', 'not alike on all'], ['', 'all']];
const OPEN = ['fail', 'error', 'manual'];
const FEW = 12; // targets that leave room for whole titles
const FEWEST = 4; // targets that leave room for titles on a phone
const MOST_COLUMNS = 100; // what a browser draws at once

const USUAL_MAP = { show: 'open', severity: '', section: '', group: '' };

// The controls of the filter, the most severe first and of these the one that fails most; each with its verdicts by target.
function mapRows(filter, targets) {
  const section = data.sections.find((each) => each.key === filter.section);
  const rows = data.controls.map((control, number) => ({ control, words: targets.map((at) => verdictOf(number, at)) }));
  const fails = new Map(rows.map((each) => [each, each.words.filter((word) => word === 'fail').length]));
  return rows.filter(({ control, words }) => (!filter.severity || control.severity === filter.severity)
    && (!section || section.controls.includes(control.id))
    && (filter.show !== 'open' || words.some((word) => OPEN.includes(word)))
    && (filter.show !== 'differ' || new Set(words).size > 1))
    .sort((a, b) => data.severities.indexOf(a.control.severity) - data.severities.indexOf(b.control.severity) || fails.get(b) - fails.get(a));
}

// The targets, those with the most failures first.
function worstTargets() {
  const fail = String(data.verdicts.indexOf('fail'));
  const count = (target) => target.verdicts.split(fail).length;
  return data.targets.map((_, at) => at).sort((a, b) => count(data.targets[b]) - count(data.targets[a]) || a - b);
}

// Of many targets, those with the same verdicts are one column, that of the first of them; the worst columns are shown.
function mapColumns(targets) {
  const groups = new Map(targets.map((at) => [targets.length > MOST_COLUMNS ? data.targets[at].verdicts : at, []]));
  for (const at of targets) groups.get(targets.length > MOST_COLUMNS ? data.targets[at].verdicts : at).push(at);
  return [...groups.values()];
}

function mapTable(rows, targets, alike) {
  const heads = targets.map((at, column) => {
    const { name } = data.targets[at];
    const more = alike[column] > 1 ? ` and ${alike[column] - 1} alike` : '';
    return el('th', { scope: 'col' }, el('a', { href: to('target', name), title: shown(name + more), tabindex: '-1' }, clip(name, 18), more ? el('span', { class: 'alike' }, ` +${alike[column] - 1}`) : null));
  });
  const bodies = new Map(data.severities.map((word) => [word, el('tbody', null, el('tr', { class: 'map-group' }, el('th', { scope: 'rowgroup' }, severity(word))))]));
  rows.forEach(({ control, words }) => {
    const line = el('tr', null, el('th', { scope: 'row' }, el('a', { href: to('control', control.id), title: shown(control.title), tabindex: '-1' }, numberOf(control), prose(clip(control.title, 120)))));
    words.forEach((word, at) => {
      const cell = document.createElement('td');
      cell.className = 'square m-' + (word || 'left-out').replaceAll(' ', '-');
      cell.setAttribute('aria-label', word || 'not in this run'); // as text it would take twice as long to lay out
      if (word) cell.dataset.at = `${control.id} ${targets[at]}`;
      line.append(cell);
    });
    bodies.get(control.severity).append(line);
  });
  const filled = [...bodies.values()].filter((each) => each.childElementCount > 1);
  return el('table', { class: targets.length > FEW ? 'map' : targets.length > FEWEST ? 'map wide' : 'map wide few', role: 'grid', 'aria-label': 'Controls and targets' }, el('thead', null, el('tr', null, el('th', { scope: 'col' }, 'Control'), heads)), filled);
}

// A square says on pointing what it is, and leads to its finding.
function watchSquares(box) {
  const of = (event) => event.target.closest('td[data-at]');
  box.addEventListener('mouseover', (event) => {
    const cell = of(event);
    if (!cell || cell.title) return;
    const [id, at] = cell.dataset.at.split(' ');
    const control = data.controls[data.controlNumber.get(id)];
    cell.title = shown(`${data.targets[at].name}: ${cell.getAttribute('aria-label')}, ${control.number || id}`);
  });
  box.addEventListener('click', (event) => {
    const cell = of(event);
    if (cell) openSquare(cell);
  });
}

function openSquare(cell) {
  const [id, at] = cell.dataset.at.split(' ');
  heights.set(location.hash, window.scrollY);
  clicked = true;
  location.hash = to('finding', data.targets[at].name, id);
}

// By keyboard the map is one stop: arrows move among squares, names and demands, and Enter opens.
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-10, 0], PageDown: [10, 0] };
let lastSquare = '';

function walkSquares(box) {
  const stopOf = (cell) => cell && (cell.querySelector('a') || (cell.matches('td') ? cell : null));
  const rowsOf = (table) => [...table.rows].filter((each) => !each.matches('.map-group'));
  box.addEventListener('focusin', (event) => {
    const old = box.querySelector('table [tabindex="0"]');
    if (old) old.setAttribute('tabindex', '-1');
    event.target.setAttribute('tabindex', '0');
    lastSquare = event.target.dataset.at || lastSquare;
  });
  box.addEventListener('keydown', (event) => {
    const cell = event.target.closest('th, td');
    if (!cell || event.altKey || event.metaKey) return;
    if (cell.dataset.at && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      openSquare(cell);
      return;
    }
    const rows = rowsOf(cell.closest('table'));
    const next = stopOf(nextCell(rows, rows.indexOf(cell.parentElement), cell.cellIndex, event));
    if (next === undefined) return;
    event.preventDefault();
    if (!next) return;
    if (!next.hasAttribute('tabindex')) next.setAttribute('tabindex', '-1');
    next.focus();
  });
}

// The cell to which a key leads; undefined where it is not one that moves.
function nextCell(rows, at, column, { key, ctrlKey }) {
  const within = (number, most) => Math.min(Math.max(number, 0), most);
  const last = rows[0].cells.length - 1;
  if (key === 'Home') return rows[ctrlKey ? 1 : at].cells[at || ctrlKey ? 0 : 1];
  if (key === 'End') return rows[ctrlKey ? rows.length - 1 : at].cells[last];
  const move = ctrlKey ? undefined : MOVES[key];
  return move && rows[within(at + move[0], rows.length - 1)].cells[within(column + move[1], last)];
}

// Where Tab enters: the square that was left last, or the first one. What is sticky must not hide what is entered.
function enterableAt(box) {
  const squares = box.querySelector('table') ? [...box.querySelectorAll('td.square')] : [];
  if (!squares.length) return;
  (squares.find((each) => each.dataset.at === lastSquare) || squares[0]).setAttribute('tabindex', '0');
}

function mapLegend() {
  return el('ul', { class: 'legend' }, data.verdicts.map((word) => el('li', null, el('span', { class: 'square m-' + word.replaceAll(' ', '-') }), word)));
}

async function mapView(_, query) {
  let filter = chosen(query, USUAL_MAP);
  const box = el('div', { class: 'scroll map-box' });
  const status = el('p', { class: 'note', role: 'status' });
  const form = el('form', { class: 'filters', role: 'search', 'aria-label': 'Filter the map' },
    choice('Controls', 'show', SHOWN, filter.show),
    filtersIn(filter));
  const draw = () => {
    const inside = worstTargets().filter((at) => !filter.group || data.targets[at].groups.includes(filter.group));
    const columns = mapColumns(inside);
    const targets = columns.slice(0, MOST_COLUMNS).map((each) => each[0]);
    const alike = columns.map((each) => each.length);
    const grouped = columns.length < inside.length ? `: ${many(columns.length, 'column')} of targets with the same verdicts` : '';
    const cut = columns.length > targets.length ? `, of which the ${targets.length} with the most failures are shown; results.json has all` : '';
    const rows = mapRows(filter, targets);
    status.textContent = `${rows.length} of ${many(data.controls.length, 'control')} on ${many(inside.length, 'target')}, the most severe and the worst first${grouped}${cut}`;
    box.replaceChildren(rows.length ? mapTable(rows, targets, alike) : el('p', { class: 'empty' }, 'No control is like this.'));
    enterableAt(box);
  };
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', () => {
    filter = filterOf(form, USUAL_MAP);
    draw();
    replaceLink(addressOf('map', filter, USUAL_MAP));
  });
  watchSquares(box);
  walkSquares(box);
  draw();
  return { title: 'Map', content: [heading('Map'), el('p', { class: 'lede' }, 'Each control on each target. A square leads to what was found there; by keyboard, arrows move and Enter opens.'), form, mapLegend(), status, box] };
}
