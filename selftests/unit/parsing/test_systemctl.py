"""What `systemctl show` prints."""

from datetime import date

import pytest

from hullcheck.parsing.systemctl import Unit, pairs, shown
from hullcheck.verdicts import EvidenceError


def test_properties_of_each_unit() -> None:
    """Units are blocks; a value may have `=`, and of a name that comes twice the last counts."""
    text = "Id=a.service\nExecStart=x --y=z\nExecStart=w=\n\n\nId=b.service\nNames=\n\n"
    assert list(map(dict, pairs(text))) == [
        {"Id": "a.service", "ExecStart": "w="},
        {"Id": "b.service", "Names": ""},
    ]
    assert list(pairs("\n\n")) == []


def test_units_by_their_ids() -> None:
    """What was not asked for is empty; a unit that lacks what each has is an error."""
    text = "Id=a.timer\nLoadState=loaded\nActiveState=active\nUnitFileState="
    more = "MainPID=7\nResult=success\nExecMainExitTimestamp=Mon 2026-06-29 06:12:33 UTC"
    assert shown(f"{text}\n\n{text.replace('timer', 'service')}\n{more}\n") == {
        "a.timer": Unit("loaded", "active", ""),
        "a.service": Unit("loaded", "active", "", 7, "success", date(2026, 6, 29)),
    }
    for cut in ("Id=a.timer\n", "\nActiveState=active"):
        with pytest.raises(EvidenceError, match=r"^systemctl show: a unit has no "):
            shown(text.replace(cut, ""))
