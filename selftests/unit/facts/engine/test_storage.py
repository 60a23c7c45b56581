"""The file systems and devices of an engine's data."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.json import encode

from hullcheck.controls.judge import judge
from hullcheck.facts.engine.files_answer import BlockDevice, BlockDevices
from hullcheck.facts.engine.storage import Storage, data_at_rest
from hullcheck.facts.engine.storage import storage as made
from hullcheck.parsing.proc.mountinfo import parse as parse_mounts
from selftests.kit.facts.engines import engine
from selftests.kit.files import DIRECTORY, at
from selftests.kit.judging import control

ROOT = "1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw"
VAR = "2 1 8:2 / /var rw shared:2 - ext4 /dev/sda2 rw"
DOCKER = "3 1 8:3 / /var/lib/docker rw shared:3 - xfs /dev/sda3 rw"
ITSELF = "3 1 8:1 /var/lib/docker /var/lib/docker rw - ext4 /dev/sda1 rw"
OF_VAR = "3 2 8:2 /docker /var/lib/docker rw - ext4 /dev/sda2 rw"
NUMBERED = "4 3 8:3 / /var/lib/docker/100000.100000 rw - xfs /dev/sda3 rw"
CONTAINERD = "5 1 8:5 / /var/lib/containerd rw - ext4 /dev/sda5 rw"
PART = "3 1 8:3 /docker /var/lib/docker rw - xfs /dev/sda3 rw"
SUBVOLUME = "3 1 0:42 /@docker /var/lib/docker rw - btrfs /dev/sda3 rw,ssd,subvolid=256,subvol=/@docker"
POOL = "1 0 0:40 / / rw - zfs rpool/ROOT/debian rw"
DATASET = "3 1 0:50 / /var/lib/docker rw - zfs rpool/docker rw"
REMAPPED = "/var/lib/docker/100000.100000"


def storage(
    *mounts: str, root: str = "/var/lib/docker", store: bool = False, containerd: str = "/var/lib/containerd"
) -> Storage:
    """Where an engine keeps its data whose daemon has this mount table."""
    options = ["name=seccomp", *(["name=userns"] if root == REMAPPED else [])]
    driver = [["driver-type", "io.containerd.snapshotter.v1"]] if store else [["Backing Filesystem", "xfs"]]
    answer = SimpleNamespace(look=lambda path: at(root, DIRECTORY))
    daemon = SimpleNamespace(mounts=parse_mounts(mounts))
    files: Any = SimpleNamespace(answer=answer, daemon=daemon, containerd_roots=(containerd,))
    return made(engine(SecurityOptions=options, DriverStatus=driver), files)


def verdict(found: Storage) -> tuple[str, str]:
    """What 1.1.1 says of it."""
    (finding,) = judge(control("1.1.1"), {"storage": found}, "host")
    return str(finding.verdict), finding.reason


@pytest.mark.parametrize(
    ("mounts", "expected", "reason"),
    [
        ((ROOT, VAR, DOCKER), "pass", "has its own xfs, 8:3"),
        ((ROOT,), "fail", "is on the file system of /, device 8:1"),
        ((ROOT, ITSELF), "fail", "is on the file system of / (mounted from there), device 8:1"),
        ((ROOT, VAR), "fail", "is on the file system of /var, device 8:2"),
        ((ROOT, VAR, OF_VAR), "fail", "is on the file system of /var (mounted from there), device 8:2"),
        ((ROOT, VAR.replace("/var", "/var/lib")), "fail", "is on the file system mounted at /var/lib, with"),
        ((ROOT, PART), "fail", "is the directory /docker of the file system on device 8:3"),
        ((ROOT, SUBVOLUME), "pass", "has its own btrfs, 0:42"),
        ((ROOT, SUBVOLUME.replace("/@docker ", "/@docker/x ")), "fail", "is the directory /@docker/x of the"),
        ((POOL, DATASET), "manual", "is in the ZFS pool rpool, which the host uses too: check that"),
        ((POOL, DATASET.replace("rpool", "tank")), "pass", "has its own zfs, 0:50"),
    ],
)
def test_file_system_of_the_data_root(mounts: tuple[str, ...], expected: str, reason: str) -> None:
    """Only a mount point whose device is that of nothing around it passes."""
    found, said = verdict(storage(*mounts))
    assert (found, said.startswith(f"/var/lib/docker {reason}")) == (expected, True), said


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (storage(ROOT, DOCKER, root=REMAPPED), "pass"),
        (storage(ROOT, NUMBERED, root=REMAPPED), "pass"),
        (storage(ROOT, root=REMAPPED), "fail"),
        (storage(ROOT, DOCKER, store=True), "fail"),
        (storage(ROOT, DOCKER, CONTAINERD, store=True), "pass"),
        (storage(ROOT, DOCKER, store=True, containerd="/var/lib/docker/containerd/daemon"), "pass"),
    ],
)
def test_further_roots(found: Storage, expected: str) -> None:
    """With user namespaces either directory may be the mount; the root of containerd counts if images lie there."""
    assert verdict(found)[0] == expected


@pytest.mark.parametrize(
    ("mount", "chain"),
    [
        (DOCKER, "xfs on sda3 (part), sda (disk)"),
        (DOCKER.replace("8:3", "253:1"), "xfs on dm-1 (lvm), dm-0 (crypt), sda3 (part), sda (disk)"),
        (SUBVOLUME.replace("sda3", "mapper/data"), "btrfs on dm-0 (crypt), sda3 (part), sda (disk)"),
        (DATASET, "zfs on rpool/docker"),
    ],
)
def test_devices_below(mount: str, chain: str) -> None:
    """The reason shows each directory with data, and the devices below."""
    root = BlockDevice(kname="dm-1", name="vg-x", number="253:1", type="lvm")
    crypt = BlockDevice(kname="dm-0", name="data", number="253:0", type="crypt", children=(root,))
    part = BlockDevice(kname="sda3", name="sda3", number="8:3", type="part", children=(crypt,))
    disk = BlockDevice(kname="sda", name="sda", number="8:0", type="disk", children=(part,))
    answer = SimpleNamespace(devices=encode(BlockDevices(blockdevices=(disk,))).decode())
    volume = "9 3 8:0 / /var/lib/docker/volumes/v rw - ext4 /dev/sda rw"
    files: Any = SimpleNamespace(answer=answer)
    found = data_at_rest(files, storage(ROOT, mount, volume))
    (finding,) = judge(control("data_at_rest_is_encrypted"), {"data_at_rest": found}, "host")
    shown = f"/var/lib/docker is on {chain}; /var/lib/docker/volumes/v is on ext4 on sda (disk): check"
    assert (str(finding.verdict), finding.reason.startswith(shown)) == ("manual", True), finding.reason
