"""Limits by the files of control groups."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import pytest

from hullcheck.parsing.proc import cgroups
from hullcheck.verdicts import EvidenceError

V1 = ("4:cpu,cpuacct:/a/b", "5:memory:/a:b", "0::/a/b")
V2 = ("0::/a/b",)
TOP = "/sys/fs/cgroup"
CPU, MEMORY = f"{TOP}/cpu,cpuacct/a/b", f"{TOP}/memory/a:b"


def limits(groups: Sequence[str], files: Mapping[str, str], *, own: bool = True) -> dict[str, float | None]:
    """Every limit that can be read."""
    found = {}
    for name in ("memory", "processes", "cpus", "cpu_weight"):
        with contextlib.suppress(EvidenceError):
            found[name] = cgroups.read(name, groups, {path: (text,) for path, text in files.items()}, own=own)
    return found


@pytest.mark.parametrize(
    ("groups", "files", "name", "expected"),
    [
        # a quota of v1 is a part of its period, which is 100 ms by default
        (V1, {f"{CPU}/cpu.cfs_quota_us": "50000", f"{CPU}/cpu.cfs_period_us": "200000"}, "cpus", 0.25),
        (V1, {f"{CPU}/cpu.cfs_quota_us": "50000"}, "cpus", 0.5),
        (V1, {f"{CPU}/cpu.cfs_quota_us": "-1"}, "cpus", None),
        (V2, {f"{TOP}/a/b/cpu.max": "1 4", f"{TOP}/a/cpu.max": "max 4"}, "cpus", 0.25),
        (V1, {f"{CPU}/cpu.shares": "2"}, "cpu_weight", 1),
        (V1, {f"{CPU}/cpu.shares": "1024", f"{TOP}/cpu,cpuacct/a/cpu.shares": "2"}, "cpu_weight", None),
        (V2, {f"{TOP}/unified/a/b/cpu.weight": "7"}, "cpu_weight", 1),
        (V2, {f"{TOP}/a/b/cpu.weight": "100", f"{TOP}/a/cpu.weight": "7"}, "cpu_weight", None),
        # the name of a group may have a colon; the lowest limit on the way up is the one that holds
        (V1, {f"{MEMORY}/memory.limit_in_bytes": str(1 << 60)}, "memory", None),
        (V1, {f"{MEMORY}/memory.limit_in_bytes": str((1 << 60) - 1)}, "memory", (1 << 60) - 1),
        (V2, {f"{TOP}/a/b/memory.max": "max", f"{TOP}/a/memory.max": "5"}, "memory", 5),
        # the controllers that v1 has not are in the unified hierarchy
        (V1, {f"{TOP}/unified/a/b/pids.max": "7", f"{TOP}/unified/a/pids.max": "6"}, "processes", 6),
        (V1, {f"{TOP}/unified/a/b/cgroup.controllers": ""}, "processes", None),
    ],
)
def test_limits_by_their_files(
    groups: Sequence[str], files: dict[str, str], name: str, expected: float | None
) -> None:
    """Each limit comes from its own files of the own group and of those above."""
    assert limits(groups, files)[name] == expected


def test_limits_that_cannot_be_read() -> None:
    """What has no files of its own group is no evidence, nor is what is no number."""
    assert limits(V1, {f"{TOP}/unified/a/b/cpu.max": "1 4"}) == {}
    for said in ("ma", "", "1e3", "10 20"):
        with pytest.raises(EvidenceError, match="which is no limit"):
            cgroups.read("processes", ["6:pids:/x"], {f"{TOP}/pids/x/pids.max": (said,)})
    with pytest.raises(EvidenceError, match="control group for pids"):
        cgroups.read("processes", V2, {})


@pytest.mark.parametrize(
    ("group", "files", "expected"),
    [
        ("/a/b", {f"{TOP}/a/b/pids.max": "7"}, None),
        ("/a/b", {f"{TOP}/a/b/pids.max": "7", f"{TOP}/a/pids.max": "9"}, 9),
        ("/user.slice/user-0.slice/b", {f"{TOP}/user.slice/user-0.slice/pids.max": "9"}, None),
    ],
)
def test_limits_of_the_groups_above(group: str, files: dict[str, str], expected: float | None) -> None:
    """What systemd gives to a unit of its own accord does not count, and what was set above it does."""
    assert limits([f"0::{group}"], files, own=False).get("processes") == expected
    v1 = {path.replace("/cgroup/", "/cgroup/pids/"): text for path, text in files.items()}
    assert limits([f"6:pids:{group}", "0::/"], v1, own=False).get("processes") == expected
