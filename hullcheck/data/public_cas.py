"""The names of the CAs that browsers and systems trust, which anybody can get a certificate of."""

import json
from functools import cache
from pathlib import Path


@cache
def names() -> frozenset[str]:
    """Their full names (RFC 4514); `public_cas.json` says where they are from."""
    return frozenset(json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))["names"])
