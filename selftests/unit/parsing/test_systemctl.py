"""What `systemctl show` prints."""

from hullcheck.parsing.systemctl import at_boot, properties


def test_properties_of_each_unit() -> None:
    """Units are blocks; a value may have `=`, and of a name that comes twice the last counts."""
    text = "Id=a.service\nExecStart=x --y=z\nExecStart=w=\n\n\nId=b.service\nNames=\n\n"
    assert list(properties(text)) == [
        {"Id": "a.service", "ExecStart": "w="},
        {"Id": "b.service", "Names": ""},
    ]
    assert list(properties("\n\n")) == []


def test_unit_that_no_other_starts() -> None:
    """One that cannot be enabled starts with the host where another names it."""
    said = {"RequiredBy": "", "TriggeredBy": "", "WantedBy": ""}
    assert at_boot({"UnitFileState": "static"} | said) == "static, and no unit starts it"
    assert at_boot({"UnitFileState": "static"} | said | {"WantedBy": "timers.target"}) == "static"
    assert at_boot({"UnitFileState": "enabled"} | said) == "enabled"
    assert at_boot({"UnitFileState": "disabled"} | said) == "disabled"
