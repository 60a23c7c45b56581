"""audit.html in a real Chromium: what scripts draw, that nothing of a host runs, and how long it takes."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from hullcheck.cli import parser
from hullcheck.results import Finding
from hullcheck.verdicts import Verdict
from hullcheck.writers import audit_page
from selftests.kit.audit_pages import HOSTILE, WAIVER, Example, accepted, alike, demo, fleet, hostile
from selftests.kit.browsing import Open, go, is_in_time, opening_seconds, title, wait
from selftests.unit.writers import formats

if TYPE_CHECKING:
    from playwright.sync_api import Page

PRIVILEGED, MEMORY = "container_is_not_privileged", WAIVER.control
STATIC = (
    "",
    "#failures",
    "#open",
    "#manual",
    "#accepted",
    "#requirements",
    "#framework/cis",
    "#targets",
    "#run",
)
DRAWN = (
    *("#map", "#map?group=prod", "#findings?verdict=fail", f"#control/{PRIVILEGED}", "#requirement/cis/5.5"),
    *("#target/web1", "#target/db-7", f"#finding/web1/{MEMORY}/0", "#evidence/web1/engine", "#group/prod"),
    "#control/nothing",
)
"""The views of the page of the small site."""


@cache
def site_page() -> str:
    """The page of a site that has something of everything."""
    return formats.site().page


@cache
def accepted_page() -> str:
    """The page of the demo with all that can be accepted."""
    return accepted().page


def follow(page: Page, act: Callable[[], object]) -> None:
    """Do something that leads to another view, and wait for that."""
    page.evaluate("performance.clearMarks()")
    act()
    wait(page)


# ---- links


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "controls fail"),
        ("#failures/critical", "Failures"),
        ("#framework/cis", "CIS Docker Benchmark"),
        ("#requirement/cis/5.5", "Privileged containers"),
        (f"#control/{PRIVILEGED}", "No container runs privileged"),
        ("#target/web1", "web1"),
        (f"#finding/web1/{MEMORY}/0", "Every container has a memory limit"),
        ("#evidence/web1/engine", "engine of web1"),
        ("#findings?verdict=fail", "All findings"),
        ("#map?severity=high", "Map"),
        ("#group/prod", "Group prod"),
        (f"#acceptance/{quote('site.yml:41', safe='')}", "Accepted"),
        ("#target/nobody", "This is not in the audit"),
        ("#evidence/web1/nothing", "This is not in the audit"),
        ("#%", "This is not in the audit"),
    ],
)
def test_deep_link_opens_its_view(opened: Open, address: str, said: str) -> None:
    """Each thing has an address, and opening it shows that thing alone."""
    page = opened(site_page(), address)
    assert said in title(page)
    assert page.locator("main section:visible").count() == 1


def test_link_to_a_finding_marks_it(opened: Open) -> None:
    """The finding that is meant is marked and has the focus; whose waiver it is stands there."""
    page = opened(site_page(), f"#finding/web2/{MEMORY}/0")
    marked = page.locator(".finding.marked").inner_text()
    assert "batch: no limit is set" in marked
    assert "By A. Example, until 31 January 2027" in marked
    assert page.evaluate("document.activeElement.id") == "finding-0"


def test_way_from_framework_to_answer(opened: Open) -> None:
    """Framework, requirement, control, target, evidence: each is a click away, and the answer is the recorded one."""
    page = opened(accepted_page())
    for name in (
        *("Requirements", "PCI", "System security parameters set to prevent misuse"),
        *("No container runs privileged", "careless"),
    ):
        follow(page, page.locator("a:visible", has_text=re.compile(f"^{name}$")).first.click)
    assert "runs with --privileged" in page.locator("#view").inner_text()
    page.locator("summary", has_text=re.compile("^containers")).click()
    recorded = next(each for each in accepted().recordings if each.target == "careless")
    answer = page.get_by_role("region", name="Answer to containers").text_content() or "-"
    assert recorded.answers["containers"].stdout.startswith(answer)  # the page has the beginning of long ones
    command = page.get_by_role("region", name="Command of containers").text_content()
    assert recorded.commands["containers"].startswith(command or "-")


def test_back_returns_to_where_the_reader_was(opened: Open) -> None:
    """After a link the top of the new page, with the focus on its head; after "back" the same page and place."""
    page = opened(accepted_page(), "#failures")
    link = page.locator("#failures a:text-is('Details')").nth(40)
    link.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 1000
    follow(page, link.click)
    assert (page.evaluate("scrollY"), page.evaluate("document.activeElement.tagName")) == (0, "H1")
    follow(page, page.go_back)
    assert (title(page), page.evaluate("scrollY")) == ("Failures", before)


def test_keyboard_reaches_content_and_search(opened: Open) -> None:
    """The first stop skips the navigation; a search is typed and sent without a mouse."""
    page = opened(site_page())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.get_by_label("Search findings").focus()
    page.keyboard.type("privileged")
    follow(page, partial(page.keyboard.press, "Enter"))
    assert title(page) == "All findings"
    assert page.get_by_label("Text").input_value() == "privileged"


# ---- filters and search


def found(page: Page) -> int:
    """How many findings the page says that it found."""
    said = page.locator("#view [role=status]").inner_text().replace(",", "")
    return int(next(each for each in said.split() if each.isdecimal()))


def test_filters_find_what_the_audit_has(opened: Open) -> None:
    """Verdict, severity, target and text narrow the list, and stand in the address."""
    audit = accepted().audit
    findings = [(result, each) for result in audit.results for each in result.findings]
    page = opened(accepted_page(), "#findings")
    assert found(page) == len(findings)
    page.get_by_label("fail", exact=True).check(force=True)
    findings = [(result, each) for result, each in findings if each.verdict is Verdict.FAIL]
    assert found(page) == len(findings)
    page.locator("select[name=severity]").select_option("high")
    findings = [(result, each) for result, each in findings if audit.severity(result) == "high"]
    assert found(page) == len(findings)
    page.locator("select[name=target]").select_option("careless")
    findings = [(result, each) for result, each in findings if result.target == "careless"]
    assert found(page) == len(findings)
    page.get_by_label("Text").fill("AGENT seccomp")
    assert 0 < found(page) <= sum(each.subject == "agent" for _, each in findings)
    assert page.locator("#view tbody tr").count() == found(page)
    address = page.evaluate("location.hash")
    assert address == "#findings?verdict=fail&severity=high&target=careless&q=AGENT+seccomp"
    assert found(opened(accepted_page(), address)) == found(page)


def test_long_list_grows_on_demand(opened: Open) -> None:
    """Of many findings the first are shown, and more when asked, with the focus on the first new one."""
    page = opened(accepted_page(), "#findings")
    rows = page.locator("#view tbody tr")
    before = rows.count()
    assert before < found(page)
    page.get_by_role("button", name=re.compile("^Show .* more")).click()
    assert rows.count() > before
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == before + 1


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("5.5", "5.5"),
        ("CIS 5.5", "5.5"),
        ("cis  5.5", "5.5"),
        ("pci 2.2.6", "2.2.6"),
        ("AC-6", "800-53:AC-6"),
    ],
)
def test_search_finds_a_number(opened: Open, typed: str, number: str) -> None:
    """A number of a framework is that requirement alone: 5.5 is not 15.5, 5.50 or 5.5.1 of another one."""
    audit = demo().audit
    names = {each.id for each in audit.controls if any(number in ids for ids in each.frameworks.values())}
    page = opened(demo().page, f"#findings?q={typed.replace(' ', '+')}")
    assert found(page) == sum(len(each.findings) for each in audit.results if each.control in names) > 0


def test_search_finds_text(opened: Open) -> None:
    """A container, and a version in a reason, which is a number as well."""
    page = opened(demo().page, "#findings?q=quirky_euler+no-new-privileges")
    assert "quirky_euler" in page.locator("#view tbody").inner_text()
    go(page, "#findings?q=26.1.5&verdict=fail")
    assert found(page) > 0
    go(page, "#findings?q=6.1.5")
    assert page.get_by_text("No finding has all of this.").is_visible()


# ---- the map


def press(page: Page, *keys: str) -> str:
    """Press keys; give control and target of the square that has the focus then, or the text of what else has it."""
    for each in keys:
        page.keyboard.press(each)
    return str(page.evaluate("document.activeElement.dataset.at || document.activeElement.textContent"))


def test_map_has_a_square_for_each_result(opened: Open) -> None:
    """With a label for those who see no squares; of another shape for each verdict; the worst target comes first."""
    page = opened(accepted_page(), "#map?show=")
    labels = page.locator("td.square").evaluate_all(
        "all => all.map((each) => each.getAttribute('aria-label'))"
    )
    assert Counter(labels) == Counter(str(each.verdict) for each in accepted().audit.results)
    shapes = page.evaluate(
        "[...document.querySelectorAll('.legend .square')].map((each) => {"
        " const style = getComputedStyle(each);"
        " return (style.backgroundImage + style.backgroundSize).replace(/(rgb|color)[^)]*[)]/g, ''); })"
    )
    assert len(shapes) == len(set(shapes)) == len(Verdict)
    assert page.locator(".map thead th a").all_inner_texts()[0] == "careless"


def test_map_can_be_filtered_and_the_filter_is_in_its_address(opened: Open) -> None:
    """By what fails or is open (at first), by severity, by section, and to where targets differ."""
    audit = accepted().audit
    page = opened(accepted_page(), "#map")
    bad = {each.control for each in audit.results if each.verdict in ("fail", "error", "manual")}
    rows = page.locator(".map tbody tr:not(.map-group)")
    assert rows.count() == len(bad)
    go(page, "#map?show=")
    page.locator("select[name=severity]").select_option("critical")
    assert rows.count() == sum(each.severity == "critical" for each in audit.controls)
    page.locator("select[name=section]").select_option("cis.5")
    assert page.evaluate("location.hash") == "#map?show=&severity=critical&section=cis.5"
    assert {each[:6] for each in page.locator(".map .number").all_inner_texts()} == {"CIS 5."}
    go(page, "#map?show=differ")
    different = (
        "all => all.map((row) => new Set([...row.querySelectorAll('td')].map((each) => each.ariaLabel)).size)"
    )
    assert min(rows.evaluate_all(different)) > 1


def test_map_is_one_stop_of_the_tab_key(opened: Open) -> None:
    """Tab enters at the first square and leaves the map with the next; after arrows it enters where they ended."""
    page = opened(site_page(), "#map")
    page.locator("select[name=group]").focus()
    first = page.locator("td.square").first.get_attribute("data-at")
    assert press(page, "Tab") == first
    second = press(page, "ArrowDown")
    assert second != first
    assert press(page, "Shift+Tab", "Tab") == second
    assert press(page, "Tab") not in {first, second}
    assert page.evaluate("document.activeElement.closest('.map')") is None


def test_arrows_walk_over_squares_names_and_demands(opened: Open) -> None:
    """To the head of the column, to the demand of the row, to both ends; nothing leads out of the map."""
    page = opened(site_page(), "#map?show=")
    square = page.locator("td.square").first
    square.focus()
    control, target = (square.get_attribute("data-at") or "").split()
    name = formats.site().audit.targets[int(target)].name
    assert press(page, "ArrowUp") == press(page, "ArrowUp", "ArrowLeft") == name
    assert press(page, "ArrowDown") == f"{control} {target}"
    assert press(page, "End") == press(page, "ArrowRight")
    assert press(page, "Home").startswith("CIS ")
    last = press(page, "Control+End")
    assert last == page.locator("td.square").last.get_attribute("data-at") == press(page, "PageDown")
    assert press(page, "PageUp") != last
    assert press(page, "Control+Home", "ArrowRight") == f"{control} {target}"


def test_square_leads_to_its_finding_and_back(opened: Open) -> None:
    """By a click and by Enter; the way back with Tab leads to the same square."""
    page = opened(site_page(), "#map")
    follow(page, page.locator(f"td[data-at='{PRIVILEGED} 0']").click)
    assert page.evaluate("location.hash") == f"#finding/web1/{PRIVILEGED}"
    follow(page, page.go_back)
    page.locator("td.square").first.focus()
    at = press(page, "ArrowDown", "ArrowRight")
    control, target = at.split()
    follow(page, partial(page.keyboard.press, "Enter"))
    name = formats.site().audit.targets[int(target)].name
    assert page.evaluate("location.hash") == f"#finding/{name}/{control}"
    follow(page, page.go_back)
    page.locator("select[name=group]").focus()
    assert press(page, "Tab") == at


def test_many_targets_alike_are_one_column(opened: Open) -> None:
    """It says how many are alike, and leads to the first of them; every target has its page."""
    page = opened(alike(120).page, "#map")
    assert [each.strip() for each in page.locator("#view thead .alike").all_text_contents()] == ["+59", "+59"]
    assert "2 columns of targets with the same verdicts" in page.locator("#view [role=status]").inner_text()
    go(page, "#target/web0119")
    assert title(page) == "web0119"


def test_group_has_a_page_a_map_and_findings(opened: Open) -> None:
    """Each shows the targets of the group alone, and the address says which."""
    page = opened(alike(20, grouped=True).page, "#group/db")
    names = [f"web00{number:02}" for number in (0, 4, 8, 12, 16)]
    assert page.locator("#view tbody th a").all_inner_texts() == names
    assert page.locator("#view .steps li").count() > 3
    follow(page, page.get_by_role("link", name="What fails", exact=True).last.click)
    assert page.locator("select[name=group]").input_value() == "db"
    assert "web0001" not in page.locator("#view table.list").inner_text()
    go(page, "#map?group=db")
    assert page.locator("#view thead th").count() == 6
    page.select_option("select[name=group]", "attic")
    assert page.locator("#view thead th").count() == 3
    assert page.url.endswith("#map?group=attic")


# ---- copy


ODD = "it's a [web]*? $(id) `id`\n\\ ü"


def pasted(page: Page) -> str:
    """What is in the clipboard."""
    page.locator("#said", has_text="Copied: ").wait_for(state="attached")
    page.locator("#search-text").evaluate(
        "each => { each.outerHTML = '<textarea id=search-text></textarea>'; }"
    )
    page.locator("#search-text").focus()
    page.keyboard.press("Control+V")
    return page.locator("#search-text").input_value()


@pytest.mark.parametrize("clipboard", [True, False])
def test_waiver_of_a_finding_can_be_copied(opened: Open, clipboard: bool) -> None:
    """The line waives this finding and no other, once a person has said why; by keyboard, from a file."""
    page = opened(demo().page, f"#finding/careless/{PRIVILEGED}/0")
    if not clipboard:
        page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    else:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy waiver of agent").focus()
    page.keyboard.press("Enter")
    line = pasted(page)
    assert line == (
        f"hullcheck waive {PRIVILEGED} --target=careless --subject=agent"
        " --inventory=inventories/demo.yml --reason='WHY' --until=DAY --approved-by='WHO'"
    )
    given = parser().parse_args(shlex.split(line)[1:])
    assert (given.control, given.target, given.subject) == (PRIVILEGED, ["careless"], ["agent"])


def test_waiver_of_an_odd_name_is_quoted(opened: Open) -> None:
    """A name with quotes, patterns and commands of a shell stays one word, and a pattern of itself alone."""
    audit = formats.small(Finding("container", ODD, Verdict.FAIL, "runs with --privileged"))
    page = opened(Example(audit, ()).page, "#finding/web1/c")
    page.get_by_role("button", name="Copy waiver").click()
    line = pasted(page)
    assert "\n" not in line
    (pattern,) = parser().parse_args(shlex.split(line)[1:]).subject
    assert fnmatchcase(ODD, pattern)
    for other in ("it's a web*? $(id) `id`\n\\ ü", "it's a [web]xy $(id) `id`\n\\ ü"):
        assert not fnmatchcase(other, pattern)


@pytest.mark.parametrize(
    ("button", "said"),
    [
        ("Copy remedy of CIS 5.5", "do without `--privileged`."),
        ("Copy link to CIS 5.5", f"audit.html#control/{PRIVILEGED}"),
        (
            "Copy waiver of CIS 5.5",
            f"hullcheck waive {PRIVILEGED} --target=web1 --target=web2 --subject=agent",
        ),
    ],
)
def test_list_of_failures_has_buttons(opened: Open, button: str, said: str) -> None:
    """Remedy, address and waiver of a failing control can be copied there."""
    page = opened(site_page(), "#failures")
    page.get_by_role("button", name=button).click()
    assert said in pasted(page)


# ---- nothing of a host runs


ELEMENTS = (
    "img, iframe, object, embed, link, #view script, #view style, b:not(main b), svg svg, [onload], [onerror],"
    " [onmouseover]"
)
OPEN_ALL = """() => {
    for (const each of document.querySelectorAll("#view summary")) each.click();
    // each shows the whole of a text, and is gone, or goes on
    for (let each; each = document.querySelector("#view button:not(.copy)");) each.click();
}"""


def test_hostile_texts_stay_texts(opened: Open) -> None:
    """In each view what a host named is text: no element, no dialog, no request comes of it (see `opened`)."""
    case = hostile()
    page = opened(case.page)
    for target in case.audit.targets:
        for each in (("target",), ("finding", "c_1"), ("evidence", "probe"), ("evidence", HOSTILE[0])):
            go(page, audit_page.link(each[0], target.name, *each[1:]))
            assert title(page) != "This is not in the audit", each
            page.evaluate(OPEN_ALL)
            assert page.evaluate(f"document.querySelectorAll({json.dumps(ELEMENTS)}).length") == 0
    for address in (
        *("#findings", "#accepted", "#failures", "#open", "#run"),
        *("#requirement/cis/5.5", "#control/c_1"),
    ):
        go(page, address)
        assert "alert(" in page.locator("main section:visible").inner_text()
    text = page.evaluate("document.documentElement.outerHTML")
    assert not re.search("[\u202e\u2066\u200b\u2028\u2029\x00\x1b]", text)


def test_answer_is_shown_whole(opened: Open) -> None:
    """An answer of a megabyte is there to the last character, those that steer or hide as escapes."""
    page = opened(hostile().page, "#evidence/a/probe")
    page.get_by_role("button", name=re.compile("^Show all 1,000")).click()
    said = page.get_by_role("region", name="Answer to probe").text_content() or ""
    assert said.endswith("<b>" + "x" * 1_000_000)
    assert "\\u202egnp.exe\\u2066 \\u200b" in said
    assert "lone \\udc80 and \\ud800 surrogates" in said
    assert "nul \\x00 escape \\x1b[31m line\\x0dend" in said


# ---- for everybody


@pytest.mark.parametrize(
    ("scheme", "width", "rules"),
    [("light", 1280, []), ("light", 420, []), ("dark", 1280, ["color-contrast"])],
    ids=["light", "narrow", "dark"],
)
def test_axe_finds_nothing(opened: Open, scheme: str, width: int, rules: list[str]) -> None:
    """No view has a fault that axe-core knows, wide or narrow; in the dark the colours are what differs."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(site_page(), color_scheme=scheme, viewport={"width": width, "height": 900})
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    faults = {}
    for address in (*STATIC, *DRAWN):
        go(page, address)
        for summary in page.locator("#view summary").all()[:2]:
            summary.click()
        response = axe.run(page, options=options).response
        assert response["passes"]
        faults |= {(address, each["id"]): each["nodes"][0]["html"] for each in response["violations"]}
    assert faults == {}


