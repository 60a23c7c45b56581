"""Two answers to one question: which of their parts are different, whatever their form is."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_CHANGES_ALWAYS = re.compile(
    r"(Pid|Id|Name|RepoTags|Created|Started|Finished|Tagged|NetworkID|IPAddress|GlobalIPv6Address|Checks|Searched|SystemTime)"
)
"""Fields that are different in each container, or each time, or stand in the name of the group."""
_DOCUMENTS = ("docker_containers", "images", "docker_networks", "docker_services", "image_contents")
"""The probes of which documents alone are read: the rest of the answer is of /proc, and changes all the time."""
_LINES = {
    "daemon_configuration": re.compile(r" (?P<name>\{.*)"),
    "daemon_processes": re.compile(r"(?P<name>(?:argument|environment):)(?P<value>.*)"),
    "engine_files": re.compile(
        r"[0-9a-f]{32} stat (?P<mode>[0-9a-f]+):(?P<owner>\d+:\d+):[^/]*(?:/proc/\d+/root(?=/))?(?P<name>/.*)"
    ),
    "audit": re.compile(r"(?P<name>rule:.*)"),
    "firewall": re.compile(r"(?:\d+/)?(?P<name>[\w-]+:.*)"),
    "accounts": re.compile(r"(?P<name>(?:user|group):[^:]*):(?P<value>.*)"),
}
"""By probe the lines that say something of the host, where not all do."""
_NOISE = frozenset(
    (
        "processes",
        "bundles",
        "unix_sockets",
        "own_mounts",
        "clock",
        "podman_service",
        "engine_places",
        "patching",
    )
)
_NAMED = re.compile(r"(?P<name>/[^\s:]*[\s:]|[\w. -]{1,60}?[:=])(?P<value>.*)")
_NAMES = ("Name", "Destination", "PathInContainer", "Id")


@dataclass(frozen=True)
class Difference:
    """A part that is different.

    Attributes:
        group: what it is about, as `container web`; empty where the answer does not say.
        name: of the part, as `HostConfig.Privileged`.
        before: its values then, and *after* those of now; several where a list has them.
    """

    group: str
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]


_Part = tuple[str, str]  # group and name


def differences(probe: str, before: str, after: str) -> Iterator[Difference]:
    """The parts that are not the same in two answers to a probe, in the order of the later one.

    Of a thing that is in one of the answers alone there is none: what is new as a whole has not changed.
    """
    if probe in _NOISE:
        return
    old, new = _parts(probe, before), _parts(probe, after)
    in_both = {""} | {group for group, _ in old} & {group for group, _ in new}
    for part in dict.fromkeys((*new, *old)):
        was, is_now = old.get(part, ()), new.get(part, ())
        gone = tuple(each for each in was if each not in is_now)
        came = tuple(each for each in is_now if each not in was)
        if part[0] in in_both and (gone or came):
            yield Difference(*part, gone, came)


def groups(text: str) -> frozenset[str]:
    """What an answer has a document of, as `image web:1`."""
    return frozenset(group for group, _ in _parts(_DOCUMENTS[0], text))


def _parts(probe: str, text: str) -> dict[_Part, tuple[str, ...]]:
    """The values of each part: fields of documents by their path, and lines by what they begin with."""
    found: dict[_Part, list[str]] = {}
    for line in text.split("\n"):
        for part, value in _of_line(probe, line):
            found.setdefault(part, []).append(value)
    return {part: tuple(each) for part, each in found.items()}


def _of_line(probe: str, line: str) -> Iterator[tuple[_Part, str]]:
    head, _, _ = line.partition("{")
    document = _document(line[len(head) :])
    if document is not None:
        group = f"{head.strip()} {_name(document)}".strip() if probe in _DOCUMENTS else ""
        yield from (((group, path), value) for path, value in _leaves(document, "") if _lasts(path))
    elif probe not in _DOCUMENTS:
        match = _LINES.get(probe, _NAMED).fullmatch(line)
        if match:
            said = match.groupdict()
            yield ("", said["name"].strip(" :=")), said.get("value") or _access(said)


def _document(text: str) -> dict[str, object] | None:
    try:
        document = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _access(said: dict[str, str | None]) -> str:
    """Mode and owner of a file, of `stat -c %f:%u:%g`."""
    mode = said.get("mode")
    return f"mode {int(mode, 16) & 0o7777:o}, owner {said['owner']}" if mode else ""


def _name(document: dict[str, object]) -> str:
    tags = document.get("RepoTags")
    if isinstance(tags, list) and tags:
        return str(tags[0])
    return next((str(document[each]).lstrip("/") for each in _NAMES if document.get(each)), "")


def _lasts(path: str) -> bool:
    return not _CHANGES_ALWAYS.fullmatch(path.rpartition(".")[2])


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for each in value:
            inner = f"{path}[{_name(each)}]" if isinstance(each, dict) else path
            yield from _leaves(each, inner)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value)
