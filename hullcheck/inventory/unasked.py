"""Trust in the default inventory, by which ssh may run commands: use it only if no other user can have written it."""

import grp
import os
import pwd
import stat
from pathlib import Path


def fault(path: Path) -> str:
    """Return which other user may have written or can replace *path*, or an empty string."""
    ours = {0, os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
        ours.add(int(os.environ["SUDO_UID"]))  # may become root anyway
    written, real = path.absolute(), path.resolve()
    for each in dict.fromkeys((*reversed(written.parents), written, *reversed(real.parents), real)):
        status = each.lstat()
        if status.st_uid not in ours:
            return f"{each} belongs to {_name(status.st_uid)}"
        if _is_shared(status):
            return f"{each} can be written by others"
    return ""


def _is_shared(status: os.stat_result) -> bool:
    """Return whether others than the owner can write a file, or replace files in a folder."""
    mode = status.st_mode
    if stat.S_ISLNK(mode) or (stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
        return False
    return bool(mode & stat.S_IWOTH or (mode & stat.S_IWGRP and not _is_private(status)))


def _is_private(status: os.stat_result) -> bool:
    """Return whether the owner is the only member of the group."""
    try:
        owner, group = pwd.getpwuid(status.st_uid).pw_name, grp.getgrgid(status.st_gid)
    except KeyError:
        return False
    return {*group.gr_mem, *(each.pw_name for each in pwd.getpwall() if each.pw_gid == group.gr_gid)} <= {owner}


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
