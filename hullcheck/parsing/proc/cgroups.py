"""Control groups: what really holds a container (cgroup v1 and v2, kernel documentation)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from hullcheck.verdicts import EvidenceError

_NO_MEMORY_LIMIT = 1 << 60  # cgroup v1 prints the largest multiple of a page below 2^63 for "none"
_DEFAULT_SHARES = 1024
_DEFAULT_WEIGHT = 100
_DEVICE = re.compile(r"[abc] (?:\*|\d+):(?:\*|\d+) [rwm]+")
_USER_SLICE = re.compile(r"/user-\d+\.slice$")  # systemd gives each a third of all processes of the host

Files = Mapping[str, Sequence[str]]
"""The lines of files, by path."""


def read(name: str, cgroups: Sequence[str], files: Files, *, own: bool = True) -> float | None:
    """One limit of a process; None where nothing holds it.

    Args:
        name: `memory`, `processes`, `cpus` or `cpu_weight`.
        cgroups: the lines of its /proc/PID/cgroup.
        files: those of its groups and of those above.
        own: whether its own group counts, and not only those above.

    Raises:
        EvidenceError: the files of its own group could not be read.
    """
    controller, known, measure = _LIMITS[name]
    folders = _folders(controller, cgroups)
    if not any(f"{folder}/{each}" in files for folder in folders for each in (*known, "cgroup.controllers")):
        raise EvidenceError(f"its control group for {controller} could not be read, or it has none")
    counted = folders if own else _folders(controller, cgroups, own=False)
    return min(measure(counted, files), default=None)


def is_outside(name: str, cgroups: Sequence[str], identifier: str, main: Sequence[str] = ()) -> bool:
    """Whether a process is in no group of this name where one of its limits is held, or below one.

    Args:
        name: as for `read`, or a controller that only version 1 has in a hierarchy of its own: `devices`, `freezer`.
        cgroups: the lines of its /proc/PID/cgroup.
        identifier: that of a container, after which the engine names its groups.
        main: the lines of the main process of the container: another group may have the same name.
    """
    controller = _LIMITS[name][0] if name in _LIMITS else name
    own = _paths_of(controller, cgroups)
    if not own and (name in _LIMITS or all(line.startswith("0::") for line in cgroups)):
        own = _paths_of("", cgroups)
    tops = {_top(path, identifier) for path in _paths_of(controller, main) or _paths_of("", main)}
    return any(identifier not in path or bool(tops and _top(path, identifier) not in tops) for path in own)


def parents(lines: Sequence[str], identifier: str) -> frozenset[str]:
    """The last names of the groups above those that an engine named after a container.

    Args:
        lines: those of /proc/PID/cgroup of a process of the container.
    """
    above = (
        line.split(":", 2)[2].partition(identifier)[0].split("/") for line in lines if identifier in line
    )
    return frozenset(each[-2] for each in above if len(each) > 1)


def _paths_of(controller: str, cgroups: Sequence[str]) -> list[str]:
    """The groups of a process in the hierarchy of this controller; without a name in the unified one."""
    split = [line.split(":", 2) for line in cgroups]
    return [path for _, each, path in split if (controller in each.split(",") if controller else not each)]


def _top(path: str, identifier: str) -> str:
    """The group of a container itself, of one below it."""
    before, found, after = path.partition(identifier)
    return before + found + after.partition("/")[0]


def devices(cgroups: Sequence[str], files: Files) -> tuple[str, ...] | None:
    """The devices that its own group lets in (`c 1:3 rwm`); None where no hierarchy lists them (cgroup v2).

    Raises:
        EvidenceError: they are listed, and could not be read.
    """
    if not any("devices" in line.split(":", 2)[1].split(",") for line in cgroups):
        return None
    (folder, *_) = [*_folders("devices", cgroups), ""]
    if f"{folder}/devices.list" not in files:
        raise EvidenceError("the devices that its control group lets in could not be read")
    rules = tuple(files[f"{folder}/devices.list"])
    if not all(map(_DEVICE.fullmatch, filter(None, rules))):
        raise EvidenceError(
            "the devices that its control group lets in are not listed as the kernel lists them"
        )
    return rules


@lru_cache(4096)  # most containers of a host have the same devices and rules
def let_in(device: str, rules: tuple[str, ...]) -> bool:
    """Whether rules of such a list cover all that an entry allows, one or several together."""
    kind, numbers, access = device.split()
    return all(any(_covers(rule.split(), kind, numbers, each) for rule in rules) for each in access)


def _covers(rule: list[str], kind: str, numbers: str, access: str) -> bool:
    pairs = zip(rule[1].split(":"), numbers.split(":"), strict=True)
    return rule[0] in ("a", kind) and access in rule[2] and all(one in ("*", two) for one, two in pairs)


def _folders(controller: str, cgroups: Sequence[str], *, own: bool = True) -> list[str]:
    """The folders of the process's group and of those above, the own first, without the root."""
    split = [line.split(":", 2) for line in cgroups]
    folders = []
    for _, controllers, path in [each for each in split if controller in each[1].split(",")] or split:
        if controllers and controller not in controllers.split(","):
            continue  # a controller is in a hierarchy of its own (v1), or else in the unified one (v2)
        tops = (
            [f"/sys/fs/cgroup/{controllers}"] if controllers else ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
        )
        parts = [part for part in path.split("/") if part]
        most = len(parts) if own else len(parts) - 1
        above = ["/".join(("", *parts[:count])) for count in range(most, 0, -1)]
        folders += [f"{top}{each}" for top in tops for each in above]
    return folders


def _values(folders: Sequence[str], files: Files, *names: str) -> Iterator[int]:
    for folder in folders:
        for name in names:
            yield from (_number(each) for each in files.get(f"{folder}/{name}", ()) if each != "max")


def _number(text: str) -> int:
    if not re.fullmatch("-1|[0-9]+", text):
        raise EvidenceError(f"a file of its control groups says {text!r}, which is no limit")
    return int(text)


def _memory(folders: Sequence[str], files: Files) -> Iterator[float]:
    held = _values(folders, files, "memory.max", "memory.limit_in_bytes")
    return (each for each in held if each < _NO_MEMORY_LIMIT)


def _processes(folders: Sequence[str], files: Files) -> Iterator[float]:
    chosen = [each for each in folders if not _USER_SLICE.search(each)]
    return _values(chosen, files, "pids.max")


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


def _weight(folders: Sequence[str], files: Files) -> Iterator[float]:
    """1 where the own group has a share of its own; those above share it out among all that is in them."""
    for folder in (*folders[:1], *[each for each in folders if "/unified/" in each][:1]):
        shares = files.get(f"{folder}/cpu.shares", (str(_DEFAULT_SHARES),))[0]
        weight = files.get(f"{folder}/cpu.weight", (str(_DEFAULT_WEIGHT),))[0]
        if _number(shares) != _DEFAULT_SHARES or _number(weight) != _DEFAULT_WEIGHT:
            yield 1


_Measure = Callable[[Sequence[str], Files], Iterator[float]]
_LIMITS: dict[str, tuple[str, tuple[str, ...], _Measure]] = {
    "memory": ("memory", ("memory.max", "memory.limit_in_bytes"), _memory),
    "processes": ("pids", ("pids.max",), _processes),
    "cpus": ("cpu", ("cpu.max", "cpu.cfs_quota_us"), _cpus),
    "cpu_weight": ("cpu", ("cpu.weight", "cpu.shares"), _weight),
}
