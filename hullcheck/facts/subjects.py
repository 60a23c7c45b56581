"""Subjects that a control judges one by one."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from msgspec import Struct

from hullcheck.verdicts import EvidenceError

T = TypeVar("T")

DAEMON_DEFAULT = "(default of the daemon)"  # name of the log that containers get by default


class Subjects(Struct, Generic[T], frozen=True):
    """The subjects of one kind on a target, each with the name that users type."""

    kind: str
    named: tuple[tuple[str, T], ...]
    nothing: str = ""  # why there is nothing to judge, for when *named* is empty; the evidence says so
    unread: tuple[tuple[str, str], ...] = ()  # those that cannot be judged, each with the reason; they spoil no other

    def __iter__(self) -> Iterator[tuple[str, T]]:
        """Yield each subject with its name, or raise EvidenceError if one could not be read."""
        for name, reason in self.unread:
            raise EvidenceError(f"{self.kind} {name}: {reason}")
        return iter(self.named)
