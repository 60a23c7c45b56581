"""Mount tables."""

from __future__ import annotations

import re

import pytest

from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount, MountTable
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.container_host import HOST_MOUNTS


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


def test_paths_by_mount_tables() -> None:
    """A path has every name that the mount table gives it, and those of what is mounted below it."""
    table = MountTable(
        mountinfo.parse(
            [
                *HOST_MOUNTS,
                "22 20 8:1 /etc /srv/e rw - ext4 /dev/sda1 rw",
                "23 20 8:2 / /data rw - ext4 /dev/sdb rw",
            ]
        )
    )
    assert table.other_names("/srv/e/ssl") == {"/srv/e/ssl", "/etc/ssl"}
    assert table.other_names("/etc/ssl") == {"/srv/e/ssl", "/etc/ssl"}
    assert table.other_names("/srv") >= {"/srv", "/etc"}
    assert table.other_names("/data/x") == {"/data/x"}


def test_names_of_a_path() -> None:
    """The root of a file system has no slash too many, and names keep every letter of theirs."""
    table = MountTable(
        mountinfo.parse(
            [
                "20 1 8:1 / / rw - ext4 /dev/sda1 rw",
                "21 20 8:2 / /X rw - ext4 /dev/sdb rw",
                "22 20 8:2 /sub /Y rw - ext4 /dev/sdb rw",
                "23 20 8:1 / /again rw - ext4 /dev/sda1 rw",
                "24 20 8:2 / /W rw - ext4 /dev/sdb rw",
                "25 20 8:2 /rX /Z rw - ext4 /dev/sdb rw",
            ]
        )
    )
    assert table.paths("8:1", "/") == {"/", "/again"}
    assert table.paths("8:2", "/") == {"/X", "/W"}
    assert table.paths("8:2", "/sub/a ") == {"/X/sub/a ", "/Y/a ", "/W/sub/a "}
    assert table.other_names("/") >= {"/", "/again", "/X", "/Y"}
    assert table.other_names("/X") == {"/X", "/W", "/Y", "/Z"}
    assert table.parts("8:2", "/rX") == set()
    assert table.other_names("/Y") == {"/Y", "/X/sub", "/W/sub"}
    assert table.other_names("/Z/a") == {"/Z/a", "/X/rX/a", "/W/rX/a"}
    assert mountinfo.is_below("/a", "/")
    assert mountinfo.is_below("/aX/b", "/aX")
    assert not mountinfo.is_below("/ab", "/a")
    assert MountTable(()).other_names("/a") == {"/a"}
