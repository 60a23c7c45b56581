"""What mends the failures of one target: the files, and what of it is left to a person."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hullcheck.facts import Facts
from hullcheck.facts.containers import Container
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.remedies import (
    AuditRule,
    ContainerLimit,
    ContainerOptions,
    KernelSettings,
    Mode,
    Owner,
    Remedy,
    Settings,
    containers,
    daemon_json,
    host_files,
)
from hullcheck.remedies.containers import Limit, Options
from hullcheck.remedies.daemon_json import DaemonChange
from hullcheck.remedies.host_files import Rights, Rules
from hullcheck.remedies.outcome import Left, Outcome
from hullcheck.remedies.table import REMEDIES
from hullcheck.results import Audit
from hullcheck.results.failures import Failure, failures
from hullcheck.verdicts import EvidenceError, NotApplicable

R = TypeVar("R", bound=Remedy)

SETTINGS, RULES, KERNEL, RIGHTS = "daemon.json", "audit rules", "settings of the kernel", "owners and modes"
LIMITS, OPTIONS = "limits of containers", "options of containers"
NO_REMEDY = (
    "no remedy of these has been proven, or it depends on what the host is for: see hullcheck explain CONTROL"
)


@dataclass(frozen=True)
class Plan:
    """All that is changed on one target.

    Attributes:
        run: the id of the run.
        gathered: when the target answered, in seconds since the epoch by its own clock.
        kernel: settings of the kernel by name.
        socket: a drop-in of docker.socket; empty where none is needed.
        limits: those of containers that change at once.
        options: those of containers that a person creates again.
        mended: by what is changed, the failures that it mends.
        left: those that are left to a person.
        asked: those of *left* that a person may choose, as their remedy takes something away.
    """

    target: str
    run: str
    gathered: int
    daemon: DaemonChange | None
    rules: Rules | None
    kernel: Mapping[str, str]
    rights: tuple[Rights, ...]
    socket: str
    limits: tuple[Limit, ...]
    options: tuple[Options, ...]
    mended: Mapping[str, tuple[Failure, ...]]
    left: tuple[Left, ...]
    asked: tuple[Failure, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is changed by files."""
        return not any(each for part, each in self.mended.items() if part != OPTIONS)


def failed_on(audit: Audit, target: str) -> tuple[Failure, ...]:
    """The failures of one target, the worst first."""
    return tuple(each for each in failures(audit) if each.target == target)


def plan(audit: Audit, target: str, recording: Recording, also: Collection[str]) -> Plan:
    """What mends the failures of *target*.

    Args:
        also: the ids of controls whose remedies take something away, and that somebody chose.
    """
    facts = Facts(recording, Policy())
    left, asked, found = list[Left](), list[Failure](), list[tuple[Failure, Remedy]]()
    for failure in failed_on(audit, target):
        remedy = REMEDIES.get(failure.control.id)
        if remedy is None:
            left.append(Left(failure, NO_REMEDY))
        elif remedy.asks and failure.control.id not in also:
            asked.append(failure)
        else:
            found.append((failure, remedy))
    daemon, of_daemon = daemon_json.change(_of(found, Settings), facts)
    rules, of_rules = host_files.rules(_of(found, AuditRule), facts)
    kernel, of_kernel = host_files.kernel(_of(found, KernelSettings))
    rights, socket, of_rights = host_files.rights([*_of(found, Owner), *_of(found, Mode)], facts)
    limits, of_limits = containers.limits(_of(found, ContainerLimit))
    known = _containers(facts)
    options, of_options = containers.options(_of(found, ContainerOptions), known)
    parts: Mapping[str, Outcome] = {
        SETTINGS: of_daemon,
        RULES: of_rules,
        KERNEL: of_kernel,
        RIGHTS: of_rights,
        LIMITS: of_limits,
        OPTIONS: of_options,
    }
    return Plan(
        target=target,
        run=audit.run.id,
        gathered=int(recording.gathered),
        daemon=daemon,
        rules=rules,
        kernel=kernel,
        rights=rights,
        socket=socket,
        limits=limits,
        options=options,
        mended={name: tuple(each.mended) for name, each in parts.items()},
        left=(*left, *(each for part in parts.values() for each in part.left)),
        asked=tuple(asked),
    )


def _containers(facts: Facts) -> Mapping[str, Container]:
    """Those of the target, by name, as far as they could be read."""
    try:
        return dict(facts.get("container").named)
    except (EvidenceError, NotApplicable):
        return {}


def _of(found: Sequence[tuple[Failure, Remedy]], kind: type[R]) -> list[tuple[Failure, R]]:
    return [(failure, remedy) for failure, remedy in found if isinstance(remedy, kind)]
