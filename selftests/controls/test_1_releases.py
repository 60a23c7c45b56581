"""Which releases of the engine are maintained."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from hullcheck.controls.judge import judge
from hullcheck.data.releases import SHIPPED, numbers, order, shipped
from hullcheck.facts.engine.release import Release
from hullcheck.facts.registry import Later
from hullcheck.policy import Policy
from selftests.kit.judging import control

COMMUNITY = "Docker Engine - Community"
KNOWN = shipped()
DAY = KNOWN.day
NEWEST = KNOWN.lines[0].latest
LATE = DAY + timedelta(KNOWN.good_for_days + 1)


def judged(version: str, vendor: str, system: str, today: date) -> tuple[str, str]:
    """What is said of an engine on a day, on a system `ID VERSION_ID SUPPORT_END` that is patched."""
    names = dict(zip(("ID", "VERSION_ID", "SUPPORT_END"), system.split(), strict=False))
    (found,) = judge(
        control("1.2.2"),
        {
            "release": Release(version, vendor, names, today),
            "component_versions": Later(dict),
            "known_releases": KNOWN,
            "patching": Later(lambda: None),
            "policy": Policy(patched_by="Landscape"),
        },
        "host",
    )
    return str(found.verdict), found.reason


@pytest.mark.parametrize(
    ("version", "vendor", "system", "today", "expected", "words"),
    [
        (NEWEST, COMMUNITY, "", DAY, "pass", ""),
        (NEWEST, COMMUNITY, "", LATE, "manual", "too old; name a newer file by --releases"),
        (NEWEST, COMMUNITY, "", date(2020, 1, 1), "error", "set the clock"),
        ("29.8.1", COMMUNITY, "", DAY, "fail", "has known vulnerabilities, which 29.8.2 mends"),
        ("27.5.1", COMMUNITY, "", DAY, "fail", "is of the line 27, which ended on 2025-05-03"),
        ("17.03.2-ce", COMMUNITY, "", DAY, "fail", "is older than every line"),
        ("30.0.0", COMMUNITY, "", DAY, "manual", "is newer than what was known"),
        ("29.11.0-rc.1", COMMUNITY, "", DAY, "fail", "is a pre-release"),
        ("25.0.9", "Mirantis Container Runtime", "", DAY, "manual", "what its vendor maintains"),
        ("26.1.5+dfsg1", "", "debian 13", DAY, "pass", ""),
        ("26.1.5", "", "fedora 42 2026-03-31", DAY, "fail", "got its last updates on 2026-03-31"),
        ("18.09.1", "", "debian 10", DAY, "fail", f"got its last updates before {DAY}"),
        ("26.1.5", "", "arch", DAY, "manual", "no end of its updates is known"),
    ],
)
def test_release(version: str, vendor: str, system: str, today: date, expected: str, words: str) -> None:
    """Lines and distributions that ended fail; what the table does not know is manual."""
    verdict, reason = judged(version, vendor, system, today)
    assert (verdict, words in reason) == (expected, True), reason


def test_what_is_shipped() -> None:
    """Lines are in order, the newest first, their days make sense, and the file is young enough to build with."""
    released = [line.released for line in KNOWN.lines]
    assert released == sorted(released, reverse=True)
    assert all(line.ended is None or line.ended > line.released for line in KNOWN.lines)
    assert all(line.latest.startswith(line.name + ".") for line in KNOWN.lines)
    assert json.loads(SHIPPED.read_text())["day"] == str(DAY)
    assert (date.today() - DAY).days <= KNOWN.good_for_days


def test_order_of_versions() -> None:
    """Numbers count as numbers, and a candidate of a release comes before it."""
    rising = ["1.2", "1.2.8", "1.2.10", "1.3.0-rc.1", "1.3.0-rc.2", "1.3.0", "v2.0.0-beta.0", "2.0.0"]
    assert sorted(rising, key=order) == rising
    assert (numbers("v29.10.0-x"), numbers("x")) == ((29, 10, 0), ())
