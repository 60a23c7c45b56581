"""In which order the probe of the engine's files says what it says: records that are lost or moved do not fit."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from hullcheck.verdicts import EvidenceError

Record = tuple[str, str]
"""A word of the probe's, and a text of the host's."""

_ENDS = frozenset(("absent", "found", "unread"))
_OF_FILES = ("above", "acl", "changed", "mount", "pem", "private")
_OF_MANAGERS = frozenset(("folder", "match", "program", "property", "silent"))
_OF_DAEMONS = ("dockerd", "root", "group", "groups", "parents", "directory")
_FORMS = {
    "dockerd": "[0-9]+",
    "group": "[0-9]+",
    "groups": r"(?:\s*[0-9]+\s+[0-9]+\s+[0-9]+)*",
    "host": "",
    "parents": "[0-9]+ [0-9]*",
    "private": "(?:unread)?",
    "relay": r"[\w.-]+ .+",
    "root": r"(?:/proc/[0-9]+/root)?",
    "stat": "[0-9a-f]+:[0-9]+:[0-9]+:[^:]*:/.*",
    **dict.fromkeys(("absent", "asked", "found", "link", "mount", "program", "unread"), "/.*"),
}
_ONCE = ("Id", "FragmentPath", "DropInPaths")
_AT_MOST_ONCE = ("MainPID", "SocketGroup", "SocketMode", "SocketUser", "TriggeredBy", "Triggers")
_UNIT = re.compile(r"Id=[\w:@.\\-]+\.(?:service|socket)")


def require_order(records: Sequence[Record]) -> None:
    """Return where the records are as the probe writes them.

    Raises:
        EvidenceError: one is of another form, or they come in another order.
    """
    for word, text in records:
        form = _FORMS.get(word)
        if form is not None and not re.fullmatch(form, text, re.DOTALL):
            raise _damaged(f"a record {word} of another form")
    _require_ways(records)
    for number, (word, _) in enumerate(records):
        following = tuple(each for each, _ in records[number : number + len(_OF_DAEMONS)])
        if word == "dockerd" and following != _OF_DAEMONS:
            raise _damaged("a daemon of which not all is said")
    _require_units(records)


def _require_ways(records: Sequence[Record]) -> None:
    """Each path that was asked for is followed to an end, link by link."""
    on_a_way, before = False, ""
    for word, _ in records:
        if on_a_way != (word in _ENDS or word == "link"):
            raise _damaged("a path without its end, or an end without its path")
        if word in _OF_FILES and before not in ("found", *_OF_FILES):
            raise _damaged(f"a record {word} of no file")
        on_a_way, before = word in ("asked", "link"), word
    if on_a_way:
        raise _damaged("a path without its end")


def _require_units(records: Iterable[Record]) -> None:
    """What systemd says of a unit is whole, and all of it is said by a systemd."""
    inside, unit = False, list[str]()
    for word, text in (*records, ("host", "")):
        if word == "property" and text:
            unit.append(text)
        elif word in ("property", "host", "manager", "dockerd") and unit:
            _require_unit(unit)
            unit = []
        if word in ("host", "dockerd", "manager"):
            inside = word == "manager"
        elif word in _OF_MANAGERS and not inside:
            raise _damaged("a unit that no systemd told of")


def _require_unit(properties: Iterable[str]) -> None:
    properties = tuple(properties)
    given = Counter(each.partition("=")[0] for each in properties)
    whole = all(given[each] == 1 for each in _ONCE) and all(given[each] < 2 for each in _AT_MOST_ONCE)
    names = [each for each in properties if each.startswith("Id=")]
    is_service = any(each.endswith(".service") for each in names)
    if not whole or not all(map(_UNIT.fullmatch, names)) or (is_service and not given["MainPID"]):
        raise _damaged("a unit of which not all is said, or some of it twice")


def _damaged(what: str) -> EvidenceError:
    return EvidenceError(f"engine_files: the answer is damaged: it has {what}")
