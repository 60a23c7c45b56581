"""What shows that Falco sees and reports, step by step."""

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.criteria.judgement import Judgement
from hullcheck.criteria.sensors import falco
from hullcheck.facts.sensors import Reading, Step, Watcher
from hullcheck.verdicts import EvidenceError, Manual

NOW, DAY = 100 * 86400.0, 86400
UNIT = {"Id": "falco.service", "MainPID": "7", "ActiveState": "active", "UnitFileState": "enabled"}
READINGS = (Reading(100, 0, 1, {}), Reading(200, 1, 1, {}))
STATES = {"a": True, "b": False}
RULES = {"/etc/falco/a.yaml": "0123456789abcdef"}


class Falco(Watcher):
    """One of which these are set; what is not set there is none of."""

    drivers = ()
    chosen_calls = ()
    rules: Any = RULES
    rule_states: Any = STATES
    readings: Any = READINGS
    last_snapshot = None
    last_alert = None
    http_host = "alerts.example"


def of(
    step: Step, *, installed: tuple[str, ...] = (), outputs: tuple[str, ...] = (), **more: Any
) -> Judgement:
    """What is said of a step."""
    more["config_value"] = lambda self, section, key: section in outputs if key == "enabled" else "10s"
    watcher = type("Made", (Falco,), more)(7, "/usr/bin/falco", {"Unit": UNIT, "Age": 90 * DAY})
    sensors: Any = SimpleNamespace(installed=lambda tool: installed, of=lambda tool: (watcher,))
    shippers: Any = SimpleNamespace(is_here=lambda host: host == "localhost")
    clock: Any = SimpleNamespace(now=NOW)
    return falco.step(step, sensors, shippers, clock)


@pytest.mark.parametrize(
    ("step", "more", "good", "words"),
    [
        (Step.INSTALLED, {"installed": ("/usr/bin/falco",)}, True, "/usr/bin/falco"),
        (Step.INSTALLED, {}, True, "unit falco.service"),
        (Step.RUNS, {}, True, "Falco runs as process 7 (unit falco.service)"),
        (Step.BOOT, {}, True, "unit falco.service is enabled"),
        (Step.DRIVER, {"drivers": ("/dev/falco0",)}, True, "it holds /dev/falco0"),
        (Step.DRIVER, {}, False, "it holds no eBPF program and no device of its module"),
        (Step.RULES, {"rules": {}}, False, "no file that its configuration names has a rule"),
        (
            Step.RULES,
            {"rule_states": {"a": False}},
            False,
            "all 1 rules are switched off, by its options, its configuration or their files",
        ),
        (
            Step.RULES,
            {},
            True,
            "/etc/falco/a.yaml (sha256 0123456789ab), 1 of 2 rules on; what it loaded of them it does not show",
        ),
        (
            Step.RULES,
            {"readings": (READINGS[0], Reading(1, 0, 0, {"x": "f00"}))},
            False,
            "it has loaded another /etc/falco/a.yaml than lies there",
        ),
        (Step.EVENTS, {}, True, "100 events between two readings, 1 lost"),
        (Step.EVENTS, {"readings": READINGS[:1] * 2}, False, "it sees nothing: 100 events at both readings"),
        (
            Step.EVENTS,
            {"readings": (READINGS[1], Reading(90, 1, 1, {}))},
            False,
            "it sees nothing: 90 events at both readings",
        ),
        (
            Step.EVENTS,
            {"readings": (READINGS[0], Reading(101, 0, 1, {}))},
            True,
            "1 events between two readings, 0 lost",
        ),
        (
            Step.EVENTS,
            {"readings": (READINGS[0], Reading(200, 2, 1, {}))},
            False,
            "it lost 2 events, and saw 100",
        ),
        (Step.EVENTS, {"last_snapshot": NOW - 20}, True, "100 events between two readings, 1 lost"),
        (Step.EVENTS, {"last_snapshot": NOW - 21}, False, "it last wrote its counters 21 s ago"),
        (Step.OUTPUT, {}, False, "it has no output"),
        (Step.OUTPUT, {"outputs": ("http_output",)}, True, "its reports go to alerts.example"),
        (Step.EMITTED, {"last_alert": NOW - 3 * DAY}, True, "its file of alerts was written 3 days ago"),
        (Step.EMITTED, {"last_alert": NOW - 30 * DAY}, True, "its file of alerts was written 30 days ago"),
        (Step.EMITTED, {"last_alert": NOW + 300}, True, "its file of alerts was written 0 days ago"),
        (
            Step.EMITTED,
            {"readings": (READINGS[0], Reading(200, 1, 2, {}))},
            True,
            "its rules matched 2 times since it started",
        ),
    ],
)
def test_steps(step: Step, more: dict[str, Any], good: bool, words: str) -> None:
    """Each is done, or not, by what it shows itself."""
    assert of(step, **more) == (good, words)


@pytest.mark.parametrize(
    ("step", "more", "kind"),
    [
        (Step.DRIVER, {"drivers": ("/dev/falco0",), "chosen_calls": ("close",)}, Manual),
        (Step.RULES, {"rule_states": {"a": None}}, EvidenceError),
        (Step.EVENTS, {"readings": None}, EvidenceError),
        (Step.EVENTS, {"readings": (READINGS[0], Reading(200, None, 1, {}))}, EvidenceError),
        (Step.EVENTS, {"last_snapshot": NOW + 301}, EvidenceError),
        (Step.OUTPUT, {"outputs": ("http_output",), "http_host": "localhost"}, Manual),
        (Step.OUTPUT, {"outputs": ("syslog_output",)}, Manual),
        (Step.EMITTED, {}, Manual),
        (Step.EMITTED, {"readings": None}, Manual),
        (Step.EMITTED, {"last_alert": NOW - 30 * DAY - 1}, Manual),
        (Step.EMITTED, {"readings": (READINGS[0], Reading(200, 1, 0, {}))}, Manual),
        (Step.EMITTED, {"last_alert": NOW + 301}, EvidenceError),
    ],
)
def test_steps_that_only_a_person_can_tell(step: Step, more: dict[str, Any], kind: type[Exception]) -> None:
    """What it does not show is no failure: it is unknown, or a person has to look."""
    with pytest.raises(kind):
        of(step, **more)


def test_outputs_by_name() -> None:
    """Of several that a person has to follow each is named, and the address of the one that has an address."""
    with pytest.raises(Manual, match=r"^http_output to localhost, syslog_output: what takes that"):
        of(Step.OUTPUT, outputs=("syslog_output", "http_output"), http_host="localhost")
