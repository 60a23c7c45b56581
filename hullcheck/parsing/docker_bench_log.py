"""Reads the JSON log of docker-bench-security.

The tool writes it piece by piece with printf, and escapes nothing: a name with a quotation mark breaks it, and a
run that was ended leaves half of it. Such a log is refused with the place, because guessing could lose a check.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hullcheck import inputs

RESULTS = ("PASS", "WARN", "INFO", "NOTE")
BENCHMARKS = {"1.6.0": "1.6.0"}
"""By version of the tool, the version of the benchmark whose numbers it has."""

_TRUNCATED = "(truncated)"
_CONTAINERS = re.compile(r"4\.1|5\..*")
_IMAGES = re.compile(r"4\..*")
_NETWORKS = re.compile(r"7\.3")
_ON_DOCKER0 = "5.30"


class LogError(ValueError):
    """A text is not the whole log of a version whose numbers are known; the message says why."""


@dataclass(frozen=True)
class Check:
    """What the tool says of one recommendation.

    Attributes:
        number: in the tool's version of the benchmark; its own checks have others, such as C.2.
        details: its words, empty where it has none.
        items: the subjects that it names, as it wrote them, split at every space.
    """

    number: str
    title: str
    result: str
    details: str
    items: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether all subjects are named: with -n the tool names only so many."""
        return _TRUNCATED not in self.items

    @property
    def kind(self) -> str:
        """What the items are, as findings of an audit call it; empty where they are no names."""
        kinds = {"container": _CONTAINERS, "image": _IMAGES, "network": _NETWORKS}
        return next((kind for kind, numbers in kinds.items() if numbers.fullmatch(self.number)), "")

    def subjects(self) -> list[frozenset[str]]:
        """The subjects that it names, each once, and each by all the names that it gives it."""
        if self.kind == "image":
            found = re.findall(r"\[([^]]*)\]|(\S+)", " ".join(self.items))
            return list(dict.fromkeys(frozenset((tags or name).split()) for tags, name in found))
        names = [item for item in self.items if not item.startswith("(")]  # the scope of a network
        if self.kind == "container":
            names = [self._container(name) for name in names]
        return [frozenset({name}) for name in dict.fromkeys(names)]

    def _container(self, item: str) -> str:
        """The container in an item: `web:443`, `web:/etc`, or `ID:web` where it looked at a network."""
        first, _, second = item.partition(":")
        return second if self.number == _ON_DOCKER0 else first


@dataclass(frozen=True)
class Log:
    """One run of the tool.

    Attributes:
        sections: those that it went through; with -c it goes through none.
        started: seconds since the epoch; None where the log does not say.
        ended: the same.
    """

    version: str
    checks: tuple[Check, ...]
    sections: frozenset[str] = frozenset()
    started: int | None = None
    ended: int | None = None

    @property
    def benchmark(self) -> str:
        """The version of the benchmark whose numbers it has."""
        return BENCHMARKS[self.version]


def parse(text: str, path: str) -> Log:
    """Read the *text* of a log; messages name *path*.

    Raises:
        LogError: it is not the whole log of a version whose numbers are known.
    """
    document = _json(text, path)
    version = document.get("dockerbenchsecurity") if isinstance(document, dict) else None
    if not isinstance(version, str) or not isinstance(document.get("tests"), list):
        raise LogError(f"{path}: not the JSON log of docker-bench-security")
    if version not in BENCHMARKS:
        known = ", ".join(BENCHMARKS)
        raise LogError(
            f"{path}: of docker-bench-security {version}, whose numbers are not known; known: {known}"
        )
    sections = (each.get("id") for each in document["tests"] if isinstance(each, dict) and "results" in each)
    return Log(
        version,
        tuple(_check(path, each) for each in _tests(document["tests"])),
        frozenset(map(str, sections)),
        _time(document.get("start")),
        _time(document.get("end")),
    )


def _time(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _json(text: str, path: str) -> Any:
    try:
        return inputs.decode(text, strict=False)  # it writes line feeds in names as they are
    except json.JSONDecodeError as error:
        end = text.rstrip()
        if error.pos >= len(end) or not end.endswith("}"):
            raise LogError(f"{path}: cut off; let docker-bench-security run to its end") from None
        if '"dockerbenchsecurity"' not in text:  # it may be any file, with secrets in it
            raise LogError(f"{path}:{error.lineno}: not the JSON log of docker-bench-security") from None
        wrong = text.split("\n")[error.lineno - 1].strip()
        raise LogError(
            f"{path}:{error.lineno}: not JSON, because docker-bench-security does not escape what it names;"
            f" mend this line: {wrong}"
        ) from None
    except ValueError as error:
        raise LogError(f"{path}: no log of docker-bench-security: it {error}") from None


def _tests(entries: list[Any]) -> Iterator[Any]:
    """The checks of all sections; with -c single checks stand there without a section."""
    for entry in entries:
        section = entry.get("results") if isinstance(entry, dict) else None
        yield from section if isinstance(section, list) else [entry]


def _check(path: str, entry: Any) -> Check:
    try:
        check = Check(
            entry["id"],
            entry["desc"],
            entry["result"],
            entry.get("details", ""),
            tuple(entry.get("items", ())),
        )
        texts = (check.number, check.title, check.details, *check.items)
        if check.result in RESULTS and all(isinstance(each, str) for each in texts):
            return check
    except (KeyError, TypeError, AttributeError):
        pass
    raise LogError(f"{path}: not a check of docker-bench-security: {json.dumps(entry)[:200]}")
