"""The index of ordinary mistakes, read from `mistakes.yml`: which subjects fail a control, and which twins pass it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from selftests.corpus.description import descriptions
from selftests.corpus.judged import Place

INDEX = Path(__file__).with_name("mistakes.yml")


class Mistake(Struct, frozen=True):
    """A mistake of one control, on each engine that has it.

    Attributes:
        control: its number or id.
        fails: the subjects that have the mistake.
        twins: those that differ from them in that alone; none where the index says why.
        manual: why the twins need a manual check; empty where they pass.
    """

    control: str
    name: str
    fails: tuple[Place, ...]
    twins: tuple[Place, ...]
    manual: str

    def __str__(self) -> str:
        return f"{self.control} {self.name}"


def _mistakes() -> Iterator[Mistake]:
    for control, entries in yaml.safe_load(INDEX.read_text()).items():
        for entry in entries:
            assert ("twin" in entry) != ("alone" in entry), f"{control}: a twin, or why there is none"
            twins = tuple(_places(control, entry["twin"])) if "twin" in entry else ()
            for fails in entry["fails"]:
                yield Mistake(control, fails, tuple(_places(control, fails)), twins, entry.get("manual", ""))


def _places(control: str, words: Any) -> Iterator[Place]:
    """Yield the places that `HOST SUBJECT` means: HOST is one of the hosts, or all engines of a file or variant."""
    name, _, subject = words.partition(" ")
    hosts = [each for each in descriptions() if each == name or each.rpartition("-")[0] == name]
    assert hosts, f"{INDEX.name}: no host {name}"
    for host in hosts:
        yield control, host, subject


MISTAKES = tuple(_mistakes())
