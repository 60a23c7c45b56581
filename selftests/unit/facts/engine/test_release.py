"""Release and system, read from a recording."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hullcheck.facts.engine.release import Release, System, release, system
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts import in_parts
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
        "host": in_parts(files='/etc/os-release:ID=debian\n/etc/os-release:VERSION_ID="13"'),
    }
    recording = Recording(
        "host", "local", {name: Answer(name, 0, text, "") for name, text in answers.items()}, gathered=86400.0
    )
    found = release(recording, engine(ServerVersion="29.3.1"))
    assert found == Release("29.3.1", COMMUNITY, {"ID": "debian", "VERSION_ID": "13"}, date(1970, 1, 2))


def recorded_release(version: dict[str, object], os_release: str, gathered: float = 1.78e9) -> Recording:
    """What an audit stores of an engine and its system."""
    files = "".join(f"/etc/os-release:{line}\n" for line in os_release.splitlines())
    texts = {"engine": engine_text(version=version), "host": in_parts(files=files)}
    answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
    return Recording("host", "local", answers, gathered=gathered)


@pytest.mark.parametrize("platform", [None, {}, {"Name": ""}], ids=str)
def test_engine_without_a_vendor(platform: object) -> None:
    """A build whose vendor is not named is one of a distribution; an engine that says nothing is an error."""
    recording = recorded_release({"Platform": platform}, "ID=debian\nVERSION_ID=13\n")
    assert release(recording, ENGINE).vendor == ""
    with pytest.raises(EvidenceError, match=r"^docker version: "):
        release(recorded_release({"Components": None}, "ID=x"), ENGINE)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ID=x\nNAME='X'\nPRETTY_NAME=\"X Linux = XX\"\nVERSION=?a=b\n", "X Linux = XX"),
        ("ID=x\nNAME='X Linux'\n", "X Linux"),
        ("ID=x\n", "a system that does not say its name"),
    ],
)
def test_names_of_systems(text: str, name: str) -> None:
    """A system is called as it says, by the one name or the other; the day is that of UTC."""
    assert system(recorded_release({}, text, 86399.0), ENGINE) == System(name, date(1970, 1, 1))


def test_system_that_does_not_say_its_name() -> None:
    """The rest of it is judged."""
    silent = Recording("host", "local", {"host": Answer("host", 1, "", "no")}, gathered=1.78e9)
    assert system(silent, ENGINE).name == "a system that does not say its name"
