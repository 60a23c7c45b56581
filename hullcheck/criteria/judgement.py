"""How a criterion says what it found."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hullcheck.facts.containers import Container
from hullcheck.facts.host.processes import Process
from hullcheck.verdicts import Manual, NotApplicable

NO_REPORTS = (
    "no report of a scan was read: name their folder in the policy, `scan_reports: {folder: /var/lib/scans}`"
)


class Judgement(NamedTuple):
    """Whether something is as it should be, and what shows it."""

    good: bool
    words: str


def listed(names: Sequence[str], most: int = 10) -> str:
    """The first of *names*, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def shown_processes(processes: Iterable[Process]) -> str:
    """Return processes by name and number."""
    return ", ".join(f"{each.name} (pid {each.pid})" for each in processes)


def require_known_ports(container: Container) -> None:
    """Raise Manual, or NotApplicable for a Compose service, if a container will open whatever it listens on."""
    for name in container.ports.unknown_in:
        place = "the network of the host" if name == "host" else f"network {name}"
        if container.planned:
            raise NotApplicable(f"who reaches it in {place}, the file does not tell")
        raise Manual(f"does not run: check on which ports it will listen in {place}")


def planned_limit(limit: str, most: float | None) -> str:
    """What to say of a limit that a Compose file sets.

    Args:
        most: what the policy allows; without that only the host shows whether it has more, and so a limit.

    Raises:
        Manual: the policy allows any.
    """
    if most is None:
        raise Manual(
            f"allows {limit}; whether the host has more than that, the file does not tell: resource_limits in the"
            " policy say how much is allowed"
        )
    return f"allows {limit}; whether that is in force, its host shows"
