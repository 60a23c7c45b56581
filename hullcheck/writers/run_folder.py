"""The files of every run that follow from its results."""

from collections.abc import Callable, Mapping, Sequence

from hullcheck.recording import Recording
from hullcheck.results import Audit, document, run_files
from hullcheck.writers import audit_page, tables

WRITERS: Mapping[str, Callable[[Audit, Sequence[Recording]], str]] = {
    run_files.RESULTS: lambda audit, recordings: document.render(audit),
    run_files.FINDINGS: lambda audit, recordings: tables.findings(audit),
    run_files.AUDIT_PAGE: audit_page.render,
    run_files.REQUIREMENTS: lambda audit, recordings: tables.requirements(audit),
}
