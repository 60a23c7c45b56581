"""Mount tables."""

from __future__ import annotations

import re

import pytest

from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount, MountTable
from hullcheck.verdicts import EvidenceError


def test_lines_of_mount_tables() -> None:
    """Every field of a line is read from its place."""
    first, last = mountinfo.parse(
        [
            "36 35 98:0 /mnt1 /mnt\\0402 ro,noatime master:1 shared:2 - ext3 /dev/ro\\134ot rw,errors=continue",
            "38 35 0:30 /@home /home rw - btrfs /dev/sdb rw,subvolid=5,subvol=/@home",
        ]
    )
    assert first == Mount("98:0", "/mnt1", "/mnt 2", frozenset({"ro", "noatime"}), "ext3", "/dev/ro\\ot", "")
    assert last == Mount("0:30", "/@home", "/home", frozenset({"rw"}), "btrfs", "/dev/sdb", "/@home")
    assert last.is_whole
    assert not first.is_whole
    assert mountinfo.parse(["1 2 0:1 / /x rw - proc"]) == (
        Mount("0:1", "/", "/x", frozenset({"rw"}), "proc"),
    )
    assert mountinfo.parse(["1 2 0:1 / /x rw - proc p"])[0].source == "p"


@pytest.mark.parametrize("line", ["1 2 0:1 / /x rw proc proc rw", "1 2 0:1 / /x - proc proc rw", "", "x"])
def test_lines_of_no_mount_table(line: str) -> None:
    """A line without the separator or with too few fields is an error that shows it."""
    with pytest.raises(EvidenceError, match=f"^not a line of mountinfo: {re.escape(repr(line))}$"):
        mountinfo.parse([line])


TABLE = MountTable(
    mountinfo.parse(
        [
            "20 1 8:1 / / rw - ext4 /dev/sda1 rw",
            "21 20 8:2 / /X rw - ext4 /dev/sdb rw",
            "22 20 8:2 /sub /Y rw - ext4 /dev/sdb rw",
            "23 20 8:1 / /again rw - ext4 /dev/sda1 rw",
            "24 20 8:2 / /W rw - ext4 /dev/sdb rw",
            "25 20 8:2 /rX /Z rw - ext4 /dev/sdb rw",
            "26 20 8:1 /etc /srv/e rw - ext4 /dev/sda1 rw",
        ]
    )
)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/X", {"/X", "/W", "/Y", "/Z"}),
        ("/Y", {"/Y", "/X/sub", "/W/sub"}),
        ("/Z/a", {"/Z/a", "/X/rX/a", "/W/rX/a"}),
        ("/srv/e/ssl", {"/srv/e/ssl", "/etc/ssl", "/again/etc/ssl"}),
        ("/etc/ssl", {"/srv/e/ssl", "/etc/ssl", "/again/etc/ssl"}),
    ],
)
def test_names_of_a_path(path: str, names: set[str]) -> None:
    """A path has every name that the mount table gives it, and those of what is mounted below it."""
    assert TABLE.other_names(path) == names


def test_places_in_file_systems() -> None:
    """The root of a file system has no slash too many, and names keep every letter of theirs."""
    assert TABLE.paths("8:1", "/") == {"/", "/again"}
    assert TABLE.paths("8:2", "/sub/a ") == {"/X/sub/a ", "/Y/a ", "/W/sub/a "}
    assert TABLE.parts("8:2", "/rX") == set()
    assert TABLE.other_names("/srv") >= {"/srv", "/etc"}
    assert mountinfo.is_below("/a", "/")
    assert mountinfo.is_below("/aX/b", "/aX")
    assert not mountinfo.is_below("/ab", "/a")
    with pytest.raises(EvidenceError, match=r"^the mount table has no mount at /$"):
        mountinfo.mount_of("/srv", TABLE.mounts[1:3])
