"""The lines at the end of a run: cut to the width, kept to one screen, one line for each cause."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.results import Audit, AuditedTarget, Change, Changes, Control, Finding, Result, Run
from hullcheck.results.failures import causes
from hullcheck.verdicts import Verdict
from hullcheck.writers import terminal
from hullcheck.writers.terminal import screen
from hullcheck.writers.terminal.cells import cells, cut, padded
from selftests.kit import audit_pages

FAIL, ERROR = Verdict.FAIL, Verdict.ERROR
SOCKET = (
    "the engine does not answer: permission denied while trying to connect at unix:///var/run/docker.sock"
)


class Terminal:
    """As much of pytest's reporter as is asked for."""

    def __init__(self, width: int, verbosity: int = 0) -> None:
        self.isatty = True
        self.verbosity = verbosity
        self.fullwidth = width
        self._tw = self
        self.text = ""

    def write_sep(self, sep: str, title: str) -> None:
        self.text += f" {title} ".center(self.fullwidth, sep) + "\n"

    def write(self, text: str, **markup: bool) -> None:
        self.text += text


def shown(audit: Audit, width: int = 100, verbosity: int = 0, folder: str = "/r") -> list[str]:
    """The summary of *audit*."""
    reporter: Any = Terminal(width, verbosity)
    terminal.write_summary(reporter, audit, folder=Path(folder), strict=False, ids_by_control={})
    return reporter.text.splitlines()


def audit(*results: Result, severity: str = "high", remedy: str = "mend it") -> Audit:
    """An audit with these results; each control has a number of its own."""
    names = dict.fromkeys(each.control for each in results)
    controls = [
        Control(name, f"About {name}.", severity, "", remedy, {"cis": (f"5.{number}",)})
        for number, name in enumerate(names, 1)
    ]
    targets = [
        AuditedTarget(name, "ssh://x", "host", "", "") for name in dict.fromkeys(r.target for r in results)
    ]
    return Audit(Run("20260101T000000Z-0000", "", "", "1", (), 1), tuple(targets), tuple(controls), results)


def result(control: str, verdict: Verdict, reason: str, target: str = "web1", *subjects: str) -> Result:
    """A result, with a finding for each of these containers or for the target."""
    named = [("container", each) for each in subjects] or [("target", target)]
    findings = tuple(Finding(kind, name, verdict, reason) for kind, name in named)
    return Result(control, target, verdict, reason, findings)


def test_thirty_hosts_are_one_screen() -> None:
    """At 100 columns, with pytest's own last line; a failing control is one line with its hosts."""
    lines = shown(audit_pages.fleet(30).audit)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
    assert lines[1].startswith("30 targets  ")
    failing = [line for line in lines if line.startswith("critical")]
    assert failing[2].startswith(
        "critical  CIS 5.5    careless-01, careless-02, careless-03 and 12 more: agent runs with"
    )
    assert any(line.startswith("fix first  ") and "on 15 targets: " in line for line in lines)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """But the verdicts of a target, and paths."""
    example = audit_pages.demo().audit
    findings = (Finding("container", "检" * 300, FAIL, "runs with --privileged"),)
    results = [
        replace(each, findings=findings) if each.control == "container_is_not_privileged" else each
        for each in example.results
    ]
    for known in (replace(example, results=tuple(results)), audit_pages.fleet(8).audit):
        assert max(cells(each.text) for each in screen.lines(known, width, 0)) <= width


def test_verbose_run_has_every_failure() -> None:
    """And says not that there is more."""
    example = audit_pages.demo().audit
    failing = {each.control for each in example.results if each.verdict is FAIL}
    lines = shown(example, verbosity=1)
    assert sum(line.startswith(("critical ", "high ", "medium ", "low ")) for line in lines) == len(failing)
    assert not [line for line in lines if "or add -v" in line]


def test_one_cause_is_one_line() -> None:
    """What stops all controls is said once, with what to do about it, however long the reason is."""
    stopped = [result(f"control_{number}", ERROR, SOCKET) for number in range(118)]
    lines = shown(audit(*stopped))
    said = "118 controls not judged: permission denied on /var/run/docker.sock: run as root, or with --sudo"
    assert said in lines
    assert "No control was judged: nothing here says that a target is hardened." in lines
    assert len(lines) == 5


def test_rights_are_one_cause() -> None:
    """Whatever root would have read, each in its own place; another cause is another line."""
    found = causes(
        audit(
            result("one", ERROR, "/proc/7/exe could not be read; are you root?"),
            result("two", ERROR, "the directory cannot be entered; it takes root"),
            result("three", ERROR, "the engine timed out", "web2"),
        )
    )
    assert [(each.reason, each.controls, each.targets, each.advice) for each in found] == [
        ("only root may read what they need", 2, ("web1",), "run as root, or with --sudo"),
        ("the engine timed out", 1, ("web2",), ""),
    ]
    long = audit(result("one", ERROR, f"{'very ' * 40}long; are you root?"))
    (line,) = (line for line in shown(long) if "not judged" in line)
    assert line.endswith("...: run as root, or with --sudo")
    assert len(line) <= 100
    (alone,) = causes(audit(result("one", ERROR, "/proc/7/exe could not be read; are you root?")))
    assert (alone.reason, alone.advice) == ("/proc/7/exe could not be read", "run as root, or with --sudo")


def test_engine_that_is_not_there_is_one_cause() -> None:
    """Whichever probe met it."""
    said = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
    found = causes(
        audit(
            result("a", ERROR, f"the engine does not answer: {said}"),
            result("b", ERROR, f"containers: {said}"),
        )
    )
    assert [(each.reason, each.controls, each.advice) for each in found] == [
        ("no engine answers at /var/run/docker.sock", 2, "start it, or set DOCKER_HOST")
    ]


def test_target_that_gave_no_answer_is_one_cause() -> None:
    """Beside one that did."""
    silent = [result(name, ERROR, "ssh: connect to host db port 22: timed out", "db") for name in ("a", "b")]
    lines = shown(audit(result("a", Verdict.PASS, ""), result("b", FAIL, "is bad"), *silent))
    assert "2 controls on db not judged: ssh: connect to host db port 22: timed out" in lines
    assert "db: no control was judged; nothing here says that it is hardened." in lines


def test_what_changed_is_said_with_numbers_and_subjects() -> None:
    """The count of each, and what is new."""
    new = Change("memory", "web1", "container", "a", "no limit is set")
    since = Changes("20251231T000000Z-0000", "2025-12-31T23:59:01Z", 1, (new,), (new, new), 7)
    lines = shown(replace(audit(result("memory", FAIL, "no limit is set", "web1", "a")), since=since))
    assert lines[4:6] == ["since 2025-12-31 23:59 UTC: 1 new, 2 gone, 7 as before", "  new: CIS 5.1 a"]


def test_notes_of_many_targets_are_grouped() -> None:
    """One line for what is said of all."""
    example = audit_pages.fleet(8).audit
    noted = replace(example, targets=tuple(replace(each, clock="it is late") for each in example.targets))
    lines = shown(noted)
    assert [line for line in lines if "it is late" in line] == [
        "  hardened-01, careless-01, hardened-02 and 5 more: it is late"
    ]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("short", 5, "short"),
        ("longer", 5, "lo..."),
        ("检查检查", 7, "检查..."),
        ("a\n b", 9, "a b"),
        ("abc", 2, ".."),
    ],
)
def test_text_is_cut_by_columns(text: str, width: int, expected: str) -> None:
    """A wide character takes two; a line feed is a blank."""
    assert cut(text, width) == expected
    assert cells(padded(expected, 12)) == 12
