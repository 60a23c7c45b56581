"""Which host paths are sensitive in a container: the system, its services, keys, and other containers.

The lists follow the Filesystem Hierarchy Standard, hier(7), file-hierarchy(7) of systemd, and the engines.
"""

import re

from hullcheck.facts.containers.mounts import HostMount
from hullcheck.lazy import regex
from hullcheck.parsing.proc.mountinfo import is_below

_SYSTEM = "/bin /boot /dev /efi /etc /gnu /lib /lib32 /lib64 /libx32 /nix /proc /root /sbin /sys /usr /ostree /sysroot"
_PROGRAMS = "/opt/cni /opt/containerd /opt/google/containerd /opt/nri /snap /var/snap"
_COMMANDS = """
    /run/buildkit /run/containerd /run/containers /run/crio /run/crun /run/credentials /run/dbus /run/docker
    /run/docker.sock /run/host /run/incus /run/initramfs /run/k3s /run/libpod /run/libvirt /run/lxc /run/lxd /run/netns
    /run/nri /run/podman /run/rancher /run/runc /run/secrets /run/snapd.socket /run/snapd-snap.socket /run/sudo
    /run/systemd /run/udev /run/user
"""
_STATE = """
    AccountsService NetworkManager alternatives apk apt authselect boot2docker buildkit ca-certificates cloud cni
    containerd containers cri-dockerd crio dbus dhcpcd dkms dnf docker dockershim dpkg etcd extrausers flatpak incus
    initramfs-tools k0s k3s kubelet libvirt lxc lxd machines nerdctl os-prober pacman pam polkit-1 portables private
    puppet rancher rpm rpm-state salt selinux snapd sss sudo systemd ucf update-notifier usbutils yum
"""
_COPIES = "/.snapshots /swap.img /swapfile /timeshift"
"""Backups and memory of the whole system, with passwords and keys."""
_OTHER = "/var/backups /var/db /var/log /var/spool/anacron /var/spool/at /var/spool/cron /var/spool/incron"

SYSTEM = [
    *f"{_SYSTEM} {_PROGRAMS} {_COMMANDS} {_COPIES} {_OTHER}".split(),
    *(f"/var/lib/{each}" for each in _STATE.split()),
]
"""Sensitive directories, with all below and above them; the benchmark names seven."""

_OF_SERVICES = (
    *("/run", "/var/account", "/var/cache", "/var/crash", "/var/kerberos", "/var/lib", "/var/mail"),
    *("/var/named", "/var/opt", "/var/ossec", "/var/spool", "/var/yp"),
)
"""Directories in which services of the host keep programs, settings and data."""

_HOME = regex(r"/home(?:/[^/]+(?:/\..*)?)?")
"""All homes, one home, and hidden files in it, such as keys and login scripts."""

_KEYS = regex(
    r"""/.*/\.(?: (?:aws|azure|config/gcloud|git-credentials|gnupg|kube|netrc|pgpass|ssh)(?:/.*)?
    | docker(?:/(?:config\.json|contexts|machine|trust)(?:/.*)?)? )""",
    re.VERBOSE,
)
"""Files with keys and tokens of an account, wherever its home is."""

_HARMLESS = ("/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo")
"""The time zone, which containers often mount read-only."""


def is_sensitive(mount: HostMount, path: str, docker_root: str) -> bool:
    """Return whether *path* of a mount, without symbolic links, exposes a part of the host's system.

    Args:
        docker_root: the data root (`docker info`: DockerRootDir), which holds the volumes.
    """
    plain = _plain(path)
    if _is_own(mount, path, docker_root) or (mount.read_only and any(is_below(plain, x) for x in _HARMLESS)):
        return False
    return bool(_HOME.fullmatch(plain) or _KEYS.fullmatch(plain)) or any(
        is_below(plain, each) or is_below(each, plain) for each in (*SYSTEM, docker_root)
    )


def is_of_a_service(mount: HostMount, path: str, docker_root: str) -> bool:
    """Return whether *path* is in a directory of services, so that only people know which one uses it."""
    own = _is_own(mount, path, docker_root)
    return not own and any(is_below(_plain(path), each) for each in _OF_SERVICES)


def _is_own(mount: HostMount, path: str, docker_root: str) -> bool:
    """Return whether the engine, or one of its plugins, keeps the mounted volume or image itself."""
    own = {"volume": ("volumes", "plugins"), "image": ("",)}.get(mount.kind, ())
    return any(path.startswith(f"{docker_root}/{each}") for each in own)


def _plain(path: str) -> str:
    """Return *path* below /run, /home or /root if it is below a usual link to these."""
    for link, target in (("/var/run", "/run"), ("/var/home", "/home"), ("/var/roothome", "/root")):
        if is_below(path, link):
            return target + path[len(link) :]
    return path
