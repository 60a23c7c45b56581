"""No damage inside an answer makes a control pass, or break: a sample of all damages, another one each time.

`tox -e damage` tries all of them, for up to an hour.
"""

import os
import re
from dataclasses import replace

import pytest

from hullcheck.facts import PROBES
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.verdicts import Verdict
from selftests import REPOSITORY
from selftests.kit.damage import Damage, Judge, require_none
from selftests.kit.facts.containers import answer

SECONDS = int(os.environ.get("HULLCHECK_DAMAGE_SECONDS", "30"))  # for each recording
DEMO = REPOSITORY / "inventories" / "demo"
RECORDINGS = REPOSITORY / "reports" / "damage"
"""Further kinds of hosts, where `bench/make_recordings.py` has made them; they are of a machine, and none of git's."""
LONG = "HULLCHECK_DAMAGE_SECONDS" in os.environ
SOUND = ("careless", "hardened")
ALL = (*SOUND, *sorted(path.name for path in RECORDINGS.glob("*/")))
"""The further ones are made and tried where the laboratory is, too: `selftests/lab/audit_runs/test_damage.py`."""


def _recording(name: str) -> Recording:
    return Recording.load((DEMO if (DEMO / name).exists() else RECORDINGS) / name, PROBES)


@pytest.mark.parametrize("name", ALL if LONG else SOUND)
def test_damage_is_never_a_pass(name: str) -> None:
    """What a damaged answer says of a subject that fails is an error, or as before; the seed is in the message."""
    require_none(_recording(name), SECONDS)


@pytest.mark.parametrize("name", ALL)
def test_recording_is_of_a_host(name: str) -> None:
    """It is whole, and of its kind; nothing in it belongs to the machine on which it was made."""
    recording = _recording(name)
    verdicts = [each.verdict for found in Judge(recording, Policy()).sound.values() for each in found]
    assert verdicts.count(Verdict.FAIL) > (5 if name != "inside" else 0)
    said = "".join(each.stdout for each in recording.answers.values())
    assert not re.findall("/tmp/hullcheck|/home/(?!ann)[a-z]+", said)


def test_control_that_does_not_notice_is_found() -> None:
    """An answer that is empty, and says so itself, is noticed by what docker info counts alone."""
    recording = _recording("careless")
    info = recording.answers["engine"]
    uncounted = replace(info, stdout=re.sub(r'"Containers":\d+', '"Containers":0', info.stdout))
    judge = Judge(replace(recording, answers={**recording.answers, "engine": uncounted}), Policy())
    faults = list(judge.faults(Damage("containers", "empty", answer().stdout)))
    assert {each.kind for each in faults} == {"false pass", "vanished"}
    assert not list(Judge(recording, Policy()).faults(Damage("containers", "empty", "")))
