"""Whether somebody still maintains the release of an engine, and whether it is up to date."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from hullcheck.data.releases import AUTHORIZATION_PLUGIN, KnownReleases, Line, Vulnerability, numbers
from hullcheck.facts.engine.packages import Package, Packages
from hullcheck.facts.engine.release import Release
from hullcheck.facts.registry import Later
from hullcheck.parsing.times import day
from hullcheck.verdicts import EvidenceError, Manual

_ENGINE, _COMMAND = ("containerd", "runc"), ("cli", "compose", "buildx")
"""What comes in packages of its own: of the engine always, of the docker command where it is installed."""
_PACKAGES = {
    "engine": ("docker.io", "docker-ce", "docker-engine", "moby-engine"),
    "containerd": ("containerd", "containerd.io", "moby-containerd"),
    "runc": ("runc", "moby-runc"),
}
"""The packages in which distributions have the parts of the engine."""
_COMMUNITY = "Docker Engine - Community"
_PRE_RELEASE = re.compile(r"-(alpha|beta|rc|dev|tp)", re.IGNORECASE)
_OF_A_DISTRIBUTION = re.compile(r"[+~](ds|dfsg)|~debian|-\d+ubuntu|\.(el|fc|amzn)\d")


@dataclass(frozen=True)
class ReleaseCriteria:
    """What a release is held against.

    Attributes:
        known: what is known of releases.
        components: what the engine is made of, with the version of each; asked for builds of Docker.
        packages: those of the engine; asked for builds of distributions, like the next.
        replaced: the programs that were replaced since they started. The version of such a build does not tell which of
            its updates runs.
        days: the greatest age of the lists of packages.
    """

    known: KnownReleases
    components: Later[dict[str, str]]
    packages: Later[Packages]
    replaced: Later[tuple[str, ...]]
    days: int

    def flaw(self, release: Release) -> str:
        """Why *release* is not kept up to date, in words; empty where it is, as far as is known.

        Raises:
            EvidenceError: the version is none, was not there yet on that day, or what decides could not be read.
            Manual: only a person can tell.
        """
        _require_released(release, self.known)
        if release.is_of_a_distribution:
            return _flaw_of_distribution(release, self.known) or self._flaw_of_packages(release)
        if release.vendor != _COMMUNITY:
            raise Manual(f"{release}: is it maintained by its vendor?")
        if _PRE_RELEASE.search(release.version):
            return f"{release} is a pre-release"
        line = _line(release, self.known)
        if not line:
            return f"{release} is older than every line that is maintained"
        return _flaw_of_line(release, line, self.known) or self._flaw_of_components(release)

    def _flaw_of_packages(self, release: Release) -> str:
        if flaw := _flaw_of_packages(release, self.packages.get(), self.days):
            return flaw
        old = ", ".join(self.replaced.get())
        if old:
            return f"{release}: {old} was replaced, and the older one still runs: restart it"
        versions = {"engine": release.version, **self.components.get()}
        if strangers := list(_of_no_package(versions, self.packages.get())):
            raise Manual(f"{release}: {'; '.join(strangers)}: what keeps it up to date?")
        return ""

    def _flaw_of_components(self, release: Release) -> str:
        """What is known of containerd and runc, which packages of their own bring."""
        components = self.components.get()
        flaws = list[str]()
        for name in (*_ENGINE, *_COMMAND):
            version = components.get(name, "")
            if not version and name in _COMMAND:
                continue
            if not numbers(version):
                raise EvidenceError(f"the docker command does not tell the version of {name}")
            if _OF_A_DISTRIBUTION.search(version):
                raise Manual(f"{release} with {name} {version} of a distribution: is that kept up to date?")
            flaws += _words(_affecting(name, version, release, self.known), f"{name} {version}", version)
        return "; ".join(flaws)

    def note(self, release: Release) -> str:
        """What the verdict on *release* rests on, where it is good."""
        if not release.is_of_a_distribution:
            return f"{release}, maintained by what was known of releases on {self.known.day}"
        packages = ", ".join(f"{each.name} {each.installed}" for each in self.packages.get().all)
        end = _end_of_distribution(release.system, self.known)
        refreshed = day(self.packages.get().refreshed)
        return f"{release}, which gets updates until {end}; no newer one of {packages} was offered on {refreshed}"


def _require_released(release: Release, known: KnownReleases) -> None:
    """Let no clock that is behind say that what has ended still goes on."""
    line = _known_line(release.version, known)
    if line and release.today < line.released:
        raise EvidenceError(
            f"{release}: the line {line.name} began on {line.released}, and the clock says {release.today}:"
            " set the clock"
        )


# ---- builds of distributions


def _flaw_of_distribution(release: Release, known: KnownReleases) -> str:
    end = _end_of_distribution(release.system, known)
    if end is None and release.today >= known.day and _is_before_the_table(release.system, known):
        return f"{release}, which got its last updates before {known.day}"
    if end is None:
        raise Manual(f"{release}: is that still maintained? No end is known of it")
    return f"{release}, which got its last updates on {end}" if end < release.today else ""


def _end_of_distribution(system: Mapping[str, str], known: KnownReleases) -> date | None:
    """What the system itself says, or else the table."""
    try:
        return date.fromisoformat(system.get("SUPPORT_END", ""))
    except ValueError:
        name, version = system.get("ID", ""), system.get("VERSION_ID", "")
    ends = (end for (each, number), end in known.ends.items() if each == name and _begins(version, number))
    return next(ends, None)


def _is_before_the_table(system: Mapping[str, str], known: KnownReleases) -> bool:
    """Whether the table, which has all that lived, knows only later ones of the same distribution."""
    version = numbers(system.get("VERSION_ID", ""))
    there = [numbers(number) for each, number in known.ends if each == system.get("ID")]
    return bool(version and there) and version < max(there)


def _flaw_of_packages(release: Release, packages: Packages, days: int) -> str:
    """Whether the distribution offers newer packages than those that are installed.

    Raises:
        Manual: its lists are missing or old, so that they tell nothing.
    """
    if not packages.manager:
        raise Manual(
            f"{release}: are its updates installed? The lists of its package manager are not read here"
        )
    if not packages.all:
        raise Manual(f"{release}: are its updates installed? No package of an engine is")
    old = [f"{each.name} {each.installed} where {each.candidate} is offered" for each in _outdated(packages)]
    if old:
        return f"{release}: {', '.join(old)}"
    unknown = [each.name for each in packages.all if not each.offered]
    if unknown or not packages.security:
        lacking = f"names {', '.join(unknown)}" if unknown else "is of security updates"
        raise Manual(f"{release}: are its updates installed? No list of packages {lacking}")
    age = (release.today - day(packages.refreshed)).days
    if age > days:
        raise Manual(f"{release}: are its updates installed? The lists of packages are {age} days old")
    return ""


def _of_no_package(versions: Mapping[str, str], packages: Packages) -> Iterator[str]:
    """The parts of the engine that are others than those of the packages: built by somebody, or unpacked beside them.

    The engine itself has to have a package; a part that has none may be in that of another.
    """
    for part, names in _PACKAGES.items():
        installed = [each for each in packages.all if each.name in names]
        if (part == "engine" or installed) and not any(
            _is_of(each, versions.get(part)) for each in installed
        ):
            told = ", ".join(f"{each.name} {each.installed}" for each in installed) or "none"
            yield f"{part} {versions.get(part)} runs, and its package is {told}"


def _is_of(package: Package, version: str | None) -> bool:
    """Whether a program of this version may be that of the package."""
    if not version:
        return True  # not every engine tells it of each part
    own = package.installed.partition(":")[2] or package.installed  # without an epoch
    return numbers(own)[:3] == numbers(version)[:3]


def _outdated(packages: Packages) -> Iterator[Package]:
    return (each for each in packages.all if each.candidate not in (each.installed, "(none)"))


# ---- builds of Docker


def _line(release: Release, known: KnownReleases) -> Line | None:
    """Its release line; None where that is older than the table."""
    version = release.version
    if not re.match(r"\d+\.\d+", version):
        raise EvidenceError(f"{version!r} is not a version of the engine")
    found = _known_line(version, known)
    if not found and numbers(version) > numbers(known.lines[0].name):
        raise Manual(f"{release} is newer than what was known of releases on {known.day}: is it maintained?")
    return found


def _known_line(version: str, known: KnownReleases) -> Line | None:
    return next((line for line in known.lines if _begins(version, line.name)), None)


def _flaw_of_line(release: Release, line: Line, known: KnownReleases) -> str:
    if line.ended and line.ended < release.today:
        return f"{release}: the line {line.name} has not been maintained since {line.ended}"
    found = list(_affecting("engine", release.version, release, known))
    if found and numbers(release.version) > numbers(line.latest):
        raise Manual(
            f"{release} is newer than what was known of releases on {known.day}: does it mend"
            f" {', '.join(map(str, found))}?"
        )
    if found:
        return "; ".join(_words(found, str(release), release.version))
    _require_young_table(release, line, known)
    return ""


def _affecting(
    component: str, version: str, release: Release, known: KnownReleases
) -> Iterator[Vulnerability]:
    """The vulnerabilities of a component that count on this engine."""
    without = release.authorization_plugins == ()
    for each in known.vulnerabilities:
        if each.component != component or (each.needs == AUTHORIZATION_PLUGIN and without):
            continue
        if each.fixed_in(version):
            yield each


def _words(found: Iterable[Vulnerability], what: str, version: str) -> list[str]:
    """One sentence for what mends all of them."""
    by_fix: dict[str, list[str]] = {}
    for each in found:
        by_fix.setdefault(each.fixed_in(version), []).append(str(each))
    return [f"{what} is older than {fix}, which mends {', '.join(names)}" for fix, names in by_fix.items()]


def _require_young_table(release: Release, line: Line, known: KnownReleases) -> None:
    """Let nobody be told that a line is maintained by a table that is too old to know."""
    if release.today > known.day + timedelta(known.good_for_days):
        raise Manual(
            f"{release}: what is known of releases is of {known.day}, too old to know whether the line {line.name}"
            " is still maintained; name a newer file by --releases, or update hullcheck"
        )


def _begins(version: str, line: str) -> bool:
    return numbers(version)[: len(numbers(line))] == numbers(line) != ()
