"""Which machine and which engine a target is: no control judges it, but whoever reads the evidence asks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from hullcheck.facts.engine.info import ENGINE, section
from hullcheck.facts.engine.models import Info
from hullcheck.facts.host.system import HOST, machine_id
from hullcheck.facts.registry import fact
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError

UNKNOWN = "unknown"
_OVER_SSH = ("ssh", "safe-ssh", "paramiko")


@dataclass(frozen=True)
class Identity:
    """What tells a target from all others; each is `unknown` where it could not be had.

    Attributes:
        machine_id: that of its system.
        engine_id: that of its Docker engine.
        host_key: as of a `Recording`.
    """

    machine_id: str
    engine_id: str
    host_key: str

    @classmethod
    def of(cls, recording: Recording) -> Self:
        """What *recording* says of its target."""
        key = recording.host_key or (UNKNOWN if recording.backend in _OVER_SSH else "")
        return cls(_machine_id(recording), _engine_id(recording), key)


def _machine_id(recording: Recording) -> str:
    try:
        return machine_id(recording) or UNKNOWN
    except EvidenceError:
        return UNKNOWN


def _engine_id(recording: Recording) -> str:
    try:
        return section(recording, ENGINE, "info", Info, "docker info").id or UNKNOWN
    except EvidenceError:
        return UNKNOWN


def same_engine(identities: Mapping[str, Identity]) -> dict[str, tuple[str, ...]]:
    """By target, the others whose engine has the same id; a copied machine may have it too."""
    return _alike((name, each.engine_id) for name, each in identities.items())


def same_machine(identities: Mapping[str, Identity]) -> dict[str, tuple[str, ...]]:
    """By target, the others with the same machine id, where the ids of the engines do not tell more.

    Two engines may run on one machine, as a rootless one beside that of root.
    """
    known = {name for name, each in identities.items() if each.engine_id != UNKNOWN}
    alike = _alike((name, each.machine_id) for name, each in identities.items())
    told = {
        name: tuple(each for each in others if not {name, each} <= known) for name, others in alike.items()
    }
    return {name: others for name, others in told.items() if others}


def _alike(ids: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    names: dict[str, list[str]] = {}
    for name, each in ids:
        if each != UNKNOWN:
            names.setdefault(each, []).append(name)
    shared = [each for each in names.values() if len(each) > 1]
    return {name: tuple(each for each in group if each != name) for group in shared for name in group}


@fact(HOST, ENGINE)
def identity(recording: Recording) -> Identity:
    """Which machine and which engine the target is."""
    return Identity.of(recording)
