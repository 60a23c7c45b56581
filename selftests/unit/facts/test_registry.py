"""Facts are made from what they name, and what they name is the evidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hullcheck.facts import PROBES, Facts, registry
from hullcheck.facts.registry import FACTS, INSIDE, Later, evidence_of, fact
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer, Probe
from hullcheck.verdicts import EvidenceError

ONE, TWO = Probe("one", "echo 1"), Probe("two", "echo 2")


@pytest.fixture(autouse=True)
def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let what a test registers be forgotten."""
    monkeypatch.setattr(registry, "FACTS", dict(FACTS))
    monkeypatch.setattr(registry, "INSIDE", dict(INSIDE))
    return


def facts(backend: str = "local", **given: Any) -> Facts:
    """A target that answered both probes."""
    answers = {each.name: Answer(each.name, 0, each.name, "") for each in (ONE, TWO)}
    return Facts(Recording("host", backend, answers), Policy(), **given)


def test_fact_is_made_from_others() -> None:
    """Each is made once, from the facts that its parameters name, and has the evidence of all."""
    made = []

    @fact(ONE)
    def first(recording: Recording) -> str:
        made.append("first")
        return recording.text(ONE)

    @fact(TWO)
    def second(recording: Recording, first: str, policy: Policy) -> str:
        return f"{first} {recording.text(TWO)} {policy.swarm}"

    target = facts()
    assert (target.second, target.get("second"), target.first) == ("one two False", "one two False", "one")
    assert made == ["first"]
    assert evidence_of(["second", "second", "no fact"], "host") == ("two", "one")
    assert {each.name for each in registry.probes()} >= {"one", "two"}
    assert facts(first="given").second == "given two False"
    with pytest.raises(AttributeError):
        _ = target.third


def test_fact_reads_no_probe_that_it_does_not_name(undeclared_reading: list[str]) -> None:
    """The recording that it is handed has no other answers."""

    @fact(ONE)
    def curious(recording: Recording) -> str:
        return recording.text(TWO)

    with pytest.raises(EvidenceError, match="no answer to the probe two"):
        facts().get("curious")
    assert undeclared_reading == ["curious reads two"]
    undeclared_reading.clear()


def test_later_fact_is_made_when_it_is_asked_for() -> None:
    """One that fails spoils the other only where that needs it; its evidence is named either way."""

    @fact(TWO)
    def broken(recording: Recording) -> str:
        raise EvidenceError("cannot be read")

    @fact(ONE)
    def careful(recording: Recording, broken: Later[str]) -> Callable[[], str]:
        return broken.get

    with pytest.raises(EvidenceError, match="cannot be read"):
        facts().careful()
    assert evidence_of(["careful"], "host") == ("one", "two")


def test_kind_of_target_chooses_the_maker() -> None:
    """A container has the fact of its own; what tells the kind is its evidence too."""

    @fact(ONE, name="place")
    def on_host(recording: Recording) -> str:
        return "host"

    @fact(TWO, name="place", on="container")
    def in_container(recording: Recording) -> str:
        return "container"

    assert (facts().place, facts("docker").place) == ("host", "container")
    assert evidence_of(["place"], "host") == ("one", "host")
    assert evidence_of(["place"], "container") == ("two", "host")


def test_method_of_a_fact_is_a_fact() -> None:
    """It is what the method returns, with the evidence of the object."""
    assert evidence_of(["tls_ca"], "host") == evidence_of(["engine_files"], "host")


@pytest.mark.parametrize(
    ("probes", "name", "said"),
    [
        ([], "daemon", "the fact 'daemon': there is a fact of this name already"),
        ([], "policy", "the fact 'policy': there is a fact of this name already"),
        ([Probe("host", "date")], "own", "there is a probe 'host' already"),
        ([Probe("x", "1"), Probe("x", "2")], "own", "there is a probe 'x' already"),
        ([Probe("x y", "1")], "own", "the probe 'x y': write small letters"),
    ],
)
def test_what_could_be_mistaken_is_refused(probes: list[Any], name: str, said: str) -> None:
    """A name belongs to one fact, and an answer to one question."""
    with pytest.raises(TypeError, match=rf"test_registry\.py:\d+: .*{re.escape(said)}"):
        fact(*probes, name=name)(lambda: None)


def test_fact_that_cannot_be_made_is_refused() -> None:
    """One that needs what there is not is named with its place."""
    registry.check()

    @fact()
    def one(two: str) -> str:
        return two

    with pytest.raises(TypeError, match=r"test_registry\.py:\d+: the fact 'one' needs 'two'"):
        registry.check()


def test_facts_are_described() -> None:
    """What a control may ask for says in a sentence what it is; what has none is called by its name."""
    assert FACTS["tls_ca"].description
    fact(name="some_thing")(lambda: 1)
    assert registry.FACTS["some_thing"].description == "The some thing of the target."
    assert all(each.make.__doc__ for each in FACTS.values())


def test_first_questions_come_first() -> None:
    """The time is asked before all else, and what other probes need of the engine before them."""
    assert PROBES[0].name == "host"
    assert [each.shared for each in PROBES[1:]] == sorted((each.shared for each in PROBES[1:]), reverse=True)
