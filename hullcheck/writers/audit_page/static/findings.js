// All findings: filters and search. What is chosen stands in the link, so that a list can be sent to somebody.

const STEP = 150;

// What an address asks for, by name; what it does not name is as in *usual*.
function chosen(query, usual) {
  const asked = new URLSearchParams(query);
  return Object.fromEntries(Object.entries(usual).map(([name, value]) => [name, asked.get(name) ?? value]));
}

// The address of a view with these choices.
function addressOf(view, filter, usual) {
  const query = new URLSearchParams(Object.entries(filter).filter(([name, value]) => value !== usual[name])).toString();
  return `#${view}${query ? '?' + query : ''}`;
}

// What is chosen in a form.
function filterOf(form, usual) {
  const given = new FormData(form);
  return Object.fromEntries(Object.keys(usual).map((name) => [name, given.getAll(name).join(',').trim()]));
}

function filtersIn(filter) {
  const names = allGroups();
  return [
    choice('Severity', 'severity', [['', 'all'], ...data.severities.map((each) => [each, each])], filter.severity),
    data.sections.length ? choice('Section', 'section', [['', 'all'], ...data.sections.map((each) => [each.key, each.title])], filter.section) : null,
    names.length && data.targets.length > 1 ? choice('Group', 'group', [['', 'all'], ...names.map((each) => [each, shown(each)])], filter.group) : null,
  ];
}

const ALL_FINDINGS = { verdict: '', severity: '', framework: '', section: '', target: '', group: '', q: '' };

let everything = null;

// Every finding of every target, the worst first, each with the text that a search looks through.
async function allFindings() {
  if (everything) return everything;
  const results = (await Promise.all(data.targets.map((_, number) => resultsOf(number)))).flat();
  const list = results.flatMap((result) => result.findings.map((finding) => ({ result, finding, verdict: finding.verdict, severity: result.severity })));
  everything = worstFirst(list);
  return everything;
}

function hay(each) {
  if (each.hay === undefined) {
    const { result, finding } = each;
    each.hay = [finding.subject, finding.reason, result.control.title, result.control.id, result.target.name, idsIn(result.control).join(' ')].join('\n').toLowerCase();
  }
  return each.hay;
}

// All ids of a control in small letters, with the name of the framework and without: `cis 5.5`, `5.5`, `800-53:ac-6`, `ac-6`.
function idsIn(control) {
  return control.ids || (control.ids = Object.entries(control.frameworks).flatMap(([marker, ids]) => ids.flatMap((id) => {
    const bare = id.toLowerCase();
    const alone = bare.slice(bare.indexOf(':') + 1);
    return [`${marker} ${alone}`, bare, alone];
  })));
}

const NUMBER = /^(\d+(\.\w+)+|[a-z]{2}-\d+(\(\d+\))?)$/;
const MARKERS = ['cis', 'guide', 'pci', 'hipaa', 'nist'];

// What is searched: a number, maybe after the name of its framework, is that number and not a part of another one.
function wanted(typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  for (let at = 0; at < words.length; at += 1) {
    if (MARKERS.includes(words[at]) && NUMBER.test(words[at + 1] || '')) {
      const id = `${words[at]} ${words[at + 1]}`;
      found.push((each) => idsIn(each.result.control).includes(id));
      at += 1;
    } else if (NUMBER.test(words[at])) {
      const alone = new RegExp(`(?<![\\w.-])${words[at].replace(/[.()]/g, '\\$&')}(?![\\w(]|\\.\\w)`);
      found.push((each) => idsIn(each.result.control).includes(words[at]) || alone.test(hay(each)));
    } else found.push((each) => hay(each).includes(words[at]));
  }
  return found;
}

