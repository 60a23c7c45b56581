"""The registry of facts, each with the probes that it reads."""

import inspect
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from typing import Any, Generic, Literal, TypeVar, get_origin

from msgspec import Struct
from msgspec.structs import replace

from hullcheck.policy import Policy
from hullcheck.recording import CLOCK, Recording
from hullcheck.recording.backends import COMPOSE
from hullcheck.recording.probe import ORDER, Probe
from hullcheck.verdicts import NotApplicable

T = TypeVar("T")
Maker = TypeVar("Maker", bound=Callable[..., Any])

NOT_IN_FILE = "not in a Compose file: it shows on the host once the container is there"

GIVEN = ("recording", "policy")  # what a fact may need besides other facts


class Later(Struct, Generic[T], frozen=True):
    """A fact that is made only if needed, by `get()`, as it may fail."""

    get: Callable[[], T]


class Fact(Struct, frozen=True):
    """A fact: how it is made, and from which probes and other facts."""

    name: str
    make: Callable[..., Any]
    needs: tuple[str, ...]  # the names of the facts that it is given
    later: frozenset[str]  # those of them that it is given as `Later`
    probes: tuple[Probe, ...]  # those whose answers it reads itself

    @property
    def description(self) -> str:
        """The text for `pytest --fixtures`."""
        return inspect.getdoc(self.make) or f"The {self.name.replace('_', ' ')} of the target."

    def __str__(self) -> str:
        file, (_, line) = inspect.getsourcefile(self.make), inspect.getsourcelines(self.make)
        return f"{file}:{line}: the fact {self.name!r}"


FACTS: dict[str, Fact] = {}  # all facts by name
INSIDE: dict[str, Fact] = {}  # those that are made in another way where the target is a container
FROM_FILE: dict[str, Fact] = {}  # those that are in a Compose file, which has no others


def fact(
    *probes: Probe, name: str = "", on: Literal["host", "container", "compose"] = "host"
) -> Callable[[Maker], Maker]:
    """Register the decorated function as a fact; its parameters are the names of others.

    As its `recording` it gets the answers to *probes* alone. With *on* it takes the place of the fact of this name if
    the target is a container or a Compose file. TypeError if the name of the fact or of a probe is taken.
    """

    def register(make: Maker) -> Maker:
        known = {"host": FACTS, "container": INSIDE, "compose": FROM_FILE}[on]
        needs = tuple(inspect.signature(make).parameters)
        made = Fact(name or make.__name__, make, needs, later_in(make), probes)
        if made.name in known or made.name in GIVEN:
            raise TypeError(f"{made}: there is a fact of this name already; choose another")
        asked = {each.name: each for each in _probes()}
        for each in probes:
            if not re.fullmatch("[a-z][a-z0-9_]*", each.name):
                raise TypeError(f"{made}: the probe {each.name!r}: write small letters, digits and '_'")
            if asked.setdefault(each.name, each) is not each:
                raise TypeError(f"{made}: there is a probe {each.name!r} already; choose another name")
        known[made.name] = made
        return make

    return register


@cache
def later_in(function: Callable[..., Any]) -> frozenset[str]:
    """Return the parameters of a fact or a control that are annotated as `Later`."""
    parameters = inspect.signature(function).parameters.values()
    return frozenset(
        each.name
        for each in parameters
        if get_origin(each.annotation) is Later or str(each.annotation).startswith("Later[")
    )


@cache
def in_file(control: Callable[..., Any]) -> bool:
    """Return whether a Compose file may decide *control*: what it asks for at once is in such a file."""
    names = inspect.signature(control).parameters.keys() - later_in(control)
    asked = names & FACTS.keys()
    return bool(asked) and asked <= FROM_FILE.keys()


def check() -> None:
    """Raise TypeError if a fact needs an unknown fact."""
    for each in (*FACTS.values(), *INSIDE.values(), *FROM_FILE.values()):
        for name in each.needs:
            if name not in FACTS and name not in GIVEN:
                raise TypeError(f"{each} needs {name!r}, and there is no such fact")


def probes(*, optional: bool = False) -> tuple[Probe, ...]:
    """Return the probes of all facts, each once and after those that it needs; *optional* ones, too."""
    found = {probe.name: probe for probe in _probes() if optional or not probe.optional}
    place = {name: number for number, name in enumerate(ORDER, -len(ORDER))}
    return tuple(sorted(found.values(), key=lambda x: (x.name != CLOCK, not x.shared, place.get(x.name, 0))))


def _probes() -> Iterator[Probe]:
    yield from (probe for each in (*FACTS.values(), *INSIDE.values()) for probe in each.probes)


def evidence_of(names: Iterable[str], kind: str) -> tuple[str, ...]:
    """Return the names of the probes behind these facts, and behind all facts that these need."""
    waiting, seen = list(names), dict[str, tuple[Probe, ...]]()
    while waiting:
        name = waiting.pop(0)
        if kind == COMPOSE:  # the file is the evidence for what it does not tell, too
            known = name if name in FROM_FILE else "container"
            seen[name] = FROM_FILE[known].probes if name in FACTS else ()
            continue
        inside = INSIDE.get(name)
        found = inside if inside and kind == "container" else FACTS.get(name)
        if found and name not in seen:
            seen[name] = found.probes
            waiting += (*found.needs, "kind") if inside else found.needs
    return tuple(dict.fromkeys(probe.name for probes in seen.values() for probe in probes if not probe.optional))


class Facts:
    """The facts of one target, each made on first use; `facts.daemon` is `facts.get("daemon")`."""

    def __init__(self, recording: Recording, policy: Policy, **given: Any) -> None:
        """Take facts that are *given* as they are, as self-tests do."""
        self.recording = recording
        self.policy = policy
        self._made = {"policy": policy, **given}

    def get(self, name: str) -> Any:
        """Return a fact or the policy by name, or raise NotApplicable or EvidenceError."""
        if name not in self._made:
            known = self._known(name)
            self._made[name] = known.make(*(self._handed(each, known) for each in known.needs))
        return self._made[name]

    def _known(self, name: str) -> Fact:
        if self.recording.backend == COMPOSE and name != "kind":
            if name not in FROM_FILE:
                raise NotApplicable(NOT_IN_FILE)
            return FROM_FILE[name]
        inside = name in INSIDE and self.get("kind") == "container"
        return INSIDE[name] if inside else FACTS[name]

    def _handed(self, name: str, to: Fact) -> Any:
        if name == "recording":
            asked = {each.name for each in to.probes}
            answers = {key: each for key, each in self.recording.answers.items() if key in asked}
            return replace(self.recording, answers=answers)
        return self.given(name, to.later)

    def given(self, name: str, later: Collection[str]) -> Any:
        """Return a fact by name, as `Later` if it is one of *later*."""
        return Later(lambda: self.get(name)) if name in later else self.get(name)

    def __getattr__(self, name: str) -> Any:
        if name not in FACTS:
            raise AttributeError(f"there is no fact {name!r}")
        return self.get(name)
