"""What a host answers differently in two recordings, as lines that begin with - or +."""

import json
import re
from collections.abc import Iterable, Iterator

from hullcheck.lazy import regex
from hullcheck.recording import Recording
from hullcheck.results import Change
from hullcheck.secrets.redact import SECTION

_MOST = 10  # lines of one finding that are shown
_LONGEST = 100  # characters of a line
_DOCUMENTS = {
    "containers": "container",
    "networks": "network",
    "services": "service",
    "image_contents": "image",
    "images": "image",
}
"""The probes that answer with a document for each object; their other lines are of /proc."""
_OTHER_EACH_TIME = "processes"
"""The probe of which two answers are never the same."""
_OTHER_SECTIONS = regex(r"^--(?:asked|running|sockets|proc|paths)\n(?:(?!--).*\n)*", re.MULTILINE)
"""The sections of which two are never the same."""
_OTHER_EACH_START = regex(
    r"(?:[^:]*\.)?(?:Pid|Id|Created|StartedAt|FinishedAt|NetworkID|IPAddress|GlobalIPv6Address|SystemTime): "
)
_DATED = regex(r"\d{4}-\d\d-\d\d \d\d:\d\d:|^(?:process )?\d+$")
_PLACE = regex(r"^(?:[0-9a-f]{32} |\d+/)|/proc/\d+/root(?=/)")
"""Numbers of processes and of the script, which stand before and in lines."""

_Fields = dict[str, set[str]]  # the values of each field; a line of text is a field with an empty value
_Objects = dict[str, _Fields]  # by name; what is about no object by an empty one


def difference(change: Change, evidence: Iterable[str], old: Recording, new: Recording) -> tuple[str, ...]:
    """Compare the answers to the probes *evidence*, as far as they are about the subject of *change*."""
    found: list[str] = []
    for probe in evidence:
        if probe != _OTHER_EACH_TIME:
            before, after = (_objects(probe, _text(each, probe)) for each in (old, new))
            found += _differing(change, before, after)
    more = len(found) - _MOST
    return (*found[:_MOST], f"and {more} more") if more > 1 else tuple(found)


def _text(recording: Recording, probe: str) -> str:
    answer = recording.answers.get(probe)
    return _OTHER_SECTIONS.sub("", answer.stdout) if answer else ""


def _differing(change: Change, before: _Objects, after: _Objects) -> Iterator[str]:
    """Compare field by field; an object that only one of the answers has is one line."""
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, {}), after.get(name, {})
        if name and (not old or not new):
            old, new = ({name: {""}} if each else {} for each in (old, new))
        for field in sorted(old.keys() | new.keys()):
            was, is_now = old.get(field, set()), new.get(field, set())
            for sign, values in (("-", was - is_now), ("+", is_now - was)):
                line = field + ", ".join(sorted(values))
                if values and _is_about(change, name, line):
                    yield _cut(f"{sign} {line}")


def _is_about(change: Change, name: str, line: str) -> bool:
    if change.kind in _DOCUMENTS.values():
        return name == f"{change.kind} {change.subject}"
    if change.kind == "file":
        return re.search(rf"(?<![\w/]){re.escape(change.subject)}(?![\w/.-])", line) is not None
    return True


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def _objects(probe: str, text: str) -> _Objects:
    """Take an answer apart: documents into their fields, other text into lines."""
    found: _Objects = {}
    kind = _DOCUMENTS.get(probe, "")
    for line in text.split("\n"):
        if line.startswith(SECTION):
            kind = _DOCUMENTS.get(line.removeprefix(SECTION), _DOCUMENTS.get(probe, ""))
            continue
        for document in (documents := _documents(line)):
            fields = found.setdefault(f"{kind} {called}" if kind and (called := _name(document)) else "", {})
            for field, value in _fields(document, ""):
                if not _OTHER_EACH_START.fullmatch(field):
                    fields.setdefault(field, set()).add(value)
        if line and not documents and not kind and not _DATED.search(line):
            found.setdefault("", {})[_PLACE.sub("", line)] = {""}
    return found


def _documents(line: str) -> list[dict[str, object]]:
    """Return the documents of a line, after a word or in a list."""
    try:
        found = json.loads(line[min((place for place in map(line.find, "[{") if place >= 0), default=0) :])
    except (ValueError, RecursionError):
        return []
    return [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]


def _name(document: dict[str, object]) -> str:
    tags = document.get("RepoTags")
    parts = [each for each in (document.get("Spec"), document) if isinstance(each, dict)]
    named = (each.get(key) for each in parts for key in ("Name", "Destination", "Id"))
    return str(tags[0] if isinstance(tags, list) and tags else next(filter(None, named), "")).lstrip("/")


def _fields(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _fields(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for each in value:
            yield from _fields(each, f"{path}[{_name(each)}]" if isinstance(each, dict) else path)
    else:
        yield f"{path}: ", value if isinstance(value, str) else json.dumps(value)
