"""What a result names as evidence is at least what was read, and at most what the control was handed."""

from __future__ import annotations

import contextlib
import inspect
from functools import cache

import pytest
from msgspec.structs import replace

from hullcheck.controls.judge import judge
from hullcheck.facts import PROBES, Facts
from hullcheck.facts.registry import FACTS, FROM_FILE, INSIDE, Fact, evidence_of, later_in
from hullcheck.policy import DockerBench, Policy, ScanReports
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests import REPOSITORY
from selftests.kit.facts import PRESENT, in_parts
from selftests.kit.judging import controls

FAILED = {each.name: Answer(each.name, 1, "", "no") for each in PROBES}
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
    made["bare"] = replace(
        some, answers={**some.answers, PRESENT.name: replace(PRESENT, stdout=in_parts(presence=""))}
    )
    made["container"] = replace(made["bare"], backend="docker")
    return made


@pytest.mark.parametrize("policy", POLICIES, ids=("silent", "policy"))
@pytest.mark.parametrize("name", recordings())
def test_evidence_is_what_was_read(name: str, policy: Policy, undeclared_reading: list[str]) -> None:
    """Whatever a control asks of a fact, that reads no probe which it does not name.

    This is so for every recording of every self-test: the fixture notes it in all of them.
    """
    target = Facts(recordings()[name], policy)
    for control in controls():
        with contextlib.suppress(EvidenceError, NotApplicable):
            handed = {
                each: target.given(each, later_in(control)) for each in inspect.signature(control).parameters
            }
            judge(control, handed, name)
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


def test_undeclared_reading_is_seen(undeclared_reading: list[str]) -> None:
    """A fact that looks for an answer that it does not name is found out."""
    curious = Fact("curious", lambda recording: recording.text(PROBES[0]), ("recording",), frozenset(), ())
    target = Facts(recordings()["silent"], Policy())
    with pytest.raises(EvidenceError):
        curious.make(target._handed("recording", curious))
    assert undeclared_reading == [f"curious reads {PROBES[0].name}"]
    undeclared_reading.clear()
