"""Divides the targets among machines: which of them `--shard` leaves to this one."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from hullcheck.inventory import Target
from hullcheck.inventory.specs import TargetError
from hullcheck.lazy import regex

ENVIRONMENT = "env"
_WRITTEN = regex(rf"(?:([0-9]{{1,6}})|{ENVIRONMENT})(?:/([0-9]{{1,6}}))?", re.ASCII)
_NUMBER = regex(r"[0-9]{1,9}", re.ASCII)


class Shard(Struct, frozen=True):
    """One of equal parts of all targets; the first has the *number* 1."""

    number: int
    of: int

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.number}/{self.of}"

    def part(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return those of *names* that are in it, in their order: by the order of the names, and not of the inventory.

        An inventory that a program makes may have another order on each machine.
        """
        mine = set(sorted(names)[self.number - 1 :: self.of])
        return tuple(name for name in names if name in mine)


class _Scheduler(Struct, frozen=True):
    """How a scheduler numbers a job.

    Attributes:
        index: the variable with the number.
        first: the number of the first job, or the variable with it.
        total: the variable with the number of jobs; empty where there is none.
        step: the variable with the distance of two numbers; empty where that is 1.
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
    """Return the shard that *written* means: `3/20`, or where that begins with `env`, that of a scheduler.

    Raises:
        TargetError: it means none, or more than one.
    """
    match = _WRITTEN.fullmatch(written)
    if match is None or (match[1] and not match[2]):
        raise TargetError(
            f"--shard {written}: write the number of the shard and how many there are, as --shard=3/20;"
            f" --shard={ENVIRONMENT} and --shard={ENVIRONMENT}/20 take what is missing from the scheduler of this job"
        )
    try:
        number, of = (int(match[1]), int(match[2])) if match[1] else _scheduled(match[2], environment)
    except ValueError as error:
        raise TargetError(f"--shard {written}: {error}") from None
    if not 1 <= number <= of:
        raise TargetError(
            f"--shard {written}: there is no shard {number} of {of}; the first is 1, the last {of}"
        )
    return Shard(number, of)


def _scheduled(total: str | None, environment: Mapping[str, str]) -> tuple[int, int]:
    """Return number and total of the scheduler of this job.

    Raises:
        ValueError: there is not one scheduler, or it is not understood.
    """
    here = [each for each in _SCHEDULERS if each.index in environment]
    if len(here) != 1:
        said = " and ".join(f"{each.name} ({each.index})" for each in here or _SCHEDULERS)
        what = "this job is one of" if here else "no scheduler has numbered this job: there is none of"
        raise ValueError(f"{what} {said}; write --shard=NUMBER/TOTAL")
    (scheduler,) = here

    def value(variable: str) -> int:
        text = environment.get(variable, "")
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"{variable} is {text!r}, and not a number; write --shard=NUMBER/TOTAL")
        return int(text)

    known = value(scheduler.total) if scheduler.total else int(total or 0)
    if not known:
        raise ValueError(
            f"{scheduler.name} tells no job how many there are; write --shard={ENVIRONMENT}/TOTAL"
        )
    if total and known != int(total):
        raise ValueError(f"{scheduler.total} is {known}, and not {total}; leave one of them out")
    first = int(scheduler.first) if scheduler.first.isdigit() else value(scheduler.first)
    step = value(scheduler.step) if scheduler.step else 1
    number, rest = divmod(value(scheduler.index) - first, step or 1)
    if rest or not 0 <= number < known:
        raise ValueError(
            f"{scheduler.index} is {environment[scheduler.index]}, which is none of {known} numbers in a row;"
            " write --shard=NUMBER/TOTAL"
        )
    return number + 1, known


def divided(targets: Sequence[Target], shard: Shard | None) -> tuple[Target, ...]:
    """Return those of *targets* that are in *shard*; all where there is none.

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
