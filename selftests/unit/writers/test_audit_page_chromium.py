"""audit.html in a real Chromium: what scripts draw, that nothing of a host runs, and how long it takes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from hullcheck.results import Requirement
from hullcheck.verdicts import Verdict
from hullcheck.writers.audit_page import links
from selftests.kit.audit_pages import ATTESTATION, HOSTILE, WAIVER, Example, accepted, fleet, hostile
from selftests.kit.browsing import Open, go, is_in_time, opening_seconds, title, wait
from selftests.kit.running import PRESENT, Project, containers, info

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SECONDS = 2.0  # in which it has to be there, on a machine that is not slow
PRIVILEGED, MEMORY = "container_is_not_privileged", WAIVER.control
VIEWS = (
    "",
    "#failures",
    "#open",
    "#manual",
    "#accepted",
    "#requirements",
    "#framework/pci",
    "#targets",
    "#map",
    "#run",
    "#findings?verdict=fail",
    f"#control/{PRIVILEGED}",
    "#requirement/pci/2.2.6",
    "#target/careless",
    f"#finding/careless/{MEMORY}/1",
    "#evidence/careless/engine",
    "#target/db-7",
    "#control/nothing",
)


@cache
def example() -> Example:
    """The demo with all that can be accepted."""
    return accepted()


@cache
def page_of_it() -> str:
    """Its page."""
    return example().page


@cache
def page_of_few() -> str:
    """The same with a control of each severity and verdict, and two frameworks with a requirement of each verdict.

    axe-core looks at what is not shown, too.
    """
    audit = example().audit
    verdicts: dict[str, set[str]] = {each.id: set() for each in audit.controls}
    for each in audit.results:
        verdicts[each.control] |= {each.verdict, *(one.verdict for one in each.findings)}
    kinds = {(each.severity, frozenset(verdicts[each.id])): each.id for each in audit.controls}
    names = {*kinds.values(), PRIVILEGED, MEMORY, ATTESTATION.control}
    rollups = [each for each in audit.requirements if each.framework in ("pci", "hipaa")]
    few = replace(
        audit,
        controls=tuple(each for each in audit.controls if each.id in names),
        results=tuple(each for each in audit.results if each.control in names),
        requirements=tuple(replace(each, requirements=_few(each.requirements)) for each in rollups),
    )
    return Example(few, example().recordings).page


def _few(requirements: Sequence[Requirement]) -> tuple[Requirement, ...]:
    """One of each verdict, with controls and without, and 2.2.6, to which links lead."""
    kept = {(each.verdict, bool(each.controls)): each.id for each in requirements}.values()
    return tuple(each for each in requirements if each.id in (*kept, "2.2.6"))


# ---- links


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "controls fail"),
        ("#failures", "Failures"),
        ("#framework/nist-800-190", "Application Container Security Guide"),
        ("#requirement/pci/2.2.6", "System security parameters set to prevent misuse"),
        ("#requirement/nist-800-53/800-53:AC-6", "Least Privilege"),
        (f"#control/{PRIVILEGED}", "No container runs privileged"),
        ("#target/careless", "careless"),
        (f"#finding/careless/{MEMORY}/1", "Every container has a memory limit"),
        ("#evidence/careless/engine", "engine of careless"),
        ("#findings?verdict=fail", "All findings"),
        ("#map?severity=high", "Map"),
        ("#failures/critical", "Failures"),
        (f"#acceptance/{quote(WAIVER.place, safe='')}", "Accepted"),
        ("#target/nobody", "This is not in the audit"),
        ("#evidence/careless/nothing", "This is not in the audit"),
        ("#%", "This is not in the audit"),
    ],
)
def test_deep_link_opens_its_view(opened: Open, address: str, said: str) -> None:
    """Each thing has an address, and opening it shows that thing alone."""
    page = opened(page_of_it(), address)
    assert said in title(page)
    assert page.locator("main section:visible").count() == 1


def test_link_to_a_finding_marks_it(opened: Open) -> None:
    """The finding that is meant is marked and has the focus; whose waiver it is stands there."""
    page = opened(page_of_it(), f"#finding/careless/{MEMORY}/1")
    result = next(
        each for each in example().audit.results if (each.control, each.target) == (MEMORY, "careless")
    )
    marked = page.locator(".finding.marked").inner_text()
    assert result.findings[1].subject in marked
    assert "By A. Example, until 31 January 2027" in marked
    assert page.evaluate("document.activeElement.id") == "finding-1"


def test_way_from_framework_to_answer(opened: Open) -> None:
    """Framework, requirement, control, target, evidence: each is a click away, and the answer is the recorded one."""
    page = opened(page_of_it())
    for name in (
        "Requirements",
        "PCI",
        "System security parameters set to prevent misuse",
        "No container runs privileged",
        "careless",
    ):
        page.evaluate("performance.clearMarks()")
        page.locator("a:visible", has_text=re.compile(f"^{name}$")).first.click()
        wait(page)
    assert "runs with --privileged" in page.locator("#view").inner_text()
    page.locator("summary", has_text=re.compile("^containers")).click()
    answer = page.get_by_role("region", name="Answer to containers")
    recorded = next(each for each in example().recordings if each.target == "careless")
    assert answer.text_content() == recorded.answers["containers"].stdout
    command = page.get_by_role("region", name="Command of containers").text_content()
    assert recorded.commands["containers"].startswith(command or "-")


def test_back_returns_to_where_the_reader_was(opened: Open) -> None:
    """After a link the top of the new page, with the focus on its head; after "back" the same page and place."""
    page = opened(page_of_it(), "#failures")
    link = page.locator("#failures a:text-is('Details')").nth(40)
    link.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 1000
    page.evaluate("performance.clearMarks()")
    link.click()
    wait(page)
    assert (page.evaluate("scrollY"), page.evaluate("document.activeElement.tagName")) == (0, "H1")
    page.evaluate("performance.clearMarks()")
    page.go_back()
    wait(page)
    assert (title(page), page.evaluate("scrollY")) == ("Failures", before)


def test_keyboard_reaches_content_and_search(opened: Open) -> None:
    """The first stop skips the navigation; a search is typed and sent without a mouse."""
    page = opened(page_of_it())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.get_by_label("Search findings").focus()
    page.keyboard.type("privileged")
    page.evaluate("performance.clearMarks()")
    page.keyboard.press("Enter")
    wait(page)
    assert title(page) == "All findings"
    assert page.get_by_label("Text").input_value() == "privileged"


# ---- filters and search


def found(page: Page) -> int:
    """How many findings the page says that it found."""
    said = page.locator("#view [role=status]").inner_text().replace(",", "")
    return int(next(each for each in said.split() if each.isdecimal()))


def test_filters_find_what_the_audit_has(opened: Open) -> None:
    """Verdict, severity, target, framework and text narrow the list, and stand in the address."""
    audit = example().audit
    controls = {each.id: each for each in audit.controls}
    findings = [(result, each) for result in audit.results for each in result.findings]
    page = opened(page_of_it(), "#findings")
    assert found(page) == len(findings)
    page.get_by_label("fail", exact=True).check(force=True)
    failing = [(result, each) for result, each in findings if each.verdict is Verdict.FAIL]
    assert found(page) == len(failing)
    page.locator("select[name=severity]").select_option("high")
    high = [(result, each) for result, each in failing if controls[result.control].severity == "high"]
    assert found(page) == len(high)
    page.locator("select[name=target]").select_option("careless")
    here = [(result, each) for result, each in high if result.target == "careless"]
    assert found(page) == len(here)
    page.get_by_label("Text").fill("AGENT seccomp")
    said = [(result, each) for result, each in here if each.subject == "agent"]
    assert 0 < found(page) <= len(said)
    assert page.locator("#view tbody tr").count() == found(page)
    address = page.evaluate("location.hash")
    assert address == "#findings?verdict=fail&severity=high&target=careless&q=AGENT+seccomp"
    again = opened(page_of_it(), address)
    assert found(again) == found(page)


def test_long_list_grows_on_demand(opened: Open) -> None:
    """Of many findings the first are shown, and more when asked, with the focus on the first new one."""
    page = opened(page_of_it(), "#findings")
    rows = page.locator("#view tbody tr")
    before = rows.count()
    assert before < found(page)
    page.get_by_role("button", name=re.compile("^Show .* more")).click()
    assert rows.count() > before
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == before + 1


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
        addresses = [
            ("target", target.name),
            ("finding", target.name, "c_1"),
            ("evidence", target.name, "probe"),
            ("evidence", target.name, HOSTILE[0]),
        ]
        for each in addresses:
            go(page, links.to(*each))
            assert title(page) != "This is not in the audit", each
            page.evaluate(OPEN_ALL)
            assert page.evaluate(f"document.querySelectorAll({json.dumps(ELEMENTS)}).length") == 0
    for address in (
        "#findings",
        "#accepted",
        "#failures",
        "#open",
        "#run",
        "#requirement/cis/5.5",
        "#control/c_1",
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
    page = opened(page_of_few(), color_scheme=scheme, viewport={"width": width, "height": 900})
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    faults = {}
    for address in VIEWS:
        go(page, address)
        for summary in page.locator("#view summary").all()[:2]:
            summary.click()
        response = axe.run(page, options=options).response
        assert response["passes"]
        faults |= {(address, each["id"]): each["nodes"][0]["html"] for each in response["violations"]}
    assert faults == {}


def test_engineers_page_can_be_read(browser: Browser, tmp_path: Path) -> None:
    """report.html has no text too pale to read, and no gap below its texts."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    project = Project(tmp_path)
    described = containers({"Name": "/web", "HostConfig": {"Privileged": True}})
    hosts = project.recorded("web1", PRESENT, info(), described)
    run = project.pytest("-m", "cis", "--hosts", hosts)
    page = browser.new_page()
    page.goto((tmp_path / "reports/latest/report.html").as_uri())
    page.locator(".failed .col-result").first.click()
    log = page.locator(".failed .log:visible").first
    assert "runs with --privileged" in log.inner_text(), run.output
    gap = "each => each.parentElement.scrollHeight - each.offsetHeight"
    assert log.evaluate(gap) <= 1
    response = axe.run(page, options={"runOnly": ["color-contrast"]}).response
    assert [each["nodes"][0]["html"] for each in response["violations"]] == []
    page.close()


