"""Which paths of a host belong to its system, and are sensitive in a container."""

from hullcheck.parsing.proc.mountinfo import is_below

_PATHS = """
    /bin /boot /dev /etc /lib /lib32 /lib64 /libx32 /proc /root /run/containerd /run/docker /sbin /sys /usr
    /var/lib/containerd /var/lib/docker /var/spool/cron
"""

SYSTEM = _PATHS.split()
"""Directories that hold the system, its secrets, or the state of the engine: sensitive with all below them,
and so is every directory above one of them. The benchmark names /boot, /dev, /etc, /lib, /proc, /sys and
/usr.
"""


def is_sensitive(path: str, kind: str, docker_root: str) -> bool:
    """Whether *path*, free of symbolic links, shows a container a part of the host's system.

    Args:
        kind: `volume` or `image` for one of the engine's, whose own folder below *docker_root* is meant to be
            mounted.
        docker_root: the engine's data root (`docker info`: DockerRootDir).
    """
    own = {"volume": f"{docker_root}/volumes/", "image": f"{docker_root}/"}.get(kind)
    if own is not None and path.startswith(own):
        return False
    return any(is_below(path, each) or is_below(each, path) for each in (*SYSTEM, docker_root))
