"""Calls a control, subject by subject, and turns what it says into findings."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from hullcheck.facts.subjects import Subjects
from hullcheck.messages import printable
from hullcheck.results import Finding
from hullcheck.verdicts import EvidenceError, Manual, NoDaemon, NotApplicable, Verdict, worst

_LONGEST = 4000  # characters of a reason
_OF_ANY_ENGINE = frozenset({"container", "image", "log"})
"""The kinds of subjects that an engine without a daemon has too."""
_VERDICTS: tuple[tuple[tuple[type[BaseException], ...], Verdict], ...] = (
    ((AssertionError, pytest.fail.Exception), Verdict.FAIL),
    ((EvidenceError,), Verdict.ERROR),
    ((NotApplicable, pytest.skip.Exception), Verdict.NOT_APPLICABLE),
    ((Manual,), Verdict.MANUAL),
)


def judge(control: Callable[..., Any], arguments: Mapping[str, Any], target: str) -> tuple[Finding, ...]:
    """The findings of *control*: one per subject, or one named *target* where it judges that as a whole.

    Args:
        arguments: the control's arguments by name; at most one of them, or of what the control itself goes
            through (`for_each`), is `Subjects`, whose subjects are judged one after the other.
    """
    arguments = {**getattr(control, "for_each", {}), **arguments}
    over = [name for name, value in arguments.items() if isinstance(value, Subjects)]
    if not over:
        return (_judge_one(control, arguments, "target", target),)
    if len(over) > 1:
        raise TypeError(f"{control.__name__} asks for subjects of two kinds: {', '.join(over)}")
    (argument,) = over
    subjects: Subjects[Any] = arguments[argument]
    if not (subjects.named or subjects.unread):
        return (_finding("target", target, Verdict.NOT_APPLICABLE, subjects.nothing),)
    judged = (
        _judge_one(control, {**arguments, argument: subject}, subjects.kind, name)
        for name, subject in subjects.named
    )
    unread = (_finding(subjects.kind, name, Verdict.ERROR, reason) for name, reason in subjects.unread)
    return (*judged, *unread)


def _judge_one(control: Callable[..., Any], arguments: Mapping[str, Any], kind: str, subject: str) -> Finding:
    try:
        note = control(**arguments)
    except (Exception, pytest.fail.Exception, pytest.skip.Exception) as raised:
        return finding_of(raised, kind, subject)
    return _finding(kind, subject, Verdict.PASS, note if isinstance(note, str) else "")


def finding_of(raised: BaseException, kind: str, subject: str) -> Finding:
    """The finding that an exception stands for; what is no verdict on the host is an error."""
    if isinstance(raised, NoDaemon) and kind not in _OF_ANY_ENGINE:
        return _finding(kind, subject, Verdict.NOT_APPLICABLE, _message(raised))
    for types, verdict in _VERDICTS:
        if isinstance(raised, types):
            return _finding(kind, subject, verdict, _message(raised))
    return _finding(kind, subject, Verdict.ERROR, f"the control broke: {type(raised).__name__}: {raised}")


def _finding(kind: str, subject: str, verdict: Verdict, reason: str) -> Finding:
    """A finding whose words are fit to be shown: this is the door through which text from a host comes."""
    shortened = reason if len(reason) <= _LONGEST else reason[:_LONGEST] + " (and so on)"
    return Finding(kind, printable(subject), verdict, printable(shortened))


def _message(raised: BaseException) -> str:
    """What the control said, without what pytest's assertion rewriting adds below it."""
    if isinstance(raised, AssertionError):
        return str(raised).partition("\nassert ")[0] or "what the control asserts is not so"
    return str(raised)


def summary(findings: tuple[Finding, ...]) -> tuple[Verdict, str]:
    """The verdict over *findings*, the worst of them, and the reasons of those that decided it."""
    verdict = worst(finding.verdict for finding in findings)
    deciding = [finding for finding in findings if finding.verdict is verdict and finding.reason]
    whole = len(findings) == 1 and findings[0].kind == "target"
    if verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE) and not whole:
        return verdict, _shared_reason(deciding)
    return verdict, "; ".join(each.reason if whole else f"{each.subject}: {each.reason}" for each in deciding)


def _shared_reason(findings: list[Finding]) -> str:
    """The reasons of many good subjects, each once: one thing need not be said a hundred times."""
    return "; ".join(dict.fromkeys(finding.reason for finding in findings))
