// What a deep link shows: a requirement, a control, a target, or the findings of a control on a target.

function heading(content) {
  return el('h1', { tabindex: '-1' }, content);
}

function worstFirst(list) {
  const rank = (each) => 10 * data.verdicts.indexOf(each.verdict) + data.severities.indexOf(each.severity);
  return list.map((each) => [rank(each), each]).sort(([a], [b]) => a - b).map(([, each]) => each);
}

function resultTable(results) {
  const rows = worstFirst(results).map((each) => el('tr', null, el('td', null, verdict(each.verdict)), resultCells(each)));
  return table(['Verdict', 'Number', 'What'], rows, { class: 'list' });
}

// The number, and what was found: the worst finding as a sentence; of what is well, the demand alone.
function resultCells(result) {
  const bad = result.findings.filter((each) => each.verdict === result.verdict);
  const told = bad.length && bad[0].reason && !WELL.includes(result.verdict);
  const to = ['finding', result.target.name, result.control.id];
  const more = bad.length > 1 ? el('span', { class: 'note' }, ` and ${many(bad.length - 1, 'more finding')}`) : null;
  return [el('td', { class: 'numbered' }, numberOf(result.control)),
    told ? el('td', null, link(to, sentence(bad[0], 200)), more, demand(result.control))
      : el('td', null, link(to, prose(result.control.title)), brief(result))];
}

const WELL = ['pass', 'attested', 'not applicable'];

// The reason of a result that has no finding, or of one that is well.
function brief(result) {
  const reason = result.findings.length ? result.findings[0].reason : result.reason;
  if (!reason || result.findings.length > 1) return null;
  return el('span', { class: 'where' }, reason.length > 200 ? reason.slice(0, 200) + '…' : reason);
}

function requirementView([key, id]) {
  const rollup = data.requirements.find((each) => each.key === key);
  const found = rollup && rollup.requirements.find((each) => each.id === id);
  if (!found) return null;
  const says = rollup.relation === 'judges' ? 'Its controls judge the recommendation itself.'
    : 'Its controls cover a part of the requirement: passing them supports it and does not prove it.';
  const rank = (name) => data.verdicts.indexOf((countsOf(data.controlNumber.get(name)) || {}).worst) >>> 0;
  const rows = found.controls.toSorted((a, b) => rank(a) - rank(b)).map((name) => {
    const number = data.controlNumber.get(name);
    if (number === undefined) return el('tr', null, el('td', null, verdict('not assessed')), el('td'), el('td', null, name, ' ', el('span', { class: 'where' }, 'not in this run')));
    const counts = countsOf(number);
    return el('tr', null, el('td', null, verdict(counts.worst || 'not assessed')),
      el('td', { class: 'numbered' }, numberOf(data.controls[number])),
      el('td', null, link(['control', name], prose(data.controls[number].title))), el('td', { class: 'of' }, counts.line));
  });
  const heads = ['Worst verdict', 'Number', 'Control', ...(data.targets.length > 1 ? ['Targets'] : [])];
  return {
    title: `${id} ${found.title}`,
    content: [
      crumbs(link(['requirements'], 'Requirements'), link(['framework', key], rollup.name)),
      heading([el('span', { class: 'number' }, id), ' ', found.title]),
      el('p', { class: 'lede' }, verdict(data.assessments[found.verdict] || 'not assessed'), found.deciding.length ? el('span', { class: 'note' }, ` ${found.deciding.length} of ${many(found.controls.length, 'control')}: ${found.verdict}`) : null),
      el('p', { class: 'note' }, says, rollup.note ? ' ' + rollup.note : ''),
      found.controls.length ? [el('h2', { class: 'group' }, 'Controls ', el('span', { class: 'note' }, many(rows.length, 'control'))),
        table(heads, rows, { class: 'list' })] : el('p', { class: 'empty' }, 'No control covers it: check it in another way.'),
    ],
  };
}

// How a control did over all targets.
function countsOf(control) {
  if (control === undefined) return null;
  const counts = new Map();
  data.targets.forEach((_, number) => {
    const word = verdictOf(control, number);
    if (word) counts.set(word, (counts.get(word) || 0) + 1);
  });
  const words = data.verdicts.filter((each) => counts.has(each));
  const line = data.targets.length > 1 ? words.map((each) => `${counts.get(each)} ${each}`).join(', ') : '';
  return { worst: words[0], line };
}

