"""Seccomp profiles, as the engine reads them (moby's profiles/seccomp): what happens to a call that no rule names."""

from collections.abc import Mapping
from typing import Any

from hullcheck.parsing.go import go_json
from hullcheck.verdicts import EvidenceError

_DENYING = frozenset(f"SCMP_ACT_{each}" for each in ("ERRNO", "KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP"))
"""LOG and ALLOW let a call through, TRACE and NOTIFY leave it to another process."""

Profile = Mapping[str, Any]


def read(text: str) -> dict[str, Any]:
    """Return the part of a profile that is judged, from the text that the engine reads."""
    try:
        document = go_json(text, ("defaultAction",))
    except ValueError:
        document = None
    action = document.get("defaultAction") if isinstance(document, dict) else None
    return {"defaultAction": action if isinstance(action, str) else None}


def flaw(profile: Profile) -> str:
    """Return why a profile protects from next to nothing; empty if it denies by default.

    Raises:
        EvidenceError: it has no default action.
    """
    action = profile.get("defaultAction")
    if not isinstance(action, str) or not action:
        raise EvidenceError("the seccomp profile could not be read")
    return "" if action in _DENYING else f"allows what it does not list ({action})"
