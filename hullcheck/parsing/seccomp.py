"""Seccomp profiles (moby's profiles/seccomp): what happens to a call that no rule names."""

import json
from collections.abc import Mapping
from typing import Any

from hullcheck.verdicts import EvidenceError

_DENYING = frozenset(f"SCMP_ACT_{each}" for each in ("ERRNO", "KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP"))
"""LOG and ALLOW let a call through, TRACE and NOTIFY leave it to another process."""

Profile = Mapping[str, Any]


def read(text: str) -> dict[str, Any]:
    """Return the part of a profile that is judged: its default action, or None if it is not clear."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    pairs = document.items() if isinstance(document, dict) else ()
    actions = [
        value for key, value in pairs if key.casefold() == "defaultaction"
    ]  # Go reads keys in any case
    return {"defaultAction": actions[0] if len(actions) == 1 and isinstance(actions[0], str) else None}


def flaw(profile: Profile) -> str:
    """Return why a profile protects from next to nothing; empty if it denies by default.

    Raises:
        EvidenceError: it has no default action.
    """
    action = profile.get("defaultAction")
    if not isinstance(action, str) or not action:
        raise EvidenceError("the seccomp profile could not be read")
    return "" if action in _DENYING else f"allows what it does not list ({action})"
