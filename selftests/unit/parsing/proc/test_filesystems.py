"""Views of the kernel, by kind and by place."""

import pytest

from hullcheck.parsing.proc import filesystems, mountinfo


@pytest.mark.parametrize(
    ("kind", "point", "foreign"),
    [
        ("proc", "/proc", False),
        ("proc", "/proc/bus", False),
        ("proc", "/procfs", True),
        ("sysfs", "/sys", False),
        ("sysfs", "/host/sys", True),
        ("cgroup2", "/sys/fs/cgroup", False),
        ("cgroup2", "/sys", True),
        ("mqueue", "/dev/mqueue", False),
        ("mqueue", "/tmp", True),
        ("debugfs", "/sys/kernel/debug", True),
        ("devtmpfs", "/dev", True),
        ("tmpfs", "/x", False),
        ("ext4", "/proc", False),
    ],
)
def test_places(kind: str, point: str, foreign: bool) -> None:
    """A container has few of them, each in its place; what is no view of the kernel is left to others."""
    (mount,) = mountinfo.parse([f"40 30 0:90 / {point} rw - {kind} none rw"])
    assert filesystems.is_foreign(mount) is foreign


def test_single_device() -> None:
    """One device of the host, where a container may make none, shows no more than itself."""
    (mount,) = mountinfo.parse(["40 30 0:6 /null /dev/null rw - devtmpfs udev rw"])
    assert not filesystems.is_foreign(mount)


@pytest.mark.parametrize(
    ("kind", "depends"), [("proc", True), ("cgroup", True), ("sysfs", False), ("bpf", False)]
)
def test_namespaces(kind: str, depends: bool) -> None:
    """Processes and control groups are those of the namespace in which it was mounted."""
    (mount,) = mountinfo.parse([f"40 30 0:90 / /x rw - {kind} none rw"])
    assert filesystems.depends_on_namespace(mount) is depends
    assert filesystems.folder(kind)
