"""Why controls could not be judged: each cause once, however many controls it stops."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from hullcheck.results import Audit, Finding, Result
from hullcheck.verdicts import Verdict

_RIGHTS = re.compile(
    r"permission denied|are you root|takes root|must be root|operation not permitted|may not be read",
    re.IGNORECASE,
)
_SOCKET = re.compile(r"permission denied.*?\bunix:/*(/[^\s:]+)", re.IGNORECASE)
"""In what the docker command says, with the socket that it may not use."""
_NO_ENGINE = re.compile(r"Cannot connect to the Docker daemon at (?:unix:/*(?=/))?(\S+?)\.?(?:\s|$)")
"""The same where nothing listens there."""
_ADVICE = "run as root, or with --sudo"
_NOBODY, _ABOUT_NOBODY = "no engine answers at ", "start it, or set DOCKER_HOST"
_OF_RIGHTS = "only root may read what they need"


@dataclass(frozen=True)
class Cause:
    """What stopped controls.

    Attributes:
        reason: in the words of the first of them; in our own where many had different ones, and root would have none.
        stopped: the ids of the controls that were stopped by it on at least one of the *targets*.
        advice: what to do about it; empty where that is not known.
    """

    reason: str
    stopped: tuple[str, ...]
    targets: tuple[str, ...]
    advice: str = ""

    @property
    def controls(self) -> int:
        """How many these are."""
        return len(self.stopped)


def causes(audit: Audit, besides: Collection[str] = ()) -> tuple[Cause, ...]:
    """Why controls of *audit* are errors, what stops most controls first; targets *besides* are left out."""
    reasons: dict[str, list[Result]] = {}
    for result in audit.results:
        if result.verdict is Verdict.ERROR and result.target not in besides:
            reasons.setdefault(_reason(result), []).append(result)
    alone = [
        reason for reason, stopped in reasons.items() if needs_rights(reason) and _controls(stopped) == 1
    ]
    if len(alone) > 1:
        reasons[_OF_RIGHTS] = [each for reason in alone for each in reasons.pop(reason)]
    found = [_cause(reason, stopped) for reason, stopped in reasons.items()]
    return tuple(sorted(found, key=lambda each: -each.controls))


def _reason(result: Result) -> str:
    whole = Finding("target", result.target, result.verdict, result.reason)
    errors = (each.reason for each in result.findings or (whole,) if each.verdict is Verdict.ERROR)
    reason = " ".join(next(errors, result.reason).split())
    refused = _SOCKET.search(reason)
    if refused:
        return f"permission denied on {refused[1]}"
    missing = _NO_ENGINE.search(reason)
    return f"{_NOBODY}{missing[1]}" if missing else reason


def needs_rights(reason: str) -> bool:
    """Whether root would not have been stopped by this."""
    return bool(_RIGHTS.search(reason))


def _controls(results: list[Result]) -> int:
    return len({each.control for each in results})


def _cause(reason: str, stopped: list[Result]) -> Cause:
    targets = tuple(dict.fromkeys(each.target for each in stopped))
    controls = tuple(dict.fromkeys(each.control for each in stopped))
    return Cause(reason.removesuffix("; are you root?"), controls, targets, _advice(reason))


def _advice(reason: str) -> str:
    if reason.startswith(_NOBODY):
        return _ABOUT_NOBODY
    return _ADVICE if reason == _OF_RIGHTS or needs_rights(reason) else ""
