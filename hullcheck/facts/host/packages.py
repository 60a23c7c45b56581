"""The distribution, compilers, browsers and automatic updates of a host."""

import re
from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from hullcheck.data import software as known
from hullcheck.data.updates import AGENTS, UPDATERS
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.system import HOST, os_release
from hullcheck.facts.host.units import Units
from hullcheck.facts.registry import fact
from hullcheck.lazy import regex
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.times import day
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import InSections, LinesLike
from hullcheck.verdicts import EvidenceError, unread

_KINDS = {
    kind: (regex(names["programs"]), regex(names["packages"]))
    for kind, names in (("compiler", known.COMPILERS), ("browser", known.BROWSERS))
}
_APT, _DNF = "APT::Periodic::Unattended-Upgrade", "apply_updates"
_CRON = regex(r"/(?:etc|var/spool)/cron[^:]*")

PACKAGES = Probe.from_file(
    "packages",
    InSections(
        software=LinesLike("(?:failed|mark|package|unread):.*", r"source:\w+ \d+", "/.*"),
        kernel=LinesLike("(?:version|restart):.*"),
        updates=LinesLike(
            "(?:unread:)?/[^:]*", r'APT::Periodic(?:::[\w-]+)? "[^"]*";', r"/[^:]*:\s*apply_updates\s*=.*"
        ),
    ),
)


class Software(Struct, frozen=True):
    """The software of a host."""

    system: dict[str, str]  # os-release by name
    source: str  # the program that lists packages, with their *count*; empty if none is known
    count: int
    packages: tuple[str, ...]  # compilers, browsers and ubuntu-standard
    programs: tuple[str, ...]  # paths of compilers and browsers
    marks: tuple[str, ...]  # files that only minimal images of Ubuntu have
    unread: tuple[str, ...]  # folders of programs that could not be read

    def of_kind(self, kind: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """Return the compilers or browsers that are not allowed, or EvidenceError if a folder was unreadable."""
        program, package = _KINDS[kind]
        names = {path: path.rpartition("/")[2] for path in self.programs}
        found = [path for path, name in names.items() if program.fullmatch(name) and name not in allowed]
        packages = (each for each in self.packages if package.fullmatch(each) and each not in allowed)
        found += [f"package {each}" for each in packages]
        if not found and self.unread:
            raise EvidenceError(unread(", ".join(self.unread)))
        return tuple(found)

    @property
    def identifier(self) -> str:
        """The ID in os-release."""
        if not self.system.get("ID"):
            raise EvidenceError("/etc/os-release does not name the distribution")
        return self.system["ID"]

    @property
    def name(self) -> str:
        return self.system.get("PRETTY_NAME") or self.identifier

    def is_a(self, distribution: str) -> bool:
        """Return whether the host is this minimal distribution, or has this ID."""
        if distribution == known.UBUNTU_MINIMAL:
            return self.identifier == "ubuntu" and bool(self.marks) and "ubuntu-standard" not in self.packages
        own = {self.identifier, f"{self.identifier} {self.system.get('VARIANT_ID', '')}"}
        return not own.isdisjoint(known.MINIMAL.get(distribution, (distribution,)))


@fact(PACKAGES, HOST)
def software(recording: Recording, presence: Presence) -> Software:
    """The distribution of the host, its compilers and its browsers."""
    words = Words(recording.section(PACKAGES, "software"))
    source, _, count = words.first("source").partition(" ")
    if "failed" in words or (source and count == "0"):
        raise EvidenceError(f"the list of packages of {source} is empty, or was not understood")
    programs = tuple(word for word in words if word.startswith("/"))
    texts = (words.all("package"), programs, words.all("mark"), words.all("unread"))
    return Software(os_release(recording), source, int(count or 0), *texts)


class Timer(Struct, frozen=True):
    """An active timer, with its program's setting and the last result of its service."""

    name: str
    enabled: bool
    setting: str
    installs: bool
    result: str
    ended: date | None


class Patching(Struct, frozen=True):
    """The possible sources of updates: timers, active *others* and crontabs, and *hidden* crontabs."""

    today: date
    timers: tuple[Timer, ...]
    others: tuple[str, ...]
    hidden: tuple[str, ...]

    def works(self, days: int) -> Timer | None:
        """Return a timer that installs updates, is enabled and succeeded in the last *days*, or None."""
        for each in self.timers:
            recent = each.ended is not None and -1 <= (self.today - each.ended).days <= days
            if each.installs and each.enabled and recent and each.result == "success":
                return each
        return None

    @property
    def candidates(self) -> tuple[str, ...]:
        """The possible sources of updates other than timers, or EvidenceError if hidden."""
        if not self.others and self.hidden and not any(each.installs for each in self.timers):
            raise EvidenceError(unread(", ".join(self.hidden)))
        return self.others


@fact(PACKAGES)
def patching(recording: Recording, presence: Presence, units: Units) -> Patching:
    """The possible sources of updates on the target, with their last results."""
    text = recording.section(PACKAGES, "updates")
    words = Words(text)
    agents = (name for name in AGENTS if name in units.shown and units.shown[name].active == "active")
    others = (*agents, *filter(_CRON.fullmatch, words))
    return Patching(day(recording.gathered), tuple(_timers(units, text)), others, words.all("unread"))


def _timers(units: Units, text: str) -> Iterator[Timer]:
    """Yield the active timers, with the settings of apt and dnf."""
    apt = {name.lower(): value for name, value in re.findall(r'^APT::Periodic::(\S+) "(.*)";$', text, re.M)}
    on = apt.get("unattended-upgrade", "0") if apt.get("enable", "1") != "0" else "0"
    (*_, dnf) = ("no", *re.findall(r"^/.*:\s*apply_updates\s*=\s*(\S*)", text, re.M))
    for name in UPDATERS:
        timer, service = units.shown.get(f"{name}.timer"), units.shown.get(f"{name}.service")
        if timer and service and timer.active == "active":
            setting, value = (_APT, on) if name.startswith("apt") else (_DNF, dnf)
            installs = value.lower() not in ("0", "no", "false", "off", "")
            is_on = timer.file == "enabled"
            yield Timer(name, is_on, f"{setting}={value}", installs, service.result, service.ended)