@pytest.mark.parametrize("width", [1280, 420])
def test_nothing_is_wider_than_the_window(opened: Open, width: int) -> None:
    """No view makes the reader scroll sideways, with names of a megabyte neither."""
    for text, addresses in (
        (page_of_it(), VIEWS),
        (hostile().page, ("", "#failures", "#targets", "#finding/a/c_1", "#run")),
    ):
        page = opened(text, viewport={"width": width, "height": 900})
        for each in addresses:
            go(page, each)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, each


def test_page_can_be_read_without_scripts(opened: Open) -> None:
    """All that is in the document is shown, and nothing that would need a script."""
    page = opened(page_of_it(), script=False)
    assert page.locator("main > section:visible").count() == page.locator("main > section").count() - 1
    assert page.locator(".scripted:visible").count() == 0
    assert "This browser runs no scripts here." in (page.locator("main noscript").text_content() or "")
    page.locator("a:visible:text-is('Failures')").click()
    assert page.url.endswith("#failures")
    assert page.locator(f"[id='control/{PRIVILEGED}']").is_visible()


def test_print_shows_all(opened: Open) -> None:
    """On paper: the summary, every list and every table, whichever is open; and a PDF of A4 pages comes of it."""
    page = opened(page_of_it(), "#accepted")
    page.emulate_media(media="print")
    sections = page.locator("main > section:not(#view)")
    assert page.locator("main > section:visible").count() == sections.count() == 14
    assert page.locator(".side:visible, #view:visible").count() == 0
    assert 20 < sheets(page.pdf(prefer_css_page_size=True)) < 60


def sheets(pdf: bytes) -> int:
    """How many pages of A4 a PDF has, and no other."""
    boxes = {
        tuple(round(float(each)) for each in box.split())
        for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", pdf)
    }
    assert boxes == {(0, 0, 595, 842)}
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


# ---- in time


@pytest.mark.timed
@pytest.mark.parametrize(
    "address", ["", "#findings?verdict=fail&q=privileged", "#target/careless-01", "#map?show="]
)
@pytest.mark.parametrize("count", [5, 100])
def test_opens_in_time(
    opened: Open, record_property: Callable[[str, object], None], count: int, address: str
) -> None:
    """With 5 targets and with 100, the page and its deep links are there in two seconds."""
    seconds, loaded = opening_seconds(opened, page_of_fleet(count), address)
    record_property("seconds", seconds)
    print(
        f"{count} targets{address}: {len(page_of_fleet(count)):,} bytes, shown {seconds:.2f} s, loaded {loaded:.2f} s"
    )
    assert is_in_time(opened, max(seconds, loaded), SECONDS)


@cache
def page_of_fleet(count: int) -> str:
    """The page of that many targets."""
    return fleet(count).page
