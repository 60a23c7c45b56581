"""The inventory that is taken though nobody named it: only where nobody else can have put it there.

An inventory says how hosts are reached, and ssh runs commands on this machine for some of what can be said there.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path


def fault(path: Path) -> str:
    """Return who else may have written *path* or can put another file there; empty if only this user and root can.

    Raises:
        OSError: it is not there.
    """
    ours = {0, os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
        ours.add(int(os.environ["SUDO_UID"]))  # who may become root is no stranger to it
    for each in _on_the_way(path):
        status = each.lstat()
        if status.st_uid not in ours:
            return f"{each} belongs to {_name(status.st_uid)}"
        if _is_shared(each, status):
            return f"{each} can be written by others"
    return ""


def _on_the_way(path: Path) -> Iterator[Path]:
    """Yield every folder and link through which *path* is found, from the root on, and *path* at the end."""
    here, left = Path("/"), list(path.absolute().parts)
    while left:
        name = left.pop(0)
        here = here.parent if name == ".." else here / name
        yield here
        if here.is_symlink():
            left, here = [*here.readlink().parts, *left], here.parent


def _is_shared(path: Path, status: os.stat_result) -> bool:
    """Return whether others than the owner can write a file, or exchange the files of a folder."""
    mode = status.st_mode
    if stat.S_ISLNK(mode) or (stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
        return False
    return bool(mode & stat.S_IWOTH) or (bool(mode & stat.S_IWGRP) and not _is_private(path, status))


def _is_private(path: Path, status: os.stat_result) -> bool:
    """Return whether the owner is the only user with the rights of the group, and no ACL names another."""
    try:
        owner, group = pwd.getpwuid(status.st_uid).pw_name, grp.getgrgid(status.st_gid)
        has_acl = "system.posix_acl_access" in os.listxattr(path)
    except (KeyError, OSError):
        return False
    members = {*group.gr_mem, *(user.pw_name for user in pwd.getpwall() if user.pw_gid == status.st_gid)}
    return not has_acl and members <= {owner}


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
