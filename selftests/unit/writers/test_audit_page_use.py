"""audit.html in a real Chromium: what people search and copy."""

from __future__ import annotations

import shlex
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from hullcheck.cli import parser
from hullcheck.results import Finding
from hullcheck.verdicts import Verdict
from selftests.kit.audit_pages import Example, demo
from selftests.kit.browsing import Open, go

if TYPE_CHECKING:
    from playwright.sync_api import Page

ODD = "it's a [web]*? $(id) `id`\n\\ ü"


@cache
def page_of_demo() -> str:
    """The page of the demo."""
    return demo().page


def said(page: Page) -> int:
    """How many findings the page says that it found."""
    words = page.locator("#view [role=status]").inner_text().replace(",", "")
    return int(next(each for each in words.split() if each.isdecimal()))


def findings_of(identifier: str) -> int:
    """How many findings there are of the controls with this id."""
    audit = demo().audit
    names = {each.id for each in audit.controls if any(identifier in ids for ids in each.frameworks.values())}
    return sum(len(each.findings) for each in audit.results if each.control in names)


def pasted(page: Page) -> str:
    """What is in the clipboard."""
    page.locator("#search-text").evaluate(
        "each => { each.outerHTML = '<textarea id=search-text></textarea>'; }"
    )
    page.locator("#search-text").focus()
    page.keyboard.press("Control+V")
    return page.locator("#search-text").input_value()


# ---- search


@pytest.mark.parametrize("typed", ["5.5", "CIS 5.5", "cis  5.5"])
def test_search_finds_a_number(opened: Open, typed: str) -> None:
    """A number of the benchmark is that control alone, not 15.5, 5.50 or 5.5.1 of another one."""
    page = opened(page_of_demo(), f"#findings?q={typed.replace(' ', '+')}")
    assert said(page) == findings_of("5.5") > 0
    numbers = page.locator("#view td.numbered").all_inner_texts()
    assert set(numbers) == {"CIS 5.5"}


def test_search_finds_ids_of_every_framework_and_text(opened: Open) -> None:
    """An id with the name of its framework, a container, and a version in a reason, which is a number as well."""
    page = opened(page_of_demo(), "#findings?q=pci+2.2.6")
    assert said(page) == findings_of("2.2.6")
    go(page, "#findings?q=AC-6")
    assert said(page) == findings_of("800-53:AC-6")
    go(page, "#findings?q=quirky_euler+no-new-privileges")
    assert "quirky_euler" in page.locator("#view tbody").inner_text()
    go(page, "#findings?q=26.1.5&verdict=fail")
    assert said(page) > 0
    go(page, "#findings?q=6.1.5")
    assert page.get_by_text("No finding has all of this.").is_visible()


# ---- copy


@pytest.mark.parametrize("clipboard", [True, False])
def test_waiver_of_a_finding_can_be_copied(opened: Open, clipboard: bool) -> None:
    """The line waives this finding and no other, once a person has said why; by keyboard, from a file."""
    page = opened(page_of_demo(), "#finding/careless/container_is_not_privileged/0")
    if not clipboard:
        page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    else:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy waiver of agent")
    button.focus()
    page.keyboard.press("Enter")
    page.locator("#said", has_text="Copied: waiver").wait_for(state="attached")
    assert page.evaluate("document.activeElement.className") == "copy"
    line = pasted(page)
    assert line == (
        "hullcheck waive container_is_not_privileged --target=careless --subject=agent"
        " --inventory=inventories/demo.yml --reason='WHY' --until=DAY --approved-by='WHO'"
    )
    given = parser().parse_args(shlex.split(line)[1:])
    assert (given.control, given.target, given.subject) == (
        "container_is_not_privileged",
        ["careless"],
        ["agent"],
    )


def test_waiver_of_an_odd_name_is_quoted(opened: Open) -> None:
    """A name with quotes, patterns and commands of a shell stays one word, and a pattern of itself alone."""
    audit = demo().audit
    number, result = next(
        (at, each) for at, each in enumerate(audit.results) if each.control == "container_is_not_privileged"
    )
    odd = replace(result, findings=(Finding("container", ODD, Verdict.FAIL, "runs with --privileged"),))
    results = (*audit.results[:number], odd, *audit.results[number + 1 :])
    page = opened(
        Example(replace(audit, results=results), demo().recordings).page,
        f"#finding/{result.target}/{result.control}",
    )
    page.get_by_role("button", name="Copy waiver").click()
    page.locator("#said", has_text="Copied: waiver").wait_for(state="attached")
    line = pasted(page)
    assert "\n" not in line
    (pattern,) = parser().parse_args(shlex.split(line)[1:]).subject
    assert fnmatchcase(ODD, pattern)
    for other in ("it's a web*? $(id) `id`\n\\ ü", "it's a [web]xy $(id) `id`\n\\ ü"):
        assert not fnmatchcase(other, pattern)


def test_remedy_and_address_can_be_copied(opened: Open) -> None:
    """In the list of failures each has a button that gives the remedy's words, and one that gives its address."""
    page = opened(page_of_demo(), "#failures")
    block = page.locator("[id='control/container_is_not_privileged']")
    control = next(each for each in demo().audit.controls if each.id == "container_is_not_privileged")
    block.get_by_role("button", name="Copy remedy of CIS 5.5").click()
    page.locator("#said", has_text="Copied: remedy").wait_for(state="attached")
    assert block.get_by_text("Copied").is_visible()
    assert pasted(page) == control.remedy
    block.get_by_role("button", name="Copy link to CIS 5.5").click()
    page.locator("#said", has_text="Copied: link").wait_for(state="attached")
    address = pasted(page)
    assert address.endswith("audit.html#control/container_is_not_privileged")
    block.get_by_role("button", name="Copy waiver of CIS 5.5").click()
    page.locator("#said", has_text="Copied: waiver").wait_for(state="attached")
    assert "--target=careless --subject=agent " in pasted(page)


# ---- a narrow window


def test_every_page_can_be_reached_on_a_phone(opened: Open) -> None:
    """By keyboard each link comes into sight, though their line is longer than the window is wide."""
    page = opened(page_of_demo(), viewport={"width": 390, "height": 844})
    for each in page.locator(".side nav a").all():
        each.focus()
        box = each.bounding_box()
        assert box is not None
        assert 90 < box["x"] < box["x"] + box["width"] <= 375
