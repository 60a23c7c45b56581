"""Chooses targets: those that `--targets` names, and of them the part that `--shard` leaves to this machine."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from hullcheck.inventory import Inventory, Target
from hullcheck.inventory.specs import TargetError
from hullcheck.lazy import regex
from hullcheck.messages import did_you_mean

_WRITTEN = regex(r"([0-9]{1,6})/([0-9]{1,6})|env(?:/([0-9]{1,6}))?")
_NUMBER = regex(r"[0-9]{1,6}")
_KUBERNETES = "JOB_COMPLETION_INDEX"  # of an Indexed Job, from 0
_GITLAB, _GITLAB_TOTAL = "CI_NODE_INDEX", "CI_NODE_TOTAL"  # of `parallel: 20`, from 1


def chosen(targets: Sequence[Target], inventory: Inventory, patterns: Sequence[str]) -> tuple[Target, ...]:
    """Return the *targets* that match one of *patterns*, or raise TargetError if one matches none, or has a fault."""
    names = {each.name: (each.name, *inventory.groups_of(each), "all") for each in targets}
    for pattern in patterns:
        if not any(_match(each, [pattern]) for each in names.values()):
            hint = did_you_mean(pattern, {name for each in names.values() for name in each})
            raise TargetError(f"--targets {pattern}: no target and no group has this name; {hint}")
    left = tuple(each for each in targets if not patterns or _match(names[each.name], patterns))
    faults = [each.fault for each in left if each.fault]
    if faults:
        raise TargetError("\n".join([*faults, "--targets limits a run to targets without such faults"]))
    return left


def _match(names: Iterable[str], patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, each) for name in names for each in patterns)


class Shard(Struct, frozen=True):
    """One of equal parts of all targets; the first has the *number* 1."""

    number: int
    of: int

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.number}/{self.of}"

    def part(self, targets: Sequence[Target]) -> tuple[Target, ...]:
        """Return the *targets* of this shard, in their order, or raise TargetError if there are none."""
        # by name: a dynamic inventory may have another order on each machine
        mine = set(sorted(each.name for each in targets)[self.number - 1 :: self.of])
        if not mine:
            raise TargetError(
                f"--shard {self}: there are {len(targets)} targets, so this shard has none; use at most as many shards"
            )
        return tuple(each for each in targets if each.name in mine)


def shard_of(written: str, environment: Mapping[str, str]) -> Shard:
    """Return the shard that *written* means: `3/20`, or `env` for that of the scheduler; or raise TargetError."""
    match = _WRITTEN.fullmatch(written)
    if match is None:
        raise TargetError(
            f"--shard {written}: write the number of the shard and how many there are, as --shard=3/20;"
            " --shard=env and --shard=env/20 take what is missing from the scheduler of this job"
        )
    number, of = match[1], match[2]
    if number is None:
        number, of = _scheduled(written, match[3], environment)
    if not 1 <= int(number) <= int(of):
        raise TargetError(f"--shard {written}: there is no shard {number} of {of}; the first is 1, the last {of}")
    return Shard(int(number), int(of))


def _scheduled(written: str, total: str | None, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return number and total by the variables of the scheduler."""
    here = [name for name in (_KUBERNETES, _GITLAB) if _NUMBER.fullmatch(environment.get(name, ""))]
    if len(here) != 1:
        said = f"just one of {_KUBERNETES} (an Indexed Job of Kubernetes) and {_GITLAB} (GitLab CI) has to be set"
        raise TargetError(f"--shard {written}: {said}; write --shard=NUMBER/TOTAL")
    known = environment.get(_GITLAB_TOTAL) if here == [_GITLAB] else total
    if not known or not _NUMBER.fullmatch(known):
        raise TargetError(f"--shard {written}: the number of shards is unknown; write --shard=env/TOTAL")
    if total and int(total) != int(known):
        raise TargetError(f"--shard {written}: {_GITLAB_TOTAL} is {known}, and not {total}; write --shard=env")
    return str(int(environment[here[0]]) + (here == [_KUBERNETES])), known
