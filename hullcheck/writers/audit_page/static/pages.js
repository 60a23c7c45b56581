// Which page is shown: the part after # says it, so that links, the back button and bookmarks work.

const VIEWS = { requirement: requirementView, control: controlView, finding: findingView, target: targetView, group: groupView, evidence: evidenceView, findings: findingsView, map: mapView };
const root = document.documentElement;
const view = document.getElementById('view');
const base = document.title;
const heights = new Map();
let current = null;
let clicked = false;

function decode(each) {
  try { return decodeURIComponent(each); } catch { return each; }
}

function partsOf(hash) {
  const [path, query] = hash.slice(1).split(/\?(.*)/s);
  return [path.split('/').map(decode), query || ''];
}

// The static page that an address means: its own, or the one that holds the element of this id.
function pageOf(parts) {
  const element = document.getElementById(parts.join('/') || 'summary');
  return element && element !== view ? element.closest('.page') : null;
}

function show(element) {
  for (const each of document.querySelectorAll('.page.shown')) each.classList.remove('shown');
  view.hidden = element !== view;
  element.classList.add('shown');
}

function markLink(name) {
  for (const each of document.querySelectorAll('.side nav a')) {
    if (each.getAttribute('href') === '#' + name) {
      each.setAttribute('aria-current', 'page');
      center(each);
    } else each.removeAttribute('aria-current');
  }
}

// The line of pages is moved sideways where the window is narrow; to measure it costs time, and so it is not done elsewhere.
const NARROW = matchMedia('(max-width: 40rem)');

function center(anchor) {
  if (!NARROW.matches) return;
  const list = anchor.closest('nav');
  list.scrollLeft = anchor.offsetLeft - list.offsetLeft - (list.clientWidth - anchor.offsetWidth) / 2;
}

const ABOVE = { requirement: 'requirements', framework: 'requirements', target: 'targets', group: 'targets', evidence: 'targets', finding: 'targets', control: 'findings', acceptance: 'accepted' };

function lost() {
  return { title: 'Not found', content: [heading('This is not in the audit'), el('p', null, 'The link names something that this page does not hold. ', link(['summary'], 'To the summary'))] };
}

async function go() {
  const hash = location.hash;
  const [parts, query] = partsOf(hash);
  const first = current === null;
  const byClick = clicked || first;
  clicked = false;
  current = hash;
  const draw = VIEWS[parts[0]];
  let page = null;
  let focus = null;
  if (draw) {
    await ready();
    const made = await draw(parts.slice(1), query) || lost();
    if (location.hash !== hash) return;
    view.replaceChildren();
    append(view, made.content);
    page = view;
    document.title = shown(made.title);
    focus = made.focus && document.getElementById(made.focus);
  } else {
    page = pageOf(parts);
    if (page) {
      const element = document.getElementById(parts.join('/'));
      focus = element && element !== page ? element : null;
      document.title = page.id === 'summary' ? base : page.querySelector('h1').textContent;
    } else {
      view.replaceChildren();
      append(view, lost().content);
      page = view;
    }
  }
  show(page);
  markLink(ABOVE[parts[0]] || parts[0] || 'summary');
  if (!first || focus) settle(page, focus, byClick ? null : heights.get(hash));
  root.dataset.view = parts[0] || 'summary';
  performance.mark('shown');
}

// After a click to the top of the new page, or to what the link names; after "back" to where the reader was.
function settle(page, element, height) {
  const target = element || page.querySelector('h1');
  if (!target.hasAttribute('tabindex')) target.setAttribute('tabindex', '-1');
  target.focus({ preventScroll: true });
  if (height !== undefined && height !== null) window.scrollTo(0, height);
  else if (element) element.scrollIntoView({ block: 'center' });
  else window.scrollTo(0, 0);
}

function replaceLink(hash) {
  current = hash;
  history.replaceState(null, '', hash);
}

function fail(error) {
  view.replaceChildren();
  append(view, [heading('This browser cannot open the details'), el('p', null, `The summary and the tables can be read. (${error})`)]);
  show(view);
}

// A page that was not moved is in the folder of its run: the command for its remedies names that folder.
function nameFolder() {
  const command = document.getElementById('remedy');
  const folder = decode(location.pathname).replace(/\/[^/]*$/, '');
  if (command && location.protocol === 'file:' && folder.endsWith(command.textContent.replace(/.*\//, '/'))) command.textContent = `hullcheck remedy ${quoted(folder)}`;
}

function start() {
  history.scrollRestoration = 'manual';
  document.addEventListener('click', (event) => {
    const anchor = event.target.closest && event.target.closest('a[href^="#"]');
    if (!anchor) return;
    heights.set(location.hash, window.scrollY);
    if (anchor.classList.contains('skip')) {
      event.preventDefault();
      document.getElementById('content').focus();
    } else clicked = anchor.hash !== location.hash; // one to where the reader is leads nowhere
  });
  addEventListener('hashchange', () => { if (location.hash !== current) go().catch(fail); });
  document.getElementById('search').addEventListener('submit', (event) => {
    event.preventDefault();
    const hash = addressOf('findings', { q: document.getElementById('search-text').value.trim() }, ALL_FINDINGS);
    clicked = hash !== location.hash;
    location.hash = hash;
  });
  addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return;
    event.preventDefault();
    document.getElementById('search-text').focus();
  });
  nameFolder();
  document.querySelector('.side nav').addEventListener('focusin', (event) => center(event.target));
  const theme = document.getElementById('theme');
  const dark = () => (root.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  const label = () => { theme.textContent = dark() ? 'Light colours' : 'Dark colours'; };
  theme.addEventListener('click', () => { root.dataset.theme = dark() ? 'light' : 'dark'; label(); });
  label();
  startCopying();
  go().catch(fail);
}

start();
