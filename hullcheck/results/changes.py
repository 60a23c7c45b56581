"""What changed since an earlier run of the same targets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Change:
    """A finding that fails in one of two runs alone.

    Attributes:
        kind: of the subject, as in a `Finding`.
        reason: why it fails, or failed then.
    """

    control: str
    target: str
    kind: str
    subject: str
    reason: str


@dataclass(frozen=True)
class Moment:
    """What one run found, in numbers.

    Attributes:
        run: its id.
        finished: when it ended, in RFC 3339 and UTC.
        failed: how many findings failed, by severity; those with none are not there.
        errors: how many results (a control on a target) could not be judged.
    """

    run: str
    finished: str
    failed: Mapping[str, int] = field(default_factory=dict)
    errors: int = 0

    @property
    def total(self) -> int:
        """How many findings failed."""
        return sum(self.failed.values())


@dataclass(frozen=True)
class Changes:
    """The failed findings of a run beside those of an earlier one; only what both runs judged is compared.

    Attributes:
        run: the id of the earlier run, which is the name of its folder.
        finished: when that ended, in RFC 3339 and UTC.
        compared: how many results (a control on a target) both runs judged.
        new: what fails now and did not fail then, whether it was there then or not.
        gone: what failed then and does not fail now: it passes, or is no longer there.
        still: how many findings fail in both.
        before: the numbers of the runs up to the earlier one, as far as they are known, the oldest first.
    """

    run: str
    finished: str
    compared: int
    new: tuple[Change, ...]
    gone: tuple[Change, ...]
    still: int
    before: tuple[Moment, ...] = ()


@dataclass(frozen=True)
class ChangeGroup:
    """What changed for one control, alike on each of these targets.

    Attributes:
        changes: those on the first of the targets.
    """

    control: str
    targets: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def findings(self) -> int:
        """How many findings there are on all targets."""
        return len(self.targets) * len(self.changes)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The names of what changed; a target as a whole is none of them."""
        return tuple(each.subject for each in self.changes if each.kind != "target")


def together(changes: Iterable[Change]) -> list[ChangeGroup]:
    """*changes* by control and target; targets on which the same was found of a control are one group."""
    places: dict[tuple[str, str], list[Change]] = {}
    for each in changes:
        places.setdefault((each.control, each.target), []).append(each)
    alike: dict[tuple[str, tuple[tuple[str, str, str], ...]], list[str]] = {}
    for (control, target), found in places.items():
        alike.setdefault((control, tuple(map(_without_target, found))), []).append(target)
    return [
        ChangeGroup(control, tuple(targets), tuple(places[control, targets[0]]))
        for (control, _), targets in alike.items()
    ]


def _without_target(change: Change) -> tuple[str, str, str]:
    return change.kind, "" if change.kind == "target" else change.subject, change.reason
