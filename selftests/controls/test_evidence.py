"""What a result names as evidence is at least what was read, and at most what the control was handed."""

import contextlib
import inspect

import pytest
from msgspec.structs import replace

from hullcheck.controls.judge import judge
from hullcheck.facts import PROBES, Facts
from hullcheck.facts.registry import FACTS, FROM_FILE, INSIDE, Fact, evidence_of, later_in
from hullcheck.policy import DockerBench, Policy, ScanReports
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.cases import recorded
from selftests.kit.facts import PRESENT, in_parts
from selftests.kit.judging import controls

FAILED = {each.name: Answer(each.name, 1, "", "no") for each in PROBES}
ABSENT = replace(PRESENT, stdout=in_parts(presence=""))
KINDS = {  # answers instead of those of a host, and how it is asked
    "host": ({}, "local"),
    "silent": (FAILED | {PRESENT.name: PRESENT}, "local"),
    "bare": ({PRESENT.name: ABSENT}, "local"),
    "container": ({PRESENT.name: ABSENT}, "docker"),
}
POLICIES = (
    Policy(),
    Policy(swarm=True, scan_reports=ScanReports("/x"), docker_bench=DockerBench("/x"), current_images=()),
)


@pytest.mark.parametrize("policy", POLICIES, ids=("silent", "policy"))
@pytest.mark.parametrize("kind", KINDS)
def test_evidence_is_what_was_read(kind: str, policy: Policy, undeclared_reading: list[str]) -> None:
    """Whatever a control asks of a fact, that reads no probe which it does not name.

    This is so for every recording of every self-test: the fixture notes it in all of them.
    """
    (answers, backend), host = KINDS[kind], recorded("careless-26.1")
    target = Facts(replace(host, answers=host.answers | answers, backend=backend), policy)
    for control in controls():
        names, later = inspect.signature(control).parameters, later_in(control)
        with contextlib.suppress(EvidenceError, NotApplicable):
            judge(control, {each: target.given(each, later) for each in names}, kind)
    assert undeclared_reading == []


@pytest.mark.parametrize("kind", ["host", "container", "compose"])
def test_evidence_is_of_what_was_handed(kind: str) -> None:
    """A control names the probes of the facts that it can reach, and no others; each of them names some."""
    for control in controls():
        arguments = tuple(inspect.signature(control).parameters)
        named = set(evidence_of(arguments, kind))
        assert named, control.__name__
        assert named <= ({"compose_file"} if kind == "compose" else _in_reach(arguments))


def _in_reach(names: tuple[str, ...]) -> set[str]:
    """The probes of all facts that these are made from, on a target of any kind."""
    reached = {*names, "kind"}
    while more := {need for each in _facts(reached) for need in each.needs} - reached:
        reached |= more
    return {probe.name for each in _facts(reached) for probe in each.probes}


def _facts(names: set[str]) -> list[Fact]:
    return [known[name] for known in (FACTS, INSIDE, FROM_FILE) for name in names if name in known]
