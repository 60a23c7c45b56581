"""The seven verdicts, and what a control raises when the answer is neither pass nor fail."""

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """The verdict on a subject, the worst first."""

    FAIL = "fail"
    ERROR = "error"
    MANUAL = "manual"
    WAIVED = "waived"
    ATTESTED = "attested"
    PASS = "pass"
    NOT_APPLICABLE = "not applicable"


_SEVERITY = list(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict of a control over several subjects.

    Raises:
        ValueError: *verdicts* is empty; a control without a finding has no verdict.
    """
    return min(verdicts, key=_SEVERITY.index)


class EvidenceError(Exception):
    """The evidence could not be read or parsed: the verdict is *error*, never *pass*."""


def unread(what: str, how: str = "could not be read") -> str:
    """Return the reason of an error that root would not meet: "X could not be read; are you root?"."""
    return f"{what} {how}; are you root?"


class NotApplicable(Exception):
    """There is nothing to judge, and the evidence shows that."""


class NoDaemon(EvidenceError):
    """The engine has no daemon, as Podman: controls of a daemon do not apply, and its containers are unknown."""


class Manual(Exception):
    """The control needs a manual check; the message shows what was found."""
