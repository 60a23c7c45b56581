"""Limits and counts of control groups (cgroup v1 and v2)."""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from hullcheck.lazy import regex
from hullcheck.verdicts import EvidenceError

_NO_MEMORY_LIMIT = 1 << 60  # cgroup v1 prints the largest multiple of a page below 2^63 for "none"
_DEFAULTS = {"cpu.shares": 1024, "cpu.weight": 100}
_USER_SLICE = regex(r"/user-\d+\.slice$")  # systemd gives each a third of all processes of the host

Files = Mapping[str, Sequence[str]]  # the lines of files, by path

_FILES = {
    "memory": ("memory.max", "memory.limit_in_bytes"),
    "processes": ("pids.max",),
    "cpus": ("cpu.max", "cpu.cfs_quota_us"),
    "cpu_weight": ("cpu.weight", "cpu.shares"),
}
"""The files of each limit, in v2 and v1; their names begin with the controller's."""
_PEAKS = {
    "memory": ("memory.peak", "memory.max_usage_in_bytes", "memory.current"),
    "pids": ("pids.peak", "pids.current"),
}
"""The files with the most that there was, and last what there is now."""


def read(name: str, cgroups: Sequence[str], files: Files, *, own: bool = True) -> float | None:
    """Return the limit *name* of a process with these *cgroups*, or of groups above only unless *own*; None without."""
    known, controller = _FILES[name], _FILES[name][0].partition(".")[0]
    folders = _folders(controller, cgroups)
    if not any(f"{folder}/{each}" in files for folder in folders for each in (*known, "cgroup.controllers")):
        raise EvidenceError(f"its control group for {controller} could not be read, or it has none")
    counted = folders if own else _folders(controller, cgroups, own=False)
    if name == "cpus":
        return min(_cpus(counted, files), default=None)
    if name == "cpu_weight":
        return 1 if _has_share(counted, files) else None
    if name == "processes":
        counted = [folder for folder in counted if not _USER_SLICE.search(folder)]
    lines = (line for folder in counted for each in known for line in files.get(f"{folder}/{each}", ()))
    limits = (_number(line) for line in lines if line != "max")
    return min((each for each in limits if each < _NO_MEMORY_LIMIT), default=None)


def peak(controller: str, cgroups: Sequence[str], files: Files, name: str) -> int | None:
    """Return the most in the group of this *name*, or what it has now; its process may be below it."""
    own = [each for each in _folders(controller, cgroups) if name in each.rpartition("/")[2]]
    lines = (line for each in _PEAKS[controller] for folder in own for line in files.get(f"{folder}/{each}", ()))
    return next(map(_number, lines), None)


def _folders(controller: str, cgroups: Sequence[str], *, own: bool = True) -> list[str]:
    """Return the folders of the process's group and of groups above, without the root."""
    hierarchies = [line.split(":", 2)[1:] for line in cgroups]
    unified = [each for each in hierarchies if not each[0]]  # v2; a hierarchy of its own is v1
    folders = []
    for controllers, path in [each for each in hierarchies if controller in each[0].split(",")] or unified:
        names = [controllers] if controllers else ["", "unified"]
        parts = [part for part in path.split("/") if part][: None if own else -1]
        above = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
        folders += [posixpath.join("/sys/fs/cgroup", name, each) for name in names for each in above]
    return folders


def _number(text: str) -> int:
    if not re.fullmatch("-1|[0-9]+", text):
        raise EvidenceError(f"a file of its control groups has {text!r}, which is not a limit")
    return int(text)


def _cpus(folders: Sequence[str], files: Files) -> Iterator[float]:
    for folder in folders:
        for line in files.get(f"{folder}/cpu.max", ()):
            quota, _, period = line.partition(" ")
            if quota != "max":
                yield _number(quota) / max(_number(period), 1)
        for quota in files.get(f"{folder}/cpu.cfs_quota_us", ()):
            (period,) = files.get(f"{folder}/cpu.cfs_period_us", ("100000",))
            if _number(quota) > 0:
                yield _number(quota) / max(_number(period), 1)


def _has_share(folders: Sequence[str], files: Files) -> bool:
    """Return whether the process's own group has a share other than the default."""
    own = (*folders[:1], *[each for each in folders if "/unified/" in each][:1])
    found = ((default, files.get(f"{folder}/{name}")) for folder in own for name, default in _DEFAULTS.items())
    return any(lines and _number(lines[0]) != default for default, lines in found)
