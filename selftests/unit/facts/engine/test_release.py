"""Release and system, read from a recording."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hullcheck.facts.engine.release import UNNAMED, Release, System, release, system
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts import in_parts
from selftests.kit.facts.engines import engine, engine_text

ENGINE = engine(ServerVersion="29.3.1")


def recorded(version: dict[str, object], os_release: str, gathered: float = 86400.0) -> Recording:
    """What an audit stores of an engine and its system."""
    files = "".join(f"/etc/os-release:{line}\n" for line in os_release.splitlines())
    texts = {"engine": engine_text(version=version), "host": in_parts(files=files)}
    answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
    return Recording("host", "local", answers, gathered=gathered)


def test_day_is_that_of_the_later_clock() -> None:
    """Neither clock alone keeps a line alive, and without one nothing is judged."""
    may, june = (datetime(2026, month, 1, 12, tzinfo=UTC).timestamp() for month in (5, 6))
    for target, auditor in ((may, june), (june, may), (june, 0)):
        assert system(Recording("host", "local", gathered=target, asked=auditor), ENGINE).today == date(2026, 6, 1)
    with pytest.raises(EvidenceError, match="has no time"):
        system(Recording("host", "local"), ENGINE)


def test_release_of_a_recording() -> None:
    """Version, vendor, system and day are those of the recording; a distribution names no vendor."""
    for version, vendor in (({"Platform": {"Name": "Docker Engine"}}, "Docker Engine"), ({"Platform": None}, "")):
        found = release(recorded(version, 'ID=debian\nVERSION_ID="13"'), ENGINE)
        assert found == Release("29.3.1", vendor, {"ID": "debian", "VERSION_ID": "13"}, date(1970, 1, 2))
    with pytest.raises(EvidenceError, match=r"^docker version: "):
        release(recorded({"Components": None}, "ID=x"), ENGINE)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ID=x\nNAME='X'\nPRETTY_NAME=\"X Linux = XX\"\nVERSION=?a=b\n", "X Linux = XX"),
        ("ID=x\nNAME='X Linux'\n", "X Linux"),
        ("ID=x\n", UNNAMED),
    ],
)
def test_names_of_systems(text: str, name: str) -> None:
    """A system is called as it says, by the one name or the other; the day is that of UTC."""
    assert system(recorded({}, text, 86399.0), ENGINE) == System(name, date(1970, 1, 1))
