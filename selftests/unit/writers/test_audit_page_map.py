"""The map of controls and targets in a real Chromium."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from hullcheck.verdicts import Verdict
from selftests.kit.audit_pages import Example, accepted
from selftests.kit.browsing import Open, go, title, wait

if TYPE_CHECKING:
    from playwright.sync_api import Page


@cache
def example() -> Example:
    """Three targets, one of them without an answer."""
    return accepted()


@cache
def page_of_it() -> str:
    """Its page."""
    return example().page


def squares(page: Page) -> Counter[str]:
    """How many squares there are of each verdict, by their labels."""
    labels = page.locator("td.square").evaluate_all(
        "all => all.map((each) => each.getAttribute('aria-label'))"
    )
    return Counter(labels)


def test_map_has_a_square_for_each_result(opened: Open) -> None:
    """Every verdict of every control on every target, as a label for those who see no squares."""
    page = opened(page_of_it(), "#map?show=")
    assert squares(page) == Counter(str(each.verdict) for each in example().audit.results)
    assert page.locator(".map thead th").count() == 1 + len(example().audit.targets)
    shapes = page.evaluate(
        "[...document.querySelectorAll('.legend .square')].map((each) => {"
        " const style = getComputedStyle(each);"
        " return (style.backgroundImage + style.backgroundSize).replace(/(rgb|color)[^)]*[)]/g, ''); })"
    )
    assert len(shapes) == len(set(shapes)) == len(Verdict)


def test_map_begins_with_what_fails_and_is_severe(opened: Open) -> None:
    """Controls that pass everywhere are left out at first, the worst come first, and so do the worst targets."""
    page = opened(page_of_it(), "#map")
    audit = example().audit
    bad = {
        each.control
        for each in audit.results
        if each.verdict in (Verdict.FAIL, Verdict.ERROR, Verdict.MANUAL)
    }
    severities = {each.id: each.severity for each in audit.controls}
    shown = [
        each.split()[0]
        for each in page.locator("td.square:nth-child(2)").evaluate_all(
            "all => all.map((each) => each.dataset.at)"
        )
    ]
    assert set(shown) == bad
    ranks = [("critical", "high", "medium", "low").index(severities[each]) for each in shown]
    assert ranks == sorted(ranks)
    assert page.locator(".map thead th a").all_inner_texts()[0] == "careless"


def test_map_can_be_filtered_and_the_filter_is_in_its_address(opened: Open) -> None:
    """By severity, by section, and to where targets differ."""
    audit = example().audit
    page = opened(page_of_it(), "#map?show=")
    page.locator("select[name=severity]").select_option("critical")
    assert page.locator(".map tbody tr:not(.map-group)").count() == sum(
        each.severity == "critical" for each in audit.controls
    )
    page.locator("select[name=section]").select_option("cis.5")
    assert page.evaluate("location.hash") == "#map?show=&severity=critical&section=cis.5"
    numbers = page.locator(".map .number").all_inner_texts()
    assert numbers
    assert all(each.startswith("CIS 5.") for each in numbers)
    go(page, "#map?show=differ")
    rows = page.locator(".map tbody tr:not(.map-group)").evaluate_all(
        "all => all.map((row) => new Set([...row.querySelectorAll('td')].map((each) => each.ariaLabel)).size)"
    )
    assert min(rows) > 1


def test_square_leads_to_its_finding(opened: Open) -> None:
    """A click opens what was found there; "back" returns to the map."""
    page = opened(page_of_it(), "#map")
    page.evaluate("performance.clearMarks()")
    page.locator("td[data-at^='container_is_not_privileged ']").first.click()
    wait(page)
    assert page.evaluate("location.hash") == "#finding/careless/container_is_not_privileged"
    page.evaluate("performance.clearMarks()")
    page.go_back()
    wait(page)
    assert title(page) == "Map"


# ---- by keyboard


def focused(page: Page) -> str:
    """Control and target of the square that has the focus, or the text of what else has it."""
    found: str = page.evaluate("document.activeElement.dataset.at || document.activeElement.textContent")
    return found


def press(page: Page, *keys: str) -> str:
    """What has the focus after these keys."""
    for each in keys:
        page.keyboard.press(each)
    return focused(page)


def test_map_is_one_stop_of_the_tab_key(opened: Open) -> None:
    """Tab enters at the first square and leaves the map with the next; after arrows it enters where they ended."""
    page = opened(page_of_it(), "#map")
    page.locator("select[name=section]").focus()
    first = page.locator("td.square").first.get_attribute("data-at")
    assert press(page, "Tab") == first
    assert page.locator(".map [tabindex='0']").count() == 1
    second = press(page, "ArrowDown")
    assert second != first
    assert press(page, "Shift+Tab", "Tab") == second
    assert press(page, "Tab") not in {first, second}
    assert page.evaluate("document.activeElement.closest('.map')") is None


def test_arrows_walk_over_squares_names_and_demands(opened: Open) -> None:
    """To the head of the column, to the demand of the row, to both ends; nothing leads out of the map."""
    page = opened(page_of_it(), "#map?show=")
    square = page.locator("td.square").first
    square.focus()
    control, target = (square.get_attribute("data-at") or "").split()
    names = [each.name for each in example().audit.targets]
    assert press(page, "ArrowUp") == names[int(target)]
    assert press(page, "ArrowUp", "ArrowLeft") == names[int(target)]
    assert press(page, "ArrowDown") == f"{control} {target}"
    assert press(page, "ArrowRight").startswith(f"{control} ")
    assert press(page, "End").startswith(f"{control} ")
    assert press(page, "ArrowRight") == press(page, "End")
    assert press(page, "Home").startswith("CIS ")
    assert page.evaluate("document.activeElement.getAttribute('href')") == f"#control/{control}"
    last = press(page, "Control+End")
    assert last == page.locator("td.square").last.get_attribute("data-at")
    assert press(page, "PageDown") == last
    assert press(page, "PageUp") != last
    assert press(page, "Control+Home", "ArrowRight") == f"{control} {target}"


def test_enter_opens_a_square_and_back_returns_to_it(opened: Open) -> None:
    """As a click does; the way back with Tab leads to the same square."""
    page = opened(page_of_it(), "#map")
    page.locator("td.square").first.focus()
    at = press(page, "ArrowDown", "ArrowDown", "ArrowRight")
    control, target = at.split()
    page.evaluate("performance.clearMarks()")
    page.keyboard.press("Enter")
    wait(page)
    assert page.evaluate("location.hash") == f"#finding/{example().audit.targets[int(target)].name}/{control}"
    page.evaluate("performance.clearMarks()")
    page.go_back()
    wait(page)
    page.locator("select[name=section]").focus()
    assert press(page, "Tab") == at
