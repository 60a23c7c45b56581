"""Gates: demands on a run as a whole, which decide its exit status (docs/gates.md).

`Gates` holds those that a run was given; `Gates.outcomes` says of its audit which of them are broken, and by what.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hullcheck.gates import coverage
from hullcheck.gates.baseline import Baseline
from hullcheck.gates.conditions import Condition
from hullcheck.results import Audit, Control, Finding, Gate, Result, sentences

FAIL_ON, COVERAGE = "--fail-on", "--coverage"


@dataclass(frozen=True)
class Gates:
    """The gates of a run.

    Attributes:
        fail_on: as it was written, and the conditions of it, of which any breaks the gate; empty where there is none.
        baseline: the run with which `new` compares; None where there is none.
        coverage: the least percentage of results that have to be judged on each target; 0 where it is no gate.
    """

    fail_on: str = ""
    conditions: tuple[Condition, ...] = ()
    baseline: Baseline | None = None
    coverage: float = 0

    def outcomes(self, audit: Audit) -> tuple[Gate, ...]:
        """What each gate says of *audit*, in a fixed order."""
        found = []
        if self.conditions:
            found.append(Gate(FAIL_ON, self.fail_on, tuple(self._breaking(audit))))
        if self.coverage:
            asked = f"{self.coverage:g}"
            found.append(Gate(COVERAGE, asked, tuple(coverage.below(audit.results, self.coverage))))
        return tuple(found)

    def _breaking(self, audit: Audit) -> Iterator[str]:
        """What breaks `--fail-on`: each finding that all parts of one of its conditions fit."""
        controls = {each.id: each for each in audit.controls}
        known = self.baseline or Baseline.nothing()
        for result in audit.results:
            severity = result.severity or controls[result.control].severity
            for each in result.told:
                is_new = not known.has(result, each)
                if any(one.fits(each.verdict, severity, is_new=is_new) for one in self.conditions):
                    yield _told(controls, result, each)


def _told(controls: Mapping[str, Control], result: Result, finding: Finding) -> str:
    name = sentences.number(controls[result.control]) or result.control
    subject = "" if finding.kind == "target" else f" {finding.kind} {finding.subject}"
    return f"{result.target}: {name}{subject}: {finding.verdict}: {finding.reason}"


def held(audit: Audit) -> bool:
    """Whether the run is green because of its gates, though controls fail."""
    asked = any(each.option == FAIL_ON for each in audit.gates)
    return asked and not any(each.broken for each in audit.gates)
