"""Damages what a target answered, in one place at a time, and finds controls that do not notice.

A host that says something else may be another sound host. So what is counted is a finding that was bad and is good, or
gone, though all that happened is damage: no host answers so.
"""

from __future__ import annotations

import inspect
import json
import random
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from hullcheck.controls.judge import finding_of, judge, summary
from hullcheck.facts import Facts
from hullcheck.facts.registry import Fact, evidence_of, later_in
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.results import Finding
from hullcheck.secrets.redact import DROPPED
from hullcheck.verdicts import Verdict
from selftests.kit.judging import controls

BAD = (Verdict.FAIL, Verdict.ERROR, Verdict.MANUAL)
GARBAGE = (
    *("", " ", "\n", "\0\0\0", "x", "0", "-1", "null", "true", "{}", "[]", '""', "[[]]", '{"a":1}', DROPPED),
    *(
        "sh: 1: sort: not found",
        "Segmentation fault",
        "\ufffd\x7f\x1b[0m",
        "a:b\nc:d e\n{}\n",
        "no\nsuch\nfile",
    ),
)
OTHERS = ("garbled", 7, True, None, [], {}, ["garbled"], {"garbled": 1}, -5, 10**30, 1.5)
_CLOSED = {
    "CgroupDriver",
    "Health",
    "Healthcheck",
    "IpcMode",
    "LocalNodeState",
    "PidMode",
    "Propagation",
    "Status",
    "UTSMode",
    "UsernsMode",
}
"""Fields of a few known words: any other text is damage. In other fields it is what another host says."""
_FREE = {
    "Config",
    "ExposedPorts",
    "IndexConfigs",
    "Networks",
    "Options",
    "PortBindings",
    "Ports",
    "Results",
    "Tmpfs",
}
"""Fields below which a name may be there or not."""
_OMITTED = (("HostConfig", "Mounts"), ("HostConfig", "Tmpfs"), ("Experimental",))
"""Fields that the engine leaves out where they say nothing."""
_SITE = ("daemon",)
"""Answers whose documents a person wrote, with the keys that he liked."""


class Damage(Struct, frozen=True):
    """One way in which an answer is damaged."""

    answer: str
    how: str
    text: str


class Fault(Struct, frozen=True):
    """What a control said of damaged evidence, and should not have."""

    kind: str
    control: str
    subject: str
    was: str
    now: str
    damage: Damage


_NODE = re.compile("[0-9a-f]{4}:[0-9]+:[0-9]+:")
"""A line of stat(1): with another name it is of another file."""
Findings = Mapping[str, tuple[Finding, ...]]


