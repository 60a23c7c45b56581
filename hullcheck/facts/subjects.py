"""The subjects of one kind on a target, each with the name that a person would type."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Subjects(Generic[T]):
    """The subjects of one kind on a target, each with the name that a person would type.

    Attributes:
        nothing: why there is nothing to judge, for when *named* is empty; the evidence says so.
    """

    kind: str
    named: tuple[tuple[str, T], ...]
    nothing: str = ""

    def __iter__(self) -> Iterator[tuple[str, T]]:
        """Each subject with its name."""
        return iter(self.named)
