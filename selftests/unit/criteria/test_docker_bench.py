"""Whether docker-bench-security says what is so."""

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.criteria.docker_bench import agreement
from hullcheck.criteria.judgement import Judgement
from hullcheck.facts.docker_bench import Run
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects
from hullcheck.verdicts import Manual

NOW = 1000.0


class Setting(SimpleNamespace):
    """A setting in words."""

    def __str__(self) -> str:
        """Its value."""
        return f"it is {self.value}"


def judged(results: dict[str, str], *, icc: bool = True, started: float = 0.0, swarm: str = "") -> Judgement:
    """What is said of a log with these results, of a daemon without containers."""
    values = {"icc": icc, "no-new-privileges": True, "live-restore": False, "userland-proxy": False}
    engine = SimpleNamespace(value=lambda *keys: swarm)
    process = SimpleNamespace(started=(started, started))
    daemon: Any = SimpleNamespace(
        engine=engine, process=process, default_bridge={}, setting=lambda name: Setting(value=values[name])
    )
    run = Run("1.6.0", frozenset("1234567"), results, NOW, NOW)
    nothing = Later(lambda: Subjects[Any]("file", ()))
    return agreement(run, daemon, nothing, nothing)


def test_log_that_says_what_is_so() -> None:
    """A warning about a flaw, and a pass of what is good; what passes in the log and is bad is named."""
    assert judged({"2.2": "WARN"}) == (True, "the same is found here for 2.2")
    assert judged({"2.2": "PASS"}) == (False, "its log says PASS, which is not so: 2.2: it is True")
    assert judged({"2.2": "PASS"}, icc=False).good


@pytest.mark.parametrize(
    ("results", "more", "words"),
    [
        ({"2.2": "WARN"}, {"icc": False}, "it warned about what is good now: 2.2"),
        ({"2.2": "PASS"}, {"started": NOW + 1}, "nothing in its log can be compared"),
        ({}, {}, "nothing in its log can be compared"),
    ],
)
def test_log_that_a_person_has_to_read(results: dict[str, str], more: dict[str, Any], words: str) -> None:
    """What was mended since, and what is younger than the run, proves nothing of the tool."""
    with pytest.raises(Manual, match=words):
        judged(results, **more)
