"""The files of every run that follow from its results."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from hullcheck.recording import Recording
from hullcheck.results import Audit, document, run_files
from hullcheck.writers import audit_page, tables

Writer = Callable[[Audit, Sequence[Recording]], Iterable[bytes]]


WRITERS: Mapping[str, Writer] = {
    run_files.RESULTS: lambda audit, _: [document.render(audit).encode()],
    run_files.FINDINGS: lambda audit, _: tables.lines(tables.FINDINGS, tables.finding_rows(audit)),
    run_files.AUDIT_PAGE: lambda audit, recordings: [audit_page.render(audit, recordings).encode()],
    run_files.REQUIREMENTS: lambda audit, _: tables.lines(tables.REQUIREMENTS, tables.requirement_rows(audit)),
}
"""By the name of the file, what writes its parts."""