function idsOf(control) {
  const parts = Object.entries(control.frameworks).map(([marker, ids]) => [
    el('dt', null, marker.toUpperCase()),
    el('dd', null, ids.map((id) => {
      const rollup = data.requirements.find((each) => each.framework === marker && each.requirements.some((one) => one.id === id));
      return rollup ? link(['requirement', rollup.key, id], id) : el('span', null, id);
    })),
  ]);
  return el('dl', { class: 'ids' }, parts);
}

// What the markers and the docstring of a control say, except a remedy that *isShown* above.
function about(control, isShown) {
  const part = (label, content) => el('div', null, el('dt', null, label), el('dd', null, content));
  return [el('h2', { class: 'group' }, 'About this control'), el('dl', { class: 'words' },
    control.rationale ? part('Why', prose(control.rationale)) : null,
    control.severity_reason ? part(`Why ${control.severity}`, prose(control.severity_reason)) : null,
    control.remedy && !isShown ? part('Remedy', prose(capital(control.remedy))) : null,
    part('Maps to', idsOf(control)),
    part('Id', el('code', null, control.id)))];
}

// A remedy as a sentence of its own; a command at its beginning stands between backticks and stays as it is.
function capital(words) {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

function remedyOf(control) {
  return control.remedy ? [el('h2', { class: 'group' }, 'Remedy'), el('p', { class: 'fix' }, prose(capital(control.remedy))),
    el('p', { class: 'buttons' }, copier('Copy remedy', control.remedy, 'copy'))] : null;
}

async function controlView([id]) {
  const number = data.controlNumber.get(id);
  const control = data.controls[number];
  if (!control) return null;
  const judged = data.targets.map((_, at) => at).filter((at) => verdictOf(number, at));
  const results = (await Promise.all(judged.map(resultsOf))).map((each) => each.find((one) => one.control === control));
  const { worst, line } = countsOf(number);
  return {
    title: control.title,
    content: [
      crumbs(link(['findings'], 'All findings'), 'Control'),
      controlHead(control),
      el('p', { class: 'lede' }, verdict(worst), ' ',
        el('span', { class: 'note' }, `severity ${control.severity}`, control.cis_level ? `, CIS level ${control.cis_level}` : '')),
      worst === 'fail' ? remedyOf(control) : null,
      el('h2', { class: 'group' }, 'Targets ', el('span', { class: 'note' }, line)),
      table(['Verdict', 'Target', 'Finding'], worstFirst(results).map((each) => el('tr', null,
        el('td', null, verdict(each.verdict)),
        el('td', { class: 'name-of' }, link(['finding', each.target.name, control.id], host(each.target.name))),
        el('td', null, said(each)))), { class: 'list' }),
      about(control, worst === 'fail'),
    ],
  };
}

function controlHead(control) {
  return [el('p', { class: 'eyebrow' }, control.number || 'Control'), heading(prose(control.title))];
}

// What was found on a target, in a line.
function said(result) {
  const bad = result.findings.filter((each) => each.verdict === result.verdict);
  if (!bad.length) return host(clip(result.reason, 200));
  const first = bad[0].kind === 'target' ? host(clip(bad[0].reason, 200)) : sentence(bad[0], 200);
  return [first, bad.length > 1 ? el('span', { class: 'note' }, ` and ${many(bad.length - 1, 'more finding')}`) : null];
}

function acceptance(finding) {
  const by = data.accepted.get(finding.acceptedBy);
  if (!finding.acceptedBy) return null;
  const person = by && (by.approved_by || by.person);
  const until = by && by.last_day ? `, until ${day(by.last_day)}` : '';
  return el('p', { class: 'note' }, link(['acceptance', finding.acceptedBy], `${person ? 'By ' + person : 'Written in ' + finding.acceptedBy}${until}`),
    by ? [': ', host(by.reason || by.statement)] : null);
}

const ACCEPTED = { fail: 'waiver', manual: 'attestation' };

async function findingView([targetName, id, at]) {
  const number = data.targetNumber.get(targetName);
  const result = number !== undefined && (await resultsOf(number)).find((each) => each.control.id === id);
  if (!result) return null;
  const { control, target } = result;
  const answers = await answersOf(number);
  const asked = result.evidence.map((name) => answers.find((each) => each.probe === name) || name);
  const findings = worstFirst(result.findings).map((each) => el('div', { class: 'finding' + (String(each.at) === at ? ' marked' : ''), id: `finding-${each.at}`, tabindex: '-1' },
    el('p', null, el('a', { href: to('finding', target.name, id, each.at), 'aria-label': `${each.verdict}: link to this finding` }, verdict(each.verdict))),
    el('div', null,
      el('p', null, sentence(each)), decidingLines(each, target), acceptance(each)),
    el('p', { class: 'buttons' },
      ACCEPTED[each.verdict] ? copier(`Copy ${ACCEPTED[each.verdict]}`, JSON.stringify([[id, [targetName], each.kind === 'target' ? [] : [each.subject]]]), ACCEPTED[each.verdict], 'of ' + shown(clip(each.subject, 80))) : null,
      copier('Copy link', to('finding', targetName, id, each.at), 'address', 'to ' + shown(clip(each.subject, 80))))));
  return {
    title: `${control.title} ${target.name}`,
    focus: at === undefined ? null : `finding-${at}`,
    content: [
      crumbs(link(['targets'], 'Targets'), link(['target', target.name], host(target.name)), link(['control', id], 'Control')),
      controlHead(control),
      el('p', { class: 'lede' }, verdict(result.verdict), ' on ', host(target.name), ' ',
        el('span', { class: 'note' }, `severity ${result.severity}${result.changed ? ` (changed from ${control.severity})` : ''}`)),
      result.off ? el('p', null, 'Switched off by ', result.off.by, ': ', host(result.off.reason), ' Otherwise: ', verdict(result.off.otherwise)) : null,
      el('h2', { class: 'group' }, 'Findings ', el('span', { class: 'note' }, many(findings.length, 'subject'))),
      findings.length ? findings : el('p', { class: 'empty' }, host(result.reason)),
      result.verdict === 'fail' ? remedyOf(control) : null,
      el('h2', { class: 'group' }, 'Evidence ', el('span', { class: 'note' }, `gathered ${moment(target.gathered)}`)),
      target.failure ? el('p', { class: 'empty' }, host(target.failure)) : null,
      answersRead(asked, target, result.findings.filter((each) => at === undefined ? each.verdict === result.verdict : String(each.at) === at).flatMap((each) => each.lines)),
      asked.length ? null : el('p', { class: 'empty' }, 'This result names no evidence.'),
      about(control, result.verdict === 'fail'),
    ],
  };
}

// Other targets that may be the same engine or machine.
function sameAs(target) {
  return [['engine', target.same_engine], ['machine', target.same_machine]].filter(([, names]) => names.length)
    .map(([what, names]) => [`Same ${what} ID as`, names.slice(0, 10).join(', ') + (names.length > 10 ? ` and ${names.length - 10} more` : '')]);
}

async function targetView([name]) {
  const number = data.targetNumber.get(name);
  const target = data.targets[number];
  if (!target) return null;
  const [results, answers] = await Promise.all([resultsOf(number), answersOf(number)]);
  const facts = [['Reached as', target.connect], ['Kind', target.kind], ['Engine', target.engine], ['System', target.os], ['Gathered', target.gathered && moment(target.gathered)], ...(target.groups.length ? [['Groups', target.groups.join(', ')]] : []), ...(target.clock ? [['Clock', target.clock]] : []), ...target.identity, ...sameAs(target)];
  const groups = data.verdicts.map((word) => [word, results.filter((each) => each.verdict === word)]).filter(([, list]) => list.length);
  return {
    title: `Target ${name}`,
    content: [
      crumbs(link(['targets'], 'Targets')),
      heading(host(name)),
      el('dl', { class: 'pairs wide' }, facts.map(([label, value]) => el('div', null, el('dt', null, label), el('dd', null, value ? host(value) : 'not known')))),
      target.failure ? el('p', { class: 'lede' }, glyph('error'), 'No answer: ', host(target.failure)) : null,
      groups.map(([word, list]) => [
        el('h2', { class: 'group' }, verdict(word), el('span', { class: 'note' }, many(list.length, 'control'))),
        table(['Severity', 'Number', 'What'], worstFirst(list).map((each) => el('tr', null, el('td', null, severity(each.severity)), resultCells(each))), { class: 'list' }),
      ]),
      el('h2', { class: 'group' }, 'Evidence ', el('span', { class: 'note' }, many(answers.length, 'answer'))),
      answers.length ? answers.map((each) => answerFold(each, target)) : el('p', { class: 'empty' }, target.failure ? 'None was given.' : ['What it answered ', noAnswer()]),
    ],
  };
}
