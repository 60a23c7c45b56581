"""Choose targets by `--targets` and `--shard`."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from hullcheck.inventory import Inventory, Target
from hullcheck.lazy import regex
from hullcheck.messages import WrongUse, did_you_mean

_WRITTEN = regex(r"([0-9]{1,6})/([0-9]{1,6})")


def chosen(targets: Sequence[Target], inventory: Inventory, patterns: Sequence[str]) -> tuple[Target, ...]:
    """Return the *targets* that match *patterns*, or raise WrongUse for a pattern without match or a fault."""
    names = {each.name: (each.name, *inventory.groups_of(each), "all") for each in targets}
    for pattern in patterns:
        if not any(_match(each, [pattern]) for each in names.values()):
            hint = did_you_mean(pattern, {name for each in names.values() for name in each})
            raise WrongUse(f"--targets {pattern}: no target and no group has this name; {hint}")
    left = tuple(each for each in targets if not patterns or _match(names[each.name], patterns))
    faults = [each.fault for each in left if each.fault]
    if faults:
        raise WrongUse("\n".join([*faults, "--targets limits a run to targets without such faults"]))
    return left


def _match(names: Iterable[str], patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, each) for name in names for each in patterns)


def shard_of(written: str, targets: Sequence[Target]) -> tuple[str, tuple[Target, ...]]:
    """Return the name of a shard such as `3/20`, and those of *targets* in it; raise WrongUse without any."""
    match = _WRITTEN.fullmatch(written)
    if match is None:
        raise WrongUse(f"--shard {written}: write the number of the shard and how many there are, as --shard=3/20")
    number, of = map(int, match.groups())
    if not 1 <= number <= of:
        raise WrongUse(f"--shard {written}: there is no shard {number} of {of}; the first is 1, the last {of}")
    name = f"{number}/{of}"
    # by name: a dynamic inventory may have another order on each machine
    mine = set(sorted(each.name for each in targets)[number - 1 :: of])
    if not mine:
        raise WrongUse(f"--shard {name}: it has none of {len(targets)} targets; use at most as many shards")
    return name, tuple(each for each in targets if each.name in mine)
