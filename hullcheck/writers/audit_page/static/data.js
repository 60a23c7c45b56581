// The embedded blocks: base64 of zlib of JSON, opened when somebody asks, and kept.

const opened = new Map();

function block(id) {
  if (!opened.has(id)) opened.set(id, unpack(document.getElementById('data-' + id).textContent));
  return opened.get(id);
}

async function unpack(base64) {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at); // four times as quick as Uint8Array.from
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return JSON.parse(await new Response(plain).text());
}

let data = null;

// The index with ways to find things in it.
async function ready() {
  if (data) return data;
  const index = await block('index');
  const byName = (list, key) => new Map(list.map((each, number) => [each[key], number]));
  data = {
    ...index,
    controlNumber: byName(index.controls, 'id'),
    targetNumber: byName(index.targets, 'name'),
    accepted: new Map([...index.waivers, ...index.attestations].map((each) => [each.place, each])),
  };
  return data;
}

// The results of one target, as objects.
async function resultsOf(target) {
  if (!data.answers) await read; // of many targets they stand below this script
  const rows = await block('results-' + target);
  return rows.map(([control, verdictNumber, changed, evidence, findings, off, reason]) => ({
    control: data.controls[control],
    target: data.targets[target],
    verdict: data.verdicts[verdictNumber],
    severity: changed || data.controls[control].severity,
    changed, evidence, off, reason,
    findings: findings.map(([kind, subject, number, why, acceptedBy, lines], at) => (
      { kind, subject, verdict: data.verdicts[number], reason: why, acceptedBy, at,
        lines: lines.map(([probe, line, value, meaning]) => ({ probe, line, text: value, meaning })) })),
  }));
}

// The verdict of a control on a target; empty where it was not judged there.
function verdictOf(control, target) {
  const digit = data.targets[target].verdicts[control];
  return digit === '.' ? '' : data.verdicts[Number(digit)];
}

// The answers stand below this script.
const read = new Promise((done) => { document.addEventListener('DOMContentLoaded', done); });

// What a target answered: probe, command, status, standard output and error.
async function answersOf(target) {
  await read;
  const [commands, answers] = await Promise.all([block('commands'), block('answers-' + target)]);
  return answers.map(([number, status, stdout, stderr]) => (
    { probe: commands[number][0], command: commands[number][1], status, stdout, stderr }));
}
