"""Whether somebody still maintains the release of an engine."""

import re
from datetime import date, timedelta

from hullcheck.data.releases import DATE, DISTRIBUTIONS, GOOD_FOR_DAYS, LINES, VULNERABILITY, Line
from hullcheck.facts.engine.release import Release
from hullcheck.verdicts import EvidenceError, Manual

_COMMUNITY = "Docker Engine - Community"
_PRE_RELEASE = re.compile(r"-(alpha|beta|rc|dev|tp)", re.IGNORECASE)


def flaw(release: Release) -> str:
    """Why *release* is not kept up to date, in words; empty where it is, as far as is known.

    Raises:
        EvidenceError: the version is none, or was not there yet on that day.
        Manual: only a person can tell.
    """
    _require_released(release)
    if release.is_of_a_distribution:
        return _flaw_of_distribution(release)
    if release.vendor != _COMMUNITY:
        raise Manual(f"{release}: is it maintained by its vendor?")
    if _PRE_RELEASE.search(release.version):
        return f"{release} is a pre-release"
    line = _line(release)
    return _flaw_of_line(release, line) if line else f"{release} is older than every line that is maintained"


def note(release: Release) -> str:
    """What the verdict on *release* rests on, where it is good."""
    if release.is_of_a_distribution:
        end = _end_of_distribution(release.system)
        return f"{release}, which gets updates until {end}; whether they are installed is not judged"
    return f"{release}, maintained by the table of releases of {DATE}"


def _require_released(release: Release) -> None:
    """Let no clock that is behind say that what has ended still goes on."""
    line = _known_line(release.version)
    if line and release.today < line.released:
        raise EvidenceError(
            f"{release}: the line {line.name} began on {line.released}, and the clock says {release.today}:"
            " set the clock"
        )


# ---- builds of distributions


def _flaw_of_distribution(release: Release) -> str:
    end = _end_of_distribution(release.system)
    if end is None and release.today >= DATE and _is_before_the_table(release.system):
        return f"{release}, which got its last updates before {DATE}"
    if end is None:
        raise Manual(f"{release}: is that still maintained? No end is known of it")
    return f"{release}, which got its last updates on {end}" if end < release.today else ""


def _end_of_distribution(system: dict[str, str]) -> date | None:
    """What the system itself says, or else the table."""
    try:
        return date.fromisoformat(system.get("SUPPORT_END", ""))
    except ValueError:
        name, version = system.get("ID", ""), system.get("VERSION_ID", "")
    ends = (end for (each, number), end in DISTRIBUTIONS.items() if each == name and _begins(version, number))
    return next(ends, None)


def _is_before_the_table(system: dict[str, str]) -> bool:
    """Whether the table, which has all that lived, knows only later ones of the same distribution."""
    version = _numbers(system.get("VERSION_ID", ""))
    known = [_numbers(number) for each, number in DISTRIBUTIONS if each == system.get("ID")]
    return bool(version and known) and version < max(known)


# ---- builds of Docker


def _line(release: Release) -> Line | None:
    """Its release line; None where that is older than the table."""
    version = release.version
    if not re.match(r"\d+\.\d+", version):
        raise EvidenceError(f"{version!r} is not a version of the engine")
    found = _known_line(version)
    if not found and _numbers(version) > _numbers(LINES[0].name):
        raise Manual(f"{release} is newer than the table of releases of {DATE}: is it maintained?")
    return found


def _known_line(version: str) -> Line | None:
    return next((line for line in LINES if _begins(version, line.name)), None)


def _flaw_of_line(release: Release, line: Line) -> str:
    if line.ended and line.ended < release.today:
        return f"{release}: the line {line.name} has not been maintained since {line.ended}"
    version = _numbers(release.version)
    if version <= _numbers(line.latest):
        if not line.mended:
            return f"{release}: no release of the line {line.name} is known to mend {VULNERABILITY} (high)"
        if version < _numbers(line.mended):
            return f"{release} is older than {line.mended}, which mends {VULNERABILITY} (high)"
    _require_young_table(release, line)
    return ""


def _require_young_table(release: Release, line: Line) -> None:
    """Let nobody be told that a line is maintained by a table that is too old to know."""
    if release.today > DATE + timedelta(GOOD_FOR_DAYS):
        raise Manual(
            f"{release}: the table of releases is of {DATE}, too old to know whether the line {line.name} is"
            " still maintained; update hullcheck, or compare with the release notes"
        )


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, match[0].split("."))) if match else ()


def _begins(version: str, line: str) -> bool:
    return _numbers(version)[: len(_numbers(line))] == _numbers(line) != ()
