"""What becomes of the failures of one kind: which are mended, and which are left to a person, with the reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeVar

from hullcheck.results.failures import Failure
from hullcheck.verdicts import EvidenceError

R = TypeVar("R")


@dataclass(frozen=True)
class Left:
    """A failure that is left to a person."""

    failure: Failure
    why: str


@dataclass(frozen=True)
class Outcome:
    """The failures of one kind: those that a file of the folder mends, and the others."""

    mended: list[Failure] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    @classmethod
    def of(cls, found: Sequence[tuple[Failure, R]], mend: Callable[[Failure, R], None]) -> Self:
        """Sort the failures of *found*: *mend* raises an EvidenceError for one that is left to a person."""
        outcome = cls()
        for failure, remedy in found:
            try:
                mend(failure, remedy)
                outcome.mended.append(failure)
            except EvidenceError as error:
                outcome.left.append(Left(failure, str(error)))
        return outcome
