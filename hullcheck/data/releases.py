"""The releases of Docker Engine and of distributions that were known on one day.

The table is a file of its own (`releases.json`), which `--releases` replaces: old recordings can be judged by a new
table, and an old hullcheck need not be updated.
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
"""The table of this version of hullcheck."""


class Line(Struct, frozen=True):
    """A release line of the engine."""

    name: str = field(name="line")  # the beginning of its versions
    released: date  # the day of its first release
    latest: str  # the newest release on the day of the table
    ended: date | None = None  # the day after which it is not maintained, if that is known
    safe: str = ""  # the first release that fixes the serious vulnerabilities known on that day


class KnownReleases(Struct, frozen=True):
    """The releases that were known on one day."""

    day: date
    good_for_days: int  # how long the table may be used
    lines: tuple[Line, ...]  # of Docker Engine, the newest first
    distributions: Mapping[str, Mapping[str, date]]
    """The last day of free security updates, by ID and VERSION_ID of os-release."""
    digest: str  # the SHA-256 of the file

    @classmethod
    def of(cls, document: Mapping[str, Any], content: bytes) -> "KnownReleases":
        """Read a document that fits the schema releases.json, from a file with this *content*, or raise ValueError."""
        return convert({**document, "digest": sha256(content).hexdigest()}, cls)

    def line(self, version: str) -> Line | None:
        """Return the release line of a version of the engine."""
        return next((line for line in self.lines if _begins(version, line.name)), None)

    def end(self, distribution: str, version: str) -> date | None:
        """Return the last day of updates of a distribution, or the first day of all if it is older than the table."""
        ends = self.distributions.get(distribution, {})
        if found := next((end for number, end in ends.items() if _begins(version, number)), None):
            return found
        is_older = ends and numbers(version) and numbers(version) < max(map(numbers, ends))
        return date.min if is_older else None

    @property
    def named(self) -> dict[str, str]:
        """The day and digest for results."""
        return {"day": str(self.day), "sha256": self.digest}


@cache
def shipped() -> KnownReleases:
    """Return the table of this version of hullcheck."""
    content = SHIPPED.read_bytes()
    return KnownReleases.of(json.loads(content), content)


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers at the beginning of *version*."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(map(int, match[1].split("."))) if match else ()


def order(version: str) -> tuple[tuple[int, ...], bool, tuple[int, ...]]:
    """Return the sort key of a version; `-rc.1` comes before its release."""
    own = numbers(version)
    own += (0,) * (3 - len(own))
    rest = version.partition("-")[2]
    return own, not rest, tuple(map(int, re.findall(r"\d+", rest)))


def _begins(version: str, line: str) -> bool:
    return numbers(version)[: len(numbers(line))] == numbers(line) != ()
