"""Mounts that may have covered a file of the daemon after it had read that."""

from collections.abc import Sequence

from hullcheck.parsing.proc.mountinfo import Mount, is_below

_OF_CONTAINERS = frozenset(("overlay", "fuse.fuse-overlayfs", "tmpfs"))


def is_covered(path: str, mounts: Sequence[Mount], data_root: str) -> bool:
    """Whether what lies at *path* may have been mounted there since the start of the daemon.

    The kernel lists mounts in their order (fs/namespace.c), and dates none. One that came behind what the daemon itself
    mounts while it runs counts as newer; so does the last of all, which nothing shows to be older.

    Args:
        path: absolute and without symbolic links, as the daemon sees it.
        data_root: of the daemon; empty where that is not known.
    """
    above = [place for place, each in enumerate(mounts) if each.point != "/" and is_below(path, each.point)]
    if not above:
        return False
    (cover,) = above[-1:]
    own = data_root and any(_is_own(mounts, place, data_root) for place in range(cover))
    return bool(own) or cover == len(mounts) - 1


def _is_own(mounts: Sequence[Mount], place: int, data_root: str) -> bool:
    """Whether the daemon makes such a mount: for a container, or of its data root onto itself."""
    mount = mounts[place]
    if mount.point != data_root:
        return mount.kind in _OF_CONTAINERS and is_below(mount.point, data_root)
    before = (each for each in mounts[:place] if is_below(mount.point, each.point))
    return any(each.device == mount.device and _place(each, mount.point) == mount.root for each in before)


def _place(mount: Mount, path: str) -> str:
    """Where a path lies in the file system of *mount*."""
    return mount.root.rstrip("/") + path[len(mount.point.rstrip("/")) :] or "/"
