"""Which packages the engine of a target is made of, and whether newer ones are offered."""

from collections.abc import Iterable
from dataclasses import dataclass

from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError, unread

ENGINE_PACKAGES = Probe.from_file(
    __file__,
    "engine_packages",
    lines_like(
        "(?:manager|unread|package|installed|candidate|security):[^ ]*",
        r"installed:\(none\)",
        "offered:",
        r"above:[^ ]* -?\d+(?: security)?",
        r"candidate:\(none\)",
        r"refreshed:\d+",
    ),
    aside=True,
)


_ANY_LIST = 500


@dataclass(frozen=True)
class Package:
    """A package of the engine that is installed.

    Attributes:
        installed: its version.
        candidate: the version that an update of all packages would leave, or a newer one that the preferences of apt
            keep away.
        offered: whether a list of packages has it, in any version.
    """

    name: str
    installed: str
    candidate: str
    offered: bool


@dataclass(frozen=True)
class Packages:
    """The packages of the engine.

    Attributes:
        manager: what manages them: `apt`; empty where none is known.
        refreshed: when its list of security updates was made, in seconds since the epoch; 0 where that is unknown.
        security: whether it has a list of security updates.
    """

    manager: str
    all: tuple[Package, ...] = ()
    refreshed: float = 0
    security: bool = False


@fact(ENGINE_PACKAGES)
def engine_packages(recording: Recording, presence: Presence) -> Packages:
    """The packages of the engine, by the package manager of the target.

    Raises:
        EvidenceError: its lists could not be read, or the answer is not whole.
    """
    words = Words(recording.text(ENGINE_PACKAGES))
    manager = words.first("manager")
    if not manager:
        raise EvidenceError("engine_packages: the answer does not name a package manager")
    if manager == "none":
        return Packages("")
    for path in words.all("unread"):
        raise EvidenceError(unread(path))
    refreshed = max(map(float, words.all("refreshed")), default=0)
    return Packages(manager, _installed(words), refreshed, "security" in words)


def _installed(words: Words) -> tuple[Package, ...]:
    installed, candidates = words.below("package", "installed"), words.below("package", "candidate")
    offered, above = words.below("package", "offered"), words.below("package", "above")
    found = []
    for name, versions in installed.items():
        if not versions or not candidates[name]:
            raise EvidenceError(f"engine_packages: the package manager does not tell the versions of {name}")
        if versions[0] != "(none)":
            candidate = _kept_away(above[name]) or candidates[name][0]
            found.append(Package(name, versions[0], candidate, bool(offered[name])))
    return tuple(found)


def _kept_away(above: Iterable[str]) -> str:
    """The newest version that is a security update, or of a list that counts as much as any; empty where none is.

    Args:
        above: versions that are newer than the one that apt would leave, the newest first, each with the priority of a
            list that has it, and `security`. From lists below 500 nothing comes unless it is asked for
            (apt_preferences(5)).
    """
    versions = map(str.split, above)
    return next((version for version, *of in versions if of[1:] or int(of[0]) >= _ANY_LIST), "")
