"""What takes long, in the night: `tox -e nightly`. A sample of the damages is in every run.

No damage inside an answer makes a control pass, or break; and small changes of the code are noticed by a self-test.
"""

import re

import pytest
from msgspec.structs import replace

from hullcheck.facts import PROBES
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from selftests import REPOSITORY
from selftests.corpus.judged import recording_of
from selftests.kit.damage import Damage, Judge, require_none
from selftests.kit.facts.containers import answer

DEMO = REPOSITORY / "inventories" / "demo"
SAMPLE, LONG = 3, 1800
"""Seconds of damaging."""


def _recording(name: str) -> Recording:
    return Recording.load(DEMO / name, PROBES)


@pytest.mark.parametrize("seconds", [SAMPLE, pytest.param(LONG, marks=pytest.mark.nightly)], ids=["sample", "long"])
@pytest.mark.parametrize("name", ["careless", "hardened"])
def test_damage_is_never_a_pass(name: str, seconds: int) -> None:
    """What a damaged answer says of a subject that fails is an error, or as before; the seed is in the message."""
    require_none(_recording(name), seconds)


@pytest.mark.nightly
@pytest.mark.parametrize("host", ["swarm-26.1", "images-28.5", "daemon-two-daemons-26.1", "rootless-26.1"])
def test_damage_of_other_hosts(host: str) -> None:
    """A swarm, many images, two engines and a rootless one."""
    require_none(recording_of(host), LONG)


def test_control_that_does_not_notice_is_found() -> None:
    """An answer that is empty, and says so itself, is noticed by what docker info counts alone."""
    recording = _recording("careless")
    info = recording.answers["engine"]
    uncounted = replace(info, stdout=re.sub(r'"Containers":\d+', '"Containers":0', info.stdout))
    judge = Judge(replace(recording, answers={**recording.answers, "engine": uncounted}), Policy())
    faults = list(judge.faults(Damage("containers", "empty", answer().stdout)))
    assert {each.kind for each in faults} == {"false pass", "vanished"}
    assert not list(Judge(recording, Policy()).faults(Damage("containers", "empty", "")))


@pytest.mark.nightly
def test_changes_of_the_code_are_noticed() -> None:
    """A sample of one in a hundred: 85 % of them."""
    from selftests.project import mutants

    assert mutants.main(["--share=0.01", "--least=0.85"]) == 0
