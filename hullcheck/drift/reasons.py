"""Why a finding is new or gone: what the host answers differently now, of what its control reads."""

import json
import re
from collections.abc import Iterable, Iterator

from hullcheck.drift.answers import Difference, differences, groups
from hullcheck.drift.runs import PastRun
from hullcheck.recording import Recording
from hullcheck.results.changes import Change
from hullcheck.verdicts import EvidenceError

_MOST = 3  # differences that are told
_FEW = 4  # so many are told even if none has a word of the reason
_LONGEST = 80  # characters of a value
_OF_ONE = {
    "container": "docker_containers",
    "image": "images",
    "network": "docker_networks",
    "service": "docker_services",
}
"""Kinds of subjects of which an answer has a document each."""
_ASIDE = re.compile(r"\([^()]*\)")
_WORD = re.compile(r"[a-z0-9]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SAY_NOTHING = frozenset(
    (
        *(
            "the",
            "its",
            "not",
            "and",
            "with",
            "than",
            "for",
            "from",
            "has",
            "have",
            "are",
            "was",
            "were",
            "more",
            "less",
        ),
        *("set", "runs", "can", "get", "true", "false", "null", "none"),
        *("container", "host", "image", "file", "daemon", "engine"),
    )
)
_FILE = re.compile(r"^config:read\|([^|]+)\|[^|]*\|(.+)$", re.MULTILINE)
_FILE_OF = "daemon_configuration"
_PROCESS = re.compile(r"^MainPID=([1-9]\d*)$", re.MULTILINE)
_PROCESS_OF = "daemon_unit"
_Changed = dict[str, tuple[str, str]]  # by probe its two answers


def reasons(change: Change, evidence: Iterable[str], old: PastRun, new: PastRun) -> tuple[str, ...]:
    """Sentences on what changed between two runs, of what is said of the subject of *change* in this *evidence*.

    Nothing where a recording is not there.
    """
    then, now = old.recording(change.target), new.recording(change.target)
    if then is None or now is None:
        return ()
    pairs = {name: (_text(then, name), _text(now, name)) for name in evidence}
    changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    whole = tuple(_as_a_whole(change, changed))
    if whole:
        return whole
    said = (*_events(change, changed), *_told(change, changed))
    return said or tuple(_otherwise(changed, old, new))


def _text(recording: Recording, name: str) -> str:
    answer = recording.answers.get(name)
    if answer is None:
        return ""
    try:
        return (answer.opened() if recording.sealed else answer).stdout
    except EvidenceError:
        return answer.stdout


def _as_a_whole(change: Change, changed: _Changed) -> Iterator[str]:
    """That the subject itself is new or gone: all else follows from that."""
    probe = _OF_ONE.get(change.kind)
    if probe not in changed:
        return
    then, now = (
        change.subject in {each.partition(" ")[2] or each for each in groups(text)} for text in changed[probe]
    )
    if now and not then:
        made = _container(changed[probe][1], change.subject).get("Created")
        yield f"the {change.kind} was made on {_moment(made)}" if made else f"the {change.kind} was not there"
    if then and not now:
        yield f"the {change.kind} is no longer there"


def _events(change: Change, changed: _Changed) -> Iterator[str]:
    """That something was made or started again, or that a file changed."""
    if change.kind == "container" and _OF_ONE["container"] in changed:
        yield from _of_container(
            *(_container(each, change.subject) for each in changed[_OF_ONE["container"]])
        )
    if change.kind in _OF_ONE:
        return
    if _FILE_OF in changed:
        then, now = (dict(map(reversed, _FILE.findall(each))) for each in changed[_FILE_OF])
        yield from _of_files(change, then, now)
    if _PROCESS_OF in changed and change.kind != "file":
        old, new = (_PROCESS.findall(each)[:1] for each in changed[_PROCESS_OF])
        if old and new and old != new:
            yield "the daemon was started again"


def _of_files(change: Change, then: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    """What became of the daemon's file, by path the time of its last change."""
    for path in dict.fromkeys((*now, *then)):
        if then.get(path) == now.get(path) or (change.kind == "file" and path != change.subject):
            continue
        if path not in then:
            yield f"{path} is read now"
        elif path not in now:
            yield f"{path} is not read any more"
        else:
            yield f"{path} changed on {_moment(now[path])}"


def _container(text: str, name: str) -> dict[str, object]:
    for line in text.split("\n"):
        if line.startswith("container {"):
            document = json.loads(line.removeprefix("container "))
            if str(document.get("Name", "")).lstrip("/") == name:
                return dict(document)
    return {}


def _of_container(then: dict[str, object], now: dict[str, object]) -> Iterator[str]:
    if then.get("Id") != now.get("Id"):
        yield f"the container was made again on {_moment(now.get('Created'))}"
    elif then.get("Started") != now.get("Started"):
        yield f"the container was started again on {_moment(now.get('Started'))}"


def _moment(text: object) -> str:
    """A time as the engine or stat(1) writes it, in minutes and UTC; as it stands where it is another."""
    match = re.match(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)", str(text))
    return f"{match[1]} {match[2]} UTC" if match else str(text)


def _told(change: Change, changed: _Changed) -> list[str]:
    """The differences that have the most to do with the finding, the nearest first."""
    words = _words(_ASIDE.sub(" ", change.reason)) - _SAY_NOTHING
    found = [
        each for name, pair in changed.items() for each in differences(name, *pair) if _is_about(each, change)
    ]
    near = sorted(found, key=lambda each: -_nearness(each, words))
    kept = [each for each in near if _nearness(each, words)] or (near if len(near) <= _FEW else [])
    return list(dict.fromkeys(map(_sentence, kept)))[:_MOST]


def _is_about(found: Difference, change: Change) -> bool:
    if change.kind in _OF_ONE:
        return (found.group.partition(" ")[2] or found.group) == change.subject
    if change.kind == "file":
        told = " ".join((found.name, *found.before, *found.after))
        return re.search(rf"(?<![\w/]){re.escape(change.subject)}(?![\w/.-])", told) is not None
    return True


def _nearness(found: Difference, words: frozenset[str]) -> int:
    """How many words of the reason stand in it."""
    return len(words & _words(" ".join((found.name, *found.before, *found.after))))


def _words(text: str) -> frozenset[str]:
    return frozenset(each for each in _WORD.findall(_HUMP.sub(" ", text).lower()) if len(each) > 2)


def _sentence(found: Difference) -> str:
    before, after = (_cut(", ".join(filter(None, each))) for each in (found.before, found.after))
    if not found.after:
        return f"{found.name} {before}".rstrip() + ": not any more"
    if not found.before:
        return f"{found.name} {after}".rstrip() + ": not before"
    return f"{found.name} was {before or 'empty'}, and is {after or 'empty'}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _otherwise(changed: _Changed, old: PastRun, new: PastRun) -> Iterator[str]:
    """Where no answer tells: what else decides."""
    there, here = old.audit.run, new.audit.run
    if there.version != here.version:
        yield f"hullcheck {there.version} judged then, and {here.version} now"
    if there.releases != here.releases:
        yield f"what is known of releases is of {here.releases.get('day', 'another day')}"
    if changed:
        yield f"other answers than before: {', '.join(changed)}"
    elif there.version == here.version and there.releases == here.releases:
        yield "the host answered the same: what the site allows changed, or time passed"
