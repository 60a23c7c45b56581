"""Damages what a target answered, in one place at a time, and finds controls that do not notice.

A host that says something else may be another sound host. So what is counted is a finding that was bad and is good, or
gone, though all that happened is damage: no host answers so.
"""

import inspect
import json
import random
import re
import time
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from hullcheck.controls.judge import finding_of, judge, summary
from hullcheck.facts import Facts
from hullcheck.facts.registry import evidence_of, later_in
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.results import Finding
from hullcheck.secrets.redact import DROPPED
from hullcheck.verdicts import Verdict
from selftests.kit.judging import controls

BAD = (Verdict.FAIL, Verdict.ERROR, Verdict.MANUAL)
GARBAGE = ("", "\0\0\0", "null", "[]", DROPPED, "sh: 1: sort: not found", "a:b\nc:d e\n{}\n")
OTHERS = ("garbled", 7, None, ["garbled"], {"garbled": 1})
"""In the place of a value of another type."""
_FREE = {"Config", "ExposedPorts", "IndexConfigs", "Networks", "Options", "PortBindings", "Ports", "Results"}
"""Fields below which a name may be there or not."""
_OMITTED = (("HostConfig", "Mounts"), ("HostConfig", "Tmpfs"), ("Experimental",))
"""Fields that the engine leaves out where they say nothing."""
_SITE = "daemon"
"""The answer whose documents a person wrote, with the keys that he liked."""
_NODE = re.compile("[0-9a-f]{4}:[0-9]+:[0-9]+:")
"""A line of stat(1): with another name it is of another file."""


class Damage(Struct, frozen=True):
    """One way in which an answer is damaged."""

    answer: str
    how: str
    text: str


class Fault(Struct, frozen=True):
    """What a control said of damaged evidence, and should not have."""

    kind: str
    control: str
    now: str


class Judge:
    """Judges a recording again and again, each time the controls alone whose evidence changed."""

    def __init__(self, recording: Recording, policy: Policy) -> None:
        self.recording = recording
        self.policy = policy
        self.controls = {each.__name__.removeprefix("test_"): each for each in controls()}
        self._arguments = {name: inspect.signature(each).parameters for name, each in self.controls.items()}
        facts = Facts(recording, policy)
        self.sound = {name: self._found(name, facts) for name in self.controls}
        kind = facts.get("kind")
        self._evidence = {name: evidence_of(each, kind) for name, each in self._arguments.items()}
        made = {name: each for name, each in facts._made.items() if name != "policy"}
        self._made = {name: (each, {*evidence_of([name], kind), "host"}) for name, each in made.items()}

    def _found(self, name: str, facts: Facts) -> tuple[Finding, ...]:
        control = self.controls[name]
        try:
            arguments = {each: facts.given(each, later_in(control)) for each in self._arguments[name]}
        except Exception as raised:
            return (finding_of(raised, "target", facts.recording.target),)
        return judge(control, arguments, facts.recording.target)

    def faults(self, damage: Damage) -> Iterator[Fault]:
        """What is wrong with the verdicts on the damaged recording."""
        answers = dict(self.recording.answers)
        answers[damage.answer] = replace(answers[damage.answer], stdout=damage.text)
        given = {name: made for name, (made, probes) in self._made.items() if damage.answer not in probes}
        facts = Facts(replace(self.recording, answers=answers), self.policy, **given)
        for name, probes in self._evidence.items():
            if damage.answer in probes:
                yield from _compared(name, self.sound[name], self._found(name, facts))


def _compared(control: str, sound: tuple[Finding, ...], found: tuple[Finding, ...]) -> Iterator[Fault]:
    now = {(each.kind, each.subject): each for each in found}
    verdict, reason = summary(found)
    for each in found:
        if each.reason.startswith("the control broke"):
            yield Fault("broke", control, each.reason)
    for each in sound:
        after = now.get((each.kind, each.subject))
        said = after or Finding("", "", verdict, reason)
        of_target = any(one.kind == "target" for one in found)
        if each.verdict in BAD and said.verdict not in BAD:
            yield Fault("false pass", control, f"{said.verdict}: {said.reason}"[:160])
        elif each.verdict in BAD and after is None and len(found) < len(sound) and not of_target:
            yield Fault("vanished", control, f"{said.verdict}: {said.reason}"[:160])


