"""Whether a process is the tool that it seems to be, and comes back after a boot."""

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.criteria.sensors.watchers import genuine, start_with_host
from hullcheck.facts.sensors import Watcher
from hullcheck.facts.sensors.tools import SYSDIG
from hullcheck.verdicts import Manual

AGENT = "/opt/draios/bin/dragent"


def process(pid: int = 7, executable: str = AGENT, **unit: str) -> Watcher:
    """One on the host."""
    usual = {"Id": "dragent.service", "MainPID": "7", "ActiveState": "active", "UnitFileState": "enabled"}
    return Watcher(pid, executable, {"Unit": usual | unit})


def halted() -> Watcher:
    """One on the host that somebody stopped."""
    return Watcher(7, AGENT, dict(process().document) | {"Halted": True})


def contained(
    *origins: str, claims: tuple[str, ...] = (), policy: str = "always", service: str = ""
) -> Watcher:
    """One in a container."""
    configuration = SimpleNamespace(service_id=service, restart_policy=SimpleNamespace(name=policy))
    container: Any = SimpleNamespace(name="agent", configuration=configuration)
    return Watcher(9, AGENT, {"Unit": {}}, container, origins, claims)


def found(*watchers: Watcher) -> tuple[list[Watcher], str]:
    """Which of these are Sysdig's."""
    sensors: Any = SimpleNamespace(of=lambda tool: watchers)
    return genuine(SYSDIG, sensors)


def test_processes_that_are_what_they_seem() -> None:
    """By its program and unit on the host, by the repository of its image in a container; others beside it count."""
    helper = process(8)
    assert found(process(), helper) == ([process(), helper], "")
    for origin in ("docker.io/sysdig/agent", "mirror.example/sysdig/agent-slim"):
        assert found(contained(origin))[1] == ""


@pytest.mark.parametrize(
    ("watcher", "flaw"),
    [
        (None, "no process of Sysdig"),
        (halted(), f"process 7 ({AGENT}) is stopped or frozen: it sees nothing"),
        (process(MainPID="1"), f"process 7 ({AGENT}) is not that of a unit"),
        (process(ActiveState="failed"), f"process 7 ({AGENT}) is not that of a unit"),
        (
            process(executable="/tmp/dragent"),
            "process 7 is /tmp/dragent, which is not where Sysdig is installed",
        ),
        (contained("evil/agent"), f"container agent runs {AGENT}, but its image is from evil/agent"),
        (
            contained(claims=("mine:1",)),
            f"container agent runs {AGENT}, but its image is from no known registry (it is named mine:1)",
        ),
    ],
)
def test_processes_that_are_not(watcher: Watcher | None, flaw: str) -> None:
    """The reason says what it is instead."""
    assert found(*filter(None, [watcher])) == ([], flaw)


@pytest.mark.parametrize("name", ["sysdig/agent:1", "sysdig/agent", "reg.example:5000/sysdig/agent"])
def test_image_from_an_archive(name: str) -> None:
    """An image that is named like the makers' and is from no known registry may be theirs: a person has to say."""
    with pytest.raises(Manual, match="no known registry"):
        found(contained(claims=(name,)))


@pytest.mark.parametrize("name", ["agent:1", "sysdig/other:1", "reg.example:5000/other/agent"])
def test_image_of_another_name_from_an_archive(name: str) -> None:
    """It is not theirs, whatever runs in it."""
    watchers, flaw = found(contained(claims=(name,)))
    assert (watchers, "no known registry" in flaw) == ([], True)


@pytest.mark.parametrize(
    ("watcher", "good", "words"),
    [
        (process(), True, "unit dragent.service is enabled"),
        (process(UnitFileState="static", WantedBy="x"), True, "unit dragent.service is static"),
        (
            process(UnitFileState="static", WantedBy="", RequiredBy="", TriggeredBy=""),
            False,
            "unit dragent.service is static, and no unit starts it",
        ),
        (process(UnitFileState="disabled"), False, "unit dragent.service is disabled"),
        (process(UnitFileState=""), False, "unit dragent.service is not enabled"),
        (contained(), True, "container agent has the restart policy always"),
        (contained(policy="no"), False, "container agent has the restart policy no"),
        (contained(policy="on-failure"), False, "container agent has the restart policy on-failure"),
        (contained(policy="no", service="s"), True, "container agent has the restart policy no"),
    ],
)
def test_start_with_the_host(watcher: Watcher, good: bool, words: str) -> None:
    """By the state of its unit, its restart policy, or the swarm."""
    assert start_with_host(watcher) == (good, words)
