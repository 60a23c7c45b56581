"""Control groups: what really holds a container (cgroup v1 and v2, kernel documentation)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from hullcheck.verdicts import EvidenceError

_NO_MEMORY_LIMIT = 1 << 60  # cgroup v1 prints the largest multiple of a page below 2^63 for "none"
_DEFAULT_SHARES = 1024
_DEFAULT_WEIGHT = 100


@dataclass(frozen=True)
class Limits:
    """What is in force, own or inherited from a group above; None where nothing limits.

    Attributes:
        memory: bytes.
        processes: how many.
        cpus: how many processors' worth of time.
        cpu_weight: whether its own share of the processor time differs from the default.
    """

    memory: int | None
    processes: int | None
    cpus: float | None
    cpu_weight: bool


def read(cgroups: Sequence[str], files: Mapping[str, Sequence[str]]) -> Limits:
    """The limits of a process, from the lines of its /proc/PID/cgroup and the files of its groups.

    Raises:
        EvidenceError: no file of its groups could be read.
    """
    groups = _groups(cgroups)
    if not any(f"{folder}/{name}" in files for folders in groups.values() for folder in folders for name in _NAMES):
        raise EvidenceError("the files of its control groups could not be read, or it has none")

    def values(controller: str, *names: str) -> Iterator[str]:
        for folder in groups.get(controller, ()):
            for name in names:
                yield from files.get(f"{folder}/{name}", ())

    memory = [int(each) for each in values("memory", "memory.max", "memory.limit_in_bytes") if each != "max"]
    processes = [int(each) for each in values("pids", "pids.max") if each != "max"]
    return Limits(
        memory=min((each for each in memory if each < _NO_MEMORY_LIMIT), default=None),
        processes=min(processes, default=None),
        cpus=min(_cpus(groups.get("cpu", ()), files), default=None),
        cpu_weight=_has_weight(groups.get("cpu", ()), files),
    )


_NAMES = ("memory.max", "memory.limit_in_bytes", "pids.max", "cpu.max", "cpu.shares", "cpu.weight")


def _groups(cgroups: Sequence[str]) -> dict[str, list[str]]:
    """For each controller the folders of the process's group and of those above, the own first, without the root."""
    groups: dict[str, list[str]] = {}
    for line in cgroups:
        _, controllers, path = line.split(":", 2)
        tops = [f"/sys/fs/cgroup/{controllers}"] if controllers else ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
        names = controllers.split(",") if controllers else ["memory", "pids", "cpu"]
        for top in tops:
            above = [each for each in (PurePosixPath(path), *PurePosixPath(path).parents) if str(each) != "/"]
            for name in names:
                groups.setdefault(name, []).extend(f"{top}{each}" for each in above)
    return groups


def _cpus(folders: Sequence[str], files: Mapping[str, Sequence[str]]) -> Iterator[float]:
    for folder in folders:
        for line in files.get(f"{folder}/cpu.max", ()):
            quota, _, period = line.partition(" ")
            if quota != "max":
                yield int(quota) / int(period)
        for quota in files.get(f"{folder}/cpu.cfs_quota_us", ()):
            (period,) = files.get(f"{folder}/cpu.cfs_period_us", ("100000",))
            if int(quota) > 0:
                yield int(quota) / int(period)


def _has_weight(folders: Sequence[str], files: Mapping[str, Sequence[str]]) -> bool:
    for folder in folders[:1] + [each for each in folders if "/unified/" in each][:1]:
        shares = files.get(f"{folder}/cpu.shares", (str(_DEFAULT_SHARES),))[0]
        weight = files.get(f"{folder}/cpu.weight", (str(_DEFAULT_WEIGHT),))[0]
        if int(shares) != _DEFAULT_SHARES or int(weight) != _DEFAULT_WEIGHT:
            return True
    return False
