// The evidence: the very commands, and what came back.

const HEAD = 6000;

function box(label, content) {
  const region = el('pre', { tabindex: '0', role: 'region', 'aria-label': label }, content.slice(0, HEAD));
  if (content.length <= HEAD) return region;
  const button = el('button', { type: 'button' }, `Show all ${content.length.toLocaleString('en')} characters`);
  button.addEventListener('click', () => { region.replaceChildren(text(content)); region.focus(); button.remove(); });
  return [region, button];
}

function answerParts(answer) {
  const name = answer.probe;
  return [
    el('p', { class: 'label' }, 'Command'),
    box('Command of ' + name, answer.command || '(the recording does not tell it)'),
    el('p', { class: 'label' }, 'Answer (standard output)'),
    answer.stdout ? box('Answer to ' + name, answer.stdout) : el('p', { class: 'note' }, 'nothing'),
    answer.stderr.trim() ? [el('p', { class: 'label' }, 'Standard error'), box('Standard error of ' + name, answer.stderr)] : null,
  ];
}

function answerLine(answer) {
  return [el('code', null, answer.probe), ' ', el('span', { class: 'note' },
    `exit status ${answer.status}, ${many(answer.stdout.length, 'character')}`)];
}

// One answer to unfold; what is in it is drawn when it is opened.
function answerFold(answer, target) {
  const fold = el('details', { class: 'answer' }, el('summary', null, answerLine(answer)));
  fold.addEventListener('toggle', () => {
    if (!fold.open || fold.childElementCount > 1) return;
    append(fold, [answerParts(answer), el('p', { class: 'note' }, link(['evidence', target.name, answer.probe], 'Link to this evidence'))]);
  });
  return fold;
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
      answerParts(answer),
      el('h2', { class: 'group' }, 'Read by ', el('span', { class: 'note' }, many(readers.length, 'control'))),
      resultTable(readers),
    ],
  };
}
