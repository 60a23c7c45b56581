"""Which release of the engine a target runs, and whether somebody maintains it."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from hullcheck.data.releases import DATE, DISTRIBUTIONS, GOOD_FOR_DAYS, LINES, VULNERABILITY, Line
from hullcheck.facts.engine import DOCKER_INFO, DOCKER_VERSION, Engine
from hullcheck.facts.host.os_release import OS_RELEASE, os_name, os_release
from hullcheck.parsing.times import day
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, Manual

EVIDENCE = (DOCKER_INFO, DOCKER_VERSION, OS_RELEASE)


@dataclass(frozen=True)
class System:
    """The operating system of a target.

    Attributes:
        name: as it says it.
        today: the day of the recording, by the later of the clocks that tell it.
    """

    name: str
    today: date

    @classmethod
    def of(cls, recording: Recording) -> "System":
        """Read it; a system that does not say its name is called that."""
        return cls(os_name(recording) or "a system that does not say its name", _day_of(recording))


_COMMUNITY = "Docker Engine - Community"
_PRE_RELEASE = re.compile(r"-(alpha|beta|rc|dev|tp)", re.IGNORECASE)


@dataclass(frozen=True)
class Release:
    """The release of an engine.

    Attributes:
        version: as the engine says it.
        vendor: the name that the builder gave the build; empty in those of distributions.
        system: os-release of the target.
        today: the day of the recording, by the later of the clocks that tell it, at which everything is judged.
    """

    version: str
    vendor: str
    system: dict[str, str]
    today: date

    @classmethod
    def of(cls, recording: Recording, engine: Engine) -> "Release":
        """Read it.

        Raises:
            EvidenceError: the engine did not say.
        """
        document = recording.json(DOCKER_VERSION)
        if not isinstance(document, dict):
            raise EvidenceError("docker version: the engine did not describe itself")
        vendor = str((document.get("Platform") or {}).get("Name") or "")
        return cls(engine.version, vendor, os_release(recording), _day_of(recording))

    @property
    def flaw(self) -> str:
        """Why it is not kept up to date, in words; empty where it is, as far as that can be told.

        Raises:
            EvidenceError: the version is none, or was not there yet on that day.
            Manual: only a person can tell.
        """
        self._require_released()
        if self._is_of_a_distribution:
            return self._flaw_of_distribution()
        if self.vendor != _COMMUNITY:
            raise Manual(f"{self}: is it maintained by its vendor?")
        if _PRE_RELEASE.search(self.version):
            return f"{self} is a pre-release"
        line = self._line
        return self._flaw_of_line(line) if line else f"{self} is older than every line that is maintained"

    @property
    def _is_of_a_distribution(self) -> bool:
        """Builds of distributions have no vendor's name, and often a mark in the version."""
        return not self.vendor or bool(re.search(r"\+dfsg|~debian|-\d+ubuntu", self.version))

    def _require_released(self) -> None:
        """Let no clock that is behind say that what has ended still goes on."""
        line = next((line for line in LINES if _begins(self.version, line.name)), None)
        if line and self.today < line.released:
            raise EvidenceError(
                f"{self}: the line {line.name} began on {line.released}, and the clock says {self.today}: set the clock"
            )

    # ---- builds of distributions

    def _flaw_of_distribution(self) -> str:
        end = self._end_of_distribution
        if end is None and self._is_before_the_table:
            return f"{self}, which got its last updates before {DATE}"
        if end is None:
            raise Manual(f"{self}: is that still maintained? No end is known of it")
        return f"{self}, which got its last updates on {end}" if end < self.today else ""

    @property
    def _end_of_distribution(self) -> date | None:
        """What the system itself says, or else the table."""
        try:
            return date.fromisoformat(self.system.get("SUPPORT_END", ""))
        except ValueError:
            name, version = self.system.get("ID", ""), self.system.get("VERSION_ID", "")
        ends = (
            end for (each, number), end in DISTRIBUTIONS.items() if each == name and _begins(version, number)
        )
        return next(ends, None)

    @property
    def _is_before_the_table(self) -> bool:
        """Whether the table has no end of it, but knows a later one of the same distribution: it has all that lived."""
        version = _numbers(self.system.get("VERSION_ID", ""))
        known = [_numbers(number) for each, number in DISTRIBUTIONS if each == self.system.get("ID")]
        return bool(version and known) and version < max(known) and self.today >= DATE

    # ---- builds of Docker

    @property
    def _line(self) -> Line | None:
        """Its release line; None where that is older than the table."""
        if not re.match(r"\d+\.\d+", self.version):
            raise EvidenceError(f"{self.version!r} is not a version of the engine")
        found = next((line for line in LINES if _begins(self.version, line.name)), None)
        if found:
            return found
        if _numbers(self.version) > _numbers(LINES[0].name):
            raise Manual(f"{self} is newer than the table of releases of {DATE}: is it maintained?")
        return None

    def _flaw_of_line(self, line: Line) -> str:
        if line.ended and line.ended < self.today:
            return f"{self}: the line {line.name} has not been maintained since {line.ended}"
        if _numbers(self.version) > _numbers(line.latest):
            self._require_young_table(line)
            return ""
        if not line.mended:
            return f"{self}: no release of the line {line.name} is known to mend {VULNERABILITY} (high)"
        if _numbers(self.version) < _numbers(line.mended):
            return f"{self} is older than {line.mended}, which mends {VULNERABILITY} (high)"
        self._require_young_table(line)
        return ""

    def _require_young_table(self, line: Line) -> None:
        """Let nobody be told that a line is maintained by a table that is too old to know."""
        if self.today > DATE + timedelta(GOOD_FOR_DAYS):
            raise Manual(
                f"{self}: the table of releases is of {DATE}, too old to know whether the line {line.name} is"
                " still maintained; update hullcheck, or compare with the release notes"
            )

    @property
    def note(self) -> str:
        """What the verdict rests on, where it is good."""
        if self._is_of_a_distribution:
            end = self._end_of_distribution
            return f"{self}, which gets updates until {end}; whether they are installed is not judged"
        return f"{self}, maintained by the table of releases of {DATE}"

    def __str__(self) -> str:
        """The release as a person names it."""
        if not self._is_of_a_distribution:
            return f"engine {self.version} ({self.vendor})"
        system = (
            self.system.get("PRETTY_NAME") or self.system.get("ID") or "a system that does not say its name"
        )
        return f"engine {self.version} as built by {system}"


def _day_of(recording: Recording) -> date:
    return day(recording.known_times.later)


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, match[0].split("."))) if match else ()


def _begins(version: str, line: str) -> bool:
    return _numbers(version)[: len(_numbers(line))] == _numbers(line) != ()
