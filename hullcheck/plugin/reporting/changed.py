"""What changed since an earlier run, and why."""

from pathlib import Path

from hullcheck.gates.baseline import Baseline
from hullcheck.messages import WrongUse
from hullcheck.results import Audit
from hullcheck.results.changes import Changes
from hullcheck.results.history import compare, since_last_run


def since(audit: Audit, folder: Path, baseline: Baseline | None) -> Changes | None:
    """What changed since the *baseline*, or else since the last run of the same targets; None where there was none.

    Args:
        folder: that of this run, with its recordings.
    """
    if baseline is None:
        found = since_last_run(audit, folder)
        before = folder.with_name(found.run) if found else folder
    else:
        found = compare(baseline.results, audit.results, baseline.run, baseline.finished)
        found, before = found if found.compared else None, baseline.folder
    if not found or not (found.new or found.gone):
        return found
    from hullcheck.drift import explained  # late: most runs change nothing
    from hullcheck.drift.runs import PastRun

    try:
        return explained(found, PastRun.load(before), PastRun(audit, folder))
    except WrongUse:  # it was there a moment ago
        return found
