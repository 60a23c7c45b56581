"""What of the kernel's settings is open to a container."""

from __future__ import annotations

import pytest

from hullcheck.facts.containers.mounts import settings
from hullcheck.parsing.proc import mountinfo
from selftests.kit.facts.container_host import ContainerHost

READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


@pytest.mark.parametrize(
    ("paths", "changes", "verdict"),
    [
        (READ_ONLY, {}, "pass"),
        (["/proc"], {}, "pass"),
        (None, {}, "pass"),
        ([], {}, "manual"),
        (["/proc/bus"], {}, "manual"),
        ([], {"UsernsMode": "host"}, "manual"),
    ],
)
def test_settings_of_the_kernel_at_the_next_start(
    world: ContainerHost, paths: list[str] | None, changes: dict[str, str], verdict: str
) -> None:
    """5.6: a container that does not run was asked for with read-only paths or without."""
    world.stop()
    world.config.update({"ReadonlyPaths": paths, **changes})
    found, reason = world.judge("5.6")
    assert found == verdict
    assert ("/proc/sys (writable)" in reason) == (verdict == "manual")
    world.config["Privileged"] = True
    assert world.judge("5.6")[0] == "pass"  # it can do all of it: see 5.5


def test_settings_of_the_kernel_of_a_remapped_engine(world: ContainerHost) -> None:
    """5.6: root of the container is nobody to the host."""
    world.stop()
    world.config["ReadonlyPaths"] = []
    world.info |= {"DockerRootDir": "/var/lib/docker/100000.100000"}
    world.info["SecurityOptions"] = [*world.info["SecurityOptions"], "name=userns"]
    assert world.judge("5.6")[0] == "pass"
    world.config["UsernsMode"] = "host"
    assert world.judge("5.6")[0] == "manual"


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize(
    ("left", "hidden", "reason"),
    [
        ("/proc/sysrq-trigger", "", "/proc/sysrq-trigger (writable)"),
        ("", "/proc/kcore", "/proc/kcore (readable)"),
    ],
)
def test_parts_of_the_kernel_that_a_container_was_created_with(
    world: ContainerHost, left: str, hidden: str, reason: str, *, running: bool
) -> None:
    """5.6: the API takes lists of its own of what is kept from a container."""
    masked = ["acpi", "kcore", "keys", "sched_debug", "scsi", "timer_list"]
    names = {
        "ReadonlyPaths": READ_ONLY,
        "MaskedPaths": ["/sys/firmware", *(f"/proc/{each}" for each in masked)],
    }
    world.config.update(names)
    if not running:
        world.stop()
    assert world.judge("5.6") == ("pass", "")
    world.config.update(
        {name: [each for each in paths if each not in (left, hidden)] for name, paths in names.items()}
    )
    assert world.judge("5.6") == ("manual", f"has a view of the kernel at {reason}: is it of the host?")


@pytest.mark.parametrize("point", ["/sys", "/proc/sysrq-trigger"])
def test_parts_of_the_kernel_that_somebody_opened(world: ContainerHost, point: str) -> None:
    """5.6: what is mounted there may be read-only no more."""
    for mode, verdict in (("ro", "pass"), ("rw", "manual")):
        world.mounts[1:] = [f"40 30 0:90 /x {point} {mode} - {'sysfs' if point == '/sys' else 'proc'} x rw"]
        assert world.judge("5.6")[0] == verdict


def test_settings_of_which_nothing_is_told() -> None:
    """An engine that lists nothing, and a container without /proc, show none."""
    assert settings.not_asked_for({}) == []
    assert settings.writable(mountinfo.parse(["30 1 0:50 / / rw - overlay overlay rw"])) == []