@pytest.mark.parametrize("width", [1280, 420])
def test_nothing_is_wider_than_the_window(opened: Open, width: int) -> None:
    """No view makes the reader scroll sideways, with names of a megabyte neither."""
    for text, addresses in (
        (accepted_page(), ("", "#failures", "#findings", "#map", "#target/careless")),
        (site_page(), (*STATIC, *DRAWN)),
        (hostile().page, ("", "#failures", "#targets", "#finding/a/c_1", "#run")),
    ):
        page = opened(text, viewport={"width": width, "height": 900})
        for each in addresses:
            go(page, each)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, each


def test_every_page_can_be_reached_on_a_phone(opened: Open) -> None:
    """By keyboard each link comes into sight, though their line is longer than the window is wide."""
    page = opened(site_page(), viewport={"width": 390, "height": 844})
    for each in page.locator(".side nav a").all():
        each.focus()
        box = each.bounding_box()
        assert box is not None
        assert 90 < box["x"] < box["x"] + box["width"] <= 375


def test_colours_can_be_changed(opened: Open) -> None:
    """From those of the system to the other ones."""
    page = opened(site_page(), color_scheme="light")
    page.get_by_role("button", name="Dark colours").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 28)"
    assert page.get_by_role("button", name="Light colours").is_visible()


