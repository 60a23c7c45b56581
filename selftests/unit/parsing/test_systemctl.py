"""What `systemctl show` prints."""

from hullcheck.parsing.systemctl import properties


def test_properties_of_each_unit() -> None:
    """Units are blocks; a value may have `=`, and of a name that comes twice the last counts."""
    text = "Id=a.service\nExecStart=x --y=z\nExecStart=w=\n\n\nId=b.service\nNames=\n\n"
    assert list(properties(text)) == [
        {"Id": "a.service", "ExecStart": "w="},
        {"Id": "b.service", "Names": ""},
    ]
    assert list(properties("\n\n")) == []
