"""What becomes of the failures of one kind: which are mended, and which are left to a person, with the reason."""

from dataclasses import dataclass, field

from hullcheck.results.failures import Failure


@dataclass(frozen=True)
class Left:
    """A failure that is left to a person."""

    failure: Failure
    why: str


@dataclass
class Outcome:
    """The failures of one kind, sorted as they are looked at."""

    mended: list[Failure] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def mend(self, failure: Failure) -> None:
        """Say that a file of the folder mends *failure*."""
        self.mended.append(failure)

    def leave(self, failure: Failure, why: str) -> None:
        """Say that *failure* is left to a person."""
        self.left.append(Left(failure, why))
