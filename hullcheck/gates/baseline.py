"""The run with which a later one is compared: its results, and which findings it had."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from hullcheck.messages import WrongUse
from hullcheck.results import Finding, Result, reader, run_files
from hullcheck.results.document import from_json
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
        if path.is_dir():
            path /= run_files.RESULTS
        document = reader.read(path, "--baseline=reports/latest")
        try:
            return cls._of(document, path.parent)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            raise reader.damaged(path) from None

    @classmethod
    def _of(cls, document: dict[str, Any], folder: Path) -> Self:
        run = document["run"]
        results = tuple(from_json(Result, each) for each in document["results"])
        found = (
            (finding_id(one.control, one.target, each), each.verdict) for one in results for each in one.told
        )
        limits = {str(kind): tuple(map(str, each)) for kind, each in run.get("limits", {}).items()}
        return cls(folder, str(run["id"]), str(run["finished"]), limits, results, frozenset(found))

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
