"""The file systems of an engine's data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hullcheck.controls.judge import judge
from hullcheck.facts.engine import Engine
from hullcheck.facts.files.encryption import BlockDevices, DataAtRest
from hullcheck.facts.files.installation import Places
from hullcheck.facts.files.storage import Storage
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.facts.registry import Later
from hullcheck.parsing.proc.mountinfo import mount_of
from hullcheck.parsing.proc.mountinfo import parse as parse_mounts
from hullcheck.verdicts import EvidenceError
from selftests.kit.files import DIRECTORY, at
from selftests.kit.judging import control

ROOT = "1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw"
VAR = "2 1 8:2 / /var rw shared:2 - ext4 /dev/sda2 rw"
DOCKER = "3 1 8:3 / /var/lib/docker rw shared:3 - xfs /dev/sda3 rw"
ITSELF = "3 1 8:1 /var/lib/docker /var/lib/docker rw - ext4 /dev/sda1 rw"
BOUND = "3 1 8:1 /srv/docker /var/lib/docker rw - ext4 /dev/sda1 rw"
OF_VAR = "3 2 8:2 /docker /var/lib/docker rw - ext4 /dev/sda2 rw"
NUMBERED = "4 3 8:3 / /var/lib/docker/100000.100000 rw - xfs /dev/sda3 rw"
NUMBERED_ITSELF = NUMBERED.replace("8:3 /", "8:3 /100000.100000")
CONTAINERD = "5 1 8:5 / /var/lib/containerd rw - ext4 /dev/sda5 rw"
PART = "3 1 8:3 /docker /var/lib/docker rw - xfs /dev/sda3 rw"
SUBVOLUME = "3 1 0:42 /@docker /var/lib/docker rw - btrfs /dev/sda3 rw,ssd,subvolid=256,subvol=/@docker"


_NO_DEVICES = BlockDevices({}, {}, {})


class _Places(Places):
    """Places by hand."""

    root: str
    containerd: str
    links: tuple[FileFact, ...] | None

    def __init__(self, root: str, containerd: str, links: tuple[FileFact, ...] | None) -> None:
        object.__setattr__(self, "root", root)
        object.__setattr__(self, "containerd", containerd)
        object.__setattr__(self, "links", links)

    def data_root(self) -> FileFact:
        return at(self.root, DIRECTORY)

    def data_root_links(self) -> tuple[FileFact, ...]:
        if self.links is None:
            raise EvidenceError("may not be listed")
        return self.links

    @property
    def containerd_roots(self) -> tuple[str, ...]:
        return (self.containerd,)


def storage(
    *mounts: str,
    root: str = "/var/lib/docker",
    remap: bool = False,
    store: bool = False,
    containerd: str = "/var/lib/containerd",
    links: tuple[FileFact, ...] | None = (),
    devices: BlockDevices = _NO_DEVICES,
) -> tuple[str, str]:
    """What 1.1.1 says of an engine whose daemon has this mount table."""
    options = ["name=seccomp", *(["name=userns"] if remap else [])]
    driver = [["driver-type", "io.containerd.snapshotter.v1"]] if store else [["Backing Filesystem", "xfs"]]
    engine = Engine({"SecurityOptions": options, "DriverStatus": driver})
    found = Storage(engine, _Places(root, containerd, links), parse_mounts(mounts))
    at_rest = Later(lambda: DataAtRest(found, found.mounts, devices))
    (finding,) = judge(control("1.1.1"), {"storage": found, "data_at_rest": at_rest}, "host")
    return str(finding.verdict), finding.reason


def test_file_system_of_the_data_root() -> None:
    """Only a mount point whose device is that of nothing around it passes."""
    assert storage(ROOT, DOCKER) == ("pass", "/var/lib/docker is a mount point of its own: xfs, device 8:3")
    assert storage(ROOT, VAR, DOCKER)[0] == "pass"
    assert "a loop device" in storage(ROOT, DOCKER.replace("8:3", "7:3"))[1]
    assert storage(ROOT)[0] == "fail"
    assert storage(ROOT, ITSELF) == (
        "fail",
        "/var/lib/docker is on the file system of / (mounted from there), device 8:1",
    )
    assert storage(ROOT, BOUND)[0] == "fail"
    assert storage(ROOT, VAR, BOUND)[0] == "fail"
    assert storage(ROOT, VAR) == (
        "fail",
        "/var/lib/docker is on the file system of /var, device 8:2",
    )
    lib = "2 1 8:2 / /var/lib rw - ext4 /dev/sda2 rw"
    assert storage(ROOT, lib)[1].endswith(
        "is on the file system mounted at /var/lib, with all else that is there"
    )
    assert storage(ROOT, VAR, OF_VAR)[0] == "fail"
    over_itself = DOCKER.replace("3 1", "4 3")
    assert storage(ROOT, DOCKER, over_itself)[0] == "pass"
    assert storage(ROOT, DOCKER, BOUND)[0] == "fail"  # what was mounted last is what is seen


def test_directory_of_a_file_system() -> None:
    """A directory that was mounted from a file system with room for others shares it, wherever that is."""
    assert storage(ROOT, PART) == (
        "fail",
        "/var/lib/docker is the directory /docker of the file system on device 8:3",
    )
    assert storage(ROOT, PART.replace("8:3 /docker", "8:3 /"))[0] == "pass"
    deep = "4 2 8:4 / /var/lib rw - ext4 /dev/sda4 rw"
    assert storage(ROOT, VAR, deep, OF_VAR)[1].startswith("/var/lib/docker is on the file system of /var")
    whole_var = "3 1 8:2 / /data/docker rw - ext4 /dev/sda2 rw"
    assert storage(ROOT, VAR, whole_var, root="/data/docker")[0] == "fail"
    assert storage(ROOT, whole_var, root="/data/docker")[0] == "pass"


def test_file_system_that_borrows_from_another() -> None:
    """An overlay has a device of its own, and its data lie elsewhere."""
    own = "3 1 0:50 / /var/lib/docker rw - overlay overlay rw,lowerdir=/srv/l,upperdir=/srv/u,workdir=/srv/w"
    for kind, verdict in (
        ("overlay", "fail"),
        ("fuse.bindfs", "fail"),
        ("fuse.gocryptfs", "fail"),
        ("ecryptfs", "fail"),
        ("zfs", "pass"),
        ("fuse.glusterfs", "pass"),
    ):
        assert storage(ROOT, own.replace("overlay overlay", f"{kind} x"))[0] == verdict


def test_subvolume() -> None:
    """A subvolume of btrfs counts as a file system, a directory in one does not, nor a disk shared with /."""
    kind = "/var/lib/docker is a mount point of its own: btrfs, device 0:42, its subvolume /@docker"
    assert storage(ROOT, SUBVOLUME) == ("pass", kind)
    inside = SUBVOLUME.replace("/@docker /var", "/@docker/x /var")
    assert storage(ROOT, inside)[0] == "fail"
    not_btrfs = SUBVOLUME.replace("btrfs", "ext4")
    assert storage(ROOT, not_btrfs)[0] == "fail"
    system = "1 0 0:42 /@ / rw - btrfs /dev/sda3 rw,ssd,subvolid=255,subvol=/@"
    assert storage(system, SUBVOLUME)[0] == "fail"


def test_pool_of_the_host() -> None:
    """Data sets of ZFS have a device each, and the space of their pool together, unless a quota divides it."""
    system = "1 0 0:40 / / rw - zfs rpool/ROOT/debian rw"
    docker = "3 1 0:42 / /var/lib/docker rw - zfs rpool/docker rw"
    assert storage(system, docker) == (
        "manual",
        "/var/lib/docker lies in the pool rpool, as the host's own file systems do: does a quota limit it?",
    )
    assert storage(system, docker.replace("rpool", "tank"))[0] == "pass"
    assert storage(ROOT, docker)[0] == "pass"


def test_other_subvolumes_of_its_disk() -> None:
    """They share its space, unless they are the engine's too, or only show what it has."""
    home = SUBVOLUME.replace("@docker", "@home").replace("/var/lib/docker", "/home")
    assert storage(ROOT, SUBVOLUME, home) == (
        "manual",
        "/var/lib/docker shares its btrfs with /home: does a quota limit it?",
    )
    top = "4 1 0:42 / /mnt/top rw - btrfs /dev/sda3 rw,ssd,subvolid=5,subvol=/"
    inside = home.replace("/home rw", "/var/lib/docker/volumes rw")
    for other in (
        top,
        inside,
        home.replace("0:42", "0:43"),
        SUBVOLUME.replace("/var/lib/docker", "/mnt/docker"),
    ):
        assert storage(ROOT, SUBVOLUME, other)[0] == "pass", other
    images = home.replace("/home rw", "/var/lib/containerd rw")
    assert storage(ROOT, SUBVOLUME, images, store=True)[0] == "pass"
    assert storage(ROOT, SUBVOLUME, images)[0] == "manual"


