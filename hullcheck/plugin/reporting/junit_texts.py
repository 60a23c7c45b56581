"""What junit.xml says of a control that failed, in the two texts that CI servers show."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from hullcheck.controls.metadata import framework_line
from hullcheck.messages import printable
from hullcheck.results import Audit, Control, Finding, Result, sentences
from hullcheck.verdicts import Verdict

_TELLING = (Verdict.FAIL, Verdict.ERROR)
_Key = tuple[str, str]  # control and target


def rewrite(cases: "list[Element]", audit: Audit) -> None:
    """Give each failure and error among *cases*, as pytest wrote them, its number, severity and remedy."""
    results = {(each.control, each.target): each for each in audit.results}
    for case in cases:
        result = _result_of(case, results)
        for told in (*case.iter("failure"), *case.iter("error")) if result else ():
            assert result is not None
            told.set("message", message(audit.known[result.control], result))
            told.text = body(audit.known[result.control], result)


def _result_of(case: Element, results: Mapping[_Key, Result]) -> Result | None:
    said = {each.get("name"): each.get("value", "") for each in case.iter("property")}
    return results.get((said.get("control", ""), said.get("target", "")))


def message(control: Control, result: Result) -> str:
    """One line: `CIS 5.5 (critical): container agent runs with --privileged`."""
    first, *more = _telling(result)
    also = f" (and {len(more)} more)" if more else ""
    return printable(f"{_head(control, result)}: {_said(first)}{also}")


def body(control: Control, result: Result) -> str:
    """Each finding, what is demanded, and the remedy."""
    remedy = [f"Remedy: {control.remedy}"] if control.remedy and result.verdict is Verdict.FAIL else []
    lines = [
        _head(control, result),
        *(f"{each.verdict}: {_said(each)}" for each in _telling(result)),
        f"Demand: {control.title}",
        *remedy,
        framework_line(control),
    ]
    return printable("\n".join(filter(None, lines)))


def _head(control: Control, result: Result) -> str:
    return f"{sentences.called(control)} ({result.severity or control.severity})"


def _telling(result: Result) -> list[Finding]:
    whole = Finding("target", result.target, result.verdict, result.reason)
    return [each for each in result.findings if each.verdict in _TELLING] or [whole]


def _said(finding: Finding) -> str:
    return sentences.sentence(finding.kind, finding.subject, finding.verdict, finding.reason)
