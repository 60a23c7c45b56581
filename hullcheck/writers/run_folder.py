"""The files of every run that follow from its results."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from hullcheck.recording import Recording
from hullcheck.results import Audit, document, run_files
from hullcheck.writers import audit_page, tables

Writer = Callable[[Audit, Sequence[Recording]], Iterable[bytes]]


def _whole(render: Callable[[Audit, Sequence[Recording]], str]) -> Writer:
    return lambda audit, recordings: [render(audit, recordings).encode("utf-8")]


def _rows(render: Callable[[Audit], Iterable[str]]) -> Writer:
    return lambda audit, recordings: (each.encode("utf-8") for each in render(audit))


WRITERS: Mapping[str, Writer] = {
    run_files.RESULTS: _whole(lambda audit, recordings: document.render(audit)),
    run_files.FINDINGS: _rows(tables.findings),
    run_files.AUDIT_PAGE: _whole(audit_page.render),
    run_files.REQUIREMENTS: _rows(tables.requirements),
}
"""By the name of the file, what writes its parts."""
