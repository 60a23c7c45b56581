"""What mends the failures of one target: the changes, and what of it is left to a person."""

from collections.abc import Collection, Iterable
from typing import TypeVar

from msgspec import Struct

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.remedies.changes import Change, DaemonSettings, FileRights, Options, Rights, change
from hullcheck.remedies.table import REMEDIES
from hullcheck.results import Audit
from hullcheck.results.failures import Failure, failures
from hullcheck.verdicts import EvidenceError

C = TypeVar("C", bound=Change)

NO_REMEDY = (
    "no remedy of these has been proven, or it depends on what the host is for: see hullcheck explain CONTROL"
)
_OPEN_WAY = "a directory or link on its way is open or another's, and more may lie in it"


class Left(Struct, frozen=True):
    """A failure that is left to a person."""

    failure: Failure
    why: str


class Plan(Struct, frozen=True):
    """All that is changed on one target.

    Attributes:
        run: the id of the run.
        changes: each failure that is mended, with what mends it.
        left: the failures that are left to a person.
        asked: those that a person may choose, as their remedy takes something away.
    """

    target: str
    run: str
    changes: tuple[tuple[Failure, Change], ...]
    left: tuple[Left, ...]
    asked: tuple[Failure, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is changed by files."""
        return all(isinstance(each, Options) for _, each in self.changes)

    def of(self, kind: type[C]) -> list[C]:
        """Return the changes of one kind."""
        return [each for _, each in self.changes if isinstance(each, kind)]

    def mended(self, kind: type[Change]) -> list[Failure]:
        """Return the failures that changes of this kind mend."""
        return [failure for failure, each in self.changes if isinstance(each, kind)]

    @property
    def daemon(self) -> DaemonSettings | None:
        """All settings of daemon.json in one, or None if none is changed."""
        found = self.of(DaemonSettings)
        if not found:
            return None
        put = {name: value for each in found for name, value in each.put.items()}
        without = tuple(dict.fromkeys(name for each in found for name in each.without))
        return DaemonSettings(found[0].path, found[0].unit, put, without)

    @property
    def rights(self) -> list[Rights]:
        """The owners and modes of files, each once: directories before what is in them, owners before modes."""
        found = {each.own for each in self.of(FileRights) if each.own}
        return sorted(found, key=lambda each: (each.path, each.mode))

    @property
    def socket(self) -> dict[str, str]:
        """The settings of docker.socket."""
        return {name: value for each in self.of(FileRights) for name, value in each.socket.items()}

    @property
    def options(self) -> list[Options]:
        """The options of containers, in one for each container."""
        add, drop = dict[str, dict[str, None]](), dict[str, dict[str, None]]()
        for each in self.of(Options):
            add.setdefault(each.container, {}).update(dict.fromkeys(each.add))
            drop.setdefault(each.container, {}).update(dict.fromkeys(each.drop))
        return [Options(name, tuple(add[name]), tuple(drop[name])) for name in add]


def failed_on(audit: Audit, target: str) -> tuple[Failure, ...]:
    """Return the failures of one target, the worst first."""
    return tuple(each for each in failures(audit) if each.target == target)


def plan(audit: Audit, target: str, recording: Recording, also: Collection[str]) -> Plan:
    """Return what mends the failures of *target*.

    Args:
        also: the ids of controls whose remedies take something away, and that somebody chose.
    """
    return plan_of(failed_on(audit, target), Facts(recording, Policy()), target, audit.run.id, also)


def plan_of(
    failed: Iterable[Failure], facts: Facts, target: str = "", run: str = "", also: Collection[str] = ()
) -> Plan:
    """Return what mends these failures on a host with these facts."""
    changes, left, asked = list[tuple[Failure, Change]](), list[Left](), list[Failure]()
    for failure in failed:
        remedy = REMEDIES.get(failure.control.id)
        if remedy is None:
            left.append(Left(failure, NO_REMEDY))
        elif remedy.asks and failure.control.id not in also:
            asked.append(failure)
        else:
            try:
                changes.append((failure, change(failure, remedy, facts)))
            except EvidenceError as error:
                left.append(Left(failure, str(error)))
    safe = {each.own for _, each in changes if isinstance(each, FileRights) and not each.way}
    unsafe = [failure for failure, each in changes if isinstance(each, FileRights) and not each.way <= safe]
    left += [Left(failure, _OPEN_WAY) for failure in unsafe]
    mended = tuple((failure, each) for failure, each in changes if failure not in unsafe)
    return Plan(target, run, mended, tuple(left), tuple(asked))
