"""Devices of the host that are mounted in a container."""

from __future__ import annotations

import pytest

from hullcheck.facts.containers.mounts import devices
from selftests.kit.facts.container_host import ContainerHost, bind_mount


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        ("/dev/pts", "fail"),
        ("/dev/net/tun", "fail"),
        ("/dev/shm", "pass"),
        ("/dev/null", "pass"),
        ("/dev/log", "pass"),
    ],
)
def test_device_that_is_mounted_like_a_file(world: ContainerHost, path: str, verdict: str) -> None:
    """5.18: the terminals of the host are open to each container that sees them."""
    world.description["Mounts"] = [bind_mount(path)]
    world.paths = [f"real {path}\t{path}"]
    world.daemon.table = (
        *world.daemon.table,
        "24 20 0:6 / /dev rw - devtmpfs d rw",
        "25 24 0:7 / /dev/pts rw - devpts d rw",
    )
    root = {"/dev/pts": "0:7 /"}.get(path, f"0:6 {path.removeprefix('/dev')}")
    world.mounts.append(f"31 30 {root} /x rw - {'devpts' if path == '/dev/pts' else 'ext4'} d rw")
    assert world.judge("5.18")[0] == verdict


def test_device_in_a_volume(world: ContainerHost) -> None:
    """5.18: what is mounted below a volume is no part of it."""
    folder = "/var/lib/docker/volumes/v/_data"
    world.description["Mounts"] = [{"Type": "volume", "Name": "v", "Source": folder, "Destination": "/x"}]
    world.volumes = [{"Name": "v", "Driver": "local", "Options": None}]
    world.mounts += [f"31 30 8:1 {folder} /x rw - ext4 d rw", "32 31 0:6 /kmsg /x/k rw - devtmpfs d rw"]
    assert world.judge("5.18") == ("fail", "has, without being given it, /dev/kmsg")


def test_paths_that_are_devices() -> None:
    """Memory, queues and what every container has are none; a terminal is one."""
    paths = ["/dev/null", "/dev/shm/x", "/dev/kmsg", "/dev/pts/3", "/srv/dev/sda", "/dev"]
    assert devices.among(paths) == ("/dev/kmsg", "/dev/pts/3")
    assert devices.open_to_all(paths) == {"/dev/pts/3"}
