"""Limits by the files of control groups."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import pytest

from hullcheck.parsing.proc import cgroups
from hullcheck.verdicts import EvidenceError


def test_limits_of_both_versions() -> None:
    """The lowest limit on the way up is the one that holds; "max" and the largest number of v1 are none."""
    v1 = ["5:memory:/docker/x", "6:pids:/docker/x", "7:cpu,cpuacct:/docker/x", "0::/docker/x"]
    top = "/sys/fs/cgroup"
    files = {
        f"{top}/memory/docker/x/memory.limit_in_bytes": ("9223372036854771712",),
        f"{top}/memory/docker/memory.limit_in_bytes": ("1000000",),
        f"{top}/pids/docker/x/pids.max": ("max",),
        f"{top}/cpu,cpuacct/docker/x/cpu.shares": ("512",),
        f"{top}/cpu,cpuacct/docker/x/cpu.cfs_quota_us": ("-1",),
        f"{top}/unified/docker/x/cgroup.controllers": ("",),
    }
    found = {name: cgroups.read(name, v1, files) for name in ("memory", "processes", "cpus", "cpu_weight")}
    assert found == {"memory": 1000000, "processes": None, "cpus": None, "cpu_weight": 1}
    del files[f"{top}/memory/docker/memory.limit_in_bytes"]
    assert cgroups.read("memory", v1, files) is None
    del files[f"{top}/pids/docker/x/pids.max"]
    with pytest.raises(EvidenceError, match="control group for pids"):
        cgroups.read("processes", v1, files)


def _limits(groups: Sequence[str], files: Mapping[str, str], *, own: bool = True) -> dict[str, float | None]:
    """Every limit that can be read."""
    found = {}
    for name in ("memory", "processes", "cpus", "cpu_weight"):
        with contextlib.suppress(EvidenceError):
            found[name] = cgroups.read(name, groups, {path: (text,) for path, text in files.items()}, own=own)
    return found


def _in_v1(**files: str) -> dict[str, str]:
    """Files of the control groups of a container under cgroup v1; `__` stands for the dot."""
    return {f"/sys/fs/cgroup/cpu,cpuacct/a/b/{name.replace('__', '.')}": text for name, text in files.items()}


V1 = ("4:cpu,cpuacct:/a/b", "5:memory:/a:b", "0::/a/b")


LIMITS: list[tuple[Sequence[str], dict[str, str], dict[str, float | None]]] = [
    # a quota of v1 is a part of its period, which is 100 ms where nothing is said
    (V1, _in_v1(cpu__cfs_quota_us="50000", cpu__cfs_period_us="200000"), {"cpus": 0.25}),
    (V1, _in_v1(cpu__cfs_quota_us="50000"), {"cpus": 0.5}),
    (V1, _in_v1(cpu__cfs_quota_us="1"), {"cpus": 1e-5}),
    (V1, _in_v1(cpu__cfs_quota_us="0"), {"cpus": None}),
    (V1, _in_v1(cpu__shares="1024"), {"cpu_weight": None}),
    (V1, _in_v1(cpu__shares="2"), {"cpu_weight": 1}),
    # a share counts for the own group alone
    (V1, _in_v1(cpu__shares="1024") | {"/sys/fs/cgroup/cpu,cpuacct/a/cpu.shares": "2"}, {"cpu_weight": None}),
    # the name of a group may have a colon
    (V1, {"/sys/fs/cgroup/memory/a:b/memory.limit_in_bytes": "5"}, {"memory": 5}),
    (V1, {"/sys/fs/cgroup/memory/a:b/memory.limit_in_bytes": str(1 << 60)}, {"memory": None}),
    (V1, {"/sys/fs/cgroup/memory/a:b/memory.limit_in_bytes": str((1 << 60) - 1)}, {"memory": (1 << 60) - 1}),
    # the controllers that v1 has not are in the unified hierarchy
    (V1, {"/sys/fs/cgroup/unified/a/b/pids.max": "7"}, {"processes": 7}),
    (V1, {"/sys/fs/cgroup/unified/a/pids.max": "6"}, {"processes": 6}),
    (V1, {"/sys/fs/cgroup/unified/a/b/cpu.max": "1 4"}, {}),
    (("0::/a/b",), {"/sys/fs/cgroup/unified/a/b/cpu.weight": "7"}, {"cpu_weight": 1}),
    (("0::/a/b",), {"/sys/fs/cgroup/unified/a/b/cpu.weight": "100"}, {"cpu_weight": None}),
    (("0::/a/b",), {"/sys/fs/cgroup/a/b/cpu.weight": "7"}, {"cpu_weight": 1}),
    (
        ("0::/a/b",),
        {"/sys/fs/cgroup/unified/a/b/cpu.weight": "100", "/sys/fs/cgroup/unified/a/cpu.weight": "7"},
        {"cpu_weight": None},
    ),
    (
        ("0::/a/b",),
        {"/sys/fs/cgroup/a/b/cpu.weight": "100", "/sys/fs/cgroup/a/cpu.weight": "7"},
        {"cpu_weight": None},
    ),
]


@pytest.mark.parametrize(("groups", "files", "expected"), LIMITS)
def test_limits_by_their_files(
    groups: Sequence[str], files: dict[str, str], expected: dict[str, float | None]
) -> None:
    """Each limit comes from its own files of the own group and of those above; what has none is no evidence."""
    found = _limits(groups, files)
    assert {name: found[name] for name in expected} == expected
    assert set(found) - {"cpus", "cpu_weight"} == set(expected) - {"cpus", "cpu_weight"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/sys/fs/cgroup/a/b/pids.max": "7"}, None),
        ({"/sys/fs/cgroup/a/b/pids.max": "7", "/sys/fs/cgroup/a/pids.max": "9"}, 9),
        ({"/sys/fs/cgroup/user.slice/user-0.slice/pids.max": "9"}, None),
    ],
)
def test_limits_of_the_groups_above(files: dict[str, str], expected: float | None) -> None:
    """What systemd gives to a unit of its own accord does not count, and what was set above it does."""
    groups = ["0::/user.slice/user-0.slice/b"] if "user" in str(files) else ["0::/a/b"]
    assert _limits(groups, files, own=False).get("processes") == expected
    v1 = {path.replace("/cgroup/", "/cgroup/pids/"): text for path, text in files.items()}
    assert _limits(["6:pids:" + groups[0][3:], "0::/"], v1, own=False).get("processes") == expected


@pytest.mark.parametrize("said", ["ma", "", "1e3", "10 20"])
def test_limit_that_is_no_number(said: str) -> None:
    """It is an error that says so, and no limit."""
    path = "/sys/fs/cgroup/pids/docker/x/pids.max"
    with pytest.raises(EvidenceError, match="which is no limit"):
        cgroups.read("processes", ["6:pids:/docker/x"], {path: (said,)})
