"""junit.xml: each control as a test case, for CI servers; in the form of pytest's own (`junit_family = xunit2`)."""

import platform
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from _pytest.junitxml import LogXML  # it has no public name

from hullcheck.messages import printable
from hullcheck.results import Control, Finding, Result, sentences
from hullcheck.verdicts import Verdict

Properties = Iterable[tuple[str, str]]

_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_VALUES = _IN_TEXT | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#09;"})
_TAGS = {
    Verdict.FAIL: "failure",
    Verdict.ERROR: "error",
    Verdict.MANUAL: "skipped",
    Verdict.NOT_APPLICABLE: "skipped",
    Verdict.WAIVED: "skipped",
}
"""The element in a test case by verdict; a control that passes, or is attested, has none."""


def case(test: str, line: int, control: Control, result: Result, more: Properties, seconds: float) -> str:
    """Return the test case of a control; *test* is the id of the test, *line* that of its control."""
    named, bracket, parameters = test.partition("[")
    path, *classes, function = named.split("::")
    classname = ".".join([path.removesuffix(".py").replace("/", "."), *classes])
    name = printable(f"{function}{bracket}{parameters}")
    about = _attributes(classname=classname, name=name, time=f"{seconds:.3f}")
    properties = "".join(f"<property{_attributes(name=key, value=value)} />" for key, value in more)
    outcome = _outcome(path, line, control, result)
    return f"<testcase{about}><properties>{properties}</properties>{outcome}</testcase>"


def other(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return the test case of a test that is not a control, or an empty text if its other reports have it."""
    log = LogXML("", None, family="xunit2")
    if isinstance(report, pytest.CollectReport):
        log.pytest_collectreport(report)
    elif report.when == "call" or not report.passed:
        log.pytest_runtest_logreport(report)
    return printable("".join(ElementTree.tostring(each.to_xml(), "unicode") for each in log.node_reporters_ordered))


def _outcome(path: str, line: int, control: Control, result: Result) -> str:
    tag = _TAGS.get(result.verdict)
    if tag is None:
        return ""
    if result.verdict is Verdict.WAIVED:
        return f"<{tag}{_attributes(type='pytest.xfail', message=result.reason)} />"
    if tag == "skipped":
        reason = f"{result.verdict}: {result.reason}"
        text, attributes = f"{path}:{line}: {reason}", {"type": "pytest.skip", "message": reason}
    else:
        text, attributes = _body(control, result), {"message": _message(control, result)}
    return f"<{tag}{_attributes(**attributes)}>{text.translate(_IN_TEXT)}</{tag}>"


def _attributes(**values: str) -> str:
    return "".join(f' {name}="{value.translate(_IN_VALUES)}"' for name, value in values.items())


class Cases:
    """The test cases of a run, on disk: those of a fleet are many."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - until the run ends
        self._counts = Counter[str]()

    def close(self) -> None:
        self._file.close()

    def add(self, text: str) -> None:
        """Add a test case; none if *text* is empty."""
        self._file.write(text)
        self._counts["tests"] += bool(text)
        self._counts.update(tag for tag in ("error", "failure", "skipped") if f"<{tag} " in text)

    def render(self, began: float, seconds: float) -> Iterator[bytes]:
        """Yield the file of a run that *began* at this time, in seconds since the epoch."""
        counts = self._counts
        about = _attributes(
            name="pytest",
            errors=str(counts["error"]),
            failures=str(counts["failure"]),
            skipped=str(counts["skipped"]),
            tests=str(counts["tests"]),
            time=f"{seconds:.3f}",
            timestamp=datetime.fromtimestamp(began, UTC).isoformat(),
            hostname=platform.node(),
        )
        yield f'<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite{about}>'.encode()
        self._file.seek(0)
        while piece := self._file.read(1 << 20):
            yield piece.encode()
        yield b"</testsuite></testsuites>"


def _message(control: Control, result: Result) -> str:
    """Return what CI servers show in one line: `CIS 5.5 (critical): container agent runs with --privileged`."""
    first, *more = _worst(result)
    also = f" (and {len(more)} more)" if more else ""
    return printable(f"{_head(control, result)}: {sentences.of_finding(first)}{also}")


def _body(control: Control, result: Result) -> str:
    """Return each finding, what is demanded, and the remedy."""
    remedy = f"Remedy: {control.remedy}" if control.remedy and result.verdict is Verdict.FAIL else ""
    findings = (f"{each.verdict}: {sentences.of_finding(each)}" for each in _worst(result))
    lines = (_head(control, result), *findings, f"Demand: {control.title}", remedy, " ".join(control.ids))
    return printable("\n".join(filter(None, lines)))


def _head(control: Control, result: Result) -> str:
    return f"{sentences.called(control)} ({result.severity or control.severity})"


def _worst(result: Result) -> list[Finding]:
    return [each for each in result.all_findings if each.verdict in (Verdict.FAIL, Verdict.ERROR)]
