"""audit.html in a real Chromium: what scripts draw, that nothing of a host runs, and how long it takes."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from hullcheck.results import Finding
from hullcheck.verdicts import Verdict
from hullcheck.writers import audit_page
from selftests.kit.audit_pages import HOSTILE, Example, alike, demo, hostile, site, small
from selftests.kit.browsing import Open, follow, go, title, wait

if TYPE_CHECKING:
    from playwright.sync_api import Page

PRIVILEGED, MEMORY = "container_is_not_privileged", "container_has_a_memory_limit"
VIEWS = {
    "": " fail, ",
    "#failures/critical": "Failures",
    "#open": "What was not tested",
    "#manual": "Manual review",
    "#accepted": "Accepted",
    "#requirements": "Requirements",
    "#framework/cis": "CIS Docker Benchmark",
    "#targets": "Targets",
    "#run": "About this audit",
    "#requirement/cis/5.5": "Privileged containers",
    f"#control/{PRIVILEGED}": "No container runs privileged",
    "#target/web1": "web1",
    "#target/db-7": "db-7",
    "#evidence/web1/engine": "engine of web1",
    "#findings?verdict=fail": "All findings",
    "#map?severity=high": "Map",
    "#group/prod": "Group prod",
    f"#acceptance/{quote('site.yml:41', safe='')}": "Accepted",
    "#target/nobody": "This is not in the audit",
    "#evidence/web1/nothing": "This is not in the audit",
    "#%": "This is not in the audit",
    f"#finding/web2/{MEMORY}/0": "Every container has a memory limit",
}
"""By address, what the head says of it."""


@pytest.mark.parametrize("width", [1280, 420])
def test_every_view_opens(opened: Open, width: int) -> None:
    """Each thing has an address, which shows that thing alone, and nothing is wider than the window.

    The finding of an address is marked and has the focus; "back" leads to the same place of the page before.
    """
    page = opened(site().page, viewport={"width": width, "height": 900})
    for address, said in VIEWS.items():
        go(page, address)
        assert said in title(page), address
        assert page.locator("main section:visible").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    marked = page.locator(".finding.marked").inner_text()
    assert "batch: no limit is set" in marked
    assert "By A. Example, until 31 January 2027" in marked
    assert page.evaluate("document.activeElement.id") == "finding-0"
    follow(page, page.get_by_role("link", name="Failures").click)
    page.evaluate("scrollTo(0, 60)")
    follow(page, page.locator("#failures a:visible:text-is('Details')").first.click)
    assert (page.evaluate("scrollY"), page.evaluate("document.activeElement.tagName")) == (0, "H1")
    follow(page, page.go_back)
    assert (title(page), page.evaluate("scrollY")) == ("Failures", 60)


# ---- filters, search, and the map


def found(page: Page) -> int:
    """How many findings the page says that it found."""
    said = page.locator("#view [role=status]").inner_text().replace(",", "")
    return int(next(each for each in said.split() if each.isdecimal()))


def test_filters_and_search_find_what_the_audit_has(opened: Open) -> None:
    """Verdict, severity, target, text and numbers narrow the list; the filters stand in the address."""
    audit = demo().audit
    findings = [(result, each) for result in audit.results for each in result.findings]
    page = opened(demo().page, "#findings")
    assert page.locator("#view tbody tr").count() < found(page) == len(findings)
    page.get_by_role("button", name=re.compile("^Show .* more")).click()
    page.get_by_label("fail", exact=True).check(force=True)
    page.locator("select[name=severity]").select_option("high")
    page.locator("select[name=target]").select_option("careless")
    wanted = [
        each
        for result, each in findings
        if (each.verdict, audit.severity(result), result.target) == (Verdict.FAIL, "high", "careless")
    ]
    assert found(page) == len(wanted)
    page.get_by_label("Text").fill("AGENT seccomp")
    assert 0 < found(page) <= sum(each.subject == "agent" for each in wanted)
    address = "#findings?verdict=fail&severity=high&target=careless&q=AGENT+seccomp"
    assert page.evaluate("location.hash") == address
    for typed, number in (("CIS 5.5", "5.5"), ("pci 2.2.6", "2.2.6"), ("AC-6", "800-53:AC-6")):
        names = {each.id for each in audit.controls if any(number in ids for ids in each.frameworks.values())}
        go(page, f"#findings?q={typed.replace(' ', '+')}")
        assert found(page) == sum(result.control in names for result, _ in findings) > 0
    page.keyboard.type("/26.1.5 fail")
    follow(page, partial(page.keyboard.press, "Enter"))
    assert page.get_by_label("Text").input_value() == "26.1.5 fail"
    go(page, "#findings?q=6.1.5")
    assert page.get_by_text("No finding has all of this.").is_visible()


def press(page: Page, *keys: str) -> str:
    """Press keys; give control and target of the square that has the focus then, or the text of what else has it."""
    for each in keys:
        page.keyboard.press(each)
    return str(page.evaluate("document.activeElement.dataset.at || document.activeElement.textContent"))


def test_map_shows_results_and_is_walked_by_keys(opened: Open) -> None:
    """A square for each result, of another shape for each verdict; one stop of Tab; Enter leads to a finding."""
    audit = site().audit
    page = opened(site().page, "#map?show=")
    labels = page.locator("td.square").evaluate_all("all => all.map((each) => each.getAttribute('aria-label'))")
    assert Counter(labels) == Counter(str(each.verdict) for each in audit.results)
    shapes = page.evaluate(
        "[...document.querySelectorAll('.legend .square')].map((each) => {"
        " const style = getComputedStyle(each);"
        " return (style.backgroundImage + style.backgroundSize).replace(/(rgb|color)[^)]*[)]/g, ''); })"
    )
    assert len(shapes) == len(set(shapes)) == len(Verdict)
    page.locator("select[name=group]").focus()
    first = page.locator("td.square").first.get_attribute("data-at") or ""
    assert press(page, "Tab") == first
    name = audit.targets[int(first.split()[1])].name
    assert press(page, "ArrowUp") == name
    assert press(page, "ArrowDown") == first
    assert press(page, "Home").startswith("CIS ")
    last = page.locator("td.square").last.get_attribute("data-at") or ""
    assert press(page, "Control+End") == last
    assert press(page, "Shift+Tab", "Tab") == last
    follow(page, partial(page.keyboard.press, "Enter"))
    control, target = last.split()
    assert page.evaluate("location.hash") == f"#finding/{audit.targets[int(target)].name}/{control}"
    go(page, "#map?show=&severity=critical&group=prod")
    assert page.locator(".map tbody tr:not(.map-group)").count() == 1
    page = opened(alike(104).page, "#map")
    assert [each.strip() for each in page.locator("#view thead .alike").all_text_contents()] == ["+51", "+51"]


# ---- copy


ODD = "it's a [web]*? $(id) `id`\n\\ ü"


def pasted(page: Page) -> str:
    """What is in the clipboard."""
    page.locator("#said", has_text="Copied: ").wait_for(state="attached")
    page.locator("#search-text").evaluate("each => { each.outerHTML = '<textarea id=search-text></textarea>'; }")
    page.locator("#search-text").focus()
    page.keyboard.press("Control+V")
    return page.locator("#search-text").input_value()


def test_remedies_and_decisions_can_be_copied(opened: Open, tmp_path: Path) -> None:
    """A waiver is for what is shown and nothing else: an odd name stays one word, and a pattern of itself alone."""
    page = opened(site().page)
    page.get_by_role("button", name="Copy command").click()
    assert pasted(page) == f"hullcheck remedy {tmp_path}/{site().audit.run.id}"
    page = opened(site().page, "#manual")
    page.get_by_role("button", name="Copy attestation").click()
    assert pasted(page) == (
        "hullcheck accept host_follows_a_hardening_standard --target=web2 --inventory=site.yml"
        " --checked='WHAT' --by='WHO' --valid-for=PERIOD"
    )
    page = opened(site().page, "#failures")
    page.get_by_role("button", name="Copy waiver of CIS 5.5").click()
    assert pasted(page) == (
        f"hullcheck accept {PRIVILEGED} --target=web1 --target=web2 --subject=agent"
        " --inventory=site.yml --reason='WHY' --until=DAY --approved-by='WHO'"
    )
    page = opened(site().page, "#failures")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Copy remedy of CIS 5.5").click()
    assert pasted(page) == "do without `--privileged`."
    page = opened(demo().page, "#failures")
    page.get_by_role("button", name="Copy waiver of no audit rule covers it").click()
    start = "hullcheck accept --cause='no audit rule covers it' --target="
    (line,) = pasted(page).splitlines()
    assert line.startswith(start)
    assert line.count("--subject=") == 13
    audit = small(Finding("container", ODD, Verdict.FAIL, "runs with --privileged"))
    page = opened(Example(audit).page, "#finding/web1/c")
    page.get_by_role("button", name="Copy waiver").click()
    line = pasted(page)
    assert "\n" not in line
    (pattern,) = (each[10:] for each in shlex.split(line) if each.startswith("--subject="))
    assert fnmatchcase(ODD, pattern)
    assert not fnmatchcase("it's a [web]xy $(id) `id`\n\\ ü", pattern)


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
    page = opened(hostile().page)
    name = hostile().audit.targets[-1].name
    for each in (("target",), ("finding", "c_1"), ("evidence", HOSTILE[0]), ("evidence", "probe")):
        go(page, audit_page.link(each[0], name if each[-1] != "probe" else "a", *each[1:]))
        assert title(page) != "This is not in the audit", each
        page.evaluate(OPEN_ALL)
        assert page.evaluate(f"document.querySelectorAll({json.dumps(ELEMENTS)}).length") == 0
    said = page.get_by_role("region", name="Answer to probe").text_content() or ""
    assert said.endswith("<b>" + "x" * 1_000_000)
    assert "\\u202egnp.exe\\u2066 \\u200b" in said
    assert "nul \\x00 escape \\x1b[31m line\\x0dend lone \\udc80" in said
    for address in ("#findings", "#accepted", "#failures", "#open", "#run", "#requirement/cis/5.5"):
        go(page, address)
        assert "alert(" in page.locator("main section:visible").inner_text()
    assert not re.search("[\u202e\u2066\u200b\u2028\u2029\x00\x1b]", page.evaluate("document.body.outerHTML"))


def test_line_that_decided_is_marked(opened: Open) -> None:
    """A finding names it, and the answer opens with it in sight; what else was read is folded."""
    page = opened(demo().page)
    go(page, f"#finding/careless/{PRIVILEGED}")
    assert page.locator(".deciding").first.inner_text() == "containers HostConfig.Privileged: true"
    page.locator("summary", has_text="docker inspect of each container").click()
    assert page.locator("mark").all_inner_texts() == ['"Privileged":true']
    assert page.locator("summary", has_text="Also read: 6 answers").count() == 1


# ---- for everybody


def test_axe_finds_nothing(opened: Open) -> None:
    """No view has a fault that axe-core knows."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(site().page, viewport={"width": 420, "height": 900})
    faults = {}
    for address in ("", "#findings?verdict=fail", "#map"):
        go(page, address)
        response = axe.run(page, options={"resultTypes": ["violations"]}).response
        assert response["passes"]
        faults |= {(address, each["id"]): each["nodes"][0]["html"] for each in response["violations"]}
    assert faults == {}


