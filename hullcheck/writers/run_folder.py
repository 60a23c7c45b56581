"""The files that every run leaves, and that follow from its results."""

from collections.abc import Callable, Mapping, Sequence

from hullcheck.recording import Recording
from hullcheck.results import Audit
from hullcheck.writers import audit_page, findings_csv, requirements_csv, results

WRITERS: Mapping[str, Callable[[Audit, Sequence[Recording]], str]] = {
    "results.json": lambda audit, recordings: results.render(audit),
    "findings.csv": lambda audit, recordings: findings_csv.render(audit),
    "audit.html": audit_page.render,
    "requirements.csv": lambda audit, recordings: requirements_csv.render(audit),
}
