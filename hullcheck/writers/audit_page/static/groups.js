// A group of the inventory: its targets, the worst first, and what fails on most of them.

const MOST_SHARED = 15;
const COUNTED = ['fail', 'error', 'manual', 'pass'];

// The names of all groups, in the order of the alphabet.
function allGroups() {
  return [...new Set(data.targets.flatMap((each) => each.groups))].sort();
}

// What most targets of a group share: controls that fail on at least half of them, those that fail on most first.
function sharedIn(targets) {
  const fail = String(data.verdicts.indexOf('fail'));
  return data.controls
    .map((control, number) => ({ control, count: targets.filter((at) => data.targets[at].verdicts[number] === fail).length }))
    .filter(({ count }) => count && 2 * count >= targets.length)
    .sort((a, b) => b.count - a.count || data.severities.indexOf(a.control.severity) - data.severities.indexOf(b.control.severity));
}

function targetLine(at) {
  const target = data.targets[at];
  const counts = COUNTED.map((word) => target.verdicts.split(String(data.verdicts.indexOf(word))).length - 1);
  return el('tr', null,
    el('th', { scope: 'row' }, link(['target', target.name], host(target.name)),
      target.failure ? el('span', { class: 'name' }, el('b', null, 'no answer')) : null),
    counts.map((count) => el('td', { class: count ? 'figure' : 'figure zero' }, count ? count.toLocaleString('en') : el('span', { class: 'unseen' }, '0'))));
}

async function groupView([name]) {
  const targets = worstTargets().filter((at) => data.targets[at].groups.includes(name));
  if (!targets.length) return null;
  const shared = sharedIn(targets);
  const query = new URLSearchParams({ group: name }).toString();
  const heads = [el('th', { scope: 'col' }, 'Target'), COUNTED.map((word) => el('th', { scope: 'col', class: 'figure' }, glyph(word), word))];
  return {
    title: `Group ${name}`,
    content: [
      crumbs(link(['targets'], 'Targets'), 'Group'),
      heading(['Group ', host(name)]),
      el('p', { class: 'lede' }, `${many(targets.length, 'target')}. `,
        el('a', { href: `#findings?verdict=fail&${query}` }, 'What fails'), ' · ', el('a', { href: `#map?${query}` }, 'Map')),
      shared.length ? [
        el('h2', { class: 'group' }, 'What they share ', el('span', { class: 'note' }, `${many(shared.length, 'control')} ${shared.length === 1 ? 'fails' : 'fail'} on at least half of them${shared.length > MOST_SHARED ? '; those that fail on most are here' : ''}`)),
        el('ul', { class: 'plain steps' }, shared.slice(0, MOST_SHARED).map(({ control, count }) => el('li', null, numberOf(control),
          el('span', null, link(['control', control.id], prose(control.title)), ' ', el('span', { class: 'note' }, `fails on ${count.toLocaleString('en')} of ${many(targets.length, 'target')}`)))))] : null,
      el('h2', { class: 'group' }, 'Targets ', el('span', { class: 'note' }, 'the most failures first')),
      el('div', { class: 'scroll' }, el('table', { class: 'members' }, el('thead', null, el('tr', null, heads)), el('tbody', null, targets.map(targetLine)))),
    ],
  };
}
