"""Audits for the tests of further formats: real hosts, waived and silent ones, hostile names, and nothing at all."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.results import Audit, AuditedTarget, Control, Finding, Result, Run
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import Entry, entries
from hullcheck.writers.formats import FORMATS, Rendering
from selftests.kit import audit_pages

NAMES = (
    "two\nlines",
    "a | b",
    "<script>alert(1)</script>",
    "::error::owned",
    "=cmd|' /C calc'!A0",
    "esc \x1b[31m red",
    "whale \U0001f433",
    "lone \udc80 surrogate",
    "``` @admin #1 [x](http://e.example)",
    '"quoted" \\ back',
    "%0A::error::owned",
    "one ` tick <b>x</b>",
    "*bold* _it_ https://e.example www.e.example a@e.example",
)
"""What somebody may call a container."""


def small(*findings: Finding, **control: Any) -> Audit:
    """One control on one target with these findings."""
    run = Run("20261125T032257Z-aaaa", "2026-11-25T03:22:57Z", "2026-11-25T03:22:58Z", "0", (), 1)
    parts = {
        "id": "c",
        "title": "No cow flies.",
        "severity": "high",
        "rationale": "Cows fall.",
        "remedy": "Tie it.",
    }
    made = Control(**{**parts, "frameworks": {"cis": ("5.5",), "nist": ("800-53:AC-6",)}, **control})
    verdict = min((each.verdict for each in findings), key=list(Verdict).index, default=Verdict.PASS)
    result = Result(made.id, "web1", verdict, "", findings, ("engine",))
    target = AuditedTarget("web1", "local://", "host", "29", "Debian")
    return Audit(run, (target,), (made,), (result,))


def named(verdict: Verdict = Verdict.FAIL) -> Audit:
    """A container of each of the NAMES; the reason is the name, too."""
    return small(*(Finding("container", each, verdict, each) for each in NAMES))


@cache
def empty() -> Audit:
    """A run that judged nothing."""
    audit = audit_pages.demo().audit
    return replace(audit, targets=(), controls=(), results=(), requirements=())


AUDITS: dict[str, Callable[[], Audit]] = {
    "two real hosts": lambda: audit_pages.demo().audit,
    "waived, attested, silent": lambda: audit_pages.accepted().audit,
    "hostile": lambda: audit_pages.hostile().audit,
    "names": named,
    "empty": empty,
}
each_audit = pytest.mark.parametrize("audit", [pytest.param(each, id=name) for name, each in AUDITS.items()])
each_verdict = pytest.mark.parametrize("verdict", list(Verdict), ids=str)


def rendered(name: str, audit: Audit) -> Rendering:
    """The file of this format."""
    return FORMATS[name].render(audit)


def text(name: str, audit: Audit) -> str:
    """The file of this format, as UTF-8."""
    return rendered(name, audit).content.decode("utf-8")


def found(audit: Audit, *verdicts: Verdict) -> list[Entry]:
    """The findings with these verdicts."""
    return [each for each in entries(audit) if each.verdict in verdicts]
