"""Lines `WORD:TEXT`, and what `systemctl show` prints."""

from __future__ import annotations

from datetime import date

import pytest

from hullcheck.parsing.answer_lines import Unit, Words, blocks, units
from hullcheck.verdicts import EvidenceError


def test_texts_of_a_word() -> None:
    """All of them in their order, the first, none, and as pairs, of which the last of a name counts."""
    words = Words("unit:a=1\nunit:b=2=3\nlog:/x\nlog:/y\nunit:a=4\n:\n")
    assert words.all("unit") == ("a=1", "b=2=3", "a=4")
    assert (words.first("unit"), words.first("none"), words.all("none")) == ("a=1", "", ())
    assert words.pairs("unit", "=") == {"a": "4", "b": "2=3"}


def test_units() -> None:
    """Units are blocks; what was not asked for is empty; a unit that lacks what each has is an error."""
    text = "Id=a.timer\nLoadState=loaded\nActiveState=active\nUnitFileState="
    more = "MainPID=7\nResult=success\nExecMainExitTimestamp=Mon 2026-06-29 06:12:33 UTC"
    assert units(f"{text}\n\n\n{text.replace('timer', 'service')}\n{more}\n\n") == {
        "a.timer": Unit("loaded", "active", ""),
        "a.service": Unit("loaded", "active", "", 7, "success", date(2026, 6, 29)),
    }
    assert list(blocks("ExecStart=x --y=z\nExecStart=w=")) == [
        (("ExecStart", "x --y=z"), ("ExecStart", "w="))
    ]
    for cut in ("Id=a.timer\n", "\nActiveState=active"):
        with pytest.raises(EvidenceError, match=r"^systemctl show: a unit has no "):
            units(text.replace(cut, ""))
