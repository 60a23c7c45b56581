"""What `systemctl show` prints."""

import pytest

from hullcheck.parsing.systemctl import properties, units
from hullcheck.verdicts import EvidenceError


def test_properties_of_each_unit() -> None:
    """Units are blocks; a value may have `=`, and of a name that comes twice the last counts."""
    text = "Id=a.service\nExecStart=x --y=z\nExecStart=w=\n\n\nId=b.service\nNames=\n\n"
    assert list(properties(text)) == [
        {"Id": "a.service", "ExecStart": "w="},
        {"Id": "b.service", "Names": ""},
    ]
    assert list(properties("\n\n")) == []


def test_units_by_their_ids() -> None:
    """Other lines are left out; a unit that lacks a property is an error."""
    text = "status\n\nId=a.service\nActiveState=active"
    assert units(text, "ActiveState") == {"a.service": {"Id": "a.service", "ActiveState": "active"}}
    for cut in ("Id=a.service\n", "\nActiveState=active"):
        with pytest.raises(EvidenceError, match=r"^systemctl show: a unit has no "):
            units(text.replace(cut, ""), "ActiveState")