def test_pool_of_thin_volumes() -> None:
    """Each volume has a device of its own, and no more space than their pool has left."""
    uuids = {"dm-3": "LVM-Vpool-tpool", "dm-4": "LVM-Vroot", "dm-5": "LVM-Vdocker", "dm-6": "LVM-Wpool-tpool"}
    files = {f"{name}/dm/uuid": uuid for name, uuid in uuids.items()}
    files |= {f"dm-{number}/dev": f"253:{number}" for number in range(3, 7)} | {
        "dm-3/dm/name": "vg-pool-tpool"
    }
    system = ROOT.replace("8:1 /", "253:4 /")
    docker = DOCKER.replace("8:3 /", "253:5 /")
    for pool, expected in ("dm-3", "manual"), ("dm-6", "pass"):
        devices = BlockDevices(files, {"dm-4": ("dm-3",), "dm-5": (pool,)}, {})
        assert storage(system, docker, devices=devices)[0] == expected
    shared = BlockDevices(files, {"dm-4": ("dm-3",), "dm-5": ("dm-3",)}, {})
    assert storage(system, docker, devices=shared)[1] == (
        "/var/lib/docker lies in the pool vg-pool, as the host's own file systems do: does a quota limit it?"
    )
    assert storage(system, docker, devices=BlockDevices(files, {}, {}))[0] == "pass"


