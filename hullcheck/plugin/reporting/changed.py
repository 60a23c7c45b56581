"""What changed since an earlier run."""

from pathlib import Path

from hullcheck.gates import Baseline
from hullcheck.results import Audit, Changes
from hullcheck.results.history import compare, since_last_run


def since(audit: Audit, folder: Path, baseline: Baseline | None) -> Changes | None:
    """Compare with the *baseline*, or else with the last run of the same targets; None where there was none.

    Args:
        folder: that of this run.
    """
    if baseline is None:
        return since_last_run(audit, folder)
    found = compare(baseline.audit, audit)
    return found if found.compared else None