def test_page_without_scripts_and_on_paper(opened: Open) -> None:
    """All that is in the document is shown, and nothing that would need a script; a PDF of A4 pages comes of it."""
    page = opened(site().page, script=False)
    assert page.locator("main > section:visible").count() == page.locator("main > section").count() - 1
    assert page.locator(".scripted:visible").count() == 0
    assert "This browser runs no scripts here." in (page.locator("main noscript").text_content() or "")
    page = opened(site().page, "#accepted")
    page.emulate_media(media="print")
    sections = page.locator("main > section:not(#view)")
    assert page.locator("main > section:visible").count() == sections.count()
    assert page.locator(".side:visible, #view:visible").count() == 0
    boxes = re.findall(rb"/MediaBox\s*\[([^\]]*)\]", page.pdf(prefer_css_page_size=True))
    assert {tuple(round(float(each)) for each in box.split()) for box in boxes} == {(0, 0, 595, 842)}


@pytest.mark.timed
@pytest.mark.parametrize(("count", "address"), [(100, "#findings?verdict=fail&q=privileged"), (1000, "")])
def test_opens_in_time(opened: Open, count: int, address: str) -> None:
    """The page of many targets is there in two seconds, the best of three, and in 30 MB."""
    page = alike(count).page
    assert len(page) < 30_000_000
    times = []
    for _ in range(3):
        shown = opened(page, address)
        wait(shown)
        times.append(shown.evaluate("performance.getEntriesByName('shown')[0].startTime") / 1000)
        shown.close()
    assert min(times) < 2
