"""What is known of how a container runs: what the kernel counted, and since when it has been running."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.probe import CONTAINERS
from hullcheck.parsing.proc import cgroups
from hullcheck.policy import Policy
from hullcheck.verdicts import EvidenceError
from selftests.kit.cases import recorded

STARTED = "2026-06-30T12:00:00.5Z"
"""1,782,820,800 seconds and a half since the epoch."""


def container(name: str = "web", change: Callable[[str, str], str] = lambda text, _: text) -> Container:
    """A recorded container, where the answer is changed by its text and the id."""
    recording = recorded("userns-26.1")
    found: Container = dict(Facts(recording, Policy()).container)[name]
    answer = recording.answers[CONTAINERS.name]
    answer = replace(answer, stdout=CONTAINERS.keep(change(answer.stdout, found.id)))
    known = Facts(replace(recording, answers={**recording.answers, answer.name: answer}), Policy())
    changed: Container = dict(known.container)[name]
    return changed


def counted(name: str = "web", **files: str) -> Container:
    """The container with these files in the folders `memory` and `pids` of its own control group, or `above` it."""

    def change(text: str, identifier: str) -> str:
        lines = ""
        for file, value in files.items():
            controller, count = file.removeprefix("above_").split("_", 1)
            group = "docker" if file.startswith("above_") else f"docker/{identifier}"
            lines += f"/sys/fs/cgroup/{controller}/{group}/{controller}.{count}:{value}\n"
        return text.replace("\n--paths\n", f"\n{lines}--paths\n")

    return container(name, change)


@pytest.mark.parametrize(
    ("files", "memory", "pids"),
    [
        ({}, None, None),
        ({"memory_peak": "300", "memory_current": "200", "pids_peak": "7", "pids_current": "5"}, 300, 7),
        ({"memory_current": "200", "pids_current": "5"}, 200, 5),
        ({"memory_max_usage_in_bytes": "250", "memory_current": "200"}, 250, None),
        ({"above_memory_peak": "900", "above_pids_peak": "90"}, None, None),
    ],
)
def test_what_the_kernel_counted(files: dict[str, str], memory: int | None, pids: int | None) -> None:
    """The peak, or else what there is now, of the container's own group alone."""
    runtime = counted(**files).runtime
    assert (runtime.peak_memory, runtime.peak_pids) == (memory, pids)


def test_count_that_is_damaged() -> None:
    """It is an error; of a container that does not run nothing is counted."""
    with pytest.raises(EvidenceError, match="'lots'"):
        _ = counted(memory_peak="lots").runtime.peak_memory
    assert counted("created", memory_peak="1").runtime.peak_memory is None


def test_main_process_in_a_group_below() -> None:
    """Systemd and Podman put it there, and the container's own group is the one with its id."""
    top = "/sys/fs/cgroup/x"
    counts = {f"{top}/libpod-ab.scope/init.scope": "2", f"{top}/libpod-ab.scope": "9", top: "50"}
    files = {f"{group}/pids.peak": (count,) for group, count in counts.items()}
    assert cgroups.peak("pids", ["0::/x/libpod-ab.scope/init.scope"], files, "ab") == 9


def since(started: str, name: str = "web") -> Container:
    """The container that was started at this time."""
    return container(name, lambda text, _: text.replace('"State":{', f'"State":{{"StartedAt":"{started}",'))


def test_age() -> None:
    """It is counted to the time of the recording; without a time, or while it does not run, it is unknown."""
    web = since(STARTED)
    assert (web.started_at, web.age(1_782_820_860.5), web.age(0)) == (1_782_820_800.5, 60, 0)
    assert since(STARTED, "created").age(1_782_820_860) is None
    for unknown in (container(), since("0001-01-01T00:00:00Z"), since("yesterday")):
        assert (unknown.started_at, unknown.age(1_782_820_860)) == (None, None)
