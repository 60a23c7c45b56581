"""What a run found for one control, each finding with the lines that decided it."""

from collections.abc import Iterator

from hullcheck.drift import PastRun
from hullcheck.evidence import Evidence
from hullcheck.messages import WrongUse, printable
from hullcheck.results import Result
from hullcheck.results.sentences import of_finding
from hullcheck.verdicts import Verdict
from hullcheck.writers.columns import cut

_MOST = 20  # findings of a target that are shown
_LONGEST = 160  # columns of a line


def text(run: PastRun, control: str) -> str:
    """Render for people, target by target, the worst finding first; raise WrongUse if *control* was not selected."""
    lines = [line for each in run.audit.results if each.control == control for line in _result(run, each)]
    if not lines:
        raise WrongUse(f"{run.folder}: this run did not judge {control}; select it, or name another run")
    return "".join(f"{printable(each)}\n" for each in lines)


def _result(run: PastRun, result: Result) -> Iterator[str]:
    recording = run.recording(result.target)
    evidence = Evidence(recording) if recording else None
    yield f"{result.target}: {result.verdict}"
    if not evidence:
        yield f"  no evidence: {run.folder / result.target} has no recording that can be read"
    found = sorted(result.all_findings, key=lambda each: list(Verdict).index(each.verdict))
    for each in found[:_MOST]:
        yield f"  {each.verdict}: {of_finding(each)}"
        for line in evidence.deciding(result.control, result.evidence, each) if evidence else ():
            yield f"    {line.probe}: {cut(line.text, _LONGEST)}"
            if line.meaning:
                yield f"      = {cut(line.meaning, _LONGEST)}"
    if len(found) > _MOST:
        yield f"  and {len(found) - _MOST} more"
