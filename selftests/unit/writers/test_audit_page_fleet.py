"""audit.html of a fleet: targets with the same verdicts are one row and one column, and no target is lost."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import jsonschema_rs
import pytest
from msgspec.structs import replace

from hullcheck.results import Audit, Result
from hullcheck.verdicts import Verdict
from hullcheck.writers import audit_page
from selftests import REPOSITORY
from selftests.kit.audit_pages import Example, demo
from selftests.kit.browsing import Open, go, is_in_time, opening_seconds
from selftests.kit.projects import site
from selftests.kit.running import PRESENT, containers, hullcheck, info

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
        recorded.append(dataclasses.replace(recordings[original.name], target=name))
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
    assert "2 rows" in part
    assert _linked(part) == {f"web{number:04}" for number in range(120)}
    assert re.search(r"fails on 120 of 120 targets", part)
    assert "results.json" in part


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
        dataclasses.replace(each, failure="timed out") if each.target == "web0007" else each
        for each in made.recordings
    ]
    part = _targets(audit_page.render(made.audit, recordings))
    assert "3 rows" in part
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


# ---- groups of the inventory


@cache
def grouped(count: int) -> str:
    """The page of so many targets: web0000, web0002 and so on are hardened, the others careless.

    Of each ten, nine are in `prod` and one in `attic`; the first of each four is in `db` too. So `db` and `attic` have
    hardened ones alone.
    """
    made = example(count)
    targets = tuple(
        replace(each, groups=("prod" if number % 10 else "attic", *(("db",) if number % 4 == 0 else ())))
        for number, each in enumerate(made.audit.targets)
    )
    return audit_page.render(replace(made.audit, targets=targets), made.recordings)


def _groups(page: str) -> list[str]:
    (table,) = re.findall(r'aria-label="Groups of the inventory">.*?</table>', page, re.DOTALL)
    return re.findall(r"<tr><th scope=\"row\">.*?</tr>", table, re.DOTALL)


@pytest.mark.parametrize("count", [20, 200])
def test_groups_are_told_apart(count: int) -> None:
    """How many targets each has and fails, their sums, and the worst; a group is not worse because it is larger."""
    rows = _groups(grouped(count))
    assert [re.findall(r"#group/(\w+)", each) for each in rows] == [["prod"], ["attic"], ["db"]]
    targets = {"prod": count * 9 // 10, "attic": count // 10, "db": count // 4}
    worst = {"prod": "web0001", "db": "web0000", "attic": "web0000"}
    results = example(count).audit.results
    fails = {
        name: sum(each.target == name and each.verdict is Verdict.FAIL for each in results)
        for name in worst.values()
    }
    for row, name in zip(rows, targets, strict=True):
        assert f"{targets[name]} of {targets[name]} targets fail" in row
        assert f'worst: <a href="#target/{worst[name]}">' in row
    for name in ("db", "attic"):
        assert f'data-word="fail">{fails["web0000"] * targets[name]:,}<' in rows[list(targets).index(name)]


def test_group_has_a_page_a_map_and_findings(opened: Open) -> None:
    """Each shows the targets of the group alone, and the address says which."""
    page = opened(grouped(20), "#group/db")
    assert page.locator("#view tbody th a").all_inner_texts() == [
        f"web00{number:02}" for number in (0, 4, 8, 12, 16)
    ]
    assert page.locator("#view .steps li").count() > 3
    page.get_by_role("link", name="What fails", exact=True).last.click()
    page.locator("#view table.list").wait_for()
    assert page.locator("select[name=group]").input_value() == "db"
    said = page.locator("#view [role=status]").inner_text()
    assert 0 < int(said.split()[0].replace(",", "")) < int(said.split()[2].replace(",", ""))
    assert "web0001" not in page.locator("#view table.list").inner_text()
    page = opened(grouped(20), "#map?group=db")
    assert page.locator("#view thead th").count() == 6
    page.select_option("select[name=group]", "attic")
    assert page.locator("#view thead th").count() == 3
    assert page.url.endswith("#map?group=attic")
    assert "on 2 targets" in page.locator("#view [role=status]").inner_text()
    assert opened(grouped(20), "#group/none").locator("h1:visible").inner_text() == "This is not in the audit"


@pytest.mark.parametrize("width", [1280, 420])
def test_groups_are_for_everybody(opened: Open, width: int) -> None:
    """axe-core knows no fault of the views with groups, and none is wider than the window."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(grouped(20), viewport={"width": width, "height": 900})
    for address in ("#targets", "#group/db", "#map?group=attic"):
        go(page, address)
        response = axe.run(page, options={"resultTypes": ["violations"]}).response
        assert response["passes"]
        assert {each["id"]: each["nodes"][0]["html"] for each in response["violations"]} == {}
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


OWN = """
targets:
  web1: {{connect: "{web1}", groups: [prod, web]}}
  web2: {{connect: "{web2}"}}
"""
OF_ANSIBLE = "[web]\nweb1\n[prod:children]\nweb\n[db]\nweb2\n"


@pytest.mark.parametrize("of_ansible", [False, True], ids=["own", "ansible"])
def test_results_name_the_groups_of_a_target(tmp_path: Path, of_ansible: bool) -> None:
    """In the order of the policies, by an inventory of any kind, and `verify` finds them again in the bundle."""
    project = site(tmp_path)
    hosts = {name: project.recorded(name, PRESENT, info(), containers()) for name in ("web1", "web2")}
    arguments = ["-m", "cis", "--bundle", "--inventory=hosts.yml"]
    if of_ansible:
        project.write("hosts", OF_ANSIBLE)
        arguments = [*arguments[:-1], "--inventory=hosts", f"--hosts={','.join(hosts.values())}"]
    else:
        project.write("hosts.yml", OWN.format(**hosts))
    run = project.pytest(*arguments)
    expected = (["prod", "web"], ["db"]) if of_ansible else (["prod", "web"], None)
    assert tuple(each.get("groups") for each in run.results["targets"].values()) == expected, run.output
    schema = json.loads((REPOSITORY / "docs/results.schema.json").read_text())
    assert not list(jsonschema_rs.validator_for(schema).iter_errors(run.results))
    verified = hullcheck("verify", "reports/latest.zip", cwd=tmp_path)
    assert "groups" not in verified.stdout + verified.stderr
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.timed
@pytest.mark.parametrize("different", [False, True], ids=["two-kinds", "all-different"])
def test_thousand_targets_open_in_time(
    opened: Open, record_property: Callable[[str, object], None], different: bool
) -> None:
    """In a second, and in thirty megabytes."""
    text = page_of(1000, different)
    assert len(text) < MOST_BYTES
    seconds, loaded = opening_seconds(opened, text)
    record_property("seconds", seconds)
    print(f"1000 targets: {len(text):,} bytes, shown {seconds:.2f} s, loaded {loaded:.2f} s")
    assert is_in_time(opened, max(seconds, loaded), SECONDS)
