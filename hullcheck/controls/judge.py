"""Call a control for each subject, and turn its results into findings."""

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts.subjects import DAEMON_DEFAULT, Subjects
from hullcheck.messages import printable
from hullcheck.results import LIMITED_TO_OTHERS, Finding
from hullcheck.verdicts import EvidenceError, Manual, NoDaemon, NotApplicable, Verdict, worst

BROKEN = "the control broke"
"""How the reason begins where an exception is no verdict."""
_LONGEST = 4000  # characters of a reason
_OF_ANY_ENGINE = frozenset({"container", "image", "log"})
"""The kinds of subjects that an engine without a daemon has too."""
_VERDICTS: tuple[tuple[tuple[type[BaseException], ...], Verdict], ...] = (
    ((AssertionError, pytest.fail.Exception), Verdict.FAIL),
    ((EvidenceError,), Verdict.ERROR),
    ((NotApplicable, pytest.skip.Exception), Verdict.NOT_APPLICABLE),
    ((Manual,), Verdict.MANUAL),
)


def judge(
    control: Callable[..., Any],
    arguments: Mapping[str, Any],
    target: str,
    limits: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> tuple[Finding, ...]:
    """Return the findings of *control*: one per subject, or one named *target* where it judges that as a whole.

    Args:
        arguments: the control's arguments by name; at most one of them, or of what the control itself goes
            through (`for_each`), is `Subjects`, whose subjects are judged one after the other.
        limits: patterns of names, as of files in a shell, by the kind of subjects; others of that kind are left out.
    """
    arguments = {**getattr(control, "for_each", {}), **arguments}
    over = [name for name, value in arguments.items() if isinstance(value, Subjects)]
    if not over:
        return (_judge_one(control, arguments, "target", target),)
    if len(over) > 1:
        raise TypeError(f"{control.__name__} asks for subjects of two kinds: {', '.join(over)}")
    (argument,) = over
    subjects: Subjects[Any] = _limited(arguments[argument], limits)
    if not (subjects.named or subjects.unread):
        return (_finding("target", target, Verdict.NOT_APPLICABLE, subjects.nothing),)
    judged = []
    for name, subject in subjects.named:
        planned = getattr(subject, "planned", False)  # in a file: its reason has the place of what the control read
        watched, places = subject.watched() if planned else (subject, None)
        found = _judge_one(control, {**arguments, argument: watched}, subjects.kind, name)
        if places:
            where = places(found.reason)
            lines = printable(", ".join(dict.fromkeys(map(str, where))))
            found = replace(found, reason=f"{found.reason} ({lines})" if found.reason else lines, places=where)
        judged.append(found)
    unread = (_finding(subjects.kind, name, Verdict.ERROR, reason) for name, reason in subjects.unread)
    return (*judged, *unread)


def _limited(subjects: Subjects[Any], limits: Mapping[str, Sequence[str]]) -> Subjects[Any]:
    """Return those of *subjects* that fit the patterns of their kind; the log of a container is named as that is.

    What the daemon gives by default is no container's, and no limit leaves it out.
    """
    patterns = limits.get({"log": "container"}.get(subjects.kind, subjects.kind))
    if patterns is None or not (subjects.named or subjects.unread):
        return subjects

    def fits(pair: tuple[str, Any]) -> bool:
        return pair[0] == DAEMON_DEFAULT or any(fnmatchcase(pair[0], each) for each in patterns)

    named, unread = (tuple(filter(fits, each)) for each in (subjects.named, subjects.unread))
    return replace(subjects, named=named, unread=unread, nothing=LIMITED_TO_OTHERS.format(subjects.kind))


def _judge_one(control: Callable[..., Any], arguments: Mapping[str, Any], kind: str, subject: str) -> Finding:
    try:
        note = control(**arguments)
    except (Exception, pytest.fail.Exception, pytest.skip.Exception) as raised:
        return finding_of(raised, kind, subject)
    return _finding(kind, subject, Verdict.PASS, note if isinstance(note, str) else "")


def finding_of(raised: BaseException, kind: str, subject: str) -> Finding:
    """Return the finding that an exception stands for; what is no verdict on the host is an error."""
    if isinstance(raised, NoDaemon) and kind not in _OF_ANY_ENGINE:
        return _finding(kind, subject, Verdict.NOT_APPLICABLE, _message(raised))
    for types, verdict in _VERDICTS:
        if isinstance(raised, types):
            return _finding(kind, subject, verdict, _message(raised))
    return _finding(kind, subject, Verdict.ERROR, f"{BROKEN}: {type(raised).__name__}: {raised}")


def _finding(kind: str, subject: str, verdict: Verdict, reason: str) -> Finding:
    """A finding whose words are fit to be shown: this is the door through which text from a host comes."""
    shortened = reason if len(reason) <= _LONGEST else reason[:_LONGEST] + " (and so on)"
    return Finding(kind, printable(subject), verdict, printable(shortened))


def _message(raised: BaseException) -> str:
    if isinstance(raised, AssertionError):  # pytest's assertion rewriting adds lines
        return str(raised).partition("\nassert ")[0] or "what the control asserts is not so"
    return str(raised)


def summary(findings: tuple[Finding, ...]) -> tuple[Verdict, str]:
    """Return the verdict over *findings*, the worst of them, and the reasons of those that decided it."""
    verdict = worst(finding.verdict for finding in findings)
    deciding = [finding for finding in findings if finding.verdict is verdict and finding.reason]
    whole = len(findings) == 1 and findings[0].kind == "target"
    if whole or verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE):  # of good subjects each reason once
        return verdict, "; ".join(dict.fromkeys(each.reason for each in deciding))
    return verdict, "; ".join(f"{each.subject}: {each.reason}" for each in deciding)