function matches(filter) {
  const tests = wanted(filter.q);
  const verdicts = filter.verdict.split(',').filter(Boolean);
  const rollup = data.requirements.find((each) => each.key === filter.framework);
  const section = data.sections.find((each) => each.key === filter.section);
  const controls = rollup && new Set(rollup.requirements.flatMap((each) => each.controls));
  return (each) => (!verdicts.length || verdicts.includes(each.verdict))
    && (!filter.severity || each.severity === filter.severity)
    && (!filter.target || each.result.target.name === filter.target)
    && (!filter.group || each.result.target.groups.includes(filter.group))
    && (!section || section.controls.includes(each.result.control.id))
    && (!controls || controls.has(each.result.control.id))
    && tests.every((test) => test(each));
}

function findingRow(each) {
  const { result, finding } = each;
  const elsewhere = data.targets.length > 1 && finding.kind !== 'target';
  return el('tr', null,
    el('td', null, verdict(each.verdict)),
    el('td', { class: 'numbered' }, numberOf(result.control)),
    el('td', null, link(['finding', result.target.name, result.control.id, finding.at], sentence(finding, 300)),
      elsewhere ? el('span', { class: 'note' }, ' on ', host(result.target.name)) : null, demand(result.control)),
    el('td', null, severity(each.severity)));
}

function choice(label, name, options, value) {
  const select = el('select', { name }, options.map(([key, word]) => el('option', { value: key, selected: key === value }, word)));
  return el('label', { class: 'field' }, label, select);
}

function filterForm(filter) {
  const [severities, sections, groups] = filtersIn(filter);
  const chips = data.verdicts.map((word) => el('label', { class: 'chip' },
    el('input', { type: 'checkbox', name: 'verdict', value: word, checked: filter.verdict.split(',').includes(word) }), verdict(word)));
  return el('form', { class: 'filters', role: 'search', 'aria-label': 'Filter findings' },
    el('fieldset', null, el('legend', null, 'Verdict'), chips),
    el('label', { class: 'field grow' }, 'Text', el('input', { type: 'search', name: 'q', value: filter.q, autocomplete: 'off', spellcheck: 'false' })),
    severities,
    choice('Framework', 'framework', [['', 'all'], ...data.requirements.map((each) => [each.key, each.name])], filter.framework),
    sections,
    data.targets.length > 1 ? choice('Target', 'target', [['', 'all'], ...data.targets.map((each) => [each.name, shown(each.name)])], filter.target) : null,
    groups);
}

async function findingsView(_, query) {
  const list = await allFindings();
  const status = el('span', { role: 'status' });
  const all = link(['findings'], 'Show all');
  const body = el('tbody');
  const more = el('button', { type: 'button' });
  const heads = ['Verdict', 'Number', 'Finding', 'Severity'].map((each) => el('th', { scope: 'col' }, each));
  const rows = el('table', { class: 'list' }, el('thead', null, el('tr', null, heads)), body);
  const none = el('p', { class: 'empty' }, glyph('not assessed'), list.length ? 'No finding has all of this.' : 'This audit has no findings.');
  const form = filterForm(chosen(query, ALL_FINDINGS));
  let found = [];
  const draw = (from) => {
    append(body, found.slice(from, from + STEP).map(findingRow));
    const left = found.length - body.childElementCount;
    more.hidden = left <= 0;
    more.textContent = `Show ${Math.min(STEP, left)} more of ${left.toLocaleString('en')}`;
  };
  const apply = () => {
    found = list.filter(matches(filterOf(form, ALL_FINDINGS)));
    status.textContent = found.length === list.length ? `All ${many(list.length, 'finding')}` : `${found.length.toLocaleString('en')} of ${many(list.length, 'finding')}`;
    all.hidden = found.length === list.length;
    none.hidden = found.length > 0;
    rows.hidden = !none.hidden;
    body.replaceChildren();
    draw(0);
  };
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', () => { apply(); replaceLink(addressOf('findings', filterOf(form, ALL_FINDINGS), ALL_FINDINGS)); });
  more.addEventListener('click', () => {
    const at = body.childElementCount;
    draw(at);
    body.children[at].querySelector('a').focus();
  });
  apply();
  return {
    title: 'All findings',
    content: [heading('All findings'), form, el('p', { class: 'note' }, status, ' ', all), rows, none, el('p', null, more)],
  };
}
