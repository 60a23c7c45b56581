"""Release and system, read from a recording."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

import pytest

from hullcheck.facts.engine.release import Release, System, release, system
from hullcheck.facts.host.os_release import os_release
from hullcheck.parsing import times
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.engines import engine, engine_text

COMMUNITY = "Docker Engine - Community"
ENGINE = engine()


def test_release_is_judged_by_the_later_clock() -> None:
    """Neither clock alone keeps a line alive, and without one nothing is judged."""
    may, june = (datetime(2026, month, 1, 12, tzinfo=UTC).timestamp() for month in (5, 6))
    for target, auditor in ((may, june), (june, may), (june, 0)):
        recording = Recording("host", "local", gathered=target, asked=auditor)
        assert system(recording, ENGINE).today == date(2026, 6, 1)
    with pytest.raises(EvidenceError, match="does not tell its time"):
        system(Recording("host", "local"), ENGINE)


def test_release_of_a_recording() -> None:
    """Version, vendor, system and day are those of the recording."""
    answers = {
        "engine": engine_text(version={"Platform": {"Name": COMMUNITY}}),
        "os_release": 'ID=debian\nVERSION_ID="13"\n',
    }
    recording = Recording(
        "host", "local", {name: Answer(name, 0, text, "") for name, text in answers.items()}, gathered=86400.0
    )
    found = release(recording, engine(ServerVersion="29.3.1"))
    assert found == Release("29.3.1", COMMUNITY, {"ID": "debian", "VERSION_ID": "13"}, date(1970, 1, 2))


def recorded_release(version: dict[str, object], os_release: str, gathered: float = 1.78e9) -> Recording:
    """What an audit stores of an engine and its system."""
    texts = {"engine": engine_text(version=version), "os_release": os_release}
    answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
    return Recording("host", "local", answers, gathered=gathered)


@pytest.mark.parametrize("platform", [None, {}, {"Name": ""}], ids=str)
def test_engine_without_a_vendor(platform: object) -> None:
    """A build whose vendor is not named is one of a distribution; an engine that says nothing is an error."""
    recording = recorded_release({"Platform": platform}, "ID=debian\nVERSION_ID=13\n")
    assert release(recording, ENGINE).vendor == ""
    with pytest.raises(EvidenceError, match=r"^docker version: "):
        release(recorded_release({"Components": None}, "ID=x"), ENGINE)


def test_names_of_systems() -> None:
    """A system is called as it says, by the one name or the other; the day is that of UTC."""
    a = "ID=x\nNAME='X'\nPRETTY_NAME=\"X Linux = XX\"\nVERSION=?a=b\n"
    for text, name in (
        (a, "X Linux = XX"),
        ("ID=x\nNAME='X Linux'\n", "X Linux"),
        ("ID=x\n", "a system that does not say its name"),
    ):
        found = system(recorded_release({}, text, 86399.0), ENGINE)
        assert found == System(name, date(1970, 1, 1))
    silent = Recording(
        "host", "local", {"os_release": Answer("os_release", 1, "", "cat: no")}, gathered=1.78e9
    )
    assert system(silent, ENGINE).name == "a system that does not say its name"
    assert os_release(recorded_release({}, a)) == {
        "ID": "x",
        "NAME": "X",
        "PRETTY_NAME": "X Linux = XX",
        "VERSION": "?a=b",
    }


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Midway"])
def test_day_does_not_depend_on_where_we_are(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day is that of UTC, wherever the audit runs."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert system(recorded_release({}, "NAME=x", 86400 * 1.5), ENGINE).today == date(1970, 1, 2)
        assert times.day(86400 * 1.02) == times.day(86400 * 1.98) == date(1970, 1, 2)
        assert system(recorded_release({}, "NAME=x", 86400 * 1.02), ENGINE).today == date(1970, 1, 2)
        assert system(recorded_release({}, "NAME=x", 86400 * 1.98), ENGINE).today == date(1970, 1, 2)
    finally:
        monkeypatch.undo()
        time.tzset()
