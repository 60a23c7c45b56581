"""What hullcheck knows of the engine's releases."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from hullcheck.data.releases import SHIPPED, numbers, order, shipped
from selftests.kit.cases import Case

KNOWN = shipped()
NEWEST = {"engine info ServerVersion": KNOWN.lines[0].latest}
COMMUNITY = {"engine version Platform.Name": "Docker Engine - Community"}
CANDIDATE = {"engine info ServerVersion": f"{KNOWN.lines[0].latest}9-rc.1"}


@pytest.mark.parametrize(
    ("version", "days", "verdict", "words"),
    [
        (NEWEST, 0, "pass", "maintained, by the release table"),
        (NEWEST, KNOWN.good_for_days, "pass", ""),
        (NEWEST, KNOWN.good_for_days + 1, "manual", "too old; name a newer one with --releases"),
        (CANDIDATE, 0, "fail", "is a pre-release"),
    ],
)
def test_newest_release(version: dict[str, str], days: int, verdict: str, words: str) -> None:
    """It is maintained as long as what is known of releases is not too old; a candidate is not."""
    case = Case("1.2.2", "hardened", verdict, words, set=version | COMMUNITY, day=KNOWN.day + timedelta(days))
    found = case.judged()
    assert (found[0], words in found[1]) == (verdict, True), found


def test_what_is_shipped() -> None:
    """Lines are in order, the newest first, their days make sense, and the file is young enough to build with."""
    released = [line.released for line in KNOWN.lines]
    assert released == sorted(released, reverse=True)
    assert all(line.ended is None or line.ended > line.released for line in KNOWN.lines)
    assert all(line.latest.startswith(line.name + ".") for line in KNOWN.lines)
    assert json.loads(SHIPPED.read_text())["day"] == str(KNOWN.day)
    assert (date.today() - KNOWN.day).days <= KNOWN.good_for_days


def test_order_of_versions() -> None:
    """Numbers count as numbers, and a candidate of a release comes before it."""
    rising = ["1.2", "1.2.8", "1.2.10", "1.3.0-rc.1", "1.3.0-rc.2", "1.3.0", "v2.0.0-beta.0", "2.0.0"]
    assert sorted(rising, key=order) == rising
    assert (numbers("v29.10.0-x"), numbers("x")) == ((29, 10, 0), ())
