"""Sections 4.2 and 5 of the guide on facts made by hand: records of programs, and data at rest."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.files.encryption import BLOCK_DEVICES, BlockDevices
from hullcheck.facts.host.accounts import Accounts, Group, User
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.proc.mountinfo import parse
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.controls.test_1_host import verdict
from selftests.controls.test_guide_1_host import ON, RULE, RUNC, audited
from selftests.kit.facts.hosts import only, unit
from selftests.kit.files import DIRECTORY, at
from selftests.kit.judging import but, judged
from selftests.unit.criteria.test_auditd import audit_of


@pytest.mark.parametrize(
    ("step", "options", "verdict", "words"),
    [
        ("daemon", {}, "pass", ""),
        ("daemon", {"unit_of": unit("auditd.service", active="inactive")}, "fail", "is inactive"),
        ("daemon", {"status": (ON[0], "pid 0", *ON[2:])}, "fail", "no auditd"),
        ("rule", {}, "pass", RUNC),
        ("rule", {"rules": ("-w /usr/bin/runc -p x -k docker",)}, "fail", "no rule covers it"),
        ("rule", {"rules": (RUNC, "-a never,task")}, "fail", "nothing is recorded"),
        ("record", {}, "manual", "ausearch -x /usr/sbin/runc"),
        ("record", {"status": (*ON[:2], "lost 2")}, "fail", "lost 2 records"),
    ],
)
def test_record_of_a_start(step: str, options: dict[str, Any], verdict: str, words: str) -> None:
    """auditd receives the records, a rule records each start, and a person looks into the log."""
    programs = Subjects("file", (("/usr/sbin/runc", at("/usr/sbin/runc")),))
    facts = but(audited(**options), places=SimpleNamespace(runc_program=lambda: programs))
    found = judged("starts_of_containers_are_recorded", facts)[step]
    assert (found[0], words in found[1]) == (verdict, True), found


@pytest.mark.parametrize(
    ("options", "verdict", "words"),
    [
        ({}, "pass", RULE),
        ({"status": ("enabled 0",)}, "fail", "auditing is off"),
        ({"rules": (RUNC,)}, "fail", "no rule covers it; restart pending"),
        ({"files": (RUNC,)}, "fail", "is lost at the next start"),
        ({"rules": ("-w /usr/bin/docker -p rwxa -k client",)}, "fail", "has the key client"),
        ({"rules": ("-w /usr/bin/docker -p wa -k docker",)}, "fail", "does not record every start"),
    ],
)
def test_rule_on_the_docker_command(options: dict[str, Any], verdict: str, words: str) -> None:
    """The rule is in the kernel, with the key, and in a file."""
    found = only(judged("docker_command_is_audited", audited(**options)))
    assert (found[0], words in found[1]) == (verdict, True), found


# ---- data at rest


def devices(*lines: str) -> BlockDevices:
    """The block devices of which the probe said this."""
    answer = Answer(BLOCK_DEVICES.name, 0, "\n".join(lines), "")
    return BlockDevices.of(Recording("host", "local", {BLOCK_DEVICES.name: answer}))


def below(device: str, kind: str, source: str, *lines: str) -> str:
    """What is known of a file system on these devices."""
    (mount,) = parse([f"1 0 {device} / /var/lib/docker rw shared:1 - {kind} {source} rw"])
    return devices(*lines).about(mount)


DISK = ["sda/dev:8:0", "sda3/dev:8:3", "partition:sda3 sda"]
CRYPT = [
    *DISK,
    "dm-0/dev:253:0",
    "dm-0/dm/uuid:CRYPT-LUKS2-0123-data",
    "dm-0/dm/name:data",
    "slave:dm-0/slaves/sda3",
]
VOLUME = ["dm-1/dev:253:1", "dm-1/dm/uuid:LVM-x", "dm-1/dm/name:vg-docker", "slave:dm-1/slaves/dm-0"]


@pytest.mark.parametrize(
    ("device", "kind", "source", "lines", "found"),
    [
        ("8:3", "ext4", "/dev/sda3", DISK, "on sda3, not encrypted by dm-crypt"),
        ("253:0", "ext4", "/dev/mapper/data", CRYPT, "on dm-0, encrypted by dm-crypt (LUKS2, data)"),
        (
            "253:1",
            "xfs",
            "/dev/mapper/vg-docker",
            [*CRYPT, *VOLUME],
            "on dm-1, encrypted by dm-crypt (LUKS2, data)",
        ),
        (
            *("253:1", "xfs", "/dev/mapper/vg-docker"),
            [*CRYPT, *VOLUME, "slave:dm-1/slaves/sdb", "sdb/dev:8:16"],
            "on dm-1, not encrypted by dm-crypt",
        ),
        ("0:30", "btrfs", "/dev/mapper/data", CRYPT, "on dm-0, encrypted by dm-crypt (LUKS2, data)"),
        (
            *("0:30", "btrfs", "/dev/mapper/data"),
            [*CRYPT, "sdb/dev:8:16", "slave:u-1/devices/dm-0", "slave:u-1/devices/sdb"],
            "on dm-0, not encrypted by dm-crypt",
        ),
        (
            "0:31",
            "zfs",
            "tank/docker",
            DISK,
            "on zfs of tank/docker, whose encryption is unknown here",
        ),
        ("0:32", "tmpfs", "tmpfs", DISK, "in memory"),
        ("0:33", "nfs4", "", DISK, "on nfs4 of 0:33, whose encryption is unknown here"),
        ("0:30", "btrfs", "/dev/sda3", DISK, "on sda3, not encrypted by dm-crypt"),
        (
            *("0:30", "btrfs", "/dev/sdz"),
            DISK,
            "on btrfs of /dev/sdz, whose encryption is unknown here",
        ),
        (
            *("0:30", "btrfs", "/dev/mapper/data"),
            [*CRYPT, "slave:u-1/devices/dm-0"],
            "on dm-0, encrypted by dm-crypt (LUKS2, data)",
        ),
        *(
            (*("253:0", "ext4", "/dev/mapper/data"), [*CRYPT, f"dm-0/dm/uuid:CRYPT-{checks}-data"], found)
            for checks in ("VERITY-0123", "INTEGRITY")
            for found in ("on dm-0, not encrypted by dm-crypt",)
        ),
        (
            *("8:3", "ext4", "/dev/sda3"),
            ["sda/dev:8:0", "sda/dm/uuid:CRYPT-PLAIN-x", "sda3/dev:8:3", "partition:sda3 sda"],
            "on sda3, encrypted by dm-crypt (PLAIN, sda)",
        ),
        (
            *("253:0", "ext4", "/dev/mapper/data"),
            [*CRYPT, "key:data /etc/my keys/data"],
            "on dm-0, encrypted by dm-crypt (LUKS2, data, its key in the file /etc/my keys/data on this host)",
        ),
        (
            *("253:0", "ext4", "/dev/mapper/data"),
            [*CRYPT, "key:data /etc/keys/data"],
            "on dm-0, encrypted by dm-crypt (LUKS2, data, its key in the file /etc/keys/data on this host)",
        ),
        (
            "253:0",
            "ext4",
            "/dev/mapper/data",
            [*CRYPT, "key:data none"],
            "on dm-0, encrypted by dm-crypt (LUKS2, data)",
        ),
    ],
)
def test_encryption_below_a_file_system(
    device: str, kind: str, source: str, lines: list[str], found: str
) -> None:
    """Every way down has to lead over dm-crypt, by the kernel's own lists; what they do not tell is said."""
    assert below(device, kind, source, *lines) == found


