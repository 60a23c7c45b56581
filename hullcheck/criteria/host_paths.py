"""Which paths of a host belong to its system, and are sensitive in a container.

By what one can do with them: change what root runs or obeys at the next login, start or update, command a service that
runs as root, read keys and passwords, or see the files of other containers. The lists are of the File System
Hierarchy Standard, hier(7), file-hierarchy(7) of systemd, and the documentation of the engines.
"""

import re

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
"""Directories that hold the system, its secrets, or the state of the engine: sensitive with all below them,
and so is every directory above one of them. The benchmark names /boot, /dev, /etc, /lib, /proc, /sys and
/usr.
"""

_OF_SERVICES = (
    *("/opt", "/run", "/var/account", "/var/cache", "/var/crash", "/var/kerberos", "/var/lib", "/var/mail"),
    *("/var/named", "/var/opt", "/var/ossec", "/var/spool", "/var/yp"),
)
"""Where programs and services of the host keep what they run, obey and remember; only people know whose it is."""

_HOME = re.compile(r"/home(?:/[^/]+(?:/\..*)?)?")
"""All homes, one, and hidden files in it: keys, tokens, and what its owner's next login runs."""

_KEYS = re.compile(
    r"""/.*/\.(?: (?:aws|azure|config/gcloud|git-credentials|gnupg|kube|netrc|pgpass|ssh)(?:/.*)?
    | docker(?:/(?:config\.json|contexts|machine|trust)(?:/.*)?)? )""",
    re.VERBOSE,
)
"""What holds keys and tokens of an account, wherever its home is; projects keep what they build in `.docker` too."""

_OF_A_PLUGIN = re.compile(r"/plugins/[0-9a-f]{64}/(?:propagated-mount|rootfs)/.+")
"""Below the engine's data root, where a driver for volumes that is a plugin of the engine has them."""


def is_sensitive(path: str, kind: str, docker_root: str) -> bool:
    """Whether *path*, free of symbolic links, shows a container a part of the host's system.

    Args:
        kind: `volume` or `image` for one of the engine's or its plugins', whose own folder below *docker_root* is
            meant to be mounted.
        docker_root: the engine's data root (`docker info`: DockerRootDir).
    """
    if _is_own(path, kind, docker_root):
        return False
    path = _plain(path)
    return bool(_HOME.fullmatch(path) or _KEYS.fullmatch(path)) or any(
        is_below(path, each) or is_below(each, path) for each in (*SYSTEM, docker_root)
    )


def is_of_a_service(path: str, kind: str, docker_root: str) -> bool:
    """Whether *path* lies where services of the host keep what they run or obey, and nobody says whose it is."""
    return not _is_own(path, kind, docker_root) and any(is_below(_plain(path), each) for each in _OF_SERVICES)


def _is_own(path: str, kind: str, docker_root: str) -> bool:
    own = {"volume": f"{docker_root}/volumes/", "image": f"{docker_root}/"}.get(kind)
    if own is None:
        return False
    of_a_plugin = kind == "volume" and _OF_A_PLUGIN.fullmatch(path.removeprefix(docker_root))
    return path.startswith(own) or bool(of_a_plugin)


def _plain(path: str) -> str:
    """*path* below /run and /home where it is below a usual link to these."""
    for link, target in (("/var/run", "/run"), ("/var/home", "/home"), ("/var/roothome", "/root")):
        if is_below(path, link):
            return target + path[len(link) :]
    return path
