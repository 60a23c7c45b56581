"""Calls a control, subject by subject, and turns what it says into findings."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from hullcheck.results import Finding
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable, Verdict, worst

T = TypeVar("T")


@dataclass(frozen=True)
class Subjects(Generic[T]):
    """The subjects of one kind on a target, each with the name that a person would type.

    Attributes:
        nothing: why there is nothing to judge, for when *named* is empty; the evidence says so.
    """

    kind: str
    named: tuple[tuple[str, T], ...]
    nothing: str = ""

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter(self.named)


def judge(control: Callable[..., Any], arguments: Mapping[str, Any], target: str) -> tuple[Finding, ...]:
    """The findings of *control*: one per subject, or one named *target* where it judges the target as a whole.

    Args:
        arguments: the control's arguments by name; at most one of them is `Subjects`, whose subjects are judged
            one after the other.
    """
    over = [name for name, value in arguments.items() if isinstance(value, Subjects)]
    if not over:
        return (_judge_one(control, arguments, "target", target),)
    if len(over) > 1:
        raise TypeError(f"{control.__name__} asks for subjects of two kinds: {', '.join(over)}")
    (argument,) = over
    subjects: Subjects[Any] = arguments[argument]
    if not subjects.named:
        return (Finding("target", target, Verdict.NOT_APPLICABLE, subjects.nothing),)
    return tuple(
        _judge_one(control, {**arguments, argument: subject}, subjects.kind, name) for name, subject in subjects
    )


def _judge_one(control: Callable[..., Any], arguments: Mapping[str, Any], kind: str, subject: str) -> Finding:
    try:
        note = control(**arguments)
    except AssertionError as failure:
        return Finding(kind, subject, Verdict.FAIL, _message(failure))
    except EvidenceError as reason:
        return Finding(kind, subject, Verdict.ERROR, str(reason))
    except NotApplicable as reason:
        return Finding(kind, subject, Verdict.NOT_APPLICABLE, str(reason))
    except Manual as reason:
        return Finding(kind, subject, Verdict.MANUAL, str(reason))
    except Exception as fault:  # a fault of the control is no verdict on the host
        return Finding(kind, subject, Verdict.ERROR, f"the control broke: {type(fault).__name__}: {fault}")
    return Finding(kind, subject, Verdict.PASS, note or "")


def _message(failure: AssertionError) -> str:
    """What the control said, without what pytest's assertion rewriting adds below it."""
    return str(failure).partition("\nassert ")[0]


def summary(findings: tuple[Finding, ...]) -> tuple[Verdict, str]:
    """The verdict over *findings*, the worst of them, and the reasons of those that decided it."""
    verdict = worst(finding.verdict for finding in findings)
    deciding = [finding for finding in findings if finding.verdict is verdict and finding.reason]
    whole = len(findings) == 1 and findings[0].kind == "target"
    if verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE) and not whole:
        return verdict, _shared_reason(deciding)
    return verdict, "; ".join(each.reason if whole else f"{each.subject}: {each.reason}" for each in deciding)


def _shared_reason(findings: list[Finding]) -> str:
    """The reasons of many good subjects, each once: a hundred containers need not be listed to say one thing."""
    return "; ".join(dict.fromkeys(finding.reason for finding in findings))
