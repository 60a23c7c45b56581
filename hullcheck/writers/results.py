"""results.json: the audit as `hullcheck/results/1` (docs/results.md)."""

import json

from hullcheck.results import Audit
from hullcheck.results.document import document_of


def render(audit: Audit) -> str:
    """Render *audit*; equal audits give equal text."""
    # a line for each value, so that two audits can be compared; to indent them takes ten times as long
    return json.dumps(document_of(audit), separators=(",\n", ": "), ensure_ascii=True) + "\n"
