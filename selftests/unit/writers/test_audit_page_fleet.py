"""audit.html of a fleet: targets with the same verdicts are one row and one column, and no target is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from hullcheck.results import Audit, Result
from hullcheck.verdicts import Verdict
from hullcheck.writers import audit_page
from selftests.kit.audit_pages import Example, demo
from selftests.kit.browsing import Open

SECONDS = 1.0
MOST_BYTES = 30_000_000


@cache
def example(count: int, different: bool = False) -> Example:
    """*count* targets as those of the demo in turn, or each with verdicts of its own."""
    audit, recordings = demo().audit, {each.target: each for each in demo().recordings}
    targets, results, recorded = [], [], []
    for number in range(count):
        original = audit.targets[number % 2]
        name = f"web{number:04}"
        targets.append(replace(original, name=name, same_engine=(), same_machine=()))
        mine = [each for each in audit.results if each.target == original.name]
        results += [
            _result(each, name, different and number >> (at % 20) & 1) for at, each in enumerate(mine)
        ]
        recorded.append(replace(recordings[original.name], target=name))
    whole: Audit = replace(audit, targets=tuple(targets), results=tuple(results), since=None)
    return Example(whole, tuple(recorded))


def _result(result: Result, target: str, other: int) -> Result:
    verdict = result.verdict
    if other:
        verdict = Verdict.PASS if verdict is Verdict.FAIL else Verdict.FAIL
    findings = (
        replace(each, subject=target if each.kind == "target" else each.subject, verdict=verdict)
        for each in result.findings
    )
    return replace(result, target=target, verdict=verdict, findings=tuple(findings))


@cache
def page_of(count: int, different: bool = False) -> str:
    """The page of so many."""
    made = example(count, different)
    return audit_page.render(made.audit, made.recordings)


def _targets(page: str) -> str:
    (part,) = re.findall(r'<section id="targets".*?</section>', page, re.DOTALL)
    return str(part)


def _linked(part: str) -> set[str]:
    return set(re.findall(r'href="#target/(web\d+)"', part))


def test_few_targets_have_a_row_each() -> None:
    """A hundred are not grouped."""
    part = _targets(page_of(100))
    assert part.count('<tr id="target/web') == 100
    assert "alike" not in part


def test_targets_alike_are_one_row() -> None:
    """Each is still named, with a link to a page of its own."""
    part = _targets(page_of(120))
    assert part.count("<b>and 59 alike</b>") == 2
    assert "2 groups" in part
    assert _linked(part) == {f"web{number:04}" for number in range(120)}
    assert re.search(r"fails on 120 of 120 targets", part)
    assert "results.json" in part


def test_targets_that_differ_are_named_too() -> None:
    """The worst hundred have rows, the rest their names, the worse first."""
    part = _targets(page_of(130, different=True))
    assert "130 groups, of which the worst 100 are shown" in part
    assert "30 targets in 30 more groups" in part
    assert _linked(part) == {f"web{number:04}" for number in range(130)}
    assert (
        part.count('<th scope="row"><a href="#target/web') == 100 * 3
    )  # of two divisions, and of the groups
    (run,) = re.findall(r'<section id="run".*?</section>', page_of(130, different=True), re.DOTALL)
    assert "The first 100 of 130 targets; the page of each target says it of that" in run


def test_notes_of_targets_stay() -> None:
    """What has to be known of one of them is said, whatever group it is in."""
    made = example(120)
    targets = [
        replace(each, clock="its clock is wrong") if each.name == "web0100" else each
        for each in made.audit.targets
    ]
    page = audit_page.render(replace(made.audit, targets=tuple(targets)), made.recordings)
    assert "<b>its clock is wrong</b>: <bdi>web0100</bdi>" in _targets(page)


def test_target_without_an_answer_is_a_group_of_its_own() -> None:
    """It does not hide among others whose verdicts are errors too."""
    made = example(120)
    recordings = [
        replace(each, failure="timed out") if each.target == "web0007" else each for each in made.recordings
    ]
    part = _targets(audit_page.render(made.audit, recordings))
    assert "3 groups" in part
    assert "<b>no answer</b>" in part


def test_map_has_a_column_for_each_group(opened: Open) -> None:
    """It says how many are alike, and leads to the first of them; every target has its page."""
    page = opened(page_of(120), "#map")
    assert page.locator("#view thead th").count() == 3
    assert (
        page.locator("#view thead .alike").all_inner_texts() == [" +59", " +59"]
        or page.locator("#view thead .alike").count() == 2
    )
    assert "2 columns of targets with the same verdicts" in page.locator("#view [role=status]").inner_text()
    page = opened(page_of(120), "#target/web0119")
    assert page.locator("h1:visible").inner_text() == "web0119"


def test_map_says_what_it_leaves_out(opened: Open) -> None:
    """A hundred columns, and a line."""
    page = opened(page_of(130, different=True), "#map")
    assert page.locator("#view thead th").count() == 101
    said = page.locator("#view [role=status]").inner_text()
    assert "of which the 100 with the most failures are shown; results.json has all" in said


@pytest.mark.timed
@pytest.mark.parametrize("different", [False, True], ids=["two-kinds", "all-different"])
def test_thousand_targets_open_in_time(
    opened: Open, record_property: Callable[[str, object], None], different: bool
) -> None:
    """In a second, and in thirty megabytes."""
    text = page_of(1000, different)
    assert len(text) < MOST_BYTES
    page = opened(text, "")
    seconds = page.evaluate("performance.getEntriesByName('shown')[0].startTime") / 1000
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
    record_property("seconds", seconds)
    print(f"1000 targets: {len(text):,} bytes, shown {seconds:.2f} s, loaded {loaded:.2f} s")
    assert max(seconds, loaded) < SECONDS
