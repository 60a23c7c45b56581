"""The files of every run that follow from its results."""

from collections.abc import Callable, Mapping, Sequence

from hullcheck.recording import Recording
from hullcheck.results import Audit, run_files
from hullcheck.writers import audit_page, results
from hullcheck.writers.tables import findings_csv, requirements_csv

WRITERS: Mapping[str, Callable[[Audit, Sequence[Recording]], str]] = {
    run_files.RESULTS: lambda audit, recordings: results.render(audit),
    run_files.FINDINGS: lambda audit, recordings: findings_csv.render(audit),
    run_files.AUDIT_PAGE: audit_page.render,
    run_files.REQUIREMENTS: lambda audit, recordings: requirements_csv.render(audit),
}
