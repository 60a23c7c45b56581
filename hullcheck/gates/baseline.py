"""The run with which a later one is compared: its results, and which findings it had."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from hullcheck.messages import WrongUse
from hullcheck.results import Audit, Finding, Result, reader
from hullcheck.results.finding_id import finding_id
from hullcheck.verdicts import Verdict


@dataclass(frozen=True)
class Baseline:
    """Results of an earlier run.

    Attributes:
        folder: of the run, with its recordings.
        run: its id.
        finished: when it ended, in RFC 3339 and UTC.
        limits: to which subjects it was limited, by kind.
        results: all of them.
        findings: the ids of what it found, each with its verdict.
    """

    folder: Path
    run: str
    finished: str
    limits: dict[str, tuple[str, ...]]
    results: tuple[Result, ...]
    findings: frozenset[tuple[str, Verdict]]

    @classmethod
    def nothing(cls) -> Self:
        """One in which nothing was found."""
        return cls(Path(), "", "", {}, (), frozenset())

    @classmethod
    def load(cls, path: Path) -> Self:
        """The results in the folder of a run, or in its results.json.

        Raises:
            WrongUse: there are none.
        """
        folder, _, audit = reader.load(path, "--baseline=reports/latest")
        return cls.of(audit, folder)

    @classmethod
    def of(cls, audit: Audit, folder: Path) -> Self:
        """The results of *audit*, which lies in *folder*."""
        run = audit.run
        found = (
            (finding_id(one.control, one.target, each), each.verdict)
            for one in audit.results
            for each in one.told
        )
        return cls(folder, run.id, run.finished, dict(run.limits), audit.results, frozenset(found))

    def has(self, result: Result, finding: Finding) -> bool:
        """Whether it found the same of this subject: a failure that failed, an error that was one."""
        return (finding_id(result.control, result.target, finding), finding.verdict) in self.findings

    def require_limits(self, limits: dict[str, tuple[str, ...]]) -> None:
        """See that it judged the same subjects.

        Raises:
            WrongUse: it was limited to others.
        """
        if self.limits != limits:
            raise WrongUse(
                "--baseline: that run was limited to other containers or images; compare with one that judged the same"
            )
