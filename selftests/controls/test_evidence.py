"""What a result names as evidence is at least what was read, and at most what was handed; its lines show the reason."""

import contextlib
import inspect
import re

import pytest
from msgspec.structs import replace

from hullcheck.controls.judge import judge
from hullcheck.evidence import Evidence
from hullcheck.facts import PROBES, Facts
from hullcheck.facts.registry import FACTS, FROM_FILE, INSIDE, Fact, evidence_of, later_in
from hullcheck.policy import DockerBench, Policy, ScanReports
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable, Verdict
from selftests.corpus import judged
from selftests.corpus.description import descriptions
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


UNSAID = {"daemon_remaps_users", "containers_gain_no_new_privileges_by_default"}  # what is off is no SecurityOption
UNSAID |= {"host_logs_are_collected_centrally", "something_watches_the_containers"}  # no such process or unit is there
UNSAID |= {"container_opens_no_privileged_port", "container_ports_are_bound_to_an_address"}  # ports of a service
COMMON = set(re.findall(r"\w+", "the is are and or of in on to by not no it ha have with for host config docker"))


def test_lines_that_decided_show_the_reason() -> None:
    """The marked lines of each failure in the corpus share a word with the reason, or name the subject."""
    silent, known = set[str](), {judged.key_of(each): each for each in controls()}
    for host in descriptions().values():
        evidence = Evidence(recording := judged.recording_of(host.name))
        for (key, _, _), finding in judged.findings_on(host, recording).items():
            if finding.verdict is Verdict.FAIL:
                name, probes = known[key].__name__[5:], evidence_of(inspect.signature(known[key]).parameters, "host")
                lines = evidence.deciding(name, probes, finding)
                raw = [recording.answers[each.probe].stdout.split("\n")[each.number] for each in lines]
                said = _letters(" ".join(f"{each.text} {each.meaning}" for each in lines))
                if not said & _letters(finding.reason) and not any(finding.subject in each for each in raw):
                    silent.add(name)
    assert silent == UNSAID


def _letters(text: str) -> set[str]:
    apart = f"{text} {re.sub('(?<=[a-z])(?=[A-Z])', ' ', text)}".lower()
    return {each.removesuffix("s") for each in re.findall(r"[a-z]{2,}|\d+", apart)} - COMMON