def test_places_of_data() -> None:
    """A person sees where the engine keeps data, and what encrypts it."""
    places = SimpleNamespace(
        places=iter((("/var/lib/docker", "on sda3"), ("/var/lib/docker/volumes/x", "on sdb")))
    )
    found = verdict("data_at_rest_is_encrypted", data_at_rest=places)
    assert (found[0], "/var/lib/docker lies on sda3; /var/lib/docker/volumes/x lies on sdb" in found[1]) == (
        "manual",
        True,
    )


# ---- access


def test_access_that_is_reviewed() -> None:
    """A person sees who may control the engine, and by which way."""
    accounts = Accounts((User("ann", 1000, 1000, "/bin/sh"),), (Group("docker", 999, ("ann",)),))
    socket = at("/run/docker.sock", 0o140660, gid=999, grants=())
    found = verdict("access_to_the_engine_is_reviewed", api_socket=socket, accounts=accounts)
    assert (found[0], "may control the engine: ann (group docker (gid 999))" in found[1]) == ("manual", True)


def test_access_to_data() -> None:
    """Without auditing nothing is recorded; with it a person sees which rules record reads and which writes."""
    root, data = at("/var/lib/docker", DIRECTORY), "-w /var/lib/docker/volumes/health -p rwa -k data"
    rules = ("-w /var/lib/docker -p wa -k docker", data, "-w /etc -p rwa")
    name = "access_to_data_is_audited"
    assert verdict(name, data_root=root, audit=audit_of(*rules, status=("enabled 0",)))[0] == "fail"
    assert verdict(name, data_root=root, audit=audit_of(*rules, "-a never,task"))[0] == "fail"
    found = verdict(name, data_root=root, audit=audit_of(*rules))
    assert (found[0], f"reads in /var/lib/docker: {data}; writes alone: {rules[0]};" in found[1]) == (
        "manual",
        True,
    )
    assert verdict(name, data_root=root, audit=audit_of(*rules, code=1))[0] == "error"
