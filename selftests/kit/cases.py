"""Cases of controls, read from `cases/*.yml`: a recorded host, what is changed in its answers, and the verdict.

A row of a control has these keys, of which `host` and one verdict are needed:

- `host`: a host of the corpus; without the version of an engine, the one on 26.1.
- `subject`: what is judged; without it, the host. A task of a swarm is called `open.1`, without its id.
- `set`: values by place. A place is a question, a section (`-` for an answer without sections), an object where the
  section has several, and the path of a field: `containers inspect web HostConfig.Privileged`.
- `unset`: places to remove: a field, a section, or the answer to a question, as if it had failed.
- `lines`: replacements by question and section; the regular expressions match anywhere in lines:
  `{files paths: {"^644 (.*/passwd)$": '666 \\1'}}`. In them `{id}` is that of the container *subject*, and `{pid}`
  that of its main process.
- `policy`: keys that replace those of the host's policy.
- `day`: when the host answered, such as 2026-06-30: at noon, in UTC.
- `fail`, `pass`, `manual`, `error` or `not applicable`: a part of the reason.
- `met`: where the case was met, such as an issue of another project.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct, field
from msgspec.structs import replace

from hullcheck.controls.judge import finding_of
from hullcheck.facts import Facts
from hullcheck.policy import Policy
from hullcheck.recording import Answer, Recording
from hullcheck.verdicts import EvidenceError, NotApplicable, Verdict
from selftests.corpus.description import descriptions
from selftests.corpus.judged import TASK, recording_of
from selftests.kit.judging import judged

FOLDER = Path(__file__).parents[1] / "cases"
WHOLE = "-"
VERDICTS = frozenset(str(each) for each in Verdict)


class Case(Struct, frozen=True):
    """One row; see the module."""

    control: str
    host: str
    verdict: str
    says: str
    subject: str = ""
    set: Mapping[str, Any] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    lines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)
    day: date | None = None
    met: str = ""

    def __str__(self) -> str:
        changed = (*self.set, *self.unset, *self.lines, *self.policy, *([str(self.day)] if self.day else []))
        return " ".join(filter(None, (self.control, self.verdict, self.host, self.subject, *changed)))

    def judged(self) -> tuple[str, str]:
        """Return the verdict on the subject, and its reason."""
        described = descriptions().get(self.host) or descriptions()[f"{self.host}-26.1"]
        recording = recorded(described.name)
        answers = dict(recording.answers)
        known = partial(_filled, recording.answers, self.subject)
        for place, value in self.set.items():
            _edit(answers, place, value)
        for place in self.unset:
            _remove(answers, place)
        for place, replacements in self.lines.items():
            question, _, section = place.partition(" ")
            for pattern, new in replacements.items():
                answers[question] = _with(answers[question], section, *map(known, (pattern, new)))
        policy = Policy.from_mapping({**described.policy, **self.policy})
        if self.day:
            noon = datetime.combine(self.day, time(12), UTC).timestamp()
            recording = replace(recording, gathered=noon, asked=noon)
        target = Facts(replace(recording, answers=answers), policy)
        try:
            found = {TASK.sub("", name): each for name, each in judged(self.control, target).items()}
            return found[self.subject or recording.target]
        except (EvidenceError, NotApplicable) as raised:  # of a fact that the control needs
            finding = finding_of(raised, "target", recording.target)
            return str(finding.verdict), finding.reason


@cache
def recorded(host: str) -> Recording:
    """Return what a host of the corpus answered."""
    return recording_of(host)


def cases() -> Iterator[Case]:
    """Read all cases, in the order of the files."""
    for path in sorted(FOLDER.glob("*.yml")):
        for control, rows in yaml.safe_load(path.read_text()).items():
            for row in rows:
                (verdict,) = VERDICTS & row.keys()
                yield Case(control=control, verdict=verdict, says=row.pop(verdict), **row)


def _edit(answers: dict[str, Answer], place: str, value: Any) -> None:
    """Set a field of a JSON document; its last part may be new."""
    question, section, document, holder, key = _field(answers, place)
    assert _get(holder, key) != value, f"{place} has this value already"
    if isinstance(holder, list):
        holder[int(key)] = value
    else:
        holder[key] = value
    answers[question] = _with_section(answers[question], section, _written(document))


def _remove(answers: dict[str, Answer], place: str) -> None:
    """Remove a field, a section, or an answer."""
    question, *rest = place.split(" ")
    if not rest:
        answers[question] = replace(answers[question], status=1, stdout="", stderr="it failed")
    elif len(rest) == 1:
        answers[question] = _with_section(answers[question], rest[0], None)
    else:
        _, section, document, holder, key = _field(answers, place)
        del holder[key]
        answers[question] = _with_section(answers[question], section, _written(document))


def _field(answers: Mapping[str, Answer], place: str) -> tuple[str, str, list[Any], Any, str]:
    """Return the question, the section, its documents by line, and what holds the last part of the path."""
    question, section, *name, path = place.split(" ")
    documents = [json.loads(line) for line in _section(answers[question], section).splitlines() if line]
    holder: Any = documents[0]
    if name:
        objects = documents[0] if isinstance(documents[0], list) else documents
        (holder,) = (each for each in objects if name[0] in _names(each))
    *above, key = path.split(".")
    for each in above:
        holder = holder[int(each)] if isinstance(holder, list) else holder[each]
    return question, section, documents, holder, key


def _filled(answers: Mapping[str, Answer], container: str, text: str) -> str:
    """Return *text* with the id and the number of the main process of a container."""
    for word, path in (("{id}", "Id"), ("{pid}", "State.Pid")):
        if word in text:
            *_, holder, key = _field(answers, f"containers inspect {container} {path}")
            text = text.replace(word, str(holder[key]))
    return text


def _names(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of an object: of a container, a network, a service, a node or an image."""
    described = document.get("Description") or document.get("Spec") or {}
    own = TASK.sub("", document.get("Name", "").removeprefix("/"))
    return (own, described.get("Name", ""), described.get("Hostname", ""), *(document.get("RepoTags") or ()))


def _get(holder: Any, key: str) -> Any:
    return holder[int(key)] if isinstance(holder, list) else holder.get(key)


def _written(documents: list[Any]) -> str:
    return "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in documents)


def _section(answer: Answer, name: str) -> str:
    if name == WHOLE:
        return answer.stdout
    found = re.search(rf"^--{re.escape(name)}\n(.*?)(?=^--)", answer.stdout, re.M | re.S)
    assert found, f"there is no section {name}"
    return found[1]


def _with_section(answer: Answer, name: str, text: str | None) -> Answer:
    """Return the answer with another text of a section, or without the section."""
    if name == WHOLE:
        return replace(answer, stdout=text or "")
    old = f"--{name}\n{_section(answer, name)}"
    new = "" if text is None else f"--{name}\n{text}"
    return replace(answer, stdout=answer.stdout.replace(old, new, 1))


def _with(answer: Answer, section: str, pattern: str, new: str) -> Answer:
    """Return the answer with replaced lines in a section."""
    old = _section(answer, section)
    text, count = re.subn(pattern, new, old, flags=re.M)
    assert count, f"{pattern!r} matches nothing in {section}"
    return _with_section(answer, section, text)
