"""What holds the processes of a container."""

from __future__ import annotations

import pytest

from hullcheck.policy import Policy
from selftests.kit.facts.container_host import OWN, STATUS, ContainerHost


@pytest.mark.parametrize("number", ["5.11", "5.12", "5.29"])
def test_control_groups_that_may_not_be_read(world: ContainerHost, number: str) -> None:
    """A limit that is set passes only where its control group shows it."""
    world.config.update({"Memory": 1 << 30, "PidsLimit": 100, "NanoCpus": 5 * 10**8})
    world.groups = {"memory.max": str(1 << 30), "pids.max": "100", "cpu.max": "50000 100000"}
    assert world.judge(number)[0] == "pass"
    world.groups = {}
    assert world.judge(number)[0] == "error"
    world.groups = {"cgroup.controllers": ""}
    assert world.judge(number)[0] == "fail"
    world.groups = {"memory.max": str(1 << 30), "pids.max": "100", "cpu.max": "50000 100000"}
    world.info["CgroupDriver"] = "none"
    assert "in force, though" in world.judge(number)[1]


@pytest.mark.parametrize("number", ["5.11", "5.12", "5.25", "5.29"])
@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (("0::/docker/{id}",), "pass"),
        (("0::/docker/{id}/init.scope",), "pass"),
        (("0::/",), "fail"),
        (("0::/free/{id}",), "fail"),
        (("8:memory:/", "7:pids:/", "6:cpu:/", "0::/docker/{id}"), "fail"),
        (("8:memory:/docker/{id}", "7:pids:/docker/{id}", "6:cpu,cpuacct:/docker/{id}", "0::/"), "pass"),
    ],
)
def test_process_that_left_its_control_group(
    world: ContainerHost, number: str, groups: tuple[str, ...], expected: str
) -> None:
    """A limit holds what is in its control group; one process elsewhere may use all that the host has."""
    world.config.update({"Memory": 1 << 30, "PidsLimit": 100, "NanoCpus": 5 * 10**8})
    world.groups = {"memory.max": str(1 << 30), "pids.max": "100", "cpu.max": "50000 100000"}
    world.status[60] = STATUS | {"Name": "miner", "PPid": "100"}
    world.cgroups[60] = tuple(each.format(id="a" * 64) for each in groups)
    world.programs[60] = "/tmp/miner"
    assert world.judge(number)[0] == expected
    if expected == "fail":
        said = "outside of its control group, where no limit of it holds: miner (pid 60)"
        assert world.judge(number)[1] == said
        del world.programs[60]  # it is gone a moment later: version 1 shows what has ended in no group
        assert world.judge(number)[0] == "pass"
        world.programs[60] = ""  # a zombie has no program, as one that the auditor may not see
        assert world.judge(number)[0] == "pass"
        world.links = {name: inode for name, inode in OWN.items() if name != "pid"}
        world.status[60]["PPid"] = "100"
        assert world.judge(number)[0] == "error"
        del world.programs[60]
        assert world.judge(number)[0] == "pass"


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (("5:devices:/docker/{id}", "0::/"), ("pass", "pass")),
        (("5:devices:/", "0::/docker/{id}"), ("fail", "fail")),
        (("5:blkio:/", "4:devices:/docker/{id}", "0::/docker/{id}"), ("pass", "fail")),
        (("0::/",), ("fail", "fail")),
    ],
)
def test_process_that_left_the_group_of_another_controller(
    world: ContainerHost, groups: tuple[str, ...], expected: tuple[str, str]
) -> None:
    """5.18, 5.25: in the topmost group of devices it may open every device of the host."""
    world.status[60] = STATUS | {"Name": "miner", "PPid": "100"}
    limits = [f"{number}:{each}:/docker/{{id}}" for number, each in enumerate(("memory", "pids", "cpu"), 6)]
    world.cgroups[60] = tuple(
        each.format(id="a" * 64) for each in (*groups, *(limits if len(groups) > 1 else ()))
    )
    world.programs[60] = "/tmp/miner"
    assert (world.judge("5.18")[0], world.judge("5.25")[0]) == expected


def test_process_limit_of_every_unit(world: ContainerHost) -> None:
    """5.29: what systemd gives to each unit by default is no limit of the container's."""
    world.groups = {"pids.max": "1190"}
    assert world.judge("5.29") == ("pass", "held by its control groups, though none is set")
    world.info["CgroupDriver"] = "systemd"
    assert world.judge("5.29") == ("fail", "no process limit is in force, and none is set")
    world.config["PidsLimit"] = 1190
    assert world.judge("5.29")[0] == "pass"


def test_number_of_processes_that_was_set(world: ContainerHost) -> None:
    """5.29: with systemd the own group counts where a limit was asked for, be it a single process."""
    world.groups = {"pids.max": "1"}
    world.info["CgroupDriver"] = "systemd"
    world.config["PidsLimit"] = 1
    assert world.judge("5.29")[0] == "pass"


NOFILE = {"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 2048}
CORE = {"type": "RLIMIT_CORE", "soft": (1 << 64) - 1, "hard": (1 << 64) - 1}


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ([NOFILE], ""),
        ([], "nofile=not set"),
        ([NOFILE | {"hard": 4096}], "nofile=1024:4096"),
        ([NOFILE, CORE], "core=-1:-1"),
    ],
)
def test_ulimits_of_another_start(world: ContainerHost, held: list[dict[str, object]], said: str) -> None:
    """5.19: what it was started with counts, and the engine names the defaults of today's daemon."""
    world.daemon.default_ulimits = ("nofile=1024:2048",)
    world.config["Ulimits"] = [{"Name": "nofile", "Soft": 1024, "Hard": 2048}]
    world.start_with(rlimits=held)
    older = f"runs with {said}, as a daemon with other defaults started it"
    assert world.judge("5.19") == (("fail", older) if said else ("pass", ""))
    world.policy = Policy(allowed_ulimits=("core", "nofile"))
    assert world.judge("5.19")[0] == "pass"


def test_ulimits_that_may_not_be_seen(world: ContainerHost) -> None:
    """5.19: the engine's word is enough only where the container cannot have outlived a daemon."""
    world.config["Ulimits"] = []
    assert world.judge("5.19")[0] == "pass"
    world.daemon.started = (2e9, 2e9)
    assert world.judge("5.19") == (
        "error",
        "it was started before the daemon, whose default ulimits may have been others",
    )
    world.start_with(rlimits=[])
    assert world.judge("5.19")[0] == "pass"
