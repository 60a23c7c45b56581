"""Which releases of the engine are maintained: by the table, or by the word of a distribution."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hullcheck.criteria import releases
from hullcheck.data.releases import DATE, GOOD_FOR_DAYS, LINES
from hullcheck.facts.engine.release import Release
from hullcheck.verdicts import EvidenceError, Manual

COMMUNITY = "Docker Engine - Community"
TABLE = DATE.isoformat()


def release(version: str, vendor: str = COMMUNITY, today: str = TABLE, **system: str) -> tuple[str, str]:
    """What is said of an engine at a day."""
    found = Release(version, vendor, system, date.fromisoformat(today))
    try:
        flaw = releases.flaw(found)
    except (Manual, EvidenceError) as undecided:
        return ("manual" if isinstance(undecided, Manual) else "error"), str(undecided)
    return ("fail", flaw) if flaw else ("pass", releases.note(found))


def test_releases_of_docker() -> None:
    """Lines that ended fail, as do releases without a known mend; newer ones than the table are manual."""
    assert release("29.3.1")[0] == "pass"
    assert release("29.9.0")[0] == "pass"
    assert "older than 29.3.1, which mends CVE-2026-34040" in release("29.3.0")[1]
    assert release("28.5.2")[0] == "fail"
    assert release("28.6.0")[0] == "pass"
    assert "the line 27 has not been maintained since 2025-05-03" in release("27.5.1")[1]
    assert (
        release("26.1.5")[0]
        == release("20.10.24")[0]
        == release("1.13.1")[0]
        == release("17.03.2-ce")[0]
        == "fail"
    )
    assert release("30.0.0")[0] == "manual"
    assert release("29.4.0-rc.1")[0] == "fail"
    assert release("nonsense")[0] == "error"


@pytest.mark.parametrize(
    ("version", "vendor", "first"), [("29.3.1", COMMUNITY, "2025-11-10"), ("26.1.5+dfsg1", "", "2024-04-22")]
)
def test_release_that_was_not_there_yet(version: str, vendor: str, first: str) -> None:
    """A clock that is before the first release of the line proves nothing of it, whoever built it."""
    debian = {"ID": "debian", "VERSION_ID": "13"} if not vendor else {}
    assert release(version, vendor, today=first, **debian)[0] == "pass"
    for today in ("1970-01-01", "2000-01-01", str(date.fromisoformat(first) - timedelta(1))):
        found, reason = release(version, vendor, today=today, **debian)
        assert found == "error"
        assert f"began on {first}, and the clock says {today}" in reason


def test_releases_are_judged_at_the_time_of_the_recording() -> None:
    """What is maintained on one day is not on a later one, and an old table vouches for nothing."""
    assert release("27.5.1", today="2025-05-03")[1].endswith("known to mend CVE-2026-34040 (high)")
    assert "has not been maintained" in release("27.5.1", today="2025-05-04")[1]
    assert release("25.0.15", today="2026-06-01")[0] == "pass"
    assert release("25.0.15", today="2026-12-05")[0] == "fail"
    last = (DATE + timedelta(GOOD_FOR_DAYS)).isoformat()
    assert release("29.3.1", today=last)[0] == "pass"
    found, reason = release("29.3.1", today=(DATE + timedelta(GOOD_FOR_DAYS + 1)).isoformat())
    assert (found, "too old to know" in reason) == ("manual", True)


def test_builds_of_distributions() -> None:
    """They are as good as the distribution is alive: by its own word or by the table; else it is manual."""
    debian = {"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian GNU/Linux 12"}
    found, reason = release("20.10.24+dfsg1", "", **debian)
    assert (found, "gets updates until 2028-06-30" in reason) == ("pass", True)
    assert release("20.10.24+dfsg1", "", today="2028-06-30", **debian)[0] == "pass"
    assert release("20.10.24+dfsg1", "", today="2028-07-01", **debian)[0] == "fail"
    assert release("27.5.1-0ubuntu3", COMMUNITY, ID="ubuntu", VERSION_ID="24.04")[0] == "pass"
    assert release("27.5.1", "", ID="fedora", SUPPORT_END="2026-12-02")[0] == "pass"
    assert release("27.5.1", "", ID="fedora", SUPPORT_END="2026-03-31")[0] == "fail"
    assert release("27.5.1", "", ID="alpine", VERSION_ID="3.22.2")[0] == "pass"
    assert release("27.5.1", "", ID="alpine", VERSION_ID="3.23_alpha2")[0] == "manual"
    for name, version in (("debian", "10"), ("ubuntu", "23.10"), ("alpine", "3.2"), ("centos", "7")):
        assert release("27.5.1", "", ID=name, VERSION_ID=version)[0] == "fail"
    found, reason = release("18.09.1", "", ID="debian", VERSION_ID="10")
    assert (found, reason.endswith(f"which got its last updates before {TABLE}")) == ("fail", True)
    assert release("18.09.1", "", today="2022-01-01", ID="debian", VERSION_ID="10")[0] == "manual"
    assert release("27.5.1", "", ID="debian")[0] == "manual"
    assert release("27.5.1", "", ID="arch")[0] == "manual"
    assert release("25.0.9", "Mirantis Container Runtime")[0] == "manual"


def test_words_of_releases() -> None:
    """The whole reason: what was found, of which system, and what the table of releases is good for."""
    assert release("29.3.1") == (
        "pass",
        f"engine 29.3.1 (Docker Engine - Community), maintained by the table of releases of {TABLE}",
    )
    late = (DATE + timedelta(GOOD_FOR_DAYS + 1)).isoformat()
    for version in ("29.3.1", "29.9.0"):  # listed, and newer than what is listed of its line
        assert release(version, today=late) == (
            "manual",
            f"engine {version} (Docker Engine - Community): the table of releases is of {TABLE}, too old to"
            " know whether the line 29 is still maintained; update hullcheck, or compare with the release notes",
        )
    unknown = ": is that still maintained? No end is known of it"
    assert release("27.5.1", "", ID="arch", PRETTY_NAME="Arch Linux") == (
        "manual",
        f"engine 27.5.1 as built by Arch Linux{unknown}",
    )
    assert release("27.5.1", "", ID="arch") == ("manual", f"engine 27.5.1 as built by arch{unknown}")
    assert release("27.5.1", "") == (
        "manual",
        f"engine 27.5.1 as built by a system that does not say its name{unknown}",
    )
    assert release("nonsense") == ("error", "'nonsense' is not a version of the engine")


def test_table_of_releases() -> None:
    """Lines are in order, the newest first, and their days make sense."""
    assert [line.released for line in LINES] == sorted((line.released for line in LINES), reverse=True)
    assert all(line.ended is None or line.ended > line.released for line in LINES)
    assert all(line.latest.startswith(line.name + ".") for line in LINES)
