"""What is known of releases on one day: the lines of the engine, and distributions.

It is a file of its own (`releases.json`), which `--releases` replaces: recordings of last year can be judged by what
is known today, and an old hullcheck need not be updated.
"""

import json
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct, convert, field

SHIPPED = Path(__file__).with_suffix(".json")
"""What this version of hullcheck knows."""


class Line(Struct, frozen=True):
    """A release line of the engine."""

    name: str = field(name="line")  # the beginning of its versions
    released: date  # the day of its first release
    latest: str  # the newest release on the day of the table
    ended: date | None = None  # the day after which it is not maintained, if that is known
    safe: str = ""  # the first release that mends the serious vulnerabilities which were known on that day


class KnownReleases(Struct, frozen=True):
    """What was known of releases on one day."""

    day: date
    good_for_days: int  # how long a release that was maintained on that day may be taken to be
    lines: tuple[Line, ...]  # those of the engine as Docker builds it, the newest first
    ends: Mapping[tuple[str, str], date]
    """The last day of security updates that all users get, by ID and VERSION_ID of os-release; of a distribution that
    is in it every release that got updates on that day."""
    digest: str  # the SHA-256 of the file

    @classmethod
    def of(cls, document: Mapping[str, Any], content: bytes) -> "KnownReleases":
        """Read a document that fits the schema releases.json, from a file with this *content*, or raise ValueError."""
        ends = {
            (name, version): date.fromisoformat(end)
            for name, versions in document["distributions"].items()
            for version, end in versions.items()
        }
        lines = convert(document["lines"], tuple[Line, ...])
        day = date.fromisoformat(document["day"])
        return cls(day, document["good_for_days"], lines, ends, sha256(content).hexdigest())

    def line(self, version: str) -> Line | None:
        """The line of a version of the engine."""
        return next((line for line in self.lines if _begins(version, line.name)), None)

    def end(self, distribution: str, version: str) -> date | None:
        """The last day of updates of a distribution; the first day of all for a release older than the table."""
        ends = {number: end for (name, number), end in self.ends.items() if name == distribution}
        if found := next((end for number, end in ends.items() if _begins(version, number)), None):
            return found
        is_older = ends and numbers(version) and numbers(version) < max(map(numbers, ends))
        return date.min if is_older else None

    @property
    def named(self) -> dict[str, str]:
        """Name and date, for results."""
        return {"day": str(self.day), "sha256": self.digest}


@cache
def shipped() -> KnownReleases:
    """What this version of hullcheck knows."""
    content = SHIPPED.read_bytes()
    return KnownReleases.of(json.loads(content), content)


def numbers(version: str) -> tuple[int, ...]:
    """The numbers that *version* begins with; none where it begins with none."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(map(int, match[1].split("."))) if match else ()


def order(version: str) -> tuple[tuple[int, ...], bool, tuple[int, ...]]:
    """Return the sort key of a version; `-rc.1` sorts before the version without it."""
    own = numbers(version)
    own += (0,) * (3 - len(own))
    rest = version.partition("-")[2]
    return own, not rest, tuple(map(int, re.findall(r"\d+", rest)))


def _begins(version: str, line: str) -> bool:
    return numbers(version)[: len(numbers(line))] == numbers(line) != ()
