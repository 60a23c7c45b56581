"""Which paths of a host are sensitive in a container: what root runs, its services, keys, and other containers.

The lists are of the File System Hierarchy Standard, hier(7), file-hierarchy(7) of systemd, and the engines.
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
"""Earlier states of the whole system, passwords and keys too, and what was in the memory of its programs."""
_OTHER = "/var/backups /var/db /var/log /var/spool/anacron /var/spool/at /var/spool/cron /var/spool/incron"

SYSTEM = [
    *f"{_SYSTEM} {_PROGRAMS} {_COMMANDS} {_COPIES} {_OTHER}".split(),
    *(f"/var/lib/{each}" for each in _STATE.split()),
]
"""Directories that are sensitive with all below and above them; the benchmark names seven of them."""

_OF_SERVICES = (
    *("/run", "/var/account", "/var/cache", "/var/crash", "/var/kerberos", "/var/lib", "/var/mail"),
    *("/var/named", "/var/opt", "/var/ossec", "/var/spool", "/var/yp"),
)
"""Where programs and services of the host keep what they run, obey and remember; only people know whose it is."""

_HOME = regex(r"/home(?:/[^/]+(?:/\..*)?)?")
"""All homes, one, and hidden files in it: keys, tokens, and what its owner's next login runs."""

_KEYS = regex(
    r"""/.*/\.(?: (?:aws|azure|config/gcloud|git-credentials|gnupg|kube|netrc|pgpass|ssh)(?:/.*)?
    | docker(?:/(?:config\.json|contexts|machine|trust)(?:/.*)?)? )""",
    re.VERBOSE,
)
"""What holds keys and tokens of an account, wherever its home is; projects keep what they build in `.docker` too."""

_HARMLESS = ("/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo")
"""The time zone, which containers are often given read-only."""


def is_sensitive(mount: HostMount, path: str, docker_root: str) -> bool:
    """Whether *path* of a mount, free of symbolic links, shows a container a part of the host's system.

    Args:
        docker_root: the engine's data root (`docker info`: DockerRootDir), in which it has the volumes.
    """
    plain = _plain(path)
    if _is_own(mount, path, docker_root) or (mount.read_only and any(is_below(plain, x) for x in _HARMLESS)):
        return False
    return bool(_HOME.fullmatch(plain) or _KEYS.fullmatch(plain)) or any(
        is_below(plain, each) or is_below(each, plain) for each in (*SYSTEM, docker_root)
    )


def is_of_a_service(mount: HostMount, path: str, docker_root: str) -> bool:
    """Whether *path* lies where services of the host keep what they run or obey, and nobody says whose it is."""
    own = _is_own(mount, path, docker_root)
    return not own and any(is_below(_plain(path), each) for each in _OF_SERVICES)


def _is_own(mount: HostMount, path: str, docker_root: str) -> bool:
    """Whether the engine, or a plugin of it, keeps the volume or image that is mounted there itself."""
    own = {"volume": ("volumes", "plugins"), "image": ("",)}.get(mount.kind, ())
    return any(path.startswith(f"{docker_root}/{each}") for each in own)


def _plain(path: str) -> str:
    """Return *path* below /run, /home or /root if it is below a usual link to these."""
    for link, target in (("/var/run", "/run"), ("/var/home", "/home"), ("/var/roothome", "/root")):
        if is_below(path, link):
            return target + path[len(link) :]
    return path
