"""What a result names as evidence is at least what was read, and at most what the control was handed."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from hullcheck.controls.judge import judge
from hullcheck.facts import PROBES, Facts
from hullcheck.facts.registry import FACTS, INSIDE, Fact, evidence_of, later_in
from hullcheck.policy import Policy
from hullcheck.policy.parts import DockerBench, ScanReports
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests import REPOSITORY
from selftests.kit.judging import controls

FAILED = {each.name: Answer(each.name, 1, "", "no") for each in PROBES}
PRESENT = Answer("engine_presence", 0, "command docker /usr/bin/docker", "")
POLICIES = (
    Policy(),
    Policy(swarm=True, scan_reports=ScanReports("/x"), docker_bench=DockerBench("/x"), current_images=()),
)


@cache
def recordings() -> dict[str, Recording]:
    """Hosts that answer, one without Docker, one on which each probe fails, and a container."""
    made = {
        path.name: Recording.load(path, PROBES)
        for path in (REPOSITORY / "inventories/demo").iterdir()
        if path.is_dir()
    }
    some = next(iter(made.values()))
    made["silent"] = replace(some, answers=FAILED | {PRESENT.name: PRESENT})
    made["bare"] = replace(some, answers={**some.answers, PRESENT.name: replace(PRESENT, stdout="")})
    made["container"] = replace(made["bare"], backend="docker")
    return made


class Answers(dict[str, Answer]):
    """Answers that write down which of them were looked for."""

    def __init__(self, answers: Mapping[str, Answer], read: set[str]) -> None:
        super().__init__(answers)
        self.read = read

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> Answer:
        self.read.add(name)
        return super().__getitem__(name)


class Watched(Facts):
    """Facts of which it is written down which answers the function of each looks for."""

    def __init__(self, recording: Recording, policy: Policy) -> None:
        super().__init__(recording, policy)
        self.read: dict[Fact, set[str]] = {}

    def _handed(self, name: str, to: Fact) -> Any:
        handed = super()._handed(name, to)
        if name == "recording":
            return replace(handed, answers=Answers(handed.answers, self.read.setdefault(to, set())))
        return handed


@pytest.mark.parametrize("policy", POLICIES, ids=("silent", "policy"))
@pytest.mark.parametrize("name", recordings())
def test_evidence_is_what_was_read(name: str, policy: Policy) -> None:
    """Whatever a control asks of a fact, that reads no probe which it does not name."""
    target = Watched(recordings()[name], policy)
    for control in controls():
        with contextlib.suppress(EvidenceError, NotApplicable):
            handed = {
                each: target.given(each, later_in(control)) for each in inspect.signature(control).parameters
            }
            judge(control, handed, name)
    assert any(target.read.values())
    for fact, read in target.read.items():
        assert read <= {each.name for each in fact.probes}, fact


@pytest.mark.parametrize("kind", ["host", "container"])
def test_evidence_is_of_what_was_handed(kind: str) -> None:
    """A control names the probes of the facts that it can reach, and no others; each of them names some."""
    for control in controls():
        arguments = tuple(inspect.signature(control).parameters)
        named = set(evidence_of(arguments, kind))
        assert named, control.__name__
        assert named <= _in_reach(arguments)


def _in_reach(names: tuple[str, ...]) -> set[str]:
    """The probes of all facts that these are made from, on a target of any kind."""
    reached = {*names, "kind"}
    while more := {need for each in _facts(reached) for need in each.needs} - reached:
        reached |= more
    return {probe.name for each in _facts(reached) for probe in each.probes}


def _facts(names: set[str]) -> list[Fact]:
    return [known[name] for known in (FACTS, INSIDE) for name in names if name in known]


def test_undeclared_reading_is_seen() -> None:
    """A fact that looks for an answer that it does not name is found out."""
    curious = Fact("curious", lambda recording: recording.text(PROBES[0]), ("recording",), frozenset(), ())
    target = Watched(recordings()["silent"], Policy())
    with pytest.raises(EvidenceError):
        curious.make(target._handed("recording", curious))
    assert target.read == {curious: {PROBES[0].name}}
