"""The lines at the end of a run: cut to the width, kept to one screen, one line for each cause."""

import pytest
from msgspec.structs import replace

from hullcheck.results import Finding, sentences
from hullcheck.results.failures import findings, problems
from hullcheck.verdicts import Verdict
from hullcheck.writers.columns import cells, cut, padded
from hullcheck.writers.terminal import screen
from selftests.kit.audit_pages import Example, alike, demo
from selftests.unit.writers.test_snapshots import shown


def test_thirty_hosts_are_one_screen() -> None:
    """At 100 columns, with pytest's own last line; a control or a note is one line with its hosts."""
    audit = alike(30).audit
    targets = tuple(replace(each, clock="it is late") for each in audit.targets)
    lines = shown(Example(replace(audit, targets=targets))).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines[2:])) <= 100
    assert [line.partition("  ")[0] for line in lines[1:5]] == ["30 targets", "web0001", "web0003", "web0005"]
    assert lines[5] == "... and 27 more targets: `--all` shows them, or see the page"
    assert "  web0000, web0001, web0002 and 27 more: it is late" in lines
    said = "critical  CIS 5.5 and CIS 5.22  web0001, web0003, web0005 and 12 more: agent runs with"
    assert [line for line in lines if line.startswith(said)]
    assert [line for line in lines if line.startswith("fix first  ") and "on 15 targets: " in line]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """But the verdicts of a target, and paths."""
    wide = (Finding("container", "检" * 300, Verdict.FAIL, "runs with --privileged"),)
    results = [
        replace(each, findings=wide) if each.control == "container_is_not_privileged" else each
        for each in demo().audit.results
    ]
    for known in (replace(demo().audit, results=tuple(results)), alike(8).audit):
        lines = (*screen.failures(known, width, 0), *screen.after_failures(known, width, everything=True))
        assert max(cells(screen.plain(each)) for each in lines) <= width


def test_everything_has_every_failure() -> None:
    """In full, and says not that there is more; what several controls share is one line."""
    found = problems(findings(demo().audit, Verdict.FAIL))
    lines = shown(demo(), everything=True).splitlines()
    assert sum(line.startswith(("critical ", "high ", "medium ", "low ")) for line in lines) == len(found)
    assert not [line for line in lines if "--all" in line or line.endswith("...")]
    (shared,) = (line for line in lines if "  CIS 1.1.3 and " in line)
    assert ": no audit rule covers it: /usr" in shared


def test_few_names_are_named() -> None:
    """One more than three is named as well."""
    assert screen.named(["a", "b", "", "c", "d"]) == "a, b, c, d"
    assert screen.named(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


@pytest.mark.parametrize(
    ("reason", "one", "two"),
    [("is late", "a is late", "a, b: each is late"), ("no lock", "a: no lock", "a, b: no lock")],
)
def test_subjects_that_share_a_reason(reason: str, one: str, two: str) -> None:
    """Subjects and reason are a sentence if the reason begins with a verb."""
    found = [f"{', '.join(each)}{sentences.joint(each, reason)}{reason}" for each in (["a"], ["a", "b"])]
    assert found == [one, two]


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
