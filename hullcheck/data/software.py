"""Names of compilers and browsers, as programs and packages, and distributions for containers."""

import json
from pathlib import Path

_KNOWN = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
COMPILERS, BROWSERS = _KNOWN["compiler"], _KNOWN["browser"]
"""Extended regular expressions, for grep and for Python: `programs` and `packages`."""
UBUNTU_MINIMAL, MINIMAL = "Ubuntu Minimal", _KNOWN["minimal"]
"""Distributions for containers, with their ID, or ID and VARIANT_ID."""
