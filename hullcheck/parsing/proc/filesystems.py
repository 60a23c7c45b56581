"""File systems that are views of the kernel: wherever they are mounted, what they show is the host's.

The kinds and their places are of the kernel's documentation and of systemd (`src/shared/mount-setup.c`).
"""

from hullcheck.parsing.proc.mountinfo import Mount, is_below

_FOLDERS = {
    "binfmt_misc": "/proc/sys/fs/binfmt_misc",
    "bpf": "/sys/fs/bpf",
    "cgroup": "/sys/fs/cgroup",
    "cgroup2": "/sys/fs/cgroup",
    "configfs": "/sys/kernel/config",
    "debugfs": "/sys/kernel/debug",
    "devtmpfs": "/dev",
    "efivarfs": "/sys/firmware/efi/efivars",
    "fusectl": "/sys/fs/fuse/connections",
    "mqueue": "/dev/mqueue",
    "nfsd": "/proc/fs/nfsd",
    "proc": "/proc",
    "pstore": "/sys/fs/pstore",
    "resctrl": "/sys/fs/resctrl",
    "securityfs": "/sys/kernel/security",
    "selinuxfs": "/sys/fs/selinux",
    "smackfs": "/sys/fs/smackfs",
    "sysfs": "/sys",
    "tracefs": "/sys/kernel/tracing",
}
_BY_NAMESPACE = frozenset(("cgroup", "cgroup2", "mqueue", "proc"))
_OF_A_CONTAINER = _BY_NAMESPACE | {"sysfs"}


def folder(kind: str) -> str:
    """Where a host has a file system of this kind; empty where it is no view of the kernel."""
    return _FOLDERS.get(kind, "")


def is_foreign(mount: Mount) -> bool:
    """Whether a view of the kernel is mounted where no runtime mounts it for a container.

    A container has /proc, /sys, its queues and control groups, and single devices where it may make none.
    """
    place = folder(mount.kind)
    if not place or (mount.kind == "devtmpfs" and mount.root != "/"):
        return False
    return mount.kind not in _OF_A_CONTAINER or not is_below(mount.point, place)


def depends_on_namespace(mount: Mount) -> bool:
    """Whether it shows the host's or the container's own, by the namespaces of who mounted it."""
    return mount.kind in _BY_NAMESPACE
