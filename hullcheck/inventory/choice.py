"""Which targets `--targets` leaves of all."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from hullcheck.inventory import Inventory, Target
from hullcheck.inventory.specs import TargetError
from hullcheck.messages import did_you_mean


def chosen(targets: Sequence[Target], inventory: Inventory, patterns: Sequence[str]) -> tuple[Target, ...]:
    """Those of *targets* whose name, or that of a group of theirs, fits one of *patterns*; all where there are none.

    Raises:
        TargetError: a pattern fits no target, or one that is left cannot be audited as *inventory* has it.
    """
    names = {each.name: inventory.names_of(each) for each in targets}
    for pattern in patterns:
        if not any(_fits(each, [pattern]) for each in names.values()):
            hint = did_you_mean(pattern, {name for each in names.values() for name in each})
            raise TargetError(f"--targets {pattern}: no target and no group has this name; {hint}")
    left = tuple(each for each in targets if not patterns or _fits(names[each.name], patterns))
    faults = [each.fault for each in left if each.fault]
    if faults:
        raise TargetError("\n".join([*faults, "--targets limits a run to targets without such faults"]))
    return left


def _fits(names: Iterable[str], patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, each) for name in names for each in patterns)