def test_pools_of_vdo_and_stratis() -> None:
    """Their volumes share space as thin volumes do."""
    system, docker = ROOT.replace("8:1 /", "253:4 /"), DOCKER.replace("8:3 /", "253:5 /")
    numbers = {"dm-4/dev": "253:4", "dm-5/dev": "253:5"}
    names = [f"stratis-1-{pool * 32}-thin-fs-{'0' * 32}" for pool in "abc"]
    for other, expected in (names[0], "manual"), (names[1], "pass"):
        files = numbers | {"dm-4/dm/name": names[0], "dm-5/dm/name": other}
        assert storage(system, docker, devices=BlockDevices(files, {}, {}))[0] == expected
    below = {"dm-4": ("dm-3",), "dm-5": ("dm-3",)}
    nameless = numbers | {f"dm-{each}/dm/uuid": f"LVM-{each}-tpool" for each in (2, 3)}
    apart = {"dm-4": ("dm-2",), "dm-5": ("dm-3",)}
    assert storage(system, docker, devices=BlockDevices(nameless, apart, {}))[0] == "pass"
    for ending, expected in ("-vpool", "manual"), ("-vdata", "pass"):
        files = numbers | {"dm-3/dm/uuid": f"LVM-V{ending}", "dm-3/dm/name": f"vg-vdo{ending}"}
        assert storage(system, docker, devices=BlockDevices(files, below, {}))[0] == expected


def test_parts_of_the_data_root() -> None:
    """What lies in the data root, and was mounted or led back to the host's file system, is not on its own."""
    layers = "4 3 8:1 /srv/o /var/lib/docker/overlay2 rw - ext4 /dev/sda1 rw"
    assert storage(ROOT, DOCKER, layers) == (
        "fail",
        "/var/lib/docker has /var/lib/docker/overlay2 on that of /",
    )
    assert storage(ROOT, DOCKER, layers.replace("8:1", "8:7"))[0] == "pass"
    volume = "4 3 8:1 /srv/o /var/lib/docker/volumes/v/_data rw - ext4 /dev/sda1 rw"
    assert storage(ROOT, DOCKER, volume)[0] == "pass"  # a user's own directory, lent to a container
    link = FileFact("/var/lib/docker/volumes", State.FOUND, Node("/srv/v", DIRECTORY, 0, 0))
    assert storage(ROOT, DOCKER, links=(link,)) == (
        "fail",
        "/var/lib/docker has /var/lib/docker/volumes on that of /",
    )
    inside = replace(link, target=Node("/var/lib/docker/v", DIRECTORY, 0, 0))
    assert storage(ROOT, DOCKER, links=(inside,))[0] == "pass"
    assert storage(ROOT, DOCKER, links=None) == ("error", "may not be listed")
    assert storage(ROOT, links=None)[0] == "fail"
    numbered = "/var/lib/docker/100000.100000"
    layers = layers.replace("overlay2", "100000.100000/overlay2")
    assert storage(ROOT, DOCKER, layers, root=numbered, remap=True)[0] == "fail"


def test_file_system_of_a_numbered_root() -> None:
    """With user namespaces the disk is that of the directory above, or of the numbered one itself."""
    root = "/var/lib/docker/100000.100000"
    assert storage(ROOT, DOCKER, root=root, remap=True)[0] == "pass"
    assert storage(ROOT, DOCKER, NUMBERED_ITSELF, root=root, remap=True)[0] == "pass"
    assert storage(ROOT, NUMBERED, root=root, remap=True)[0] == "pass"
    assert storage(ROOT, root=root, remap=True)[0] == "fail"
    assert storage(ROOT, DOCKER, root=root)[0] == "fail"  # a data root that only looks like one


def test_file_system_of_images_in_containerd() -> None:
    """The root of containerd counts where the engine keeps its images there."""
    assert storage(ROOT, DOCKER)[0] == "pass"
    found, reason = storage(ROOT, DOCKER, store=True)
    assert (found, reason.startswith("/var/lib/containerd is on the file system of /")) == ("fail", True)
    assert storage(ROOT, DOCKER, CONTAINERD, store=True)[0] == "pass"
    assert storage(ROOT, DOCKER, store=True, containerd="/var/lib/docker/containerd/daemon")[0] == "pass"


def test_mount_table_without_root() -> None:
    """A table that does not say where a path lies is no evidence."""
    with pytest.raises(EvidenceError, match=r"^the mount table has no mount at /$"):
        mount_of("/srv", parse_mounts((DOCKER,)))
