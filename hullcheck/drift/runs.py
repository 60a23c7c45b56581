"""A run that left its folder: results, and the recordings beside them."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

from hullcheck.facts.registry import probes
from hullcheck.messages import WrongUse
from hullcheck.recording import Recording, RecordingError
from hullcheck.results import Audit, Control, Result, reader


@dataclass(frozen=True)
class PastRun:
    """A run.

    Attributes:
        folder: with its results, and a folder for each target.
    """

    audit: Audit
    folder: Path
    _recordings: dict[str, Recording | None] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The run in the folder *path*, or of the results.json there.

        Raises:
            WrongUse: there is none.
        """
        folder, _, audit = reader.load(path, "hullcheck diff OLD NEW")
        return cls(audit, folder)

    @property
    def targets(self) -> dict[str, str]:
        """The targets by name, each with how it was reached."""
        return {each.name: each.connect for each in self.audit.targets}

    @cached_property
    def controls(self) -> dict[str, Control]:
        """The controls by id."""
        return {each.id: each for each in self.audit.controls}

    @cached_property
    def results(self) -> dict[tuple[str, str], Result]:
        """The results by control and target."""
        return {(each.control, each.target): each for each in self.audit.results}

    def recording(self, target: str) -> Recording | None:
        """What *target* said; None where its recording is not there, or cannot be read."""
        if target not in self._recordings:
            self._recordings.clear()  # one at a time: those of a thousand hosts are a gigabyte
            try:
                self._recordings[target] = Recording.load(self.folder / target, probes())
            except (RecordingError, OSError):
                self._recordings[target] = None
        return self._recordings[target]


def require_same_limits(old: PastRun, new: PastRun) -> None:
    """See that both runs judged the same subjects.

    Raises:
        WrongUse: one was limited to others.
    """
    if old.audit.run.limits != new.audit.run.limits:
        raise WrongUse(
            "one of the runs was limited to some containers or images by --containers, --label or --images, and the"
            " other was not so: compare runs that judged the same"
        )
