"""What a container sees of the host's files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hullcheck.facts.containers.mounts import HostMount
from selftests.kit.facts.container_host import HOST_MOUNTS, OWN_GROUP, ContainerHost, bind_mount

Changes = Mapping[str, Any]
FOLDER = "/var/lib/docker/volumes/v/_data"
VOLUME = {"Type": "volume", "Name": "v", "Source": FOLDER, "Destination": "/x", "Propagation": ""}
ENGINE = f"/var/lib/docker/containers/{OWN_GROUP.rpartition('/')[2]}"
WRITES = "container_writes_to_tmpfs_or_named_volumes"


def mounted(source: str, shown: str, **mount: Any) -> Changes:
    """A bind mount, and what the mount table has in its place: device, root and options."""
    device, root, options = f"{shown} rw".split()[:3]
    line = f"31 30 {device} {root} /x {options} - ext4 /dev/sda1 rw"
    return {"Mounts": [bind_mount(source, **mount)], "mounts": [line]}


def volume(options: Changes | None) -> Changes:
    """A stopped container with a volume that has these options."""
    paths = ["real /srv/link\t/etc", *(f"real {each}\t{each}" for each in (FOLDER, "/etc", "/srv/b"))]
    known = [{"Name": "v", "Driver": "local", "Options": options}]
    return {"stopped": True, "Mounts": [VOLUME], "volumes": known, "paths": paths}


def socket(source: str, *lines: str) -> Changes:
    """A stopped container with this mount, where *lines* say where sources lead and which sockets there are."""
    return {"stopped": True, "Mounts": [bind_mount(source)], "paths": [f"real {source}\t{source}", *lines]}


def in_etc(line: str) -> Changes:
    """A mount at /etc with another one on it."""
    below = ["31 30 8:1 /srv/etc /etc rw - ext4 /dev/sda1 rw", f"32 31 8:1 {line} rw - ext4 /dev/sda1 rw"]
    return {"Mounts": [bind_mount("/srv/etc", Destination="/etc")], "mounts": below}


def engines(*lines: str) -> Changes:
    """Mounts that nobody asked for."""
    return {"mounts": [f"4{number} 30 {line} - ext4 /dev/sda1 rw" for number, line in enumerate(lines)]}


USUAL = engines(
    f"8:1 {ENGINE}/resolv.conf /etc/resolv.conf rw",
    f"0:20 /containers/{'a' * 64}/mounts/secrets /run/secrets rw",
    "8:1 /usr/bin/docker-init /sbin/docker-init ro",
    "0:6 /null /proc/kcore rw",
)
ZONE = "/usr/share/zoneinfo/UTC"
BELOW = {
    "Mounts": [bind_mount("/srv/data")],
    "mounts": [
        "31 30 8:1 /srv/data /x rw - ext4 /dev/sda1 rw",
        "32 31 0:20 /docker.sock /x/a\\040b rw - tmpfs tmpfs rw",
    ],
}
PODMAN = {"ServerVersion": "5.4.2"}
OWN = [{"Name": "v", "Driver": "local", "Options": None}]
IN_FOLDER = f"31 30 8:1 {FOLDER} /x rw - ext4 /dev/sda1 rw"

CASES: list[tuple[str, Changes, str]] = [
    ("5.6", mounted("/srv/data", "8:1 /srv/data"), "pass: mounts /srv/data of the host"),
    ("5.6", mounted("/srv/data", "8:1 /srv/data") | PODMAN, "pass: mounts /srv/data of the host"),
    ("5.6", mounted("/srv/data", "8:1 /etc"), "fail: mounts /etc of the host at /x"),
    ("5.6", mounted("/etcetera", "8:1 /etcetera"), "pass"),
    ("5.6", mounted("/srv/disk", "8:2 /"), "pass: mounts nothing of the host"),
    ("5.6", mounted("/opt/app", "8:1 /opt/app"), "manual: mounts /opt/app of the host at /x: check which"),
    ("5.6", mounted("/etc/localtime", f"8:1 {ZONE} ro", RW=False), "pass"),
    ("5.6", mounted("/etc/localtime", f"8:1 {ZONE}", RW=True), "fail"),
    ("5.6", mounted("/etc/passwd", "8:1 /etc/passwd ro", RW=False), "fail"),
    ("5.6", BELOW, "fail: mounts /run/docker.sock of the host at /x/a b"),
    ("5.32", BELOW, "fail: can reach /run/docker.sock"),
    ("5.6", volume(None), "pass: mounts /var/lib/docker/volumes/v/_data of the host"),
    ("5.6", volume({"type": "none", "device": "/etc", "o": "bind"}), "fail: mounts /etc of the host at /x"),
    ("5.6", volume({"type": "none", "device": "/srv/link", "o": "rw,rbind"}), "fail: mounts /etc of the"),
    ("5.6", volume({"type": "none", "device": "/srv/b", "o": "bind"}), "pass: mounts /srv/b of the host"),
    ("5.6", volume({"type": "nfs", "device": ":/etc", "o": "addr=10.0.0.1"}), f"pass: mounts {FOLDER} of"),
    ("5.6", volume({"type": "ext4", "device": "/dev/sdb1"}), f"pass: mounts {FOLDER} of the host"),
    ("5.6", {"Mounts": [VOLUME], "volumes": OWN, "mounts": [IN_FOLDER]}, f"pass: mounts {FOLDER} of the"),
    ("5.6", volume({}) | {"volumes": []}, "error: docker inspect does not report the volume v"),
    ("5.6", socket("/srv/link") | {"paths": []}, "error: the source /srv/link could not be followed"),
    ("5.6", in_etc(f"{ENGINE}/hosts /etc/hosts"), "pass"),
    ("5.6", in_etc(f"{ENGINE}/hosts//deleted /etc/hosts"), "pass"),  # of one that is gone
    ("5.6", in_etc("/etc/passwd /etc/hosts"), "fail"),
    ("5.6", in_etc(f"{ENGINE}/hosts /etc/x"), "fail"),
    ("5.6", USUAL, "pass: mounts nothing of the host"),
    ("5.32", socket("/run/docker.sock", "socket 20:7 1 /run/docker.sock"), "fail: can reach"),
    ("5.32", socket("/var/run/docker.sock", "real /var/run/docker.sock\t/run/docker.sock"), "fail"),
    (
        "5.32",
        socket("/srv/own.sock", "socket 20:7 2 /run/docker.sock", "socket 20:7 2 /srv/own.sock"),
        "fail",
    ),
    ("5.32", socket("/run/user/1000", "socket 21:7 1 /run/user/1000/podman/podman.sock"), "fail"),
    ("5.32", socket("/run/containerd"), "fail"),  # where the daemon's listens
    ("5.32", socket("/srv/app", "socket 81:9 1 /srv/app/engine.sock"), "pass"),
    ("5.32", socket("/srv/data", "socket 20:7 1 /run/docker.sock"), "pass"),
    *(
        ("5.20", {"Mounts": [bind_mount("/srv", Propagation=each)]}, "pass")
        for each in ("rprivate", "rslave")
    ),
    *(
        ("5.20", {"Mounts": [bind_mount("/srv", Propagation=each)]}, "fail: shares /x")
        for each in ("shared", "rshared")
    ),
    ("5.20", {"Mounts": [{"Type": "bind", "Destination": "/x"}]}, "error: docker inspect does not report"),
]


@pytest.mark.parametrize(("number", "changes", "expected"), CASES)
def test_mounts(world: ContainerHost, number: str, changes: Changes, expected: str) -> None:
    """File system and folder in the mount table decide, or where sources lead, and not what the engine puts there."""
    assert world.after(changes, number).startswith(expected)


def test_names_of_what_is_mounted(world: ContainerHost) -> None:
    """A source counts as it is written and by where it leads; an own folder of a volume is not another one."""
    world.description["Mounts"] = [bind_mount("/srv/link"), VOLUME | {"Destination": "/v"}]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": {"device": "/srv/b", "o": "bind"}}]
    world.paths = ["real /srv/link\t/srv/a", "real /srv/b\t/srv/c"]
    assert world.container.mounts.configured == (
        HostMount("/x", frozenset({"/srv/link", "/srv/a"}), "bind"),
        HostMount("/v", frozenset({"/srv/b", "/srv/c"}), "volume"),
    )
    world.daemon.table = (*HOST_MOUNTS, f"22 20 8:1 /srv/c {FOLDER} rw - ext4 /dev/sda1 rw")
    world.mounts.append("31 30 8:1 /srv/c /v rw - ext4 /dev/sda1 rw")
    assert set(world.container.mounts.visible) == {
        HostMount("/v", frozenset({"/srv/c"}), "volume"),
        HostMount("/x", frozenset({"/srv/a"}), "bind"),  # which its main process does not see
    }


def test_mount_tables_that_may_not_be_read(world: ContainerHost) -> None:
    """A pass needs the mount tables of the container and of the daemon."""
    world.description["Mounts"] = [bind_mount("/srv/data")]
    world.config["ReadonlyRootfs"] = True
    numbers = ("5.6", "5.13", "5.32")
    assert world.judge("5.13") == ("fail", "its root file system can be written to")
    world.mounts = ["30 1 0:50 / / ro - overlay overlay rw", "31 30 8:1 /srv/data /x rw - ext4 /dev/sda1 rw"]
    assert [world.judge(number)[0] for number in numbers] == ["pass"] * 3
    world.daemon.readable = False
    assert [world.judge(number)[0] for number in numbers] == ["error", "pass", "error"]
    world.daemon.readable = True
    for mounts in ([], ["nonsense"]):
        world.mounts = mounts
        assert [world.judge(number)[0] for number in numbers] == ["error"] * 3
