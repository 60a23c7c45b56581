"""Mount tables, control groups and sockets as the kernel shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from hullcheck.parsing.proc import cgroups, mountinfo
from hullcheck.parsing.proc.mountinfo import Mount, MountTable
from hullcheck.parsing.proc.net import listener
from hullcheck.verdicts import EvidenceError

# ---- mountinfo


def test_lines_of_mount_tables() -> None:
    """Every field of a line is read from its place; a line with too few is an error that shows it."""
    first, last = mountinfo.parse(
        [
            "36 35 98:0 /mnt1 /mnt\\0402 ro,noatime master:1 shared:2 - ext3 /dev/ro\\134ot rw,errors=continue",
            "38 35 0:30 /@home /home rw - btrfs /dev/sdb rw,subvolid=5,subvol=/@home",
        ]
    )
    assert first == Mount("98:0", "/mnt1", "/mnt 2", frozenset({"ro", "noatime"}), "ext3", "/dev/ro\\ot", "")
    assert last == Mount("0:30", "/@home", "/home", frozenset({"rw"}), "btrfs", "/dev/sdb", "/@home")
    assert (first.is_whole, last.is_whole) == (False, True)
    for line in ("1 2 0:1 / /x rw proc proc rw", "1 2 0:1 / /x - proc proc rw", ""):
        with pytest.raises(EvidenceError, match="not a line of mountinfo: '"):
            mountinfo.parse([line])


LINES = """\
20 1 8:1 / / rw - ext4 /dev/sda1 rw
21 20 8:2 / /X rw - ext4 /dev/sdb rw
22 20 8:2 /sub /Y rw - ext4 /dev/sdb rw
23 20 8:1 / /again rw - ext4 /dev/sda1 rw
25 20 8:2 /rX /Z rw - ext4 /dev/sdb rw
26 20 8:1 /etc /srv/e rw - ext4 /dev/sda1 rw"""
TABLE = MountTable(mountinfo.parse(LINES.split("\n")))


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/X", {"/X", "/Y", "/Z"}),
        ("/Y", {"/Y", "/X/sub"}),
        ("/Z/a", {"/Z/a", "/X/rX/a"}),
        ("/etc/ssl", {"/srv/e/ssl", "/etc/ssl", "/again/etc/ssl"}),
        ("/srv", {"/srv", "/again/srv", "/etc", "/again/etc", "/srv/e"}),
    ],
)
def test_names_of_a_path(path: str, names: set[str]) -> None:
    """A path has every name that the mount table gives it, and those of what is mounted below it."""
    assert TABLE.other_names(path) == names
    assert TABLE.paths("8:1", "/") == {"/", "/again"}
    with pytest.raises(EvidenceError, match=r"^the mount table has no mount at /$"):
        mountinfo.mount_of(path, TABLE.mounts[3:4])


def test_path_below_another() -> None:
    """By whole names."""
    assert mountinfo.is_below("/a", "/")
    assert mountinfo.is_below("/aX/b", "/aX")
    assert not mountinfo.is_below("/ab", "/a")


# ---- control groups

V1 = ("4:cpu,cpuacct:/a/b", "5:memory:/a:b", "0::/a/b")
V2 = ("0::/a/b",)
TOP = "/sys/fs/cgroup"
CPU, MEMORY = f"{TOP}/cpu,cpuacct/a/b", f"{TOP}/memory/a:b"
SLICE = "/user.slice/user-0.slice/b"


def limit(name: str, groups: Sequence[str], files: Mapping[str, str], *, own: bool = True) -> float | None:
    """One limit by these files."""
    return cgroups.read(name, groups, {path: (text,) for path, text in files.items()}, own=own)


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
def test_limits_by_their_files(groups: Sequence[str], files: dict[str, str], name: str, expected: float | None) -> None:
    """Each limit comes from its own files of the own group and of those above."""
    assert limit(name, groups, files) == expected


@pytest.mark.parametrize(
    ("groups", "files", "why"),
    [
        (V1, {f"{TOP}/unified/a/b/pids.max.x": "7"}, "control group for pids could not be read"),
        (("6:pids:/x",), {f"{TOP}/pids/x/pids.max": "1e3"}, "which is not a limit"),
        (("6:pids:/x",), {f"{TOP}/pids/x/pids.max": ""}, "which is not a limit"),
    ],
)
def test_limits_that_cannot_be_read(groups: Sequence[str], files: dict[str, str], why: str) -> None:
    """What has no files of its own group is no evidence, nor is what is no number."""
    with pytest.raises(EvidenceError, match=why):
        limit("processes", groups, files)


@pytest.mark.parametrize(
    ("group", "files", "expected"),
    [
        ("/a/b", {f"{TOP}/a/b/pids.max": "7"}, None),
        ("/a/b", {f"{TOP}/a/b/pids.max": "7", f"{TOP}/a/pids.max": "9"}, 9),
        (SLICE, {f"{TOP}{SLICE}/pids.max": "max", f"{TOP}/user.slice/user-0.slice/pids.max": "9"}, None),
    ],
)
def test_limits_of_the_groups_above(group: str, files: dict[str, str], expected: float | None) -> None:
    """What systemd gives to a unit of its own accord does not count, and what was set above it does."""
    assert limit("processes", [f"0::{group}"], files, own=False) == expected
    v1 = {path.replace("/cgroup/", "/cgroup/pids/"): text for path, text in files.items()}
    assert limit("processes", [f"6:pids:{group}", "0::/"], v1, own=False) == expected


# ---- sockets


@pytest.mark.parametrize(
    ("line", "address", "loopback"),
    [
        ("1/net/tcp:  0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 5", "127.0.0.1", True),
        ("1/net/tcp6: 0: 00000000000000000000000001000000:1F90 0:0 0A 0:0 00:0 0 0 0 5", "::1", True),
        ("1/net/udp6: 0: 0000000000000000FFFF00000B00000A:1F90 0:0 07 0:0 00:0 0 0 0 5", "10.0.0.11", False),
    ],
)
def test_listeners(line: str, address: str, loopback: bool) -> None:
    """The kernel's hexadecimal words are read as addresses; a connection is no listener, and a cut line an error."""
    found = listener(line)
    assert found is not None
    assert (found.address, found.number, found.on_loopback) == (address, 8080, loopback)
    assert found.inode == "5"
    assert listener(line.replace(" 0A ", " 01 ").replace(" 07 ", " 01 ")) is None
    for cut in (line.removesuffix(" 5"), line[:20]):
        with pytest.raises(EvidenceError, match="damaged"):
            listener(cut)
