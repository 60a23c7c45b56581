"""Divides the targets among machines: which of them `--shard` leaves to this one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hullcheck.inventory import Target
from hullcheck.inventory.specs import TargetError

ENVIRONMENT = "env"
_WRITTEN = re.compile(rf"(?:([0-9]{{1,6}})|{ENVIRONMENT})(?:/([0-9]{{1,6}}))?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True)
class Shard:
    """One of equal parts of all targets; the first has the *number* 1."""

    number: int
    of: int

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.number}/{self.of}"

    def part(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of *names* that are in it, in their order: by the order of the names, and not of the inventory.

        An inventory that a program makes may have another order on each machine.
        """
        mine = set(sorted(names)[self.number - 1 :: self.of])
        return tuple(name for name in names if name in mine)


@dataclass(frozen=True)
class _Scheduler:
    """How a scheduler tells a job its number.

    Attributes:
        index: the variable with it.
        first: the number of the first job, or the variable with that.
        total: the variable with how many jobs there are; empty where it tells none.
        step: the variable with the distance of two numbers.
    """

    name: str
    index: str
    first: str
    total: str = ""
    step: str = ""


_SCHEDULERS = (
    _Scheduler("an Indexed Job of Kubernetes", "JOB_COMPLETION_INDEX", "0"),
    _Scheduler("GitLab CI", "CI_NODE_INDEX", "1", "CI_NODE_TOTAL"),
    _Scheduler(
        *("a job array of Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN"),
        *("SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_STEP"),
    ),
    _Scheduler("GNU parallel", "PARALLEL_SEQ", "1"),
)


def shard_of(written: str, environment: Mapping[str, str]) -> Shard:
    """The shard that *written* means: `3/20`, or where that begins with `env`, what a scheduler says.

    Raises:
        TargetError: it means none, or more than one.
    """
    match = _WRITTEN.fullmatch(written)
    if match is None or (match[1] and not match[2]):
        raise TargetError(
            f"--shard {written}: write the number of the shard and how many there are, as --shard=3/20;"
            f" --shard={ENVIRONMENT} and --shard={ENVIRONMENT}/20 take what is missing from the scheduler of this job"
        )
    number, of = (int(match[1]), int(match[2])) if match[1] else _scheduled(written, match[2], environment)
    if not 1 <= number <= of:
        raise TargetError(
            f"--shard {written}: there is no shard {number} of {of}; the first is 1, the last {of}"
        )
    return Shard(number, of)


def _scheduled(written: str, total: str | None, environment: Mapping[str, str]) -> tuple[int, int]:
    """Number and total as the scheduler of this job says them."""
    here = [each for each in _SCHEDULERS if each.index in environment]
    if len(here) != 1:
        said = " and ".join(f"{each.name} ({each.index})" for each in here or _SCHEDULERS)
        what = "this job is one of" if here else "no scheduler has numbered this job: there is none of"
        raise TargetError(f"--shard {written}: {what} {said}; write --shard=NUMBER/TOTAL")
    (scheduler,) = here

    def value(variable: str, default: str = "") -> int:
        text = variable if variable.isdigit() else environment.get(variable, default)
        if not _NUMBER.fullmatch(text):
            raise TargetError(
                f"--shard {written}: {variable} is {text!r}, and not a number; write --shard=NUMBER/TOTAL"
            )
        return int(text)

    known = value(scheduler.total) if scheduler.total else None
    if known is None and not total:
        raise TargetError(
            f"--shard {written}: {scheduler.name} tells no job how many there are; write --shard={ENVIRONMENT}/TOTAL"
        )
    if total and known not in (None, int(total)):
        raise TargetError(
            f"--shard {written}: {scheduler.total} is {known}, and not {total}; leave one of them out"
        )
    step = value(scheduler.step, "1") if scheduler.step else 1
    number, rest = divmod(value(scheduler.index) - value(scheduler.first), step or 1)
    of = int(total) if total else int(known or 0)
    if rest or not 0 <= number < of:
        raise TargetError(
            f"--shard {written}: {scheduler.index} is {environment[scheduler.index]}, which is none of {of} numbers in"
            f" a row; write --shard=NUMBER/TOTAL"
        )
    return number + 1, of


def divided(targets: Sequence[Target], shard: Shard | None) -> tuple[Target, ...]:
    """Those of *targets* that are in *shard*; all where there is none.

    Raises:
        TargetError: no target is in it.
    """
    if shard is None:
        return tuple(targets)
    mine = set(shard.part([each.name for each in targets]))
    if not mine:
        raise TargetError(
            f"--shard {shard}: there are {len(targets)} targets, so this shard has none; use at most as many shards"
        )
    return tuple(each for each in targets if each.name in mine)
