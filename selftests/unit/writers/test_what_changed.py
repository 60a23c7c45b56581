"""What changed since the last run, on the page and on the terminal: a line for each control, not for each subject."""

import re
from collections.abc import Sequence

from hullcheck.results import Audit, AuditedTarget, Change, Changes, Control, Finding, Result, Run
from hullcheck.verdicts import Verdict
from hullcheck.writers import audit_page
from hullcheck.writers.terminal import screen

RUN = Run("r", "2026-11-25T03:22:57Z", "2026-11-25T03:22:58Z", "0", (), 1)
NAMES = [f"app-{number:02}" for number in range(12)]


def containers(*names: str, control: str = "memory", target: str = "web1", reason: str = "") -> list[Change]:
    """A change for each of these containers."""
    return [Change(control, target, "container", each, reason or "has no memory limit") for each in names]


def whole(target: str) -> Change:
    """A change of a target as a whole."""
    return Change("icc", target, "target", target, "icc is true")


def audit(new: Sequence[Change], gone: Sequence[Change] = (), targets: Sequence[str] = ("web1",)) -> Audit:
    """An audit with these changes."""
    controls = tuple(
        Control(name, "It is so.", "high", "", "", {"cis": (number,)})
        for name, number in (("memory", "5.11"), ("icc", "2.2"))
    )
    finding = Finding("target", targets[0], Verdict.FAIL, "icc is true")
    results = (Result("icc", targets[0], Verdict.FAIL, "", (finding,)),)
    audited = tuple(AuditedTarget(each, f"ssh://{each}", "host", "1", "os") for each in targets)
    since = Changes("20261124T030000Z-0001", "2026-11-24T03:00:00Z", 1, tuple(new), tuple(gone), 7)
    return Audit(RUN, audited, controls, results, since=since)


def rows(made: Audit) -> list[str]:
    """The lines of the page's list, as text."""
    part = audit_page.render(made, ()).split('id="since"')[1].split("</div>")[0]
    found = re.findall(r"<(?:li|summary)>(.*?)</(?:li|summary)>", part, re.DOTALL)
    return [
        " ".join(re.sub(r"<[^>]*>", "", each.replace("</span><span>", "</span> <span>")).split())
        for each in found
    ]


def terminal(made: Audit) -> str:
    """The terminal's line of what is new."""
    (line,) = (each.text for each in screen.lines(made, 400, 0) if each.text.startswith("  new:"))
    return line


def test_containers_of_a_control_are_one_row() -> None:
    """With how many there are, and the first few names."""
    made = audit(containers(*NAMES))
    assert rows(made) == [
        "New 12 findings of 1 control",
        "CIS 5.11 container app-00, app-01, app-02, app-03 and 8 more: has no memory limit",
    ]
    assert terminal(made) == "  new: CIS 5.11 app-00, app-01, app-02 and 9 more"


def test_other_reasons_stay_in_the_row() -> None:
    """The most frequent reason is said, the subjects of the others are named."""
    odd = containers("db", "cache", reason="its limit is above the memory of the host")
    assert rows(audit([*odd, *containers("a", "b", "c")]))[1] == (
        "CIS 5.11 container a, b, c: has no memory limit; for other reasons db, cache"
    )


def test_targets_with_the_same_changes_are_one_row() -> None:
    """Those with others have a row of their own; nothing is said of a target that is not so there."""
    targets = ("web1", "web2", "db1")
    found = [change for each in targets[:2] for change in containers("a", "b", target=each)]
    found += [*containers("a", target="db1"), *map(whole, targets)]
    made = audit(found, found, targets)
    assert rows(made)[:4] == [
        "New 8 findings of 2 controls",
        "CIS 5.11 container a, b: has no memory limit on web1, web2",
        "CIS 5.11 container a has no memory limit on db1",
        "CIS 2.2 web1, web2, db1: icc is true",
    ]
    assert rows(made)[4:6] == [
        "Gone 8 findings of 2 controls",
        "CIS 5.11 no longer: container a, b: has no memory limit on web1, web2",
    ]
    assert (
        terminal(made) == "  new: CIS 5.11 a, b on web1, web2; CIS 5.11 a on db1; CIS 2.2 on web1, web2, db1"
    )


def test_a_row_leads_to_what_it_is_about() -> None:
    """On one target to the finding there, on several to the control."""
    page = audit_page.render(audit(containers(*NAMES)), ()).split('id="since"')[1]
    assert 'href="#finding/web1/memory"' in page.split("</div>")[0]
    page = audit_page.render(audit([whole("web1"), whole("db1")], (), ("web1", "db1")), ()).split(
        'id="since"'
    )[1]
    assert 'href="#control/icc"' in page.split("</div>")[0]
