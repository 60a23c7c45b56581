"""The seven verdicts, and what a control raises when the answer is neither pass nor fail."""

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What an audit says of a subject, the worst first."""

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
        ValueError: there is no verdict to choose from; a control without a finding has no verdict.
    """
    return min(verdicts, key=_SEVERITY.index)


class EvidenceError(Exception):
    """The evidence could not be read or understood: the verdict is *error*, never *pass*."""


def unread(what: str, how: str = "could not be read") -> str:
    """Return the reason of an error that root would not meet: "X could not be read; are you root?"."""
    return f"{what} {how}; are you root?"


class NotApplicable(Exception):
    """There is nothing to judge, and the evidence says so."""


class NoDaemon(EvidenceError):
    """The engine has no daemon, as Podman: what is asked of one does not apply, and it tells nothing of containers."""


class Manual(Exception):
    """A person has to attest it; the message shows what was found."""
