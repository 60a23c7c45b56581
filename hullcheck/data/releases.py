"""What is known of releases on one day: the lines of the engine, distributions, vulnerabilities.

It is a file of its own (`releases.json`), which `--releases` replaces: recordings of last year can be judged by what
is known today, and an old hullcheck need not be updated.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).with_suffix(".json")
"""What this version of hullcheck knows."""
AUTHORIZATION_PLUGIN = "authorization plugin"


@dataclass(frozen=True)
class Line:
    """A release line of the engine.

    Attributes:
        name: the beginning of its versions.
        released: the day of its first release.
        ended: the day after which it is not maintained; None where no day is known.
        latest: the newest release on the day of the table.
    """

    name: str
    released: date
    ended: date | None
    latest: str


@dataclass(frozen=True)
class Vulnerability:
    """A known vulnerability of high or critical severity.

    Attributes:
        component: `engine`, `containerd`, `runc`, or of the docker command `cli`, `compose` or `buildx`.
        needs: what it can be used with alone; empty where it always can.
        ranges: the first affected version of each range, and the first one that is not.
    """

    name: str
    component: str
    severity: str
    needs: str
    ranges: tuple[tuple[str, str], ...]

    def fixed_in(self, version: str) -> str:
        """The version that mends it for those who run *version*; empty where that is not affected."""
        own = order(version)
        return next((end for start, end in self.ranges if order(start) <= own < order(end)), "")

    def __str__(self) -> str:
        return f"{self.name} ({self.severity})"


@dataclass(frozen=True)
class KnownReleases:
    """What was known of releases on one day.

    Attributes:
        day: what was announced later is not in here.
        good_for_days: how long a release that was maintained on that day may be taken to be.
        lines: of the engine as Docker builds it, the newest first.
        ends: the last day of security updates that all users get, by ID and VERSION_ID of os-release; of a
            distribution that is in it every release that got updates on that day.
        digest: the SHA-256 of the file.
    """

    day: date
    good_for_days: int
    lines: tuple[Line, ...]
    ends: Mapping[tuple[str, str], date]
    vulnerabilities: tuple[Vulnerability, ...]
    digest: str

    @classmethod
    def of(cls, document: Mapping[str, Any], content: bytes) -> "KnownReleases":
        """Read a document that fits the schema releases.json, from a file with this *content*.

        Raises:
            ValueError: a day is none.
        """
        ends = {
            (name, version): date.fromisoformat(end)
            for name, versions in document["distributions"].items()
            for version, end in versions.items()
        }
        return cls(
            date.fromisoformat(document["day"]),
            document["good_for_days"],
            tuple(map(_line, document["lines"])),
            ends,
            tuple(map(_vulnerability, document["vulnerabilities"])),
            sha256(content).hexdigest(),
        )

    @property
    def named(self) -> dict[str, str]:
        """What results say of it."""
        return {"day": str(self.day), "sha256": self.digest}


def _line(each: Mapping[str, Any]) -> Line:
    ended = date.fromisoformat(each["ended"]) if "ended" in each else None
    return Line(each["line"], date.fromisoformat(each["released"]), ended, each["latest"])


def _vulnerability(each: Mapping[str, Any]) -> Vulnerability:
    ranges = tuple((one["introduced"], one["fixed"]) for one in each["affected"])
    return Vulnerability(each["id"], each["component"], each["severity"], each.get("needs", ""), ranges)


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
    """What sorts versions: one with a `-rc.1` behind its numbers comes before the one without."""
    own = numbers(version)
    own += (0,) * (3 - len(own))
    rest = version.partition("-")[2]
    return own, not rest, tuple(map(int, re.findall(r"\d+", rest)))