def test_page_can_be_read_without_scripts(opened: Open) -> None:
    """All that is in the document is shown, and nothing that would need a script."""
    page = opened(site_page(), script=False)
    assert page.locator("main > section:visible").count() == page.locator("main > section").count() - 1
    assert page.locator(".scripted:visible").count() == 0
    assert "This browser runs no scripts here." in (page.locator("main noscript").text_content() or "")
    page.locator("a:visible:text-is('Failures')").click()
    assert page.url.endswith("#failures")
    assert page.locator(f"[id='control/{PRIVILEGED}']").is_visible()


def test_print_shows_all(opened: Open) -> None:
    """On paper: the summary, every list and every table, whichever is open; and a PDF of A4 pages comes of it."""
    page = opened(accepted_page(), "#accepted")
    page.emulate_media(media="print")
    sections = page.locator("main > section:not(#view)")
    assert page.locator("main > section:visible").count() == sections.count() == 14
    assert page.locator(".side:visible, #view:visible").count() == 0
    pdf = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox\s*\[([^\]]*)\]", pdf)
    assert {tuple(round(float(each)) for each in box.split()) for box in boxes} == {(0, 0, 595, 842)}
    assert 20 < len(re.findall(rb"/Type\s*/Page\b", pdf)) < 60


@pytest.mark.timed
@pytest.mark.parametrize(
    ("example", "seconds", "address"),
    [
        *(
            (partial(fleet, 100), 2.0, each)
            for each in ("", "#findings?verdict=fail&q=privileged", "#target/careless-01", "#map?show=")
        ),
        (partial(alike, 1000), 1.0, ""),
        (partial(alike, 1000, different=True), 1.0, ""),
    ],
)
def test_opens_in_time(opened: Open, example: Callable[[], Example], seconds: float, address: str) -> None:
    """The page of 100 targets and its deep links are there in two seconds, that of 1,000 in one and in 30 MB."""
    page = example().page
    assert len(page) < 30_000_000
    assert is_in_time(opened, max(opening_seconds(opened, page, address)), seconds)