def require_none(recording: Recording, seconds: float) -> None:
    """Damage a recording by chance for a time, and require that it is noticed each time."""
    seed = time.time_ns() % 1_000_000
    random.seed(seed)
    judge = Judge(recording, Policy())
    end, tried = time.monotonic() + seconds, 0
    found = list[str]()
    for each in _mixed(list(damages(recording))):
        if time.monotonic() > end or len(found) > 20:
            break
        tried += 1
        found += (f"{x.control}: {x.now} after {each.answer}: {each.how}" for x in judge.faults(each))
    assert not found, f"seed {seed}, {tried} tried:\n" + "\n".join(found)
    assert tried > 5


def _mixed(every: list[Damage]) -> Iterator[Damage]:
    """All of them by chance, but of each kind and answer one before the next: most are of a few large answers."""
    random.shuffle(every)
    kinds: dict[tuple[str, str], list[Damage]] = {}
    for each in every:
        kinds.setdefault((each.answer, each.how.partition(" ")[0]), []).append(each)
    for row in zip_longest(*kinds.values()):
        yield from filter(None, row)


def damages(recording: Recording) -> Iterator[Damage]:
    """Every damage of every answer: garbage, what another question answered, cuts, lines, and fields of documents."""
    for name, answer in recording.answers.items():
        if not answer.status:
            for how, text in _of_text(recording, name, answer.stdout):
                if text != answer.stdout:
                    yield Damage(name, how, text)


def _of_text(recording: Recording, name: str, text: str) -> Iterator[tuple[str, str]]:
    for each in GARBAGE:
        yield f"garbage {each!r}", each
    other = random.choice([each for each in recording.answers if each != name])
    yield f"answer of {other}", recording.answers[other].stdout
    for at in random.choices(range(1, len(text)), k=50) if len(text) > 1 else ():
        yield f"cut behind {at}", text[:at]
        yield f"cut before {at}", text[at:]
    yield from _of_lines(text)
    yield from _of_documents(text, by_site=name == _SITE)


def _of_lines(text: str) -> Iterator[tuple[str, str]]:
    lines = text.split("\n")
    kinds: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        if line and not _NODE.match(line):
            kinds.setdefault(re.sub(r"[0-9a-f]{6,}|\d+", "0", line)[:14], []).append(number)
    for numbers in kinds.values():
        for number in random.sample(numbers, min(len(numbers), 3)):
            line = lines[number]
            for how, new in (("cut", line[: len(line) // 2]), ("garbled", "?" * len(line))):
                yield f"{how} {line[:40]!r}", "\n".join((*lines[:number], new, *lines[number + 1 :]))


def _of_documents(text: str, *, by_site: bool) -> Iterator[tuple[str, str]]:
    lines = text.split("\n")
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(lines):
        head, document = _document(line)
        for path, how, made in _of_document(document, by_site=by_site):
            key = (head[:12], *(re.sub(r"\d+", "0", each) for each in path), how)
            seen[key] = seen.get(key, 0) + 1
            if seen[key] <= 2:
                damaged = "\n".join((*lines[:number], head + made, *lines[number + 1 :]))
                yield f"{how} {'.'.join(path)} in line {number}", damaged


def _document(line: str) -> tuple[str, Any]:
    """Return what is before the document in a line, and the document."""
    for match in re.finditer(r"[{\[]", line):
        try:
            return line[: match.start()], json.loads(line[match.start() :])
        except ValueError:
            continue
    return "", None


def _of_document(document: Any, *, by_site: bool) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield each field with a value of another type, and without the field."""
    for path, parent, key in _members(document, ()):
        value = parent[key]
        free = bool(_FREE.intersection(path[-2:-1]))
        for other in OTHERS:
            limit = key == "PidsLimit" and value is None and other == 7  # a limit where there was none
            none = other is None and (free or by_site or path[-2:] == ("Endpoint", "Ports"))
            if not (type(other) is type(value) or limit or none):
                parent[key] = other
                yield path, f"{other!r} for", _written(document)
        parent[key] = value
        if isinstance(parent, dict) and not (free or by_site or path[-2:] in _OMITTED):
            fields = dict(parent)
            del parent[key]
            yield path, "key dropped", _written(document)
            parent.clear()
            parent.update(fields)


def _written(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


def _members(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    keys: list[Any] = list(value) if isinstance(value, dict) else []
    if isinstance(value, list):
        keys = [*range(min(len(value), 3))]
    for key in keys:
        yield (*path, str(key)), value, key
        yield from _members(value[key], (*path, str(key)))
