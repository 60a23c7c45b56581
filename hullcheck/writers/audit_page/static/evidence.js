// The evidence: the very commands, and what came back.

const HEAD = 6000;
const BEFORE = 300; // characters that are shown before the first one

// Where a line that decided is in an answer, as offsets: the line, or the field of the document in it.
function placeOf(content, { line, text: value }) {
  const lines = content.split('\n');
  const whole = lines[line] || '';
  const start = lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0);
  const [path, said] = [value.split(': ', 1)[0], value.slice(value.indexOf(': ') + 2)];
  const name = path.split('.').pop().split('[')[0];
  const field = [`"${name}":"${said}"`, `"${name}":${said}`, `"${said}"`].find((each) => whole.includes(each));
  const shownAs = whole.startsWith(value) || !field ? whole : field;
  const at = start + whole.indexOf(shownAs);
  return [at, at + shownAs.length];
}

// A part of an answer, with what decided in it marked.
function piece(content, places, from, to) {
  const found = [];
  let at = from;
  for (const [begin, end] of places) {
    if (begin < at || end > to) continue;
    found.push(content.slice(at, begin), el('mark', null, content.slice(begin, end)));
    at = end;
  }
  return [...found, content.slice(at, to)];
}

// A text, or the beginning of a long one; if something in it decided, that part.
function box(label, content, lines = []) {
  const places = lines.map((each) => placeOf(content, each)).sort(([a], [b]) => a - b);
  const from = places.length && places[0][1] > HEAD ? places[0][0] - BEFORE : 0;
  const region = el('pre', { tabindex: '0', role: 'region', 'aria-label': label }, from ? '…' : null, piece(content, places, from, from + HEAD));
  if (content.length <= HEAD) return region;
  const button = el('button', { type: 'button' }, `Show all ${content.length.toLocaleString('en')} characters`);
  button.addEventListener('click', () => { region.replaceChildren(); append(region, piece(content, places, 0, content.length)); region.focus(); button.remove(); });
  return [region, button];
}

function answerParts(answer, lines) {
  const name = answer.probe;
  return [
    el('p', { class: 'label' }, 'Answer (standard output)'),
    answer.stdout ? box('Answer to ' + name, answer.stdout, lines) : el('p', { class: 'note' }, 'nothing'),
    answer.stderr.trim() ? [el('p', { class: 'label' }, 'Standard error'), box('Standard error of ' + name, answer.stderr)] : null,
    el('details', null, el('summary', { class: 'label' }, 'Command'), box('Command of ' + name, answer.command || '(not in the recording)')),
  ];
}

function answerLine(answer, lines) {
  const decided = lines.length ? `${many(lines.length, 'line')} marked, ` : '';
  return [el('code', null, answer.probe), ' ', data.questions[answer.probe] || '', ' · ', el('span', { class: 'note' },
    `${decided}exit status ${answer.status}, ${many(answer.stdout.length, 'character')}`)];
}

// One answer to unfold, with the lines in it that decided; what is in it is drawn when it is opened.
function answerFold(answer, target, lines = []) {
  const fold = el('details', { class: 'answer' }, el('summary', null, answerLine(answer, lines)));
  fold.addEventListener('toggle', () => {
    if (!fold.open || fold.childElementCount > 1) return;
    append(fold, [answerParts(answer, lines), el('p', { class: 'note' }, link(['evidence', target.name, answer.probe], 'Link to this evidence'))]);
    const mark = fold.querySelector('mark');
    if (mark) mark.parentElement.scrollTop = mark.offsetTop - mark.parentElement.offsetTop - mark.parentElement.clientHeight / 3;
  });
  return fold;
}

// The answers that a control read; those without a marked line are folded.
function answersRead(asked, target, lines) {
  const fold = (each) => typeof each === 'string' ? el('p', { class: 'note' }, el('code', null, each), ' ', noAnswer())
    : answerFold(each, target, lines.filter((line) => line.probe === each.probe));
  const decided = asked.filter((each) => lines.some((line) => line.probe === each.probe));
  const others = asked.filter((each) => !decided.includes(each));
  if (!decided.length || !others.length) return asked.map(fold);
  return [decided.map(fold), el('details', { class: 'answer' }, el('summary', null, `Also read: ${many(others.length, 'answer')}`), others.map(fold))];
}

// The lines that decided a finding, and what their raw numbers mean.
function decidingLines(finding, target) {
  return finding.lines.length ? el('ul', { class: 'deciding' }, finding.lines.map((each) => el('li', null,
    link(['evidence', target.name, each.probe], each.probe), ' ', el('code', null, host(clip(each.text, 200))),
    each.meaning ? el('span', { class: 'note' }, ' = ', clip(each.meaning, 200)) : null))) : null;
}

function noAnswer() {
  return data.answers ? 'has no answer in the recording.' : 'is not embedded for so many targets: see the file recording.json of this one.';
}

async function evidenceView([targetName, probe]) {
  const number = data.targetNumber.get(targetName);
  const target = data.targets[number];
  const answer = target && (await answersOf(number)).find((each) => each.probe === probe);
  if (!answer) return null;
  const readers = (await resultsOf(number)).filter((each) => each.evidence.includes(probe));
  return {
    title: `Evidence ${probe} of ${target.name}`,
    content: [
      crumbs(link(['targets'], 'Targets'), link(['target', target.name], target.name), 'Evidence'),
      heading([el('code', null, probe), ' of ', host(target.name)]),
      el('p', { class: 'note' }, `Exit status ${answer.status}. Gathered ${moment(target.gathered)}.`),
      data.questions[probe] ? el('p', { class: 'note' }, `Asked for: ${data.questions[probe]}`) : null,
      answerParts(answer, []),
      el('h2', { class: 'group' }, 'Read by ', el('span', { class: 'note' }, many(readers.length, 'control'))),
      resultTable(readers),
    ],
  };
}
