"""Notes every fact that looks for the answer to a probe which it does not name: its evidence would be incomplete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.registry import Fact
from hullcheck.recording.probe import Answer

_handed = Facts._handed


class Answers(dict[str, Answer]):
    """The answers that a fact is handed, which note what else it looks for."""

    def __init__(self, answers: Mapping[str, Answer], fact: Fact, undeclared: list[str]) -> None:
        super().__init__(answers)
        self._fact = fact
        self._undeclared = undeclared

    def get(self, name: str, default: Any = None) -> Any:
        self._note(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> Answer:
        self._note(name)
        return super().__getitem__(name)

    def _note(self, name: str) -> None:
        if name not in {each.name for each in self._fact.probes}:
            self._undeclared.append(f"{self._fact.name} reads {name}")


def handing(undeclared: list[str]) -> Any:
    """What takes the place of `Facts._handed`, and notes what is read *undeclared*."""

    def handed(self: Facts, name: str, to: Fact) -> Any:
        value = _handed(self, name, to)
        if name == "recording":
            return replace(value, answers=Answers(value.answers, to, undeclared))
        return value

    return handed
