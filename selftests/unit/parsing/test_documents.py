"""Documents by type: every field that is not what is written down is named."""

import re
from typing import Any

import pytest

from hullcheck.parsing.documents import COUNT, INTEGER, NAMES, require
from hullcheck.verdicts import EvidenceError

SHAPE = {
    "Name": str,
    "On": bool,
    "Count?": COUNT,
    "Offset?": INTEGER,
    "Names?": NAMES,
    "Word?": frozenset(("one", "two")),
    "Path?": re.compile("/.*"),
    "Any?": object,
    "Kind?": ({"Type": frozenset("a"), "Path": str}, {"Type": frozenset("b"), "Name": str}),
    "Deep?": (None, [{"*": {"Value": bool}}]),
}
GOOD: dict[str, Any] = {"Name": "", "On": False}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"Count": 0, "Offset": -(1 << 63), "Names": None, "Word": "two", "Path": "/", "Any": [None]},
        {"Names": ["a"], "Deep": [{"a": {"Value": True}}], "New": {"of": "a later release"}},
        {"Deep": None},
    ],
)
def test_sound_document(more: dict[str, Any]) -> None:
    """What is there is given back, with fields that nobody knows."""
    assert require({**GOOD, **more}, SHAPE, "docker x") == {**GOOD, **more}


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (None, "the answer is null"),
        ([GOOD], "the answer is a list"),
        ({"On": True}, "Name is missing"),
        ({**GOOD, "Name": None}, "Name is null"),
        ({**GOOD, "On": 1}, "On is 1"),
        ({**GOOD, "On": "true"}, 'On is "true"'),
        ({**GOOD, "Count": -1}, "Count is -1"),
        ({**GOOD, "Count": True}, "Count is true"),
        ({**GOOD, "Count": 1.0}, "Count is 1.0"),
        ({**GOOD, "Count": 1 << 63}, "Count is 9223372036854775808"),
        ({**GOOD, "Names": "a"}, 'Names is "a"'),
        ({**GOOD, "Names": ["a", None]}, "Names.1 is null"),
        ({**GOOD, "Word": "three"}, 'Word is "three"'),
        ({**GOOD, "Word": "x" * 99}, f'Word is "{"x" * 39}...'),
        ({**GOOD, "Path": "a"}, 'Path is "a"'),
        ({**GOOD, "Deep": [{"a": {"Value": {}}}]}, "Deep.0.a.Value is an object"),
        ({**GOOD, "Deep": [{"a": {}}]}, "Deep.0.a.Value is missing"),
        ({**GOOD, "Kind": {"Type": "b", "Path": ""}}, "Kind.Name is missing"),
    ],
)
def test_damaged_document(document: object, fault: str) -> None:
    """The error says of what document, which field, and what it is."""
    with pytest.raises(EvidenceError) as raised:
        require(document, SHAPE, "docker x")
    assert str(raised.value) == f"docker x: {fault}"


def test_field_below_another() -> None:
    """A field that is read alone is named in full."""
    with pytest.raises(EvidenceError, match=r"^docker info: Swarm\.LocalNodeState is null$"):
        require(None, str, "docker info", "Swarm", "LocalNodeState")