class _Answers(dict[str, Answer]):
    """Answers that note which of them were read."""

    def __init__(self, answers: Mapping[str, Answer], read: set[str]) -> None:
        super().__init__(answers)
        self._read = read

    def __getitem__(self, name: str) -> Answer:
        self._read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The answer of this name, which is read by that, or *default*."""
        self._read.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self._read.add(str(name))
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        self._read.update(super().__iter__())
        return super().__iter__()


class _Facts(Facts):
    """Facts that remember also why one of them cannot be made, and which answers were read for them."""

    def __init__(self, recording: Recording, policy: Policy, given: Mapping[str, Any]) -> None:
        super().__init__(recording, policy, **given)
        self.read = set[str]()
        self._failed = dict[str, Exception]()

    def get(self, name: str) -> Any:
        """The fact of this name, or the exception that it raised the first time."""
        if name in self._failed:
            raise self._failed[name].with_traceback(None)
        try:
            return super().get(name)
        except Exception as raised:
            self._failed[name] = raised
            raise

    def _handed(self, name: str, to: Fact) -> Any:
        handed = super()._handed(name, to)
        return replace(handed, answers=_Answers(handed.answers, self.read)) if name == "recording" else handed

    def made(self) -> dict[str, Any]:
        """All that was asked for, and could be made."""
        return {name: made for name, made in self._made.items() if name != "policy"}


class Judge:
    """Judges a recording again and again, each time the controls alone that read what changed.

    A control that did not read an answer does the same whatever it says.
    """

    def __init__(self, recording: Recording, policy: Policy) -> None:
        self.recording = recording
        self.policy = policy
        self.controls = {each.__name__.removeprefix("test_"): each for each in controls()}
        self.arguments = {name: inspect.signature(each).parameters for name, each in self.controls.items()}
        self.sound = dict[str, tuple[Finding, ...]]()
        self._evidence = dict[str, set[str]]()
        made = dict[str, Any]()
        for name in self.controls:
            facts = _Facts(recording, policy, {})
            self.sound[name] = self._found(name, facts)
            self._evidence[name] = facts.read
            made |= facts.made()
        kind = made["kind"]
        self._made = {name: (each, {*evidence_of([name], kind), "host"}) for name, each in made.items()}

    def findings(self, facts: Facts, names: Iterable[str]) -> Findings:
        """What the controls of these *names* find."""
        return {name: self._found(name, facts) for name in names}

    def _found(self, name: str, facts: Facts) -> tuple[Finding, ...]:
        control = self.controls[name]
        try:
            arguments = {each: facts.given(each, later_in(control)) for each in self.arguments[name]}
        except Exception as raised:
            return (finding_of(raised, "target", facts.recording.target),)
        return judge(control, arguments, facts.recording.target)

    def faults(self, damage: Damage) -> Iterator[Fault]:
        """What is wrong with the verdicts on the damaged recording."""
        answers = dict(self.recording.answers)
        answers[damage.answer] = replace(answers[damage.answer], stdout=damage.text)
        names = [name for name, probes in self._evidence.items() if damage.answer in probes]
        given = {name: made for name, (made, probes) in self._made.items() if damage.answer not in probes}
        facts = _Facts(replace(self.recording, answers=answers), self.policy, given)
        found = self.findings(facts, names)
        for name in names:
            yield from _compared(name, self.sound[name], found[name], damage)


def _compared(
    control: str, sound: tuple[Finding, ...], found: tuple[Finding, ...], damage: Damage
) -> Iterator[Fault]:
    now = {(each.kind, each.subject): each for each in found}
    verdict, reason = summary(found)
    for each in found:
        if each.reason.startswith("the control broke"):
            yield Fault("broke", control, each.subject, "", each.reason, damage)
            break
    for each in sound:
        if each.verdict not in BAD:
            continue
        was = f"{each.verdict}: {each.reason}"
        after = now.get((each.kind, each.subject))
        if (after is not None and after.verdict not in BAD) or (after is None and verdict not in BAD):
            kind = "false pass"
        elif after is None and len(found) < len(sound) and not any(one.kind == "target" for one in found):
            kind = "vanished"
        else:
            continue
        said = after or Finding("", "", verdict, reason)
        yield Fault(kind, control, each.subject, was[:160], f"{said.verdict}: {said.reason}"[:160], damage)


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
        found += (
            f"{fault.control}: {fault.now} after {each.answer}: {each.how}" for fault in judge.faults(each)
        )
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
    """Every damage of every answer."""
    for name, answer in recording.answers.items():
        if answer.status:
            continue
        seen = {answer.stdout}
        for how, text in _of_text(recording.answers, name, answer.stdout):
            if text not in seen:
                seen.add(text)
                yield Damage(name, how, text)


def _of_text(answers: Mapping[str, Answer], name: str, text: str) -> Iterator[tuple[str, str]]:
    for each in GARBAGE:
        yield f"garbage {each!r}", each
    for other, answer in answers.items():
        if other != name and random.random() < 0.2:
            yield f"answer of {other}", answer.stdout
    for at in _places(text):
        yield f"cut behind {at}", text[:at]
        yield f"cut before {at}", text[at:]
    yield from _of_lines(text)
    yield from (
        each
        for each in _of_documents(text)
        if not (name in _SITE and each[0].startswith(("key dropped", "None for")))
    )


def _places(text: str) -> list[int]:
    """Where *text* is cut: around its line ends, and in the middle of lines."""
    if len(text) < 2:
        return []
    ends = [match.end() for match in re.finditer("\n", text)]
    inside = {random.randrange(1, len(text)) for _ in range(20)} | {1, len(text) - 1, len(text) // 2}
    picked = random.sample(ends, min(len(ends), 30))
    return sorted(inside | set(picked) | {each - 1 for each in picked})


def _shape(line: str) -> str:
    return re.sub(r"[0-9a-f]{6,}|\d+", "0", line)[:14]


def _of_lines(text: str) -> Iterator[tuple[str, str]]:
    lines = text.split("\n")
    kinds: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        kinds.setdefault(_shape(line), []).append(number)
    for numbers in kinds.values():
        for number in random.sample(numbers, min(len(numbers), 3)):
            line = lines[number]

            def but(*instead: str, number: int = number) -> str:
                return "\n".join((*lines[:number], *instead, *lines[number + 1 :]))

            if not line or _NODE.match(line):
                continue
            yield f"cut {line[:40]!r}", but(line[: len(line) // 2])
            yield f"cut by one {line[:40]!r}", but(line[:-1])
            yield f"head lost {line[:40]!r}", but(line[len(line) // 2 :])
            yield f"garbled {line[:40]!r}", but("?" * len(line))
            middle = len(line) // 2
            yield f"spot {line[:40]!r}", but(line[:middle] + "\x7f" + line[middle + 1 :])


def _of_documents(text: str) -> Iterator[tuple[str, str]]:
    lines = text.split("\n")
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(lines):
        head, document = _document(line)
        if document is None:
            continue
        for path, how, made in _of_document(document):
            key = (head[:12], *(re.sub(r"\d+", "0", each) for each in path), how)
            seen[key] = seen.get(key, 0) + 1
            if seen[key] <= 2:
                damaged = "\n".join((*lines[:number], head + made, *lines[number + 1 :]))
                yield f"{how} {'.'.join(path)} in line {number}", damaged


def _document(line: str) -> tuple[str, Any]:
    for match in re.finditer(r"[{\[]", line):
        try:
            document = json.loads(line[match.start() :])
        except ValueError:
            continue
        if document:
            return line[: match.start()], document
    return "", None


_MARK = "\ue000"


def _of_document(document: Any) -> Iterator[tuple[tuple[str, ...], str, str]]:
    def written(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"))

    for path, parent, key in _members(document, ()):
        value = parent[key]
        closed = key in _CLOSED or (path[-3:-2] == ("Mounts",) and key == "Type")
        free = bool(_FREE.intersection(path[-2:-1]))
        for other in OTHERS:
            if type(other) is type(value) and not (other in (-5, 10**30) or (other == "garbled" and closed)):
                continue  # another sound document
            if key == "PidsLimit" and value is None and other == 7:
                continue  # a limit where there was none
            if path[-2:] == ("Endpoint", "Ports") and other is None:
                continue  # a service that publishes none
            if free and not other:
                continue  # the same as none of this name
            parent[key] = other
            yield path, f"{other!r} for", written(document)
        if isinstance(value, str) and len(value) > 1 and closed:
            parent[key] = value[: len(value) // 2]
            yield path, "cut", written(document)
        parent[key] = _MARK
        marked = written(document)
        for word in ("NaN", "-Infinity"):
            yield path, word, marked.replace(json.dumps(_MARK), word)
        if isinstance(parent, dict):
            del parent[key]
            if not (free or path[-2:] in _OMITTED):
                yield path, "key dropped", written(document)
            parent[key] = value
            items = list(parent.items())  # as it was, in any order
            parent.clear()
            parent.update(sorted(items))
        else:
            parent[key] = value


def _members(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(value, dict):
        for key in list(value):
            yield (*path, key), value, key
            yield from _members(value[key], (*path, key))
    elif isinstance(value, list):
        for key in range(min(len(value), 3)):
            yield (*path, str(key)), value, key
            yield from _members(value[key], (*path, str(key)))
