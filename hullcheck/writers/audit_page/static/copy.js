// Buttons that copy: remedies, addresses, waivers, attestations. From a file a browser may have no clipboard: see `put`.

const SAFE = /^[\w@%+=:,./-]+$/;

// A word as a POSIX shell reads it.
function quoted(word) {
  return SAFE.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

// A pattern that is a name and no other: a character that a terminal could take for a command is any one character.
function pattern(name) {
  return Array.from(name, (each) => ('*?['.includes(each) ? `[${each}]` : /\p{C}|\p{Zl}|\p{Zp}/u.test(each) ? '?' : each)).join('');
}

const WAIVER = "--reason='WHY' --until=DAY --approved-by='WHO'";
const ATTESTATION = "--checked='WHAT' --by='WHO' --valid-for=PERIOD";

// The command that accepts these subjects of a control, or a cause, on these targets; it fails until its *options* are
// filled in.
function acceptLine([control, targets, subjects, cause], options) {
  const words = ['hullcheck accept', cause ? '--cause=' + quoted(pattern(cause)) : quoted(control),
    ...targets.map((each) => '--target=' + quoted(pattern(each))),
    ...subjects.map((each) => '--subject=' + quoted(pattern(each))),
    data.inventory ? '--inventory=' + quoted(data.inventory) : '',
    options];
  return words.filter(Boolean).join(' ');
}

async function contentOf(button) {
  const { copy, text: id, address, waiver, attestation } = button.dataset;
  if (id) return document.getElementById(id).textContent;
  if (address) return location.href.split('#')[0] + address;
  if (!waiver && !attestation) return copy;
  await ready();
  return JSON.parse(waiver || attestation).map((each) => acceptLine(each, waiver ? WAIVER : ATTESTATION)).join('\n');
}

// Where the clipboard is not offered or refused, a selection is copied as by hand; false where that fails as well.
async function put(content) {
  try {
    await navigator.clipboard.writeText(content);
    return true;
  } catch {
    const field = el('textarea', { readonly: true, class: 'unseen', 'aria-hidden': 'true', tabindex: '-1' });
    field.value = content;
    const before = document.activeElement;
    document.body.append(field);
    field.select();
    const copied = document.execCommand('copy');
    field.remove();
    if (before) before.focus({ preventScroll: true });
    return copied;
  }
}

function say(words) {
  document.getElementById('said').textContent = words;
}

async function copyBy(button) {
  const content = await contentOf(button);
  const copied = await put(content);
  const label = button.dataset.label || (button.dataset.label = button.textContent);
  say('');
  setTimeout(() => say(copied ? `Copied: ${label.replace(/^Copy /, '')}` : 'Not copied; the text is shown'), 50);
  if (copied) {
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = label; }, 1600);
  } else if (!button.nextElementSibling || !button.nextElementSibling.matches('.by-hand')) {
    button.after(el('pre', { class: 'by-hand', tabindex: '0' }, content));
  }
}

// A button as the templates write it: what it copies is in its attributes.
function copier(label, what, kind, named) {
  return el('button', { type: 'button', class: 'copy', [`data-${kind}`]: what, 'aria-label': named ? `${label} ${named}` : null }, label);
}

function startCopying() {
  document.addEventListener('click', (event) => {
    const button = event.target.closest && event.target.closest('button.copy');
    if (button) copyBy(button);
  });
}
